from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.core.records import Usage
from strati.kinds.classify.metrics import get_metric
from strati.measure.columns import Answers
from strati.measure.journal import StoredExample
from strati.measure.records import CandidateRecord, Status
from strati.measure.results import Result, Results, statistics_of
from strati.task.kind import Space
from strati.task.task import Goal, Task
from strati.verdict.ownership import (
    COMPOSED,
    PEOPLE,
    Cost,
    break_even,
    composed_cost,
    cost_of,
    not_stated,
    outcomes,
    ownership,
    people_cost,
    retrainings,
)

LABELS = ("a", "b")
TEST = tuple(StoredExample(str(n), "a", None, None) for n in range(10))
FULL = Goal(
    volume_per_month=1000,
    machine_per_hour=3.6,
    label_costs=0.5,
    horizon_months=10,
    retrain_every_months=3,
    labels_per_retraining=20,
    wrong_answer_costs=2.0,
    human_answer_costs=0.25,
    human_error_rate=0.04,
)


def answer(value: str | None, dollars: float = 0.0, state: str = "answered") -> dict[str, Any]:
    """Each took one second: a tenth of a cent at 3.60 dollars an hour."""
    usage = asdict(Usage(seconds=1.0, dollars=dollars))
    return {"value": value, "confidence": None, "state": state, "failure": None, "usage": usage}


def result(name: str, answers: list[dict[str, Any]], goal: Goal, **more: Any) -> Result:
    record = CandidateRecord(status=Status.MEASURED, learns=True, fit_seconds=100.0)
    statistics = statistics_of(get_metric("accuracy", LABELS), TEST, answers)
    kept, none = Answers(len(answers)), Answers(0)
    for place, row in enumerate(answers):
        kept.put(place, row)
    return Result(name, replace(record, **more), kept, none, statistics, goal.machine_per_hour)


def results(goal: Goal, *found: Result, method: str = "holdout") -> Results:
    splits = {"train": 40, "tune": 10, "calibrate": 10, "test": 10, "sealed": 0}
    meta = {"seed": 0, "data": {"splits": splits, "method": method}}
    return Results("run", Task(goal=goal), Space(labels=LABELS), get_metric("accuracy", LABELS), meta, TEST, found)


def trained(goal: Goal) -> Result:
    """Nine right, one wrong."""
    return result("trained", [answer("a")] * 9 + [answer("b")], goal)


def test_every_part_by_hand() -> None:
    found = results(FULL, trained(FULL))
    cost = cost_of(found.candidates[0], found)
    assert cost is not None
    assert cost.fixed == pytest.approx(
        {
            "labels": 0.5 * (40 + 30),
            "training": 0.1,  # 100 s of 3,600 at 3.60
            "retraining": 3 * 0.1 + 3 * 20 * 0.5,  # after 3, 6 and 9 months
        }
    )
    assert cost.each == pytest.approx({"machine": 0.001, "paid": 0.0, "wrong_answers": 0.1 * 2})
    assert cost.total(10_000) == pytest.approx(35 + 0.1 + 30.3 + 10_000 * 0.201)
    assert cost.left_out == ()
    assert cost.each_low < cost.per_answer < cost.each_high


def test_people_on_everything_err_too() -> None:
    cost = people_cost(FULL)
    assert cost is not None
    assert cost.name == PEOPLE
    assert cost.per_answer == pytest.approx(0.25 + 0.04 * 2)
    assert cost.once == 0
    assert people_cost(replace(FULL, human_answer_costs=None)) is None


def test_what_is_not_stated_is_named_and_not_counted_as_nothing() -> None:
    goal = Goal(volume_per_month=1000, human_answer_costs=0.25)
    found = results(goal, trained(goal))
    cost, people = cost_of(found.candidates[0], found), people_cost(goal)
    assert cost is not None
    assert people is not None
    assert set(cost.fixed) == {"training"}
    assert set(cost.each) == {"machine", "paid"}
    assert cost.left_out == ("labels (label_costs)", "wrong answers (wrong_answer_costs)")
    assert people.left_out == ("wrong answers (wrong_answer_costs)",)
    assert not_stated(goal) == ["label_costs", "wrong_answer_costs", "human_error_rate"]
    half = replace(goal, wrong_answer_costs=1.0, retrain_every_months=6, label_costs=0.1)
    named = people_cost(half)
    assert named is not None
    assert named.left_out == ("errors of people (human_error_rate)",)
    cost = cost_of(found.candidates[0], results(half, trained(half)))
    assert cost is not None
    assert "labels for training anew (labels_per_retraining)" in cost.left_out
    assert not_stated(FULL) == []


def test_answers_that_wait_for_people_cost_what_people_cost() -> None:
    """6 right, 2 wrong, 2 pending: of the pending ones 4 % come back wrong."""
    answers = [answer("a")] * 6 + [answer("b"), answer(None)] + [answer(None, state="pending")] * 2
    found = results(FULL, result("stack", answers, FULL))
    shares = outcomes(found.candidates[0], found)
    assert (shares.wrong, shares.pending) == pytest.approx((0.2, 0.2))
    cost = cost_of(found.candidates[0], found)
    assert cost is not None
    assert cost.each["people"] == pytest.approx(0.2 * 0.25)
    assert cost.each["wrong_answers"] == pytest.approx((0.2 + 0.2 * 0.04) * 2)


def test_a_candidate_whose_cost_is_not_known_has_no_row() -> None:
    unknown = result("recorded", [answer("a")] * 10, FULL, recorded=True, costs_known=False)
    assert cost_of(unknown, results(FULL, unknown)) is None
    owned = ownership(results(FULL, unknown, trained(FULL)), [])
    assert owned is not None
    assert [row["candidate"] for row in owned["rows"]] == ["trained", PEOPLE]
    assert ownership(results(FULL, unknown), []) is None
    still = replace(FULL, volume_per_month=0)
    assert ownership(results(still, trained(still)), []) is None


def test_labels_that_are_cross_fitted_are_counted_once() -> None:
    found = results(FULL, trained(FULL), method="crossfit")
    cost = cost_of(found.candidates[0], found)
    assert cost is not None
    assert cost.fixed["labels"] == pytest.approx(0.5 * (10 + 10))  # open and calibrate; train and tune are among them


@pytest.mark.parametrize(
    ("horizon", "every", "times"), [(12, 3, 3), (12, 12, 0), (12, 24, 0), (1, 0.5, 1), (12, None, 0)]
)
def test_how_often_it_is_trained_anew(horizon: float, every: float | None, times: int) -> None:
    assert retrainings(Goal(horizon_months=horizon, retrain_every_months=every)) == times


def test_break_even_by_hand() -> None:
    """120 dollars at once and a cent an answer, against 3 cents: level at 6,000 answers, 600 a month."""
    goal = Goal(volume_per_month=1000, horizon_months=10)
    a, b = Cost("a", {"labels": 120.0}, {"machine": 0.01}), Cost("b", {}, {"paid": 0.03})
    for costs in ([a, b], [b, a]):
        found = break_even(costs, goal)
        assert found is not None
        assert (found["a"], found["b"], found["cheaper_above"]) == ("a", "b", "a")
        assert (found["volume_per_month"], found["total"]) == pytest.approx((600, 180))
    assert break_even([a, replace(b, each={"paid": 0.01})], goal) is None  # never: parallel
    assert break_even([a, replace(b, each={"paid": 0.005})], goal) is None  # b is always cheaper
    assert break_even([], goal) is None


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(1e-6, 1)), min_size=1, max_size=6))
def test_up_to_the_break_even_none_is_cheaper(pairs: list[tuple[float, float]]) -> None:
    goal = Goal(volume_per_month=1000)
    costs = [Cost(str(n), {"x": once}, {"y": each}) for n, (once, each) in enumerate(pairs)]
    found = break_even(costs, goal)
    best = min(costs, key=lambda cost: cost.total(1000 * goal.horizon_months))
    ends = (10.0, 100_000.0) if found is None else (1000.0, found["volume_per_month"])
    for part in (0.001, 0.5, 0.999):
        volume = ends[0] + part * (ends[1] - ends[0])
        answers = volume * goal.horizon_months
        assert best.total(answers) <= min(cost.total(answers) for cost in costs) * (1 + 1e-6) + 1e-9


def test_without_a_price_of_errors_only_those_that_qualify_are_compared() -> None:
    goal = replace(FULL, wrong_answer_costs=None)
    rungs = trained(goal), result("bad", [answer("b")] * 10, goal, learns=False)
    owned = ownership(results(goal, *rungs), ["trained"])
    assert owned is not None
    assert {row["candidate"]: row["compared"] for row in owned["rows"]} == {"trained": True, "bad": False, PEOPLE: True}
    assert owned["break_even"]["b"] == PEOPLE
    assert owned["compared"] == "qualifying"
    priced = ownership(results(FULL, *rungs), ["trained"])
    assert priced is not None
    assert all(row["compared"] for row in priced["rows"])


def test_rows_hold_what_is_drawn() -> None:
    owned = ownership(results(FULL, trained(FULL)), [])
    assert owned is not None
    row = owned["rows"][0]
    assert row["total"] == pytest.approx(sum(row["parts"].values()))
    assert row["low"] < row["total"] < row["high"]
    point = owned["break_even"]
    assert {point["a"], point["b"]} == {"trained", PEOPLE}
    assert point["volume_per_month"] == pytest.approx(65.4 / (0.33 - 0.201) / 10)
    assert point["cheaper_above"] == "trained"


def test_composed_with_people_by_hand() -> None:
    """An answer by the rung takes a second: $0.001. A fifth goes to people, a tenth of the rest is wrong."""
    found = results(FULL, trained(FULL))
    point = {"rungs": ["trained"], "asked": [1.0], "automatic": 0.8, "people": 0.2, "error": 0.1}
    cost = composed_cost(found, {"best": 0, "points": [point]})
    assert cost is not None
    assert cost.each == pytest.approx(
        {"machine": 0.001, "paid": 0.0, "people": 0.2 * 0.25, "wrong_answers": (0.08 + 0.2 * 0.04) * 2}
    )
    alone = cost_of(found.candidates[0], found)
    assert alone is not None
    assert cost.fixed == pytest.approx(alone.fixed)
    assert composed_cost(found, {"best": None, "points": []}) is None
    assert composed_cost(results(replace(FULL, human_answer_costs=None), trained(FULL)), {"best": 0}) is None


def test_an_estimate_on_tune_is_shown_and_compared_with_nothing() -> None:
    found = results(FULL, trained(FULL))
    point = {"rungs": ["trained"], "asked": [1.0], "automatic": 1.0, "people": 0.0, "error": 0.0}
    owned = ownership(found, [], {"best": 0, "points": [point]})
    assert owned is not None
    row = next(row for row in owned["rows"] if row["candidate"] == COMPOSED)
    assert (row["estimated_on"], row["compared"]) == ("tune", False)
    assert COMPOSED not in (owned["break_even"]["a"], owned["break_even"]["b"])
