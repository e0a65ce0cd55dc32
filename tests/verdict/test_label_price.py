from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strati.kinds.classify.metrics import get_metric
from strati.verdict.curves import Curve, resample
from strati.verdict.label_price import cross, crossing

ACCURACY = get_metric("accuracy", ("a", "b"))


def rights(right: int, n: int) -> Any:
    return np.array([(1.0, 1.0)] * right + [(0.0, 1.0)] * (n - right))


def curve(rows: int, *points: list[int], sizes: tuple[int, ...] = (25, 50, 100)) -> Curve:
    """A curve whose repeats at each size have so many of the first rows right."""
    made = tuple(np.stack([rights(right, rows) for right in repeats]) for repeats in points)
    ids = tuple(("holdout", str(n)) for n in range(rows))
    return Curve("trained", {}, sizes, made, ids, tuple(f"id {n}" for n in range(rows)))


def test_a_crossing_is_read_off_on_a_logarithmic_scale() -> None:
    assert crossing([25, 100], [-0.1, 0.1], [1, 1]) == pytest.approx(50)
    assert crossing([25, 50, 100], [-0.2, -0.1, 0.3], [1, 1, 1]) == pytest.approx(50 * 2**0.25)


def test_nothing_is_said_beyond_the_data() -> None:
    assert crossing([25, 50], [0.0, 0.2], [1, 1]) == 25
    assert crossing([25, 50], [-0.2, -0.01], [1, 1]) == math.inf


def test_a_curve_that_falls_is_pooled_with_its_neighbour() -> None:
    """-.1 and -.3 pool to -.2 (equal weights), so the crossing is between 50 and 100, not before."""
    assert crossing([25, 50, 100], [-0.1, -0.3, 0.2], [1, 1, 1]) == pytest.approx(50 * 2**0.5)
    assert crossing([25, 50], [0.1, -0.4], [3, 1]) == math.inf


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=8), st.floats(0, 0.5))
def test_a_better_curve_never_crosses_later(gaps: list[float], more: float) -> None:
    sizes = [25 * 2**n for n in range(len(gaps))]
    found = crossing(sizes, gaps, [1.0] * len(gaps))
    assert found == math.inf or sizes[0] <= found <= sizes[-1]
    assert crossing(sizes, [gap + more for gap in gaps], [1.0] * len(gaps)) <= found * (1 + 1e-9)


def test_a_clear_crossing_has_an_interval_around_it() -> None:
    """Right on 20 %, 60 % and 90 % against 60 %: level at 50 labels."""
    found = cross(curve(200, [40, 40], [120, 120], [180]), rights(120, 200), ACCURACY, 0.05, 0)
    assert found.labels == 50
    assert 25 < found.low < 50 < found.high < 100


def test_not_reached_has_no_upper_end_and_may_have_a_lower_one() -> None:
    far = cross(curve(200, [10, 10], [20, 20], [30]), rights(180, 200), ACCURACY, 0.05, 0)
    assert far == (math.inf, math.inf, math.inf)
    near = cross(curve(60, [30, 30], [35, 35], [40]), rights(42, 60), ACCURACY, 0.05, 0)
    assert near.labels == near.high == math.inf
    assert near.low <= 100


def test_few_examples_give_wide_intervals() -> None:
    few = cross(curve(20, [4, 4], [12, 12], [18]), rights(12, 20), ACCURACY, 0.05, 0)
    many = cross(curve(400, [80, 80], [240, 240], [360]), rights(240, 400), ACCURACY, 0.05, 0)
    assert few.labels == many.labels == 50
    assert few.low < many.low
    assert few.high > many.high


def test_repeats_that_differ_widen_a_band() -> None:
    steady = resample(curve(100, [50] * 5, sizes=(25,)), ACCURACY, 0).limits(0.05)[0]
    shaky = resample(curve(100, [10, 30, 50, 70, 90], sizes=(25,)), ACCURACY, 0).limits(0.05)[0]
    assert shaky[0] < steady[0] < 0.5 < steady[1] < shaky[1]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=4), st.integers(0, 40))
def test_limits_hold_the_value(found: list[int], other: int) -> None:
    made = curve(40, *[[right] for right in found], sizes=tuple(25 * 2**n for n in range(len(found))))
    drawn = resample(made, ACCURACY, 0, rights(other, 40))
    for value, (low, high), right in zip(drawn.values, drawn.limits(0.05), found, strict=True):
        assert value == pytest.approx((right - other) / 40)
        assert low <= value <= high


def test_examples_of_a_group_are_drawn_together() -> None:
    alone = curve(40, [20], sizes=(25,))
    groups = replace(alone, clusters=("a",) * 20 + ("b",) * 20)
    narrow, wide = (resample(found, ACCURACY, 0).limits(0.05)[0] for found in (alone, groups))
    assert wide[1] - wide[0] > narrow[1] - narrow[0]
