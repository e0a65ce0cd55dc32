from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strati.core.records import Answer
from strati.stack.calibration import LEAST_SLOPE, Combiner


def answers(*confidences: float | None) -> list[Answer]:
    return [Answer("a", confidence, "l") for confidence in confidences]


def fitted(confidences: Sequence[float | None], right: list[float]) -> Combiner:
    return Combiner.fit(answers(*confidences), [{}] * len(confidences), right)


def test_without_rows_the_confidence_stays() -> None:
    combiner = Combiner.fit([], [], [])
    assert combiner == Combiner()
    for share in (0.01, 0.3, 0.5, 0.99):
        assert combiner.confidence(Answer("a", share, "l"), {}) == pytest.approx(share)
    assert combiner.confidence(Answer("a", None, "l"), {}) == 0.5


def test_one_row_changes_little() -> None:
    combiner = fitted([0.7], [1.0])
    assert 0.7 < combiner.confidence(Answer("a", 0.7, "l"), {}) < 0.85


def test_the_maximum_can_be_checked_by_hand() -> None:
    """Even odds only: the logit is 0, so the intercept alone solves n (sigmoid(b) - share) + b / 1.5^2 = 0."""
    combiner = fitted([None] * 10, [1.0] * 8 + [0.0] * 2)
    assert combiner.slope == pytest.approx(1.0)
    b = combiner.intercept
    assert 10 * (1 / (1 + math.exp(-b)) - 0.8) + b / 2.25 == pytest.approx(0.0, abs=1e-9)
    assert 0.7 < combiner.confidence(Answer("a", None, "l"), {}) < 0.8


def test_overconfidence_is_taken_back() -> None:
    combiner = fitted([0.95] * 400, [1.0] * 240 + [0.0] * 160)
    assert combiner.confidence(Answer("a", 0.95, "l"), {}) == pytest.approx(0.6, abs=0.01)


def test_where_sure_answers_are_the_wrong_ones_the_level_is_still_right() -> None:
    combiner = fitted([0.99] * 100 + [0.3] * 100, [0.0] * 90 + [1.0] * 10 + [1.0] * 50 + [0.0] * 50)
    assert combiner.slope == LEAST_SLOPE
    for share in (0.99, 0.3):
        assert combiner.confidence(Answer("a", share, "l"), {}) == pytest.approx(0.3, abs=0.02)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.0])), min_size=1, max_size=40))
def test_it_keeps_the_order_and_stays_a_probability(rows: list[tuple[float, float]]) -> None:
    combiner = fitted([share for share, _ in rows], [right for _, right in rows])
    found = [combiner.confidence(Answer("a", share, "l"), {}) for share in np.linspace(0, 1, 21)]
    assert found == sorted(found)
    assert all(0 <= share <= 1 for share in found)
    assert combiner.rows == len(rows)


def test_a_named_feature_is_used_and_another_is_not() -> None:
    right = [1.0] * 50 + [0.0] * 50
    features = [{"agree": 1.0, "noise": 1.0}] * 50 + [{"agree": 0.0, "noise": 1.0}] * 50
    combiner = Combiner.fit(answers(*[0.5] * 100), features, right, ("agree",))
    plain = Answer("a", 0.5, "l")
    assert combiner.confidence(plain, {"agree": 1.0}) > 0.85
    assert combiner.confidence(plain, {"agree": 0.0}) < 0.2
    assert combiner.confidence(plain, {}) == combiner.confidence(plain, {"agree": 0.0, "noise": 9.0})


def test_large_features_do_not_overflow() -> None:
    combiner = Combiner.fit(answers(0.5, 0.5), [{"n": 1e6}, {"n": -1e6}], [1.0, 0.0], ("n",))
    assert combiner.confidence(Answer("a", 0.5, "l"), {"n": -1e9}) == pytest.approx(0.0)


def test_json_and_fingerprint() -> None:
    combiner = Combiner.fit(answers(0.9, 0.6, 0.2), [{"x": 1.0}] * 3, [1.0, 1.0, 0.0], ("x",))
    again = Combiner.from_json(combiner.to_json())
    assert again == combiner
    assert again.fingerprint() == combiner.fingerprint() != Combiner().fingerprint()
