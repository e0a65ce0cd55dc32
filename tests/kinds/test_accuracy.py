"""Accuracy on examples that can be counted by hand."""

import numpy as np

from strati.kinds.classify.metrics import Accuracy


def test_right_wrong_and_nothing_delivered() -> None:
    accuracy = Accuracy()
    assert accuracy.score("a", "a").statistics == (1.0, 1.0)
    assert accuracy.score("a", "b").statistics == (0.0, 1.0)
    assert accuracy.score("a", "b").reason == '"b" was answered, the reference is "a"'
    assert accuracy.score("a", None).statistics == (0.0, 1.0)
    assert accuracy.score("a", None).reason == 'nothing was delivered, the reference is "a"'


def test_aggregate_works_on_any_leading_shape() -> None:
    sums = np.array([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 5.0], [6.0, 6.0]]])
    assert Accuracy().aggregate(sums).tolist() == [[0.5, 0.75], [0.0, 1.0]]


def test_nothing_measured_is_not_zero() -> None:
    assert np.isnan(Accuracy().aggregate(np.zeros(2)))


def test_best_and_worst_keep_the_denominator() -> None:
    sums = np.array([3.0, 8.0])
    assert Accuracy().best(sums).tolist() == [8.0, 8.0]
    assert Accuracy().worst(sums).tolist() == [0.0, 8.0]
