from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.code.edits import DIVIDE, REPLACE, SEARCH, Malformed, read, with_definitions
from strati.code.project import Named, Project
from tests.code.small import RIGHT, STATS, block

ONE = Project(Path("/nowhere"), (Named("stats.py", STATS.encode()),))
TWO = Project(Path("/nowhere"), (*ONE.files, Named("notes.txt", b"a\nb\na\n"), Named("new.py", None)))


def edit(old: str, new: str, path: str = "stats.py") -> str:
    return f"```\nFILE: {path}\n{SEARCH}\n{old}\n{DIVIDE}\n{new}\n{REPLACE}\n```\n"


def test_definitions_take_the_place_of_those_with_their_name() -> None:
    text = read(block(RIGHT), ONE).texts["stats.py"]
    assert text == STATS[: STATS.index("def median")] + RIGHT


def test_new_definitions_go_to_the_end_and_imports_to_the_top() -> None:
    text = read(block("import math\n\ndef root(x):\n    return math.sqrt(x)\n"), ONE).texts["stats.py"]
    assert text.startswith('"""Statistics."""\n\nimport math\n\n\ndef mean')
    assert text.endswith("// 2]\n\n\ndef root(x):\n    return math.sqrt(x)\n")


def test_what_defines_nothing_is_left_out_and_said() -> None:
    reading = read(block(RIGHT + "\nprint(median([1]))\nassert median([1]) == 1\n"), ONE)
    assert "print" not in reading.texts["stats.py"]
    assert reading.left_out == "2 statements of stats.py that define nothing were left out"


def test_decorators_and_comments_inside_go_with_a_definition() -> None:
    before = "@first\n@second\ndef f():\n    return 1\n\n\nX = 1\n"
    assert with_definitions(before, "@third\ndef f():\n    # why\n    return 2\n", "m.py")[0] == (
        "@third\ndef f():\n    # why\n    return 2\n\n\nX = 1\n"
    )


def test_edits_of_several_files() -> None:
    reply = edit("def mean(values):", "def mean(values, /):") + edit("b", "c", "notes.txt")
    reply += "FILE: new.py\n```python\ndef g():\n    return 1\n```\n"
    texts = read(reply, TWO).texts
    assert texts["stats.py"] == STATS.replace("mean(values)", "mean(values, /)")
    assert texts["notes.txt"] == "a\nc\na\n"
    assert texts["new.py"] == "def g():\n    return 1\n"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("I would rather not.", "no block"),
        ("```python\ndef f():\n    return 1\n", "cut off"),
        (block("def median(values:\n    return 1\n"), "not valid Python"),
        (block("print(1)\n"), "defines nothing"),
        (block("def f():\n    return 1\n\ndef f():\n    return 2\n"), "defines f twice"),
        ("```\nFILE: other.py\ndef f():\n    return 1\n```", "'other.py', which was not named"),
        ("```\nFILE: ../stats.py\ndef f():\n    return 1\n```", "which was not named"),
        (edit("def nothing", "x"), "is not in it"),
        (edit("    return", "x"), "is not in it"),
        (edit("", "x"), "searches for nothing"),
        (edit("def mean(values):", "def mean(values)"), "not valid Python"),
        (edit("def mean(values):", "def mean(values):"), "changes nothing"),
        (f"```\n{SEARCH}\ndef mean(values):\n{REPLACE}\n```", "where it cannot stand"),
        (f"```\n{SEARCH}\ndef mean(values):\n{DIVIDE}\nx\n```", "not closed"),
        (f"```\nwords\n{SEARCH}\ndef mean(values):\n{DIVIDE}\nx\n{REPLACE}\n```", "outside any edit"),
        (block("def f():\n    return '\0'\n"), "null character"),
        (block("def f():\n    return '\ud800'\n"), "not valid Python"),
        (edit("def mean(values):", "def mean(v):") + edit("def nothing", "x"), "is not in it"),
    ],
)
def test_malformed_replies_are_refused_whole(reply: str, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        read(reply, ONE)


def test_an_edit_that_fits_twice_is_refused() -> None:
    with pytest.raises(Malformed, match="in it 2 times"):
        read(edit("a", "c", "notes.txt"), TWO)
    with pytest.raises(Malformed, match="does not say which FILE"):
        read(block(RIGHT), TWO)


WORDS = (
    "def f():",
    "    return 1",
    "def mean(values):",
    "a",
    "b",
    "",
    "    return sum(values) / len(values)",
    "import os",
)
MARKS = ("```", "```python", "~~~", SEARCH, DIVIDE, REPLACE, "FILE: stats.py", "FILE: notes.txt", "FILE: x")
PIECES = st.sampled_from([*MARKS, *WORDS])


@given(st.lists(PIECES, max_size=14).map("\n".join) | st.text(max_size=200))
def test_any_reply_is_a_whole_change_or_malformed(reply: str) -> None:
    """What is read parses, names named files only, and differs; everything else raises Malformed."""
    try:
        texts = read(reply, TWO).texts
    except Malformed:
        return
    assert texts
    for path, text in texts.items():
        assert text != TWO.file(path).text
        if path.endswith(".py"):
            compile(text, path, "exec")


def test_line_ends_and_marks_are_kept() -> None:
    named = Named("m.py", b"\xef\xbb\xbfx = 1\r\ny = 2\r\n")
    assert named.text == "x = 1\ny = 2\n"
    assert named.encoded("x = 2\ny = 2\n") == b"\xef\xbb\xbfx = 2\r\ny = 2\r\n"
