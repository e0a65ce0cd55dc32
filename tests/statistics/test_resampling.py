"""Resampling: by unit, reproducible, and equal to the exact method where there is one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strati.kinds.classify.metrics import Accuracy, MacroF1
from strati.statistics import (
    bca_interval,
    binomial_p_values,
    bounded_interval,
    clopper_pearson,
    difference_tails,
    quality_tails,
    units_of,
)

ACCURACY = Accuracy()


def rows(right: list[int]) -> np.ndarray:
    return np.array([[float(value), 1.0] for value in right])


def test_units_are_sums_over_groups() -> None:
    units = units_of(rows([1, 0, 1, 1]), ["x", "y", "x", "y"])
    assert units.sums.tolist() == [[2, 2], [1, 2]]
    assert units.sizes.tolist() == [2, 2]


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.1, 0.9))
def test_dirichlet_tests_are_the_binomial_tests(count: tuple[int, int], bar: float) -> None:
    right, n = count
    tails = quality_tails(units_of(rows([1] * right + [0] * (n - right))), ACCURACY, draws=20_000)
    reaches, misses = binomial_p_values(right, n, bar)
    assert tails.p_above(bar) == pytest.approx(reaches, abs=0.02)
    assert tails.p_below(bar) == pytest.approx(misses, abs=0.02)


def test_the_bounded_interval_is_clopper_pearson() -> None:
    exact = clopper_pearson(18, 20)
    interval = bounded_interval(units_of(rows([1] * 18 + [0] * 2)), ACCURACY, draws=50_000)
    assert (interval.low, interval.high) == pytest.approx((exact.low, exact.high), abs=0.01)


def test_groups_that_never_differ() -> None:
    units = units_of(rows([1] * 100), [place // 2 for place in range(100)])
    tails = difference_tails(units, units, ACCURACY, draws=50_000)
    assert tails.p_above(-0.05) == pytest.approx(0.95**50, abs=0.005)


def test_bca_without_skewness_is_the_percentile_interval() -> None:
    interval = bca_interval(units_of(rows([1, 0] * 200)), ACCURACY.aggregate)
    assert interval is not None
    assert interval.value == 0.5
    assert (interval.low, interval.high) == pytest.approx((0.451, 0.549), abs=0.006)


def test_bca_of_a_skewed_mean_leans_to_the_exact_interval() -> None:
    exact = clopper_pearson(190, 200)
    interval = bca_interval(units_of(rows([1] * 190 + [0] * 10)), ACCURACY.aggregate)
    assert interval is not None
    assert 0.95 - interval.low > interval.high - 0.95
    assert (interval.low, interval.high) == pytest.approx((exact.low, exact.high), abs=0.012)


@pytest.mark.parametrize("right", [[1, 1, 1, 1, 1], [0, 0, 0], [1, 0]])
def test_bca_is_not_defined_without_variation_or_on_two_units(right: list[int]) -> None:
    assert bca_interval(units_of(rows(right)), ACCURACY.aggregate) is None


@pytest.mark.filterwarnings("error")
def test_bca_is_not_defined_where_nothing_can_be_computed() -> None:
    """An F1 where no class was seen or said: 0 of 0 in every draw."""
    assert bca_interval(units_of(np.ones((5, 1))), lambda sums: np.full(np.shape(sums)[:-1], np.nan)) is None


def test_the_same_seed_gives_the_same_interval() -> None:
    units = units_of(rows([1, 0, 1, 1, 0, 1]))
    assert bca_interval(units, ACCURACY.aggregate, seed=3) == bca_interval(units, ACCURACY.aggregate, seed=3)
    assert bounded_interval(units, ACCURACY, seed=3) == bounded_interval(units, ACCURACY, seed=3)


def test_many_labels_take_the_sparse_way() -> None:
    labels = [str(number) for number in range(77)]
    metric = MacroF1(labels)
    statistics = np.array(
        [metric.score(label, label if place % 10 else None).statistics for place, label in enumerate(labels * 4)]
    )
    interval = bca_interval(units_of(statistics), metric.aggregate, draws=200)
    assert interval is not None
    assert interval.low < interval.value < interval.high


def test_chunks_hold_all_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    units = units_of(rows([1, 0, 1, 1, 0, 1]))
    whole = quality_tails(units, ACCURACY, draws=4000)
    monkeypatch.setattr("strati.statistics.resampling._CHUNK", 600)
    pieces = quality_tails(units, ACCURACY, draws=4000)
    assert len(pieces.lower) == len(pieces.upper) == 4000
    assert pieces.p_above(0.3) == pytest.approx(whole.p_above(0.3), abs=0.04)


def test_nothing_to_resample() -> None:
    units = units_of(np.zeros((0, 2)))
    assert bca_interval(units, ACCURACY.aggregate) is None
    assert math.isnan(bounded_interval(units, ACCURACY).value)
