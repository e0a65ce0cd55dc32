"""What is measured: one metric a file. Per-example statistics first, the aggregate second, so tests can be paired."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from strati.core.errors import TaskError
from strati.kinds.classify.accuracy import Accuracy
from strati.kinds.classify.macro_f1 import MacroF1
from strati.statistics.metric import Metric

__all__ = ["METRICS", "Accuracy", "MacroF1", "Metric", "get_metric"]

METRICS: dict[str, Callable[[Sequence[str]], Metric]] = {
    "accuracy": lambda labels: Accuracy(),
    "macro_f1": MacroF1,
}


def get_metric(name: str, labels: Sequence[str]) -> Metric:
    """The metric of that name for an answer space; raises `TaskError` for a name that is not known.

    >>> get_metric("accuracy", ["a", "b"]).name
    'accuracy'
    """
    if name not in METRICS:
        raise TaskError(f"task.metric is {name!r}, expected one of: {', '.join(METRICS)}")
    return METRICS[name](labels)
