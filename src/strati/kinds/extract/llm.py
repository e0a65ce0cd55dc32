"""A language model that names spans or fields as JSON; where they stand is found by us, never counted by the model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

from strati.core.context import Context
from strati.core.errors import ModelError
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Example, Failure
from strati.kinds.extract.space import fields_in, labels_in
from strati.kinds.extract.values import Entity, Extraction
from strati.models.ask import WAVES, Remote, concurrency, each, write
from strati.models.contract import ContextOverflow, LanguageModel, Prompt
from strati.stack.candidate import Candidate, Form
from strati.stack.stack import Stack
from strati.task.kind import Space
from strati.task.task import Task

SHOTS = 6
_SHOT_LENGTH = 600  # characters of an example in the prompt
_MOST_TOKENS = 700


class NotThere(Exception):
    """The model named words that are not in the text."""


@dataclass(frozen=True)
class ExtractLLM:
    """Asks for a JSON object with a list of texts for each label (or a value for each field), and locates the texts.

    Attributes:
        model: the language model.
        labels: labels of spans, or names of fields.
        fields: whether the task is about fields.
        task: what is wanted, in a sentence.
        shots: how many examples of train are shown.
        shown: those examples, as text and reply; chosen by `fit`.
    """

    model: LanguageModel
    labels: tuple[str, ...]
    fields: bool = False
    task: str = ""
    shots: int = SHOTS
    shown: tuple[tuple[str, str], ...] = ()
    name: str = "llm"
    kind: ClassVar[str] = "extract_llm.v1"

    @property
    def batch(self) -> int:
        """How many cases it is best given at once."""
        at_once = concurrency(self.model)
        return at_once * WAVES if at_once > 1 else 1

    def settings(self) -> dict[str, JSON]:
        return {
            "labels": list(self.labels), "fields": self.fields, "task": self.task, "shots": self.shots,
            "shown": [list(pair) for pair in self.shown],
        }  # fmt: skip

    def fingerprint(self) -> str:
        return fingerprint(self.kind, model=self.model.fingerprint(), words=self._system(), **self.settings())

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:  # noqa: ARG002
        """Choose the examples that are shown: short ones that together have every label, one without any last."""
        return replace(self, shown=tuple((e.text, self._reply(e)) for e in _chosen(train, self.labels, self.shots)))

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        done = []
        for case in each(lambda case: self._one(case, ctx), cases, concurrency(self.model)):
            done.append(case)
            ctx.tick(1, case.steps[-1].usage)
        return done

    def _one(self, case: Case, ctx: Context) -> Case:
        try:
            prompt = self._prompt(case.text)
            made = write(self.model, prompt, _MOST_TOKENS, ctx, self._schema())
        except ContextOverflow as error:
            return case.failed(self.name, Failure.CONTEXT_OVERFLOW, str(error), error.usage)
        except UnicodeEncodeError:
            return case.failed(self.name, Failure.LAYER_ERROR, "the text holds half of a character (a lone surrogate)")
        try:
            value = self._value(made.text, case.text)
        except (ValueError, NotThere) as error:
            cut = "" if made.finished else " (it was cut off)"
            return case.failed(self.name, Failure.UNUSABLE_REPLY, f"{error}{cut}", made.usage)
        return case.answered(Answer(value.to_json(), None, self.name), made.usage)

    def _prompt(self, text: str) -> Prompt:
        prompt = Prompt(f"Text: {text}", self._system(), shots=tuple((f"Text: {t}", reply) for t, reply in self.shown))
        prompt.user.encode()  # what has no UTF-8 form can't be asked: UnicodeEncodeError
        return prompt

    def _system(self) -> str:
        wanted = ", ".join(self.labels)
        if self.fields:
            return (
                f"{self.task or 'Read the fields off the text.'} Reply with one JSON object with the keys {wanted}. "
                "Copy each value word for word from the text; null where the text does not say it."
            )
        return (
            f"{self.task or 'Find the names in the text.'} Reply with one JSON object: for each of {wanted} the list "
            "of the names of that kind, copied word for word from the text, in their order; an empty list where "
            "there is none."
        )

    def _schema(self) -> JSON:
        texts = {"type": "array", "items": {"type": "string"}}
        one = {"type": ["string", "array", "null"], "items": {"type": "string"}} if self.fields else texts
        properties = dict.fromkeys(self.labels, one)
        return {
            "type": "object", "properties": properties, "required": list(self.labels), "additionalProperties": False,
        }  # fmt: skip

    def _reply(self, example: Example) -> str:
        value = Extraction.from_json(example.reference)
        if self.fields:
            plain = value.to_json()["fields"]
            return json.dumps({name: plain.get(name) for name in self.labels}, ensure_ascii=False)
        found: dict[str, list[str]] = {label: [] for label in self.labels}
        for one in sorted(value.entities):
            found.setdefault(one.label, []).append(example.text[one.start : one.end])
        return json.dumps(found, ensure_ascii=False)

    def _value(self, reply: str, text: str) -> Extraction:
        try:
            said = json.loads(reply)
        except ValueError:
            raise ValueError(f"the model replied {reply[:80]!r}, which is no JSON") from None
        if not isinstance(said, dict):
            raise ValueError(f"the model replied {reply[:80]!r}, expected a JSON object")
        if self.fields:
            values = {name: tuple(_listed(said.get(name))) for name in self.labels}
            for value in (one for some in values.values() for one in some):
                if not _places(text, value):
                    raise NotThere(f"the model gave {value[:80]!r}, which is not in the text")
            return Extraction(fields=values)
        return Extraction(tuple(located(text, {label: _listed(said.get(label)) for label in self.labels})))

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {**self.settings(), "model": self.model.card.name, "model_fingerprint": self.model.fingerprint()}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        model = resources.get(settings["model"])
        if not isinstance(model, LanguageModel) or model.fingerprint() != settings["model_fingerprint"]:
            raise ModelError(
                f"the stack needs the model {settings['model']} with fingerprint {settings['model_fingerprint']}; "
                "it was not found among the models given"
            )
        shown = tuple((text, reply) for text, reply in settings["shown"])
        return cls(
            model, tuple(settings["labels"]), settings["fields"], settings["task"], settings["shots"], shown,
            settings["name"],
        )  # fmt: skip


def located(text: str, names: Mapping[str, Sequence[str]]) -> list[Entity]:
    """The spans of named texts: the first mention of a text is its first occurrence, the next one its next.

    Raises:
        NotThere: a text does not occur at all.

    >>> located("Ann met Bob. Bob left.", {"P": ["Ann", "Bob", "Bob"]})
    [Entity(start=0, end=3, label='P'), Entity(start=8, end=11, label='P'), Entity(start=13, end=16, label='P')]
    """
    found: set[Entity] = set()
    taken: set[tuple[int, int]] = set()
    for label, some in names.items():
        for name in some:
            places = _places(text, name)
            if not places:
                raise NotThere(f"the model named {name[:80]!r}, which is not in the text")
            free = [span for span in places if span not in taken]
            if free:
                taken.add(free[0])
                found.add(Entity(*free[0], label))
    return sorted(found)


def _places(text: str, name: str) -> list[tuple[int, int]]:
    words = r"\s*".join(re.escape(part) for part in re.findall(r"\w+|[^\w\s]", name))
    if not words:
        return []
    left, right = (r"(?<!\w)" if name.strip()[:1].isalnum() else ""), (r"(?!\w)" if name.strip()[-1:].isalnum() else "")
    exact = [match.span() for match in re.finditer(left + words + right, text)]
    return exact or [match.span() for match in re.finditer(left + words + right, text, re.I)]


def _listed(value: JSON) -> list[str]:
    return [
        str(one).strip()
        for one in (value if isinstance(value, list) else [value])
        if one is not None and str(one).strip()
    ]


def _chosen(train: Sequence[Example], labels: Sequence[str], count: int) -> list[Example]:
    """Greedy: the example that adds most labels not shown yet, then the richest, then the shortest."""
    pool = sorted((e for e in train if len(e.text) <= _SHOT_LENGTH), key=lambda e: (len(e.text), e.id))[
        : 20 * count + 50
    ]
    chosen: list[Example] = []
    missing = set(labels)
    while pool and len(chosen) < count - 1:
        best = max(pool, key=lambda e: (len(_labels(e) & missing), min(4, len(_labels(e))), -abs(len(e.text) - 150)))
        pool.remove(best)
        chosen.append(best)
        missing -= _labels(best)
    empty = next((example for example in pool if not _labels(example)), None)
    return [*chosen, *([empty] if empty is not None else pool[:1])]


def _labels(example: Example) -> set[str]:
    value = Extraction.from_json(example.reference)
    return {one.label for one in value.entities} | {name for name, some in (value.fields or {}).items() if some}


def rungs(task: Task, space: Space, models: Sequence[LanguageModel]) -> list[Candidate]:
    """One rung a model, local ones by size, those behind servers last."""
    fields = fields_in(space)
    labels = fields or labels_in(space)
    order = sorted(models, key=lambda model: (isinstance(model, Remote), model.card.size_bytes or 0, model.card.name))
    made = []
    for model in order:
        name = f"{model.card.name} few-shot"
        layer = ExtractLLM(model, labels, bool(fields), task.description or "", name=name)
        made.append(Candidate(name, (Form({"shots": SHOTS}, Stack.of(layer, name=name)),), learns=True))
    return made
