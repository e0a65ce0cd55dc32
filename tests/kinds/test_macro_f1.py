"""Macro-F1 by hand and beside scikit-learn."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strati.core.errors import DataError
from strati.kinds.classify.metrics import MacroF1


def total(metric: MacroF1, pairs: Sequence[tuple[str, str | None]]) -> np.ndarray:
    summed: np.ndarray = np.sum([metric.score(reference, value).statistics for reference, value in pairs], axis=0)
    return summed


def test_statistics_of_one_example() -> None:
    metric = MacroF1(["a", "b"])
    assert metric.score("a", "a").statistics == (1, 0, 0, 0, 0, 0)
    assert metric.score("a", "b").statistics == (0, 0, 0, 1, 1, 0)
    assert metric.score("b", None).statistics == (0, 0, 0, 0, 0, 1)
    assert metric.score("b", "unheard of").statistics == (0, 0, 0, 0, 0, 1)


def test_by_hand() -> None:
    metric = MacroF1(["a", "b"])
    # a: tp 1, fp 1, fn 1 -> 1/2; b: tp 1, fp 0, fn 1 -> 2/3
    sums = total(metric, [("a", "a"), ("a", None), ("b", "b"), ("b", "a")])
    assert metric.aggregate(sums) == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_a_label_that_does_not_occur_does_not_count() -> None:
    assert MacroF1(["a", "b", "c"]).aggregate(total(MacroF1(["a", "b", "c"]), [("a", "a"), ("b", "b")])) == 1.0


def test_nothing_measured_is_not_zero() -> None:
    assert np.isnan(MacroF1(["a", "b"]).aggregate(np.zeros(6)))


def test_best_and_worst_spread_as_many_references_over_the_labels_that_occur() -> None:
    metric = MacroF1(["a", "b", "c"])
    sums = total(metric, [("a", "b"), ("a", "a"), ("b", None)])
    assert metric.aggregate(metric.best(sums)) == 1.0
    assert metric.aggregate(metric.worst(sums)) == 0.0
    assert metric.best(sums)[:3].tolist() == metric.worst(sums)[6:].tolist() == [1.5, 1.5, 0.0]


def test_unknown_reference() -> None:
    with pytest.raises(DataError, match="'z', expected one of the 2 labels"):
        MacroF1(["a", "b"]).score("z", "a")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=30))
def test_agrees_with_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    from sklearn.metrics import f1_score

    references, values = zip(*pairs, strict=True)
    metric = MacroF1("abcd")
    assert metric.aggregate(total(metric, pairs)) == pytest.approx(f1_score(references, values, average="macro"))
