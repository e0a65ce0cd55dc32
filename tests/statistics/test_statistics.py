"""Intervals and tests against published figures, against each other, and where data are few or do not vary."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from strati.kinds.classify.metrics import Accuracy, MacroF1
from strati.statistics import (
    bar_p_values,
    binomial_p_values,
    brier_score,
    clopper_pearson,
    compare,
    compare_both,
    expected_calibration_error,
    holm,
    labels_needed,
    quality_interval,
    tango_interval,
    tango_p_values,
    tango_z,
)

ACCURACY = Accuracy()
F1 = MacroF1(["a", "b"])
counts = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
pairs = st.integers(1, 60).flatmap(
    lambda n: st.integers(0, n).flatmap(lambda x: st.tuples(st.just(x), st.integers(0, n - x), st.just(n)))
)


def rows(right: list[int]) -> np.ndarray:
    return np.array([[float(value), 1.0] for value in right]).reshape(-1, 2)


@given(counts)
def test_one_proportion_agrees_with_scipy(count: tuple[int, int]) -> None:
    right, n = count
    interval, expected = clopper_pearson(right, n), binomtest(right, n).proportion_ci(0.95, method="exact")
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(counts, st.floats(0.05, 0.95))
def test_the_bar_test_is_the_binomial_test(count: tuple[int, int], bar: float) -> None:
    right, n = count
    reaches, misses = binomial_p_values(right, n, bar)
    assert reaches == pytest.approx(binomtest(right, n, bar, alternative="greater").pvalue)
    assert misses == pytest.approx(binomtest(right, n, bar, alternative="less").pvalue)


def test_bars_at_the_ends() -> None:
    assert binomial_p_values(0, 5, 0.0) == (0.0, 1.0)
    assert binomial_p_values(5, 5, 1.0) == (1.0, 1.0)
    assert binomial_p_values(4, 5, 1.0)[1] == 0.0


def test_tango_on_a_published_example() -> None:
    # airway hyper-responsiveness (Bentur 2009) in Fagerland, Lydersen and Laake, Statistics in Medicine 33, 2014
    interval = tango_interval(1, 7, 21)
    assert interval.value == pytest.approx(-6 / 21)
    assert (interval.low, interval.high) == pytest.approx((-0.517, -0.026), abs=5e-4)


def test_tango_at_no_difference_is_mcnemar() -> None:
    assert tango_z(1, 7, 21, 0.0) == pytest.approx(-6 / math.sqrt(8))


@given(pairs)
def test_tango_limits_invert_the_test(pair: tuple[int, int, int]) -> None:
    interval = tango_interval(*pair)
    assert -1 <= interval.low <= interval.value <= interval.high <= 1
    if interval.low > -1:
        assert tango_z(*pair, interval.low) == pytest.approx(1.959964, abs=1e-4)
    if interval.high < 1:
        assert tango_z(*pair, interval.high) == pytest.approx(-1.959964, abs=1e-4)


@given(pairs)
def test_tango_is_symmetric(pair: tuple[int, int, int]) -> None:
    x, y, n = pair
    one, other = tango_interval(x, y, n), tango_interval(y, x, n)
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-9)


def test_no_discordance_needs_99_examples_at_three_points() -> None:
    assert tango_p_values(0, 0, 98, 0.03)[0] > 0.05
    assert tango_p_values(0, 0, 99, 0.03)[0] <= 0.05
    assert tango_p_values(0, 0, 99, 0.03)[0] == pytest.approx(0.97**99, abs=2e-4)


def test_the_paired_test_keeps_its_level_where_errors_are_nested() -> None:
    # b has everything right, a misses exactly the margin: the count of misses is binomial, so the level is a sum
    n, margin = 88, 0.03
    levels = [0.0, 0.0]
    for misses in range(n + 1):
        weight = math.comb(n, misses) * margin**misses * (1 - margin) ** (n - misses)
        for side, p in enumerate(tango_p_values(0, misses, n, margin)):
            levels[side] += weight * (p <= 0.05)
    assert max(levels) <= 0.05


def test_many_discordant_pairs_use_the_normal_approximation() -> None:
    noninferior, inferior = tango_p_values(50, 50, 1000, 0.03)
    assert noninferior + inferior == pytest.approx(1.0)
    assert noninferior < 0.05


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.6, 0.7]) == [1.0, 1.0]


def test_labels_needed() -> None:
    assert labels_needed(0.10, 0.03) == 687
    assert labels_needed(0.10, 0.05) == 248
    assert labels_needed(0.10, 0.03, difference=-0.03) is None
    assert labels_needed(0.0, 0.03) == 99
    # two points better needs (.05 instead of .03) the 248 of a margin of five points, less the square of the difference
    assert labels_needed(0.10, 0.03, difference=0.02) == math.ceil(6.18256 * (0.10 - 0.0004) / 0.0025)


def test_calibration_by_hand() -> None:
    confidence, right = np.array([0.95, 0.95, 0.55, 0.55]), np.array([1.0, 0.0, 1.0, 0.0])
    assert expected_calibration_error(confidence, right) == pytest.approx((0.45 * 2 + 0.05 * 2) / 4)
    assert brier_score(confidence, right) == pytest.approx((0.05**2 + 0.95**2 + 0.45**2 + 0.55**2) / 4)
    assert expected_calibration_error(np.array([1.0]), np.array([1.0])) == 0.0
    assert math.isnan(expected_calibration_error(np.array([]), np.array([])))
    assert math.isnan(brier_score(np.array([]), np.array([])))


@pytest.mark.parametrize("groups", [None, ["g"]])
@pytest.mark.parametrize("n", [0, 1, 2])
def test_tiny_data_show_nothing(n: int, groups: list[str] | None) -> None:
    statistics = rows([1] * n)
    named = groups and groups * n
    quality = quality_interval(statistics, ACCURACY, 0.95, named)
    assert (quality.n, quality.high) == (n, 1.0)
    assert quality.low < 0.3
    assert math.isnan(quality.value) if n == 0 else quality.value == 1.0
    result = compare(statistics, statistics, ACCURACY, 0.03, 0.05, named)
    assert min(result.p_noninferior, result.p_inferior) > 0.5
    assert min(bar_p_values(statistics, ACCURACY, 0.9, named)) > 0.5


@pytest.mark.parametrize("metric", [ACCURACY, F1])
@pytest.mark.parametrize("grouped", [False, True])
def test_all_right_is_never_certain(metric: Accuracy | MacroF1, grouped: bool) -> None:
    statistics = np.array([metric.score(label, label).statistics for label in "ab" * 10])
    groups = [place // 2 for place in range(20)] if grouped else None
    quality = quality_interval(statistics, metric, 0.95, groups)
    assert quality.value == quality.high == 1.0
    assert 0.5 < quality.low < 0.95
    assert bar_p_values(statistics, metric, 0.97, groups)[0] > 0.05
    assert compare(statistics, statistics, metric, 0.03, 0.05, groups).p_noninferior > 0.05


def test_groups_of_one_are_no_groups() -> None:
    statistics = rows([1] * 18 + [0] * 2)
    assert quality_interval(statistics, ACCURACY, groups=list(range(20))).method == "Clopper-Pearson"
    assert compare(statistics, statistics, ACCURACY, 0.03, 0.05, list(range(20))).method == "Tango"


def test_copies_of_an_example_add_nothing_when_they_are_a_group() -> None:
    right = [1, 0, 1, 1, 1, 1, 0, 1, 1, 1]
    once = quality_interval(rows(right), ACCURACY)
    copied = quality_interval(np.repeat(rows(right), 20, axis=0), ACCURACY, groups=[i // 20 for i in range(200)])
    assert "groups" in copied.method
    assert copied.high - copied.low > 0.8 * (once.high - once.low)


def test_the_two_directions_agree() -> None:
    a, b = rows([1, 1, 0, 1, 0, 1] * 10), rows([1, 0, 0, 1, 1, 1] * 10)
    for groups in (None, [i // 3 for i in range(60)]):
        ab, ba = compare_both(a, b, ACCURACY, 0.03, 0.05, groups)
        assert ab == compare(a, b, ACCURACY, 0.03, 0.05, groups)
        assert (ba.difference, ba.low, ba.high) == pytest.approx((-ab.difference, -ab.high, -ab.low), abs=0.02)
        assert ab.discordance == ba.discordance == pytest.approx(2 / 6)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 4)), min_size=2, max_size=40))
def test_limits_and_p_values_agree(examples: list[tuple[int, int, int]]) -> None:
    a, b, groups = (list(column) for column in zip((1, 1, 0), (1, 1, 0), *examples, strict=True))
    result = compare(rows(a), rows(b), ACCURACY, 0.2, 0.05, groups)
    assert -1 <= result.low <= result.difference <= result.high <= 1
    if result.p_noninferior < 0.04:
        assert result.low > -0.2
    if result.p_noninferior > 0.06:
        assert result.low <= -0.2
