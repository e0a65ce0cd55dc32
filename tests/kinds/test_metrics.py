"""Metrics by name, and what every one of them promises."""

import numpy as np
import pytest

from strati.core.errors import TaskError
from strati.kinds.classify.metrics import METRICS, get_metric

LABELS = ["a", "b", "c"]
PAIRS = [("a", "a"), ("b", "a"), ("c", None), ("b", "b"), ("c", "c")]


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(TaskError, match=r"task\.metric is 'f2', expected one of: accuracy, macro_f1"):
        get_metric("f2", LABELS)


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_keeps_the_contract(name: str) -> None:
    metric = get_metric(name, LABELS)
    statistics = np.array([metric.score(reference, value).statistics for reference, value in PAIRS])
    sums = statistics.sum(axis=0)
    assert metric.name == name
    assert all(metric.score(reference, value).reason for reference, value in PAIRS)
    assert 0 < metric.aggregate(sums) < 1
    assert metric.aggregate(sums * 0.5) == pytest.approx(metric.aggregate(sums))
    assert metric.aggregate(np.stack([sums, sums * 2])).shape == (2,)
    assert np.isnan(metric.aggregate(sums * 0))
    assert metric.aggregate(metric.best(sums)) == 1
    assert metric.aggregate(metric.worst(sums)) == 0
    if metric.binary:
        assert set(statistics[:, 0]) <= {0.0, 1.0}
        assert set(statistics[:, 1]) == {1.0}
