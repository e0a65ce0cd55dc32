"""How many test examples slow rungs answer, from what they did on tune."""

from __future__ import annotations

from strati.measure.race.sizing import FEWEST, likely_size, sample_size
from strati.statistics import labels_needed
from strati.task.task import Goal

GOAL = Goal()


def scores(pattern: str) -> dict[str, float]:
    return {str(n): float(mark) for n, mark in enumerate(pattern)}


def test_level_rungs_at_ten_percent_discordance_need_about_690() -> None:
    """98 rows, on 9 of which only one is right: (9 + 1) / (98 + 2) = .10."""
    found = {"fast": scores("1" * 5 + "0" * 4 + "1" * 89), "llm": scores("0" * 5 + "1" * 4 + "1" * 89)}
    assert sample_size(found, ["llm"], GOAL) == labels_needed(0.10, 0.03) == 687


def test_a_clear_lead_needs_fewer() -> None:
    level = {"fast": scores("1" * 100), "llm": scores("1" * 96 + "0" * 4)}
    behind = {"fast": scores("1" * 100), "llm": scores("1" * 70 + "0" * 30)}
    assert sample_size(behind, ["llm"], GOAL) == FEWEST
    assert sample_size(level, ["llm"], GOAL) > FEWEST


def test_the_pair_that_needs_most_decides() -> None:
    near = {"fast": scores("1" * 5 + "0" * 4 + "1" * 89), "near": scores("0" * 5 + "1" * 4 + "1" * 89)}
    assert sample_size({**near, "far": scores("0" * 98)}, ["near", "far"], GOAL) == 687


def test_a_language_model_in_the_lead_is_compared_with_the_best_fast_rung() -> None:
    """Shown must be that the fast one falls short by more than the margin; its lead of .4 makes that easy."""
    found = {"fast": scores("0" * 40 + "1" * 60), "poor": scores("0" * 100), "llm": scores("1" * 100)}
    assert sample_size(found, ["llm"], GOAL) == FEWEST
    small = {"fast": scores("0" * 6 + "1" * 94), "llm": scores("1" * 100)}
    assert sample_size(small, ["llm"], GOAL) > FEWEST


def test_before_tune_level_rungs_are_planned_for() -> None:
    assert (likely_size(GOAL, 3080), likely_size(GOAL, 500), likely_size(Goal(margin=0.2), 500)) == (687, 500, FEWEST)


def test_nothing_known_asks_for_the_least() -> None:
    assert sample_size({}, ["llm"], GOAL) == FEWEST
    assert sample_size({"fast": scores("11")}, ["llm"], GOAL) == FEWEST
    assert sample_size({"fast": {"1": 1.0}, "llm": {"2": 0.0}}, ["llm"], GOAL) == FEWEST
