"""Total cost, label price, twins: what is drawn, and what happens where figures are missing."""

from __future__ import annotations

import copy
import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from strati.report import render_html, render_terminal
from strati.report.html import render_part
from strati.report.lines import apart, log_axis, share_axis
from strati.verdict.words.studies import seen_words

from .fixtures import ALL, Verdict, none, sparse, use


def terminal(verdict: Verdict) -> str:
    out = io.StringIO()
    render_terminal(verdict, Console(file=out, width=80))
    return out.getvalue()


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=20))
def test_marks_of_a_logarithmic_axis_lie_inside(values: list[float]) -> None:
    axis = log_axis(values, 50, 800, 7)
    places = [axis.at(value) for value in sorted(values) if value > 0]
    assert places == sorted(places)
    assert 1 <= len(axis.ticks) <= 7
    assert all(axis.low <= tick <= axis.high for tick in axis.ticks)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_a_share_axis_holds_all_values(values: list[float]) -> None:
    axis = share_axis(values, 450, 20)
    assert axis.low <= min(values)
    assert axis.high >= max(values)
    assert 1 <= len(axis.ticks) <= 8


@given(st.lists(st.floats(0, 300), min_size=1, max_size=12))
def test_names_at_the_ends_do_not_touch(places: list[float]) -> None:
    found = apart(sorted(places), 17, 0, 300)
    assert all(b - a >= 17 - 1e-6 for a, b in pairwise(found))
    assert found[-1] <= 300


def test_totals_and_where_another_becomes_the_cheapest() -> None:
    page = render_part("total", use())
    assert "people on everything below 260 answers a month" in page
    assert "how often a person is wrong (human_error_rate)" in page
    assert page.count('class="chosen"') == 1
    assert "<polyline" not in page


def test_totals_of_a_verdict_of_an_earlier_version() -> None:
    found = use()
    found["ownership"]["break_even"] = [found["ownership"]["break_even"]]
    assert "below 260" not in render_part("total", found)
    assert "people on everything" in render_part("total", found)


def test_curves_and_prices() -> None:
    page = render_part("labels", use())
    assert page.count("<polyline") == 2 * 3  # two curves and the level of one language model
    assert "140" in page
    assert "90 to 260" in page
    assert "$662" in page
    assert "+2.1 (−0.3 to +4.5)" in page
    assert "not with 2,507" in page


def test_twins_say_what_is_not_established() -> None:
    page = render_part("seen", use())
    assert "Not established." in page
    assert "clean" not in page.lower()
    assert "made-up label names" in page
    assert "2 of 20" in page


def test_paraphrases_in_a_verdict_of_an_earlier_version_are_left_out() -> None:
    found = use()
    rows = found["contamination"]["twins"]
    before = render_part("seen", found)
    found["contamination"].update(
        control="n-grams", beyond_control=[{"candidate": "x", "control": "n-grams", "n": 50, "difference": -0.02}]
    )
    rows.append({**rows[0], "kind": "paraphrase"})
    assert render_part("seen", found) == before
    assert len(seen_words(found["contamination"])) == len(seen_words(use()["contamination"]))


@pytest.mark.parametrize("name", ALL)
def test_no_place_is_missing(name: str) -> None:
    assert '"nan"' not in render_html(ALL[name]())


def test_nothing_is_drawn_where_nothing_was_studied() -> None:
    for found in (sparse(), copy.deepcopy(none())):
        for key in ("learning_curves", "label_price", "ownership", "contamination"):
            found.pop(key, None)
        for candidate in found["candidates"]:
            candidate.pop("repeats", None)
        page = render_html(found)
        assert not any(f'id="{anchor}"' in page for anchor in ("total", "labels", "seen"))
        assert "Label price" not in terminal(found)
        assert "Total cost" not in terminal(found)


def test_a_terminal_gets_two_short_tables() -> None:
    text = terminal(use())
    assert "keyword rules reaches Qwen2.5-Coder-0.5B-Instruct-Q8_0 with about 140" in text
    lines = text[text.index("Total cost") :].splitlines()
    assert [line[2:].strip().split("  ")[0] for line in lines[2:6]] == [
        "n-grams",
        "keyword rules",
        "Qwen2.5-Coder-0.5B-Instruct-Q8_0",
        "people on everything",
    ]
    assert "asked twice, 2 of 20 answers differed" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80
