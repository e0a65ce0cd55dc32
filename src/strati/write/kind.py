"""The kind `write`: a text in, the corrected text out, measured against what people made of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from strati.core.errors import TaskError
from strati.core.records import JSON
from strati.statistics.metric import Metric, Share
from strati.task.kind import NOTHING, BadRow, Resources, Space, Unusable
from strati.task.task import Task
from strati.write.gleu import RULE, Gleu, accepted_share, facts_kept, loss

if TYPE_CHECKING:
    from strati.data.doctor.finding import DataFinding
    from strati.data.doctor.look import Look
    from strati.models.contract import LanguageModel
    from strati.stack.candidate import Candidate


class WriteKind:
    """Corrected texts. The reference of a row is its source and at least one correction.

    >>> kind = WriteKind()
    >>> kind.reference({"text": "I has it.", "references": ["I have it."]})
    {'source': 'I has it.', 'references': ['I have it.']}
    """

    name = "write"
    metrics = ("gleu", "facts_kept", "accepted")
    inputs = ("text", "source", "draft")
    references = ("references", "reference", "correction", "corrected")
    scored_once = False

    def reference(self, cells: Mapping[str, object]) -> JSON:
        source = next((cells[name] for name in self.inputs if isinstance(cells.get(name), str)), None)
        found = next((cells[name] for name in self.references if cells.get(name) not in (None, "", [])), None)
        found = found if found is not None else _numbered(cells)
        if not found:
            return None
        texts = [found] if isinstance(found, str) else found
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise BadRow(f"the references are {texts!r}, expected a text or a list of texts")
        if not isinstance(source, str):
            raise BadRow(f"the row has no text to correct, expected a column {' or '.join(self.inputs)}")
        return {"source": source, "references": list(texts)}

    def space(self, task: Task, seen: Iterable[JSON]) -> Space:  # noqa: ARG002
        return Space()

    def stratum(self, reference: JSON) -> str:  # noqa: ARG002
        return ""

    def metric(self, name: str, space: Space, resources: Resources = NOTHING) -> Metric:  # noqa: ARG002
        if name == "gleu":
            return Gleu()
        if name == "accepted":
            return Share("accepted", loss, accepted_share, binary=False, graded=True, show=_shown, rule=RULE)
        if name == "facts_kept":
            return Share("facts_kept", loss, facts_kept, graded=True, show=_shown, rule=RULE)
        raise TaskError(f"the metric is {name!r}, expected one of: {', '.join(self.metrics)}")

    def same(self, a: JSON, b: JSON) -> bool:
        return _plain(a) == _plain(b)

    def read(self, text: str, space: Space) -> JSON:  # noqa: ARG002
        if not text.strip():
            raise Unusable("the reply is empty, expected the corrected text")
        return text.strip()

    def show(self, value: JSON) -> str:
        return _shown(value)

    def ladder(self, task: Task, space: Space, resources: Resources) -> list[Candidate]:  # noqa: ARG002
        from strati.stack.candidate import Candidate
        from strati.write.layers import AsItIs, Rules

        models = sorted(resources.models, key=lambda model: model.card.size_bytes or 0)
        return [
            Candidate.of(AsItIs()),
            Candidate.of(Rules("first", name="rules, first word")),
            Candidate.of(Rules("rules", name="rules")),
            *(candidate for model in models for candidate in _with_model(model)),
        ]

    def checks(self) -> Sequence[Callable[[Look], Iterable[DataFinding]]]:
        return ()


def _with_model(model: LanguageModel) -> list[Candidate]:
    from strati.stack.candidate import Candidate
    from strati.write.layers import ModelEdits

    name = model.card.name
    return [
        Candidate.of(ModelEdits(model, name=f"rules, words by {name}")),
        Candidate.of(ModelEdits(model, rewrites=True, name=f"rules, rewritten by {name}")),
    ]


def _numbered(cells: Mapping[str, object]) -> list[str]:
    """Columns such as `reference_1`, `ref0`, `correction2`."""
    named = re.compile(r"(?:ref|reference|correction)_?\d+")
    return [
        value for name, value in sorted(cells.items()) if named.fullmatch(name) and isinstance(value, str) and value
    ]


def _plain(value: JSON) -> str:
    return " ".join(str(value).split())


def _shown(value: JSON) -> str:
    return _plain(value["references"][0] if isinstance(value, dict) else value)
