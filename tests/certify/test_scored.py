"""What a setting delivers, by hand; wrong shapes and values are refused."""

import math

import numpy as np
import pytest

from strati.certify.method import Economics, Scored, Setting, evaluate
from strati.task.task import Goal

from .worlds import one, ranked

NAN = float("nan")
PART = Scored(
    ("rules", "small", "large"),
    np.array([[0.9, 0.8, 0.7], [NAN, 0.6, 0.9], [0.5, NAN, 0.4], [NAN, NAN, NAN]]),
    np.array([[0, 1, 0], [NAN, 0, 1], [1, NAN, 0], [1, 1, 1]]),
    np.array([0.0, 1.0, 10.0]),
)


def test_the_first_rung_at_its_threshold_delivers() -> None:
    found = evaluate(Setting((0, 1, 2), (0.9, 0.6, 0.9)), PART)
    assert found.rung.tolist() == [0, 1, -1, -1]
    assert found.loss.tolist() == [0, 0, 0, 0]
    assert found.cost.tolist() == [0, 1, 11, 11]
    assert (found.count, found.share, found.people, found.error) == (2, 0.5, 0.5, 0.0)


def test_no_answer_is_never_delivered() -> None:
    found = evaluate(Setting((2, 0), (0.0, 0.0)), PART)
    assert found.rung.tolist() == [2, 2, 2, -1]
    assert found.error == pytest.approx(1 / 3)
    assert found.cost.tolist() == [10, 10, 10, 10]


def test_a_rung_is_judged_on_the_examples_it_was_asked() -> None:
    asked = np.array([[True, True, False], [True, True, True], [True, True, False], [True, True, True]])
    part = Scored(PART.names, PART.confidence, PART.loss, PART.cost, asked)
    assert evaluate(Setting((0, 2), (0.9, 0.5)), part).rows.tolist() == [1, 3]
    assert evaluate(Setting((0,), (0.9,)), part).rows.tolist() == [0, 1, 2, 3]


def test_nothing_delivered_is_not_a_rate_of_zero() -> None:
    assert math.isnan(evaluate(Setting((0,), (1.0,)), PART).error)
    nobody = evaluate(Setting((0,), (0.5,)), one([], []))
    assert math.isnan(nobody.share)
    assert math.isnan(nobody.cost_each)


def test_order_of_examples_does_not_matter() -> None:
    part = ranked(200, 3)
    shuffled = part.take(np.random.default_rng(1).permutation(200))
    setting = Setting((0, 1, 2), (0.9, 0.9, 0.8))
    a, b = evaluate(setting, part), evaluate(setting, shuffled)
    assert (a.count, a.errors) == (b.count, b.errors)
    assert a.cost_each == pytest.approx(b.cost_each)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("loss", np.array([[2.0]])),
        ("loss", np.array([[NAN]])),
        ("confidence", np.array([[1.5]])),
        ("cost", np.array([NAN])),
        ("cost", np.array([-1.0])),
        ("loss", np.array([0.0])),
        ("groups", ("a", "b")),
    ],
)
def test_wrong_values_are_refused(name: str, value: object) -> None:
    parts = {"confidence": np.array([[0.5]]), "loss": np.array([[0.0]]), "cost": np.array([1.0])}
    with pytest.raises(ValueError, match=r"expected|not a|groups"):
        Scored(("r",), **{**parts, name: value})  # type: ignore[arg-type]


def test_a_setting_names_each_rung_once() -> None:
    for rungs, thresholds in (((), ()), ((0, 0), (0.1, 0.2)), ((0,), (0.1, 0.2))):
        with pytest.raises(ValueError, match="setting"):
            Setting(rungs, thresholds)


def test_total_cost_counts_people_and_their_errors() -> None:
    found = evaluate(Setting((0,), (0.5,)), one([0.9, 0.8, 0.1, 0.2], [0, 1, 0, 0]))
    prices = Economics(human_answer=1.0, wrong_answer=10.0, human_error=0.05)
    assert prices.person(PART) == pytest.approx(1.5)
    # .01 for the rung; one wrong of four at 10; two of four by people at 1.5
    assert prices.total(found, 1.5) == pytest.approx(0.01 + 2.5 + 0.75)


def test_without_prices_people_decide_before_cost() -> None:
    prices = Economics.of(Goal())
    assert not prices.priced
    fewer_people = evaluate(Setting((2,), (0.4,)), PART)
    cheaper = evaluate(Setting((0,), (0.5,)), PART)
    person = prices.person(PART)
    assert fewer_people.people < cheaper.people
    assert prices.total(fewer_people, person) < prices.total(cheaper, person)
