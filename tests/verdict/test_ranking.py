from __future__ import annotations

import numpy as np
import pytest

from strati.measure.results import Result
from strati.verdict.ranking import aurc_row
from tests.verdict.test_ownership import FULL, answer, result, results


def sure(value: str | None, confidence: float | None) -> dict[str, object]:
    return {**answer(value), "confidence": confidence}


def row(found: Result) -> dict[str, object] | None:
    return aurc_row(found, results(FULL, found))


def test_the_wrong_answer_last_costs_a_tenth_of_a_tenth() -> None:
    """References are all "a": with nine right ones first, only the mean over all ten is above 0, at a tenth."""
    answers = [sure("a", 0.99 - n / 100) for n in range(9)] + [sure("b", 0.1)]
    found = row(result("ranked", answers, FULL))
    assert found is not None
    assert found["value"] == pytest.approx(0.01)
    assert found["n"] == 10
    assert found["low"] <= found["value"] <= found["high"]  # type: ignore[operator]
    assert found["coverage"] == pytest.approx(np.arange(1, 11) / 10)
    assert found["risk"] == pytest.approx([0.0] * 9 + [0.1])


def test_without_confidences_there_is_none() -> None:
    assert row(result("silent", [sure("a", None)] * 10, FULL)) is None
