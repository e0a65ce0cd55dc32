"""The kind `extract`: spans with labels, relations between them, or named fields, out of a text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from strati.core.errors import DataError, TaskError
from strati.core.records import JSON
from strati.kinds.extract.metrics import METRICS, get_metric
from strati.kinds.extract.space import relations_in, schema_of
from strati.kinds.extract.values import Entity, Extraction, reference_of
from strati.statistics.metric import Metric
from strati.task.kind import NOTHING, BadRow, Resources, Space, Unusable
from strati.task.task import Task

if TYPE_CHECKING:
    from strati.data.doctor.finding import DataFinding
    from strati.data.doctor.look import Look
    from strati.stack.candidate import Candidate


class Extract:
    """Entities, relations, fields; see `strati.kinds.extract.values` for the forms.

    >>> kind = Extract()
    >>> kind.reference({"text": "Acme paid.", "entities": [[0, 4, "Org"]]})
    {'entities': [{'start': 0, 'end': 4, 'label': 'Org'}]}
    """

    name = "extract"
    metrics = tuple(METRICS)
    inputs = ("text",)
    references = ("entities", "spans", "label", "labels", "annotations", "fields")
    scored_once = False

    def reference(self, cells: Mapping[str, object]) -> JSON:
        return reference_of(cells)

    def space(self, task: Task, seen: Iterable[JSON]) -> Space:
        found = [Extraction.from_json(reference) for reference in seen]
        with_fields = [one for one in found if one.fields is not None]
        if with_fields and len(with_fields) < len(found):
            raise DataError("some rows have fields and others have entities, expected one of the two in all rows")
        labels = {entity.label for one in found for entity in one.entities}
        unknown = sorted(labels - set(task.labels)) if task.labels else []
        if unknown:
            raise DataError(
                f"the data hold the labels {', '.join(map(repr, unknown[:5]))}, which task.labels does not list: "
                f"expected one of {', '.join(task.labels)}"
            )
        relations = sorted({relation.label for one in found for relation in one.relations})
        names = sorted({name for one in with_fields for name in one.fields or {}})
        return Space(schema=schema_of(sorted(labels | set(task.labels)), relations, names))

    def stratum(self, reference: JSON) -> str:  # noqa: ARG002
        return ""

    def metric(self, name: str, space: Space, resources: Resources = NOTHING) -> Metric:  # noqa: ARG002
        return get_metric(name)

    def same(self, a: JSON, b: JSON) -> bool:
        one, other = Extraction.from_json(a), Extraction.from_json(b)
        return (
            set(one.entities) == set(other.entities)
            and one.triples() == other.triples()
            and one.pairs() == other.pairs()
        )

    def read(self, text: str, space: Space) -> JSON:  # noqa: ARG002
        try:
            value = json.loads(text)
            made = reference_of({"text": None, **value}) if isinstance(value, dict) else None
        except (ValueError, BadRow) as error:
            raise Unusable(f"{text[:80]!r} states no entities or fields: {error}") from None
        if made is None:
            raise Unusable(f"{text[:80]!r} states no entities or fields")
        return made

    def show(self, value: JSON) -> str:
        """One line.

        >>> Extract().show({"entities": [{"start": 0, "end": 4, "label": "Org"}]})
        'Org 0-4'
        """
        found = Extraction.from_json(value)
        if found.fields is not None:
            return (
                "; ".join(f"{name}: {', '.join(values) or 'none'}" for name, values in sorted(found.fields.items()))
                or "nothing"
            )
        parts = [f"{one.label} {one.start}-{one.end}" for one in found.entities]
        parts += [
            f"{head.start}-{head.end} {label} {tail.start}-{tail.end}" for head, label, tail in sorted(found.triples())
        ]
        return ", ".join(parts) or "nothing"

    def show_with(self, value: JSON, text: str) -> str:
        """One line with the words themselves, by place; words that come more than once with their place.

        >>> Extract().show_with({"entities": [{"start": 0, "end": 4, "label": "Org"}]}, "Acme paid.")
        'Acme (Org)'
        """
        found = Extraction.from_json(value)
        if found.fields is not None:
            return self.show(value)
        parts = [f"{_words(one, text)} ({one.label})" for one in sorted(found.entities)]
        parts += [
            f"{_words(head, text)} - {label} - {_words(tail, text)}" for head, label, tail in sorted(found.triples())
        ]
        return ", ".join(parts) or "nothing"

    def ladder(self, task: Task, space: Space, resources: Resources) -> list[Candidate]:
        from strati.kinds.extract.ladder import ladder

        if task.metric == "relation_f1" and not relations_in(space):
            raise TaskError("the metric is relation_f1, but no row of the data has a relation")
        return ladder(task, space, resources.models)

    def checks(self) -> Sequence[Callable[[Look], Iterable[DataFinding]]]:
        from strati.kinds.extract.checks import check_spans

        return (check_spans,)


def _words(span: Entity, text: str) -> str:
    words = " ".join(text[span.start : span.end].split())
    return words if text.count(text[span.start : span.end]) < 2 else f"{words} at {span.start}"
