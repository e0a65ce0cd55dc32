"""The kind `answer`: questions answered from a knowledge base, measured against reference answers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strati.core.errors import TaskError
from strati.core.records import JSON, Score
from strati.knowledge.ask.quantities import quantities, same
from strati.knowledge.ask.words import fold
from strati.knowledge.sentences import sentences
from strati.statistics.metric import Metric, Share
from strati.task.kind import NOTHING, BadRow, Resources, Space, Unusable
from strati.task.task import Task

if TYPE_CHECKING:
    from strati.data.doctor.finding import DataFinding
    from strati.data.doctor.look import Look
    from strati.stack.candidate import Candidate

MOST = 3  # sentences in which a right answer has to be stated
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_SIGNS = re.compile(r"[^\w\s]")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
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


def loss(value: JSON, reference: JSON) -> float:
    """0 when a delivered text states a reference answer within three sentences, else 1.

    >>> loss("It ends on 12 May 2023.", ["2023-05-12"]), loss("It ends in June.", ["2023-05-12"]), loss("It ends.", [])
    (0.0, 1.0, 1.0)
    """
    text = str(value)
    short = sum(1 for _ in sentences(text)) <= MOST
    return 0.0 if short and any(states(text, str(one)) for one in reference or ()) else 1.0


def states(text: str, answer: str) -> bool:
    """Whether a text holds an answer: without case, accents, punctuation and articles; a number in any of its forms.

    >>> states("They paid USD 1.5m.", "$1,500,000"), states("The cat sat.", "cat"), states("Concatenate.", "cat")
    (True, True, False)
    """
    wanted = plain(answer)
    if wanted and _UNSPACED.search(wanted):
        return wanted.replace(" ", "") in plain(text).replace(" ", "")
    if wanted and f" {wanted} " in f" {plain(text)} ":
        return True
    numbers = quantities(answer)
    if len(numbers) == 1 and answer.strip(" .") == numbers[0].text.strip(" ."):
        return any(same(numbers[0], one) for one in quantities(text))
    return False


def f1(value: JSON, reference: JSON) -> float:
    """Token F1 of a delivered text with the reference answer that is nearest to it.

    >>> f1("the red car", ["red car", "blue car"])
    1.0
    """
    said = plain(str(value)).split()
    return max((_f1(said, plain(str(one)).split()) for one in reference or ()), default=0.0)


def _f1(said: Sequence[str], wanted: Sequence[str]) -> float:
    shared = sum((Counter(said) & Counter(wanted)).values())
    return 2 * shared / (len(said) + len(wanted)) if shared else 0.0


def plain(text: str) -> str:
    """A text as answers are compared: folded, without punctuation and English articles."""
    return " ".join(_ARTICLES.sub(" ", _SIGNS.sub(" ", fold(text))).split())


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
