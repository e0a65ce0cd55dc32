"""The kind `answer`: questions answered from a knowledge base, measured against reference answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strati.core.errors import TaskError
from strati.core.records import JSON, Score
from strati.knowledge.ask.right import f1, loss, plain, states
from strati.statistics.metric import Metric, Share
from strati.task.kind import NOTHING, BadRow, Resources, Space, Unusable
from strati.task.task import Task

if TYPE_CHECKING:
    from strati.data.doctor.finding import DataFinding
    from strati.data.doctor.look import Look
    from strati.stack.candidate import Candidate

_YES = ("true", "yes", "1")


class AnswerKind:
    """A reference is the list of the answers that are right; an empty list says that the sources hold none.

    >>> AnswerKind().reference({"question": "When?", "answer": "in May"})
    ['in May']
    >>> AnswerKind().reference({"answers": [], "unanswerable": True})
    []
    """

    name = "answer"
    metrics = ("contains", "token_f1")
    inputs = ("question", "query", "input", "text")
    references = ("answer", "answers", "reference", "unanswerable")
    scored_once = False

    def reference(self, cells: Mapping[str, object]) -> JSON:
        if str(cells.get("unanswerable", "")).strip().lower() in _YES:
            return []
        for name in self.references[:-1]:
            if (value := cells.get(name)) is not None:
                return _listed(value, name)
        return None

    def space(self, task: Task, seen: Iterable[JSON]) -> Space:  # noqa: ARG002
        return Space()

    def stratum(self, reference: JSON) -> str:
        return "in the sources" if reference else "not in the sources"

    def metric(self, name: str, space: Space, resources: Resources = NOTHING) -> Metric:  # noqa: ARG002
        if name not in self.metrics:
            raise TaskError(f"the metric is {name!r}, expected one of: {', '.join(self.metrics)}")
        if name == "token_f1":
            return Answered(name, loss, f1, binary=False, show=shown)
        return Answered(name, loss, show=shown)

    def same(self, a: JSON, b: JSON) -> bool:
        one, other = plain(str(a)), plain(str(b))
        return one == other or states(str(a), str(b)) or states(str(b), str(a))

    def read(self, text: str, space: Space) -> JSON:  # noqa: ARG002
        said = " ".join(text.split())
        if not said:
            raise Unusable("the reply is empty")
        return said

    def show(self, value: JSON) -> str:
        return shown(value)

    def ladder(self, task: Task, space: Space, resources: Resources) -> list[Candidate]:  # noqa: ARG002
        from strati.knowledge.ask.ladder import ladder

        return ladder(resources)

    def checks(self) -> Sequence[Callable[[Look], Iterable[DataFinding]]]:
        return ()


@dataclass(frozen=True)
class Answered(Share):
    """A share in which nothing delivered is right where the sources hold no answer."""

    def score(self, reference: JSON, value: JSON | None) -> Score:
        if value is None and reference == []:
            return Score((1.0, 1.0), "rightly withheld")
        return super().score(reference, value)


def shown(value: JSON) -> str:
    """One line for a value or a reference."""
    if isinstance(value, list):
        return " | ".join(map(str, value)) or "not in the sources"
    return " ".join(str(value).split())


def _listed(value: object, name: str) -> list[str] | None:
    if isinstance(value, Mapping) and "text" in value:
        value = value["text"]
    if isinstance(value, str | int | float):
        return [str(value).strip()] if str(value).strip() else None
    if isinstance(value, Sequence):
        found = [one["text"] if isinstance(one, Mapping) and "text" in one else one for one in value]
        if all(isinstance(one, str | int | float) for one in found):
            return list(dict.fromkeys(str(one).strip() for one in found if str(one).strip()))
    raise BadRow(f"{name} is a {type(value).__name__}, expected a text or a list of texts")
