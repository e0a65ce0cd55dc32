from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strati.kinds.classify.metrics import get_metric
from strati.statistics import contrast_interval, paired_interval, tango_interval

ACCURACY = get_metric("accuracy", ("a", "b"))


def rights(*values: int) -> np.ndarray:
    return np.array([(value, 1) for value in values], dtype=float)


def test_a_paired_difference_of_right_and_wrong_is_tangos() -> None:
    a, b = rights(1, 1, 1, 0, 1), rights(1, 0, 0, 1, 1)
    assert paired_interval(a, b, ACCURACY, 0.9) == tango_interval(2, 1, 5, 0.9)


def test_groups_are_weighed_whole() -> None:
    a, b = rights(*[1] * 40), rights(*[1, 0] * 20)
    alone = paired_interval(a, b, ACCURACY)
    grouped = paired_interval(a, b, ACCURACY, groups=[n // 10 for n in range(40)])
    assert grouped.method == "Dirichlet weights over groups"
    assert grouped.value == alone.value == 0.5
    assert grouped.high - grouped.low > alone.high - alone.low


def test_a_drop_beyond_a_drop_by_hand() -> None:
    """The first loses 3 of 4, the control 1 of 4: two quarters beyond it."""
    before, after = rights(1, 1, 1, 1), rights(1, 0, 0, 0)
    control_after = rights(0, 1, 1, 1)
    parts = [(1.0, after), (-1.0, before), (-1.0, control_after), (1.0, before)]
    found = contrast_interval(parts, ACCURACY)
    assert found.value == pytest.approx(-0.5)
    assert found.low <= -0.5 <= found.high


def test_data_without_variation_give_no_certainty() -> None:
    same = rights(*[1] * 20)
    found = contrast_interval([(1.0, same), (-1.0, same)], ACCURACY)
    assert found.value == 0
    assert -0.25 < found.low < -0.05 < 0.05 < found.high < 0.25


def test_an_empty_side_is_not_measured() -> None:
    found = contrast_interval([(1.0, rights(1, 1)), (-1.0, np.zeros((2, 2)))], ACCURACY)
    assert math.isnan(found.value)
    assert (found.low, found.high, found.method) == (-1.0, 1.0, "not measured")
    assert math.isnan(contrast_interval([(1.0, np.zeros((0, 2)))], ACCURACY).value)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=3, max_size=30))
def test_the_value_lies_inside_and_turning_it_around_turns_the_sign(pairs: list[tuple[int, int]]) -> None:
    a, b = rights(*(x for x, _ in pairs)), rights(*(y for _, y in pairs))
    one = contrast_interval([(1.0, a), (-1.0, b)], ACCURACY)
    other = contrast_interval([(-1.0, a), (1.0, b)], ACCURACY)
    assert one.low <= one.value <= one.high
    assert other.value == pytest.approx(-one.value)
    assert (other.low, other.high) == pytest.approx((-one.high, -one.low))
