from __future__ import annotations

import re

from rich.console import Console

from strati.report import render_html
from strati.report.composed import setting_words, show, shown_points
from strati.report.html import render_part
from strati.report.paper import Paper
from tests.report.fixtures import use


def test_the_section_stands_after_the_ladder_with_both_drawings_and_a_command() -> None:
    page = render_html(use())
    anchors = re.findall(r'<section id="(\w+)">', page)
    assert anchors[anchors.index("ladder") + 1] == "composed"
    section = render_part("composed", use())
    assert section.count("<svg") == 2
    assert "estimated on tune, not certified" in section
    assert "people 10.0 %" in section
    assert "<code>strati certify" in section


def test_a_stack_in_words_names_thresholds_and_people() -> None:
    point = {"rungs": ["n-grams", "reader"], "thresholds": [0.83, 2.0], "people": 0.1}
    assert setting_words(point) == "n-grams from 0.830 > reader (asked, never alone) > people"
    assert setting_words({"rungs": ["n-grams"], "thresholds": [0.5], "people": 0.0}) == "n-grams from 0.500"


def test_at_most_eight_settings_are_listed_and_the_best_is_one_of_them() -> None:
    points = [{"rungs": ["a"], "automatic": n / 60} for n in range(60)]
    for best in range(60):
        shown = shown_points({"points": points, "best": best})
        assert len(shown) <= 8
        assert points[best] in shown
        assert points[0] in shown
        assert points[-1] in shown


def test_nothing_good_enough_is_said_and_no_frontier_is_no_section() -> None:
    found = use()
    found["frontier"] |= {"points": [], "alone": [], "best": None}
    assert "No setting of these rungs" in render_part("composed", found)
    found["frontier"] = None
    assert render_part("composed", found) == ""


def test_the_terminal_takes_at_most_five_lines() -> None:
    found = use()
    console = Console(width=80, record=True, force_terminal=False)
    show(found, Paper(console))
    lines = [line for line in console.export_text().splitlines() if line.strip()]
    assert 3 <= len(lines) <= 5
    assert max(map(len, lines)) <= 80


def test_an_estimate_is_marked_in_the_total_cost() -> None:
    found = use()
    row = found["ownership"]["rows"][0] | {
        "candidate": "composed with people",
        "compared": False,
        "estimated_on": "tune",
    }
    found["ownership"]["rows"].append(row)
    assert "composed with people (estimated on tune, not certified)" in render_html(found)
