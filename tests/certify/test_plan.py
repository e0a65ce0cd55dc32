"""The search on tune and the plan: against brute force, on edge cases, and that nothing but tune decides."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from strati.certify.method import Economics, Promise, Scored, Setting, evaluate, front, make_plan, orders, walk
from strati.certify.method.search import NEVER

from .worlds import one, ranked, unrelated

PRICES = Economics(human_answer=1.0)
PROMISE = Promise(0.9)


def test_orders_are_subsets_from_cheap_to_dear() -> None:
    part = Scored(("dear", "cheap"), np.full((1, 2), 0.5), np.zeros((1, 2)), np.array([2.0, 1.0]))
    assert list(orders(part)) == [(1,), (0,), (1, 0)]
    assert len(list(orders(ranked(5, 6)))) == 63
    with pytest.raises(ValueError, match="at most 6"):
        list(orders(ranked(5, 7)))


def test_the_front_by_hand() -> None:
    part = one([0.9, 0.8, 0.7, 0.6], [0, 0, 0, 1])
    found = front(part, (0,), 0.25, Economics(human_answer=1.0))
    assert {(e.n, e.errors) for e in found} == {(3, 0.0), (4, 1.0)}  # nothing in between is ever better
    assert [e.total for e in found] == pytest.approx([0.26, 0.01])


@pytest.mark.parametrize("seed", range(8))
def test_the_front_is_as_good_as_brute_force(seed: int) -> None:
    """For the least total cost within the bound, over all thresholds of two rungs on a dozen examples."""
    rng = np.random.default_rng(seed)
    confidence = rng.permuted(np.tile(np.linspace(0.1, 0.95, 12), (2, 1)), axis=1).T
    loss = (rng.random((12, 2)) > confidence).astype(float)
    part = Scored(("a", "b"), confidence, loss, np.array([0.01, 0.1]))
    grid = [*np.unique(confidence), NEVER]
    every = [evaluate(Setting((0, 1), pair), part) for pair in product(grid, grid)]
    for weight in (1.0, 3.0, 30.0):

        def value(n: int, errors: float, total: float, weight: float = weight) -> float:
            return total * 12 + weight * (errors - 0.2 * n)

        best = min(value(d.count, d.errors, PRICES.total(d, 1.0)) for d in every)
        found = min(value(e.n, e.errors, e.total) for e in front(part, (0, 1), 0.2, PRICES))
        assert found <= best + 0.35  # a local optimum, off by less than one answer


@pytest.mark.parametrize("rungs", [1, 3, 6])
def test_a_plan_certifies_well_ranked_answers(rungs: int) -> None:
    tune, calibrate, test = (ranked(800, rungs, seed) for seed in (1, 2, 3))
    plan = make_plan(tune, PROMISE, PRICES)
    assert plan.promising
    assert plan.path is not None
    settings = plan.path.settings
    assert len({setting.rungs for setting in settings}) == 1
    totals = [e.total for e in plan.estimates]
    assert totals == sorted(totals, reverse=True)
    assert sum(start.share for start in plan.path.starts) == pytest.approx(1.0)
    found = walk(plan.path, calibrate)
    assert found.setting is not None
    outcome = evaluate(found.setting, test)
    assert outcome.error < 0.12
    assert outcome.share > 0.5


def test_the_plan_depends_on_nothing_but_tune() -> None:
    tune = ranked(300, 2)
    a, b = make_plan(tune, PROMISE, PRICES, 300), make_plan(tune, PROMISE, PRICES, 300)
    assert a.path == b.path


def test_a_rung_that_adds_nothing_is_left_out() -> None:
    part = ranked(800, 1)
    useless = Scored(
        ("r", "noise"),
        np.hstack([part.confidence, np.random.default_rng(0).random((800, 1))]),
        np.hstack([part.loss, np.ones((800, 1))]),
        np.array([0.001, 0.0001]),
    )
    path = make_plan(useless, PROMISE, PRICES).path
    assert path is not None
    assert path.settings[0].rungs == (0,)


def test_people_are_cheaper_than_a_dear_rung() -> None:
    part = replace(ranked(400, 1), cost=np.array([5.0]))
    assert not make_plan(part, PROMISE, PRICES).promising


def test_only_orders_asked_for_are_considered() -> None:
    path = make_plan(ranked(400, 3), PROMISE, PRICES, among=[(2, 0)]).path
    assert path is not None
    assert path.settings[0].rungs == (2, 0)


def test_the_size_of_calibrate_counts_what_all_rungs_were_asked() -> None:
    asked = np.column_stack([np.ones(400, bool), np.arange(400) < 100])
    tune = replace(ranked(400, 2), available=asked)
    plan = make_plan(tune, PROMISE, PRICES, asked)
    assert plan.path is not None
    assert all(e.rows == (100 if 1 in e.setting.rungs else 400) for e in plan.estimates)
    nothing = make_plan(tune, PROMISE, PRICES, np.zeros((50, 2), dtype=bool))
    assert not nothing.promising


@pytest.mark.parametrize(
    "part",
    [
        one([], []),
        one([float("nan")] * 5, [1.0] * 5),
        one([0.5] * 5, [1.0] * 5),
        one([0.9], [0.0]),
    ],
)
def test_too_little_is_not_promising(part: Scored) -> None:
    plan = make_plan(part, PROMISE, PRICES)
    assert not plan.promising
    if plan.path is not None:
        assert walk(plan.path, part).certified is None


def test_ties_are_accepted_together() -> None:
    tune = unrelated(400, 0.01, np.random.default_rng(0), levels=3)
    path = make_plan(tune, PROMISE, PRICES).path
    assert path is not None
    for setting in path.settings:
        accepted = evaluate(setting, tune).automatic
        for value in np.unique(tune.confidence):
            assert len(set(accepted[tune.confidence[:, 0] == value])) == 1


def test_adding_a_constant_to_no_threshold() -> None:
    """Only the ranking of confidences matters: a monotone change of them changes no decision on tune."""
    part = ranked(400, 1)
    squared = replace(part, confidence=part.confidence**2)
    a, b = make_plan(part, PROMISE, PRICES), make_plan(squared, PROMISE, PRICES)
    assert {(e.n, e.errors) for e in a.frontier} == {(e.n, e.errors) for e in b.frontier}


def test_graded_losses_and_groups_are_walked_by_betting() -> None:
    part = ranked(1500, 1)
    graded = replace(part, loss=part.loss * 0.3)
    plan = make_plan(graded, PROMISE, PRICES)
    assert plan.path is not None
    assert plan.path.promise.graded
    assert walk(plan.path, replace(ranked(1500, 1, 5), loss=ranked(1500, 1, 5).loss * 0.3)).certified is not None
    grouped = replace(ranked(3000, 1, 6, easy=4.0), groups=tuple(i // 3 for i in range(3000)))
    line = make_plan(grouped, PROMISE, PRICES).path
    assert line is not None
    assert line.promise.largest_group == 3
    assert walk(line, grouped).certified is not None


def test_a_promise_per_class_is_stricter() -> None:
    part = ranked(1500, 1, easy=4.0)
    labelled = replace(part, labels=np.arange(1500)[:, None] % 2)
    paths = [make_plan(labelled, Promise(0.9, classes=classes), PRICES).path for classes in ((), (0, 1))]
    answered = []
    for path in paths:
        assert path is not None
        setting = walk(path, labelled).setting
        assert setting is not None
        answered.append(evaluate(setting, labelled).share)
    assert answered[1] <= answered[0]
