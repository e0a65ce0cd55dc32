"""p-values and bounds: by hand, exactly under the null hypothesis, and by simulation with a fixed seed."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from strati.certify.method import (
    Promise,
    Setting,
    betting_p,
    betting_upper_bound,
    binomial_p,
    binomial_upper_bound,
    evaluate,
    p_value,
)
from strati.certify.method.risk import best_bets, errors_allowed, group_sums, most_errors

from .worlds import one

losses = st.lists(st.floats(0, 1), min_size=1, max_size=40)


def test_binomial_by_hand() -> None:
    assert binomial_p(0, 0, 0.05) == 1.0
    assert binomial_p(0, 2, 0.5) == pytest.approx(0.25)
    assert binomial_p(1, 2, 0.5) == pytest.approx(0.75)
    assert binomial_p(2, 2, 0.5) == 1.0
    assert binomial_p(0, 80, 0.05) == pytest.approx(0.95**80)
    assert binomial_p(0, 79, 0.05) > 0.05 / 3 >= binomial_p(0, 80, 0.05)  # three starts need 80


@given(st.integers(1, 300), st.sampled_from([0.02, 0.05, 0.1]), st.sampled_from([0.01, 0.05, 0.1]))
def test_under_the_null_the_binomial_rejects_at_most_at_its_level(n: int, at_most: float, level: float) -> None:
    errors = np.arange(n + 1)
    p = np.array([binomial_p(int(e), n, at_most) for e in errors])
    for truth in (at_most, at_most * 1.5):
        assert binom.pmf(errors, n, truth)[p <= level].sum() <= level + 1e-12
    allowed = int(most_errors(n, at_most, level)[n])
    assert allowed == (errors[p <= level].max() if (p <= level).any() else -1)


def test_most_errors_allowed_do_not_fall_with_more_answers() -> None:
    allowed = most_errors(2000, 0.05, 0.05)
    assert (np.diff(allowed) >= 0).all()
    assert errors_allowed(np.array([59, 0, 93]), 0.05, 0.05).tolist() == [0, -1, 1]


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_upper_bound_is_that_of_clopper_and_pearson(count: tuple[int, int]) -> None:
    errors, n = count
    expected = binomtest(errors, n, alternative="less").proportion_ci(0.9, method="exact").high
    assert binomial_upper_bound(errors, n, 0.1) == pytest.approx(expected)


def test_betting_by_hand() -> None:
    assert betting_p([], [], 0.05) == 1.0
    assert betting_p([0, 0], [1, 1], 0.5, bets=(1.0,)) == pytest.approx(0.25)  # each right answer doubles the capital
    assert betting_p([0, 1], [1, 1], 0.5, bets=(1.0,)) == pytest.approx(0.5)  # ruined after its maximum
    assert betting_p([1, 0], [1, 1], 0.5, bets=(1.0,)) == 1.0
    assert betting_p([0.25], [1], 0.5, bets=(0.5,)) == pytest.approx(0.8)  # 1 + .5 * .25 / .5 = 1.25
    assert betting_p([0], [1], 0.5, bets=(0.5, 1.0)) == pytest.approx(1 / 1.75)  # the mean of 1.5 and 2
    assert betting_p([0] * 59, [1] * 59, 0.05, bets=(1.0,)) == pytest.approx(binomial_p(0, 59, 0.05))


def test_betting_on_groups_by_hand() -> None:
    # one group of 2 answers, half a loss in sum, bound .5, largest 2: 1 + (1 - .5) / (.5 * 2)
    assert betting_p([0.5], [2], 0.5, largest=2, bets=(1.0,)) == pytest.approx(1 / 1.5)
    sums, sizes = group_sums(np.array([1.0, 0, 0, 1, 1]), np.array([7, 3, 7, 3, 3]), largest=2)
    assert sums.tolist() == pytest.approx([1.0, 4 / 3])
    assert sizes.tolist() == [2, 2]


@given(losses, st.floats(0.05, 0.9))
def test_betting_p_values_are_probabilities_and_fall_as_the_bound_grows(values: list[float], at_most: float) -> None:
    p = betting_p(values, np.ones(len(values)), at_most)
    assert 0 <= p <= 1
    assert betting_p(values, np.ones(len(values)), at_most + 0.05) <= p + 1e-9


@given(losses)
def test_less_loss_is_never_worse(values: list[float]) -> None:
    better = [value / 2 for value in values]
    size = np.ones(len(values))
    assert betting_p(better, size, 0.3) <= betting_p(values, size, 0.3) + 1e-9
    assert betting_upper_bound(better, 0.05) <= betting_upper_bound(values, 0.05) + 1e-6


@pytest.mark.parametrize("kind", ["right or wrong", "graded", "skewed"])
def test_betting_rejects_a_true_null_at_most_at_its_level(kind: str) -> None:
    rng = np.random.default_rng(5)
    runs, n, mean, level = 1000, 120, 0.1, 0.1
    draws = {
        "right or wrong": rng.random((runs, n)) < mean,
        "graded": rng.beta(0.5, 4.5, (runs, n)),
        "skewed": np.where(rng.random((runs, n)) < 0.2, 0.5, 0.0),
    }[kind]
    rejected = sum(betting_p(row, np.ones(n), mean) <= level for row in draws.astype(float))
    assert rejected <= binom.ppf(0.999, runs, level)


def test_groups_that_agree_break_the_binomial_but_not_betting() -> None:
    """Groups of 5 that are all right or all wrong together, exactly at the bound."""
    rng = np.random.default_rng(2)
    runs, groups, level = 800, 60, 0.1
    wrong = rng.random((runs, groups)) < 0.1
    exact = [binomial_p(int(5 * row.sum()), 5 * groups, 0.1) <= level for row in wrong]
    betting = [betting_p(5.0 * row, np.full(groups, 5.0), 0.1, largest=5) <= level for row in wrong]
    assert sum(exact) > binom.ppf(0.9999, runs, level)
    assert sum(betting) <= binom.ppf(0.999, runs, level)


def test_the_bounds_cover_the_mean() -> None:
    rng = np.random.default_rng(3)
    missed = sum(betting_upper_bound(rng.beta(0.5, 4.5, 80), 0.1) < 0.1 for _ in range(300))
    assert missed <= binom.ppf(0.999, 300, 0.1)
    assert betting_upper_bound([], 0.05) == pytest.approx(1.0)
    assert betting_upper_bound([0.0] * 59, 0.05, bets=(1.0,)) == pytest.approx(1 - 0.05 ** (1 / 59), abs=1e-6)


def test_bets_come_from_the_losses_seen() -> None:
    assert max(best_bets(np.zeros(50), np.ones(50), 0.05)) == 1.0
    few = best_bets([0.0] * 96 + [1.0] * 4, np.ones(100), 0.05)
    assert 0.1 < few[1] < 0.4  # Kelly for 4 % wrong against a bound of 5 %: (.05 - .04) / .05 = .2
    assert best_bets([], [], 0.05) == Promise(0.95).bets


def test_the_promise_names_the_test() -> None:
    found = evaluate(Setting((0,), (0.5,)), one([0.9, 0.8, 0.7, 0.1], [0, 0.5, 0, 1]))
    with pytest.raises(ValueError, match="graded"):
        p_value(found, Promise(0.5))
    assert p_value(found, Promise(0.5, graded=True, bets=(1.0,))) == pytest.approx(0.25)
    grouped = evaluate(Setting((0,), (0.5,)), one([0.9, 0.8, 0.7], [0, 0, 1], ["a", "a", "b"]))
    with pytest.raises(ValueError, match="groups"):
        p_value(grouped, Promise(0.5))
    # group a: 1 + (1 - 0) / (.5 * 2) = 2; group b: 1 + (.5 - 1) / 1 = .5
    assert p_value(grouped, Promise(0.5, largest_group=2, bets=(1.0,))) == pytest.approx(0.5)


def test_per_class_takes_the_worst_class() -> None:
    part = replace(one([0.9] * 6, [0, 0, 0, 0, 1, 0]), labels=np.array([[0], [0], [0], [1], [1], [1]]))
    found = evaluate(Setting((0,), (0.5,)), part)
    assert p_value(found, Promise(0.5, classes=(0,))) == pytest.approx(1 / 8)
    assert p_value(found, Promise(0.5, classes=(0, 1))) == pytest.approx(1 / 2)
    assert p_value(found, Promise(0.5, classes=(0, 2))) == 1.0
    with pytest.raises(ValueError, match="classes"):
        p_value(replace(found, label=None), Promise(0.5, classes=(0,)))


@pytest.mark.parametrize(
    "wrong", [{"at_least": 1.0}, {"at_least": math.nan}, {"risk": 0.0}, {"largest_group": 0}, {"bets": (2.0,)}]
)
def test_a_promise_makes_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Promise(**{"at_least": 0.9, **wrong})  # type: ignore[arg-type]
