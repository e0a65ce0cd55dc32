"""What chapters say twice and not the same is found, with both places; what agrees is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strati.write.consistency import Chapter, disagreements
from strati.write.facts import facts
from tests.write.test_command import run

ONE = """# One

Anna Karlsson was born in 1970 in Lund. The mill has 12 workers.

The company's revenue was $5 million in 2020. We use e-mail daily. The colour is red.

```
The mill has 99 workers.
```
"""
TWO = """# Two

Anna Karlson, born in 1972, loved Lund. The mill had 14 workers then.

In 2020 the revenue of the company was $6 million. Email is good. The color was red.

On Monday we met. The mill has 3 doors. Karlsson's brother came by 1980.
"""


def test_both_places_are_told() -> None:
    found = disagreements([Chapter("1.md", ONE), Chapter("2.md", TWO)])
    assert [(str(one.about), {one.one, one.other}) for one in found] == [
        ("number", {"1970", "1972"}),
        ("number", {"12", "14"}),
        ("number", {"$5 million", "$6 million"}),
        ("name", {"Karlsson", "Karlson"}),
        ("term", {"e-mail", "email"}),
        ("term", {"colour", "color"}),
    ]
    assert [str(place) for place in found[0].places] == ["1.md, One, line 3", "2.md, Two, line 3"]
    assert found[0].places[1].text == "Anna Karlson, born in 1972, loved Lund."


def test_a_short_name_in_two_forms() -> None:
    text = "We met Jon Smith and Mary Lee. Then John Smith spoke with Mary Leo, and John Smith left."
    found = [(one.one, one.other) for one in disagreements([Chapter("a.md", text)])]
    assert found == [("John Smith", "Jon Smith"), ("Mary Lee", "Mary Leo")]


def test_the_end_of_a_sentence_is_no_part_of_a_date() -> None:
    text = "The lease ends on 3 June. The lease ends on 5 Jan. 2024."
    assert [fact.text for fact in facts(text)] == ["3 June", "5 Jan. 2024"]
    text = "The Acme contract ends on 3 June. The Acme contract ends on 5 June."
    assert [(one.one, one.other) for one in disagreements([Chapter("a.md", text)])] == [("3 June", "5 June")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "We met Mary Smith and John Smith, and Mark Lee saw John Ward.",
        "The mill has 12 workers. The mill has 12 workers.",
        "It was in March 2024 that the mill burned. The mill burned on 12 March 2024.",
        "The mill has 12 workers. The mill has 3 doors.",
        "The mill is 5 km away. The mill is 90 years away.",
        "We went a way. We went away.",
        "He likes Iran. An Iranian likes him.",
    ],
)
def test_what_agrees(text: str) -> None:
    assert disagreements([Chapter("a.md", text)]) == []


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    Path("1.md").write_text(ONE, encoding="utf-8")
    Path("2.md").write_text(TWO, encoding="utf-8")
    assert run(monkeypatch, "write", "1.md", "2.md", "--consistency") == 1
    shown = capsys.readouterr().out
    assert "number: 12 or 14?" in shown
    assert "1.md, One, line 3: The mill has 12 workers." in shown
    assert "6 pairs of places that disagree" in shown
    assert run(monkeypatch, "write", "1.md", "--consistency", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"disagreements": []}
    assert run(monkeypatch, "write", "1.md", "2.md") == 2
    assert "expected one draft, found 2" in capsys.readouterr().err


def test_claims_are_checked_against_a_base(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRATI_MODELS", str(tmp_path / "models"))
    Path("mill.md").write_text("# The mill\n\nThe mill has 12 workers. It stands in Lund.\n", encoding="utf-8")
    Path("right.md").write_text("The mill has 12 workers.\n", encoding="utf-8")
    Path("wrong.md").write_text("The mill has 14 workers.\n", encoding="utf-8")
    assert run(monkeypatch, "ingest", "mill.md", "--kb", "work") == 0
    assert run(monkeypatch, "write", "right.md", "--kb", "work") == 0
    assert "claims checked: 1 supported" in capsys.readouterr().out
    assert run(monkeypatch, "write", "wrong.md", "--kb", "work") == 1
    shown = capsys.readouterr().out
    assert "contradicted: the claim says '14" in shown
    assert "mill.md, The mill" in shown
    assert run(monkeypatch, "write", "wrong.md", "--kb", "work", "--json") == 1
    (claim,) = json.loads(capsys.readouterr().out)["claims"]["claims"]
    assert claim["state"] == "contradicted"
