"""The tests that retire a rung, on made-up answers."""

from __future__ import annotations

from typing import Any

import pytest

from strati.core.records import Example
from strati.kinds.classify.metrics import Accuracy
from strati.measure.race.trials import Trial, cost, retirement, right, trials
from strati.measure.records import CandidateRecord, RetiredFor
from strati.task.task import Goal
from strati.verdict.words.race import reason_of

ROWS = [Example(str(n), f"text {n}", "a") for n in range(40)]
METRIC = Accuracy()


def answers(values: str, seconds: float = 1.0, dollars: float = 0.0) -> dict[str, Any]:
    """One answer a row: a is right, b wrong, - a failure, and a blank was not asked."""
    return {
        str(n): {"value": None if value == "-" else value, "usage": {"seconds": seconds, "dollars": dollars}}
        for n, value in enumerate(values)
        if value != " "
    }


def one(goal: Goal, own: dict[str, Any], rivals: dict[str, dict[str, Any]] | None = None, limits: bool = True) -> Trial:
    (found,) = trials(own, rivals or {}, ROWS, METRIC, goal, limits=limits)
    return found


def test_failures_are_wrong_and_rows_not_asked_are_left_out() -> None:
    assert right(answers("ab- a"), ROWS, METRIC) == {"0": 1.0, "1": 0.0, "2": 0.0, "4": 1.0}


def test_a_rival_is_compared_on_the_rows_of_both() -> None:
    trial = one(Goal(), answers("aab-"), {"fast": answers("ab aa")})
    assert (trial.kind, trial.against, list(trial.values)) == ("inferior", "fast", [0.0, -1.0, 1.0])
    assert (trial.bound, trial.low) == (0.03, -1.0)


def test_the_bar_counts_mistakes() -> None:
    trial = one(Goal(at_least=0.9), answers("ab"))
    assert (trial.kind, list(trial.values), trial.bound) == ("bar", [0.0, 1.0], pytest.approx(0.1))


def test_a_bar_of_one_is_missed_by_the_first_mistake() -> None:
    assert one(Goal(at_least=1.0), answers("aab")).passed(0.001)


def test_costs_are_cut_at_twice_the_limit() -> None:
    """A second costs 0.1 / 3600 dollars; the limit is what half a second costs."""
    goal = Goal(max_cost_per_1000=1000 * 0.5 * 0.1 / 3600)
    own = {**answers("aaa", seconds=0.5), **answers("   a", seconds=50)}
    assert list(one(goal, own).values) == pytest.approx([0.5, 0.5, 0.5, 1.0])
    assert cost(answers("a", seconds=36, dollars=0.5)["0"], Goal()) == pytest.approx(0.501)
    assert one(goal, answers("a" * 40, seconds=5)).passed(0.01)
    assert not one(goal, answers("a" * 40, seconds=0.5)).passed(0.01)


def test_one_very_dear_answer_shows_nothing() -> None:
    goal = Goal(max_cost_per_1000=1.0)
    own = {**answers("a" * 39, seconds=0.0), "39": answers("a", dollars=1e6)["0"]}
    assert not one(goal, own).passed(0.05)


def test_latency_counts_answers_over_the_limit() -> None:
    goal = Goal(max_p95_ms=800)
    assert one(goal, answers("a" * 20, seconds=1.0)).passed(0.01)
    assert not one(goal, answers("a" * 40, seconds=0.7)).passed(0.5)


def test_limits_are_looked_at_only_where_wanted() -> None:
    goal = Goal(max_p95_ms=1, max_cost_per_1000=1e-9)
    assert trials(answers("a"), {}, ROWS, METRIC, goal, limits=False) == []


def test_within_reach_looks_ahead() -> None:
    behind = one(Goal(), answers("b" * 6), {"fast": answers("a" * 6)})
    assert not behind.passed(0.01)
    assert behind.within_reach(0.01, 40)
    assert not behind.within_reach(0.01, 7)
    level = one(Goal(), answers("a" * 40), {"fast": answers("a" * 40)})
    assert not level.within_reach(0.01, 10_000)
    assert not Trial(RetiredFor.INFERIOR, [], 0.03, -1.0, "fast").within_reach(0.01, 40)


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        (Goal(), "worse than fast by more than the margin of 3.0 points: −100.0 ("),
        (Goal(at_least=0.9), "misses the bar of 90.0 %: 0 % (0 to "),
        (Goal(max_p95_ms=1), "100 % of its answers on 40 tune rows took longer than 1.0 ms"),
        (Goal(max_cost_per_1000=1e-2), "costs at least $0.01"),
    ],
)
def test_reasons_in_words(goal: Goal, words: str) -> None:
    rivals = {"fast": answers("a" * 40)} if goal == Goal() else {}
    trial = one(goal, answers("b" * 40), rivals)
    assert trial.passed(0.01)
    told = reason_of(CandidateRecord(retirement=retirement(trial, 0.01)), goal) or ""
    assert told.startswith(words)
    assert "40 tune rows" in told
