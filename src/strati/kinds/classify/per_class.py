"""The figures of each label: how many there are, how many were found, and how far its answers can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class ClassRow(NamedTuple):
    """One label.

    `n` counts its references; `low` and `high` are the exact (Clopper-Pearson) limits of the recall. The recall is NaN
    for n = 0, the precision is NaN when the label was never answered, the F1 when it occurs on neither side.
    """

    label: str
    n: int
    recall: float
    low: float
    high: float
    precision: float
    f1: float


def per_class(
    references: Sequence[str], values: Sequence[str | None], labels: Sequence[str], confidence: float = 0.95
) -> list[ClassRow]:
    """One row for each label, in the order of `labels`; a value of None is a missed reference.

    >>> per_class(["a", "a", "b"], ["a", None, "a"], ["a", "b"])[0][:3]
    ('a', 2, 0.5)
    """
    pairs = list(zip(references, values, strict=True))
    rows = []
    for label in labels:
        n = sum(reference == label for reference, _ in pairs)
        answered = sum(value == label for _, value in pairs)
        right = sum(reference == label == value for reference, value in pairs)
        low, high = _exact_limits(right, n, confidence)
        rows.append(
            ClassRow(label, n, _share(right, n), low, high, _share(right, answered), _share(2 * right, n + answered))
        )
    return rows


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _exact_limits(right: int, n: int, confidence: float) -> tuple[float, float]:
    from scipy.stats import binomtest

    if n == 0:
        return 0.0, 1.0
    limits = binomtest(right, n).proportion_ci(confidence, method="exact")
    return float(limits.low), float(limits.high)
