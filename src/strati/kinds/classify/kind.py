"""The kind `classify`: one label of a list for each text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.kinds.classify.metrics import METRICS, get_metric
from strati.statistics.metric import Metric
from strati.task.kind import NOTHING, BadRow, Resources, Space, Unusable
from strati.task.task import Task

if TYPE_CHECKING:
    from strati.data.doctor.finding import DataFinding
    from strati.data.doctor.look import Look
    from strati.stack.candidate import Candidate


class Classify:
    """Labels. Reference and value are texts; right is equal.

    >>> Classify().space(Task(), ["spam", "ham", "spam"]).labels
    ('ham', 'spam')
    """

    name = "classify"
    metrics = tuple(METRICS)
    inputs = ("text",)
    references = ("label",)
    scored_once = False

    def reference(self, cells: Mapping[str, object]) -> JSON:
        """Labels are read by their one column, named by the task; see `strati.data.reading`."""
        found = [value for name in self.references if (value := cells.get(name)) is not None]
        if found and not isinstance(found[0], str):
            raise BadRow(f"the label is a {type(found[0]).__name__}, expected text")
        return found[0] if found else None

    def space(self, task: Task, seen: Iterable[JSON]) -> Space:
        found = sorted({str(reference) for reference in seen})
        unknown = [label for label in found if task.labels and label not in task.labels]
        if unknown:
            raise DataError(
                f"the data hold the labels {', '.join(map(repr, unknown[:5]))}, which task.labels does not list: "
                f"expected one of {', '.join(task.labels)}"
            )
        return Space(task.labels or tuple(found))

    def stratum(self, reference: JSON) -> str:
        return str(reference)

    def metric(self, name: str, space: Space, resources: Resources = NOTHING) -> Metric:  # noqa: ARG002
        return get_metric(name, space.labels)

    def same(self, a: JSON, b: JSON) -> bool:
        return bool(a == b)

    def read(self, text: str, space: Space) -> JSON:
        said = text.strip()
        if space.labels and said not in space.labels:
            raise Unusable(f"{said!r} is none of the {len(space.labels)} labels")
        return said

    def show(self, value: JSON) -> str:
        return str(value)

    def ladder(self, task: Task, space: Space, resources: Resources) -> list[Candidate]:
        from strati.kinds.classify.ladder import ladder

        return ladder(task, space.labels, resources.models, resources.embedders, resources.weights)

    def checks(self) -> Sequence[Callable[[Look], Iterable[DataFinding]]]:
        from strati.data.doctor.check_labels import check_labels
        from strati.data.doctor.check_order import check_order

        return (check_labels, check_order)
