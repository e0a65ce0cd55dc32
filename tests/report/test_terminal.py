from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from strati.report import render_terminal

from .fixtures import ALL, SIMPLE, candidate, many, none, undecided, use, verdict

LEAKS = re.compile(r"\b(None|nan|NaN|null|inf|undefined)\b")


def shown(found: dict[str, Any], width: int = 80, encoding: str = "utf-8", **options: Any) -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    render_terminal(found, Console(file=file, width=width), **options)
    file.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@pytest.mark.parametrize("width", [80, 200])
def test_every_verdict_fits_80_columns_without_colour(name: str, encoding: str, width: int) -> None:
    text = shown(ALL[name](), width, encoding)
    assert text.strip()
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    assert "\x1b" not in text
    assert not LEAKS.search(text)


@pytest.mark.parametrize("name", ALL)
def test_a_narrow_terminal_is_not_overrun(name: str) -> None:
    assert max(cell_len(line) for line in shown(ALL[name](), 60).splitlines()) <= 60


def test_wide_characters_count_twice() -> None:
    found = verdict(
        [candidate("分類器" * 12, 0.8, 0.01), candidate("ngrams", 0.9, 0.02)], name="ngrams", decision="use"
    )
    assert max(cell_len(line) for line in shown(found).splitlines()) <= 80


def test_order_and_figures() -> None:
    text = shown(use(), paths={"report": "out/report.html", "json": "out/verdict.json", "answers": None})
    in_order = [
        "Use n-grams. You do not need an LLM for this.",
        "LLM needed: no",
        "81.0 % (79.2 to 82.8)",
        ">  n-grams                91.2 % (89.4 to 93.0) <$0.0001  0.2 ms no  chosen",
        "79.2 % (77.4 to 81.0)   $0.021  770 ms yes no",
        "p95 of 770 ms is over the limit of 300",
        "It is the cheapest rung that meets the bar",
        "errs, on test",
        "Most often: ",
        "uncertified",
        "93.1 % (91.5 to 94.5), fitted on 4,010 rows",
        "Does an LLM solve my problem?",
        "79.2 % (76.6 to 81.7) on 1,003 test examples",
        "12 rows are almost the same",
        "751 labelled examples stay sealed",
        "Earlier uses of these test labels: 2 (overlap 11.4 %)",
        "out/report.html",
        "out/verdict.json",
    ]
    places = [text.index(part) for part in in_order]
    assert places == sorted(places)


def test_every_rung_has_a_line_with_its_name_whole() -> None:
    found = many()
    text = shown(found)
    assert all(entry["name"] in text for entry in found["candidates"])
    assert text.count("partial") == 6


def test_no_choice_marks_no_rung() -> None:
    text = shown(none())
    assert "chosen" not in text
    assert not re.search(r"^>", text, re.MULTILINE)
    assert "failed" in text
    assert "not allowed" in text


def test_labels_that_would_decide() -> None:
    assert "about 430 more test labels would decide" in shown(undecided())


def test_many_findings_are_cut() -> None:
    found = use()
    found["data"]["findings"] *= 5
    assert "and 4 more in the report" in shown(found)


def test_plain_ascii_where_the_encoding_asks_for_it() -> None:
    text = shown(use(), encoding="ascii")
    assert "Why ----" in text
    assert "* It is the cheapest" in text
    assert "?" not in text.replace("?\n", "\n")


def test_colour_only_where_the_console_has_it() -> None:
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system="standard", legacy_windows=False)
    render_terminal(use(), console)
    assert "\x1b[" in console.file.getvalue()  # type: ignore[attr-defined]


def test_texts_are_never_markup() -> None:
    found = use()
    found["choice"]["headline"] = "[red]Use[/red] :smile: [link=x]it"
    assert "[red]Use[/red] :smile: [link=x]it" in shown(found)


def test_long_paths_are_shown_whole() -> None:
    path = "/" + "/".join(f"folder{i:03d}" for i in range(20)) + "/report.html"
    text = shown(use(), paths={"report": path})
    assert path in "".join(line.strip() for line in text.partition("Files ")[2].splitlines())


def test_a_rung_without_an_answer_is_not_called_no() -> None:
    found = verdict(
        [candidate(SIMPLE[0], 0.2, 0.001, qualifies=None), candidate(SIMPLE[1], 0.4, 0.002)], decision="undecided"
    )
    lines = [line for line in shown(found).splitlines() if line.startswith("   majority ")]
    assert lines[0].endswith("undecided")


def test_a_summary_takes_the_first_screen_and_statistics_come_below() -> None:
    found = use() | {"summary": [{"question": "How good", "answer": "Right on 91.2 % of 1,003 test examples."}]}
    lines = shown(found).splitlines()
    assert lines[2] == "  How good        Right on 91.2 % of 1,003 test examples."
    text = "\n".join(lines)
    assert text.index("How good") < text.index("The ladder") < text.index("Why ") < text.index("errs, on test")
    assert "LLM needed: no" not in text
