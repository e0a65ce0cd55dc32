"""Labels needed, and the tables beside the guarantee."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from strati.certify.method import (
    Economics,
    Promise,
    Setting,
    binomial_upper_bound,
    class_table,
    evaluate,
    group_table,
    labels_needed_for,
    labels_needed_to_certify,
    make_plan,
    power_to_certify,
    table,
)
from strati.certify.method.risk import errors_allowed

from .worlds import one


def test_labels_needed_by_hand() -> None:
    assert labels_needed_to_certify(0.0, 1.0, 0.95) == 59
    assert labels_needed_to_certify(0.0, 1.0, 0.95, risk=0.05 / 3) == 80
    needed = labels_needed_to_certify(0.0, 0.5, 0.95)  # at least 59 of Bin(N, .5) with probability .8
    assert needed is not None
    assert binom.sf(58, needed, 0.5) >= 0.8 > binom.sf(58, needed - 1, 0.5)


def test_no_number_would_do() -> None:
    for error, share in ((0.05, 1.0), (0.2, 0.5), (0.01, 0.0), (float("nan"), 0.5)):
        assert labels_needed_to_certify(error, share, 0.95) is None
    assert labels_needed_to_certify(0.04999, 1.0, 0.95) is None  # above ten million


def test_labels_for_a_plan_are_those_of_its_easiest_setting() -> None:
    part = one([0.9] * 30 + [0.1] * 10, [0.0] * 30 + [1.0] * 10)
    plan = make_plan(part, Promise(0.9), Economics(human_answer=1.0))
    assert labels_needed_for(plan) == labels_needed_to_certify(1 / 31, 0.75, 0.9)
    hopeless = make_plan(one([0.9] * 30, [1.0] * 30), Promise(0.9), Economics(human_answer=1.0))
    assert labels_needed_for(hopeless) is None


def test_power_agrees_with_summing_by_hand() -> None:
    n = np.arange(301)
    allowed = errors_allowed(n, 0.1, 0.05)
    expected = sum(
        binom.pmf(k, 300, 0.6) * (binom.cdf(allowed[k], k, 0.04) if allowed[k] >= 0 else 0.0) for k in n.tolist()
    )
    assert power_to_certify(300, 0.04, 0.6, 0.9) == pytest.approx(expected, abs=1e-6)


@settings(deadline=None, max_examples=12)
@given(st.floats(0.0, 0.03), st.floats(0.2, 0.9))
def test_safer_or_wider_settings_need_fewer_labels(error: float, share: float) -> None:
    needed = labels_needed_to_certify(error, share, 0.95)
    easier = labels_needed_to_certify(error / 2, share, 0.95)
    wider = labels_needed_to_certify(error, min(1.0, share * 1.2), 0.95)
    assert needed is not None
    assert easier is not None
    assert wider is not None
    assert easier <= needed * 1.1
    assert wider <= needed * 1.1


def test_tables_by_hand() -> None:
    part = replace(one([0.9, 0.9, 0.9, 0.9, 0.1], [0, 0, 1, 0, 1]), labels=np.array([[0], [0], [1], [1], [1]]))
    found = evaluate(Setting((0,), (0.5,)), part)
    promise = Promise(0.9)
    rows = class_table(found, ["ham", "spam"], promise)
    assert [(row.key, row.n, row.errors) for row in rows] == [("ham", 2, 0.0), ("spam", 2, 1.0)]
    assert rows[0].upper == pytest.approx(binomial_upper_bound(0, 2, 0.05)) == pytest.approx(1 - 0.05**0.5)
    assert rows[0].upper_together == pytest.approx(1 - 0.025**0.5)
    empty = table(found, list("aaaab"), promise)[1]
    assert (empty.n, empty.upper) == (0, 1.0)
    assert np.isnan(empty.error)
    with pytest.raises(ValueError, match="keys"):
        table(found, ["a"], promise)


def test_classes_of_grouped_examples_get_a_group_level_bound() -> None:
    groups = [f"g{i // 5}" for i in range(100)]
    part = replace(one([0.9] * 100, [0.0] * 100, groups), labels=np.zeros((100, 1), dtype=int))
    found = evaluate(Setting((0,), (0.5,)), part)
    promise = Promise(0.9, largest_group=5)
    by_class = class_table(found, ["ham"], promise)[0]
    assert by_class.upper > binomial_upper_bound(0, 100, 0.05)  # 20 groups, not 100 examples
    by_group = group_table(found, groups, promise)
    assert len(by_group) == 20
    assert by_group[0].upper == pytest.approx(binomial_upper_bound(0, 5, 0.05))


def test_labels_for_a_promise_per_class_are_those_of_the_class_that_needs_most() -> None:
    part = one([0.9] * 40 + [0.1] * 10, [0.0] * 40 + [1.0] * 10)
    part = replace(part, labels=np.array([[0]] * 30 + [[1]] * 10 + [[0]] * 10))
    plan = make_plan(part, Promise(0.8, classes=(0, 1)), Economics(human_answer=1.0))
    # 30 and 10 of 50 are answered with an error each added: the small class decides
    assert labels_needed_for(plan, tune=part) == labels_needed_to_certify(1 / 11, 0.2, 0.8)


def test_labels_for_betting_follow_from_the_growth_on_tune() -> None:
    part = one([0.9] * 40, [0.0] * 40)
    plan = make_plan(part, Promise(0.9, graded=True), Economics(human_answer=1.0))
    needed = labels_needed_for(plan, tune=part)
    assert needed is not None
    assert 40 < needed < 100  # .9 ** n is .01, a fifth of the risk, at n = 44, and bets are mixed
    hopeless = one([0.9] * 40, [1.0] * 40)
    assert labels_needed_for(make_plan(hopeless, Promise(0.9, graded=True)), tune=hopeless) is None


def test_the_chance_of_an_attempt_falls_with_the_bar_and_rises_with_labels() -> None:
    from strati.certify.method import Economics, Scored, chance_to_certify, make_plan

    rng = np.random.default_rng(0)
    confidence = rng.random((400, 1))
    loss = (rng.random((400, 1)) > 0.75 + 0.25 * confidence).astype(float)
    tune = Scored(("one",), confidence, loss, np.array([0.001]))

    def chance(at_least: float, labels: int) -> float:
        plan = make_plan(tune, Promise(at_least, 0.1), Economics(human_answer=0.5), labels, among=[(0,)])
        return chance_to_certify(plan, labels) or 0.0

    assert 0.9 < chance(0.7, 300) <= 1
    assert chance(0.98, 60) < 0.3
    assert chance(0.9, 60) < chance(0.9, 1000)
