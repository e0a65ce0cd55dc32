"""Tests that hold at every moment of looking: by hand, by property, and by simulation of what they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strati.statistics import (
    best_growth,
    binomial_p_values,
    clopper_pearson,
    confidence_sequence,
    log_capital,
    shown_above,
)
from strati.statistics.sequential import SHARES, WEIGHTS

GAPS = st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1, max_size=60)


def all_players(capital: np.ndarray) -> float:
    return float(np.average(capital, weights=SHARES))


def test_the_capital_is_that_of_all_players() -> None:
    """Against mean 0 of values in [-1, 1]: a 1 multiplies a player's capital by 1 + c, a -1 by 1 - c, a 0 leaves it."""
    assert WEIGHTS.sum() == pytest.approx(1)
    expected = [all_players(1 + SHARES), all_players(1 - SHARES**2), all_players(1 - SHARES**2)]
    assert np.exp(log_capital([1, -1, 0], 0.0)) == pytest.approx(expected)


def test_values_of_zero_or_one_against_a_half() -> None:
    assert np.exp(log_capital([1, 0], 0.5, low=0.0)) == pytest.approx(
        [all_players(1 + SHARES), all_players(1 - SHARES**2)]
    )


def test_the_edges_of_the_range() -> None:
    assert shown_above([0, 0, 1], 0.0, 0.01, low=0.0) == 3  # a mean of 0 allows no value above 0
    assert shown_above([0, 0], 0.0, 0.01, low=0.0) is None
    assert shown_above([1] * 500, 1.0, 0.5) is None  # nothing has a mean above the highest value
    assert shown_above([], 0.0, 0.05) is None
    assert math.isinf(log_capital([0.2], -2.0)[0])
    empty = confidence_sequence([])
    assert (math.isnan(empty.value), empty.low, empty.high, empty.n) == (True, -1.0, 1.0, 0)


def test_values_outside_their_range_are_refused() -> None:
    with pytest.raises(ValueError, match=r"values go from 0 to 2, expected them in \[-1, 1\]"):
        log_capital([0, 2], 0.0)


def test_a_clear_difference_is_shown_early_and_a_small_one_late() -> None:
    capital = [
        all_players((1 - SHARES + SHARES / 0.515) ** n) for n in range(1, 21)
    ]  # a 1 is 1, and .03 is .515, of [0, 1]
    first = next(n for n, held in enumerate(capital, 1) if held >= 100)
    assert shown_above([1] * 20, 0.03, 0.01) == first == 9
    late = shown_above([1, 0, 0, 0, 0] * 20, 0.03, 0.01)
    assert late is not None
    assert late > 2 * first
    assert shown_above([1, -1] * 500, 0.03, 0.05) is None


@given(GAPS)
def test_the_order_within_a_series_does_not_change_its_capital(values: list[float]) -> None:
    assert log_capital(values, 0.1)[-1] == pytest.approx(log_capital(sorted(values), 0.1)[-1])


@given(GAPS, st.floats(-0.9, 0.8))
def test_a_larger_mean_is_harder_to_exceed(values: list[float], mean: float) -> None:
    assert (log_capital(values, mean) >= log_capital(values, mean + 0.1) - 1e-9).all()


@settings(deadline=None)
@given(GAPS)
def test_the_interval_is_what_the_tests_leave(values: list[float]) -> None:
    found = confidence_sequence(values, 0.9)
    assert -1 <= found.low <= found.value <= found.high <= 1
    # Limits once shown stay, so late values can draw the mean below the limit: then the mean is the limit given.
    assert found.low == found.value or shown_above(values, min(found.low + 1e-6, 1.0), 0.05) is None
    assert found.low <= -1 + 1e-6 or shown_above(values, found.low - 1e-6, 0.05) is not None
    longer = confidence_sequence([*values, 0.0], 0.9)
    assert longer.low >= found.low - 1e-9 or longer.low == pytest.approx(longer.value)


def test_it_is_wider_than_an_interval_for_one_look_but_not_by_far() -> None:
    values = [1.0] * 160 + [0.0] * 40
    once, always = clopper_pearson(160, 200), confidence_sequence(np.random.default_rng(0).permutation(values), low=0.0)
    assert always.low <= once.low
    assert always.high >= once.high
    assert always.high - always.low < 1.7 * (once.high - once.low)


def test_growth_foretells_when_something_is_shown() -> None:
    values = np.array([1, 0, 0, 1, 0] * 40)
    growth = best_growth(values[:40], 0.03)
    assert growth == pytest.approx(best_growth(values, 0.03))
    foretold = math.log(1 / 0.01) / growth
    shown = shown_above(values, 0.03, 0.01)
    assert shown is not None
    assert foretold <= shown <= 1.6 * foretold  # the best player alone would be a little faster than all together
    assert best_growth([], 0.03) == 0.0
    assert best_growth([-1, -1], 0.03) < 0


@pytest.mark.parametrize(("plus", "minus"), [(0.03, 0.0), (0.08, 0.05), (0.25, 0.22), (0.515, 0.485)])
def test_a_mean_at_the_bound_is_excluded_no_more_often_than_promised(plus: float, minus: float) -> None:
    """Differences of mean .03 exactly, looked at after each of 400: at most alpha, up to what chance allows."""
    rng, alpha, runs = np.random.default_rng(1), 0.1, 400
    draws = rng.choice([1.0, -1.0, 0.0], p=[plus, minus, 1 - plus - minus], size=(runs, 400))
    wrong = sum(shown_above(row, 0.03, alpha) is not None for row in draws)
    assert binomial_p_values(wrong, runs, alpha)[0] > 0.001


def test_the_true_mean_stays_inside_all_intervals_as_often_as_promised() -> None:
    rng, runs = np.random.default_rng(2), 200
    draws = (rng.random((runs, 200)) < 0.7).astype(float)
    missed = sum(
        shown_above(row, 0.7, 0.1, low=0.0) is not None or shown_above(1 - row, 0.3, 0.1, low=0.0) is not None
        for row in draws
    )
    assert binomial_p_values(missed, runs, 0.2)[0] > 0.001
