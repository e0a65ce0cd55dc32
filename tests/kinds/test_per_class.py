"""The figures of each label, by hand."""

import math

import pytest

from strati.kinds.classify.per_class import per_class


def test_rows_by_hand() -> None:
    rows = per_class(["a", "a", "a", "b"], ["a", "a", "b", None], ["a", "b", "c"])
    assert [row.label for row in rows] == ["a", "b", "c"]
    assert rows[0].n == 3
    assert rows[0].recall == pytest.approx(2 / 3)
    assert rows[0].precision == 1.0
    assert rows[0].f1 == pytest.approx(4 / 5)
    assert (rows[1].recall, rows[1].precision, rows[1].f1) == (0.0, 0.0, 0.0)


def test_what_was_not_measured_is_not_zero() -> None:
    row = per_class(["a"], ["a"], ["a", "b"])[1]
    assert row.n == 0
    assert all(math.isnan(value) for value in (row.recall, row.precision, row.f1))
    assert (row.low, row.high) == (0.0, 1.0)


def test_the_recall_has_exact_limits() -> None:
    row = per_class(["a"] * 20, ["a"] * 20, ["a"])[0]
    assert (row.low, row.high) == (pytest.approx(0.025 ** (1 / 20)), 1.0)
