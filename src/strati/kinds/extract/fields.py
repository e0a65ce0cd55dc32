"""Named fields by spans: the values of train are found in their texts, and a layer of spans learns them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Example
from strati.kinds.extract.crf import CRF
from strati.kinds.extract.gazetteer import Gazetteer
from strati.kinds.extract.patterns import values
from strati.kinds.extract.values import Entity, Extraction, normal

_LAYERS: dict[str, type[CRF] | type[Gazetteer]] = {CRF.kind: CRF, Gazetteer.kind: Gazetteer}


@dataclass(frozen=True)
class Fields:
    """Reads spans of each field and gives their words as its values.

    Attributes:
        layer: what finds the spans.
        names: the fields.
        single: fields that have one value at most in train: the first span is it.
    """

    layer: CRF | Gazetteer
    names: tuple[str, ...] = ()
    single: tuple[str, ...] = ()
    name: str = "fields"
    kind: ClassVar[str] = "fields.v1"
    answers_from_train: ClassVar[bool] = True

    def fingerprint(self) -> str:
        return fingerprint(self.kind, layer=self.layer.fingerprint(), names=list(self.names), single=list(self.single))

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:  # noqa: ARG002
        spans = [replace(example, reference=located(example)) for example in train]
        counts: dict[str, int] = dict.fromkeys(self.names, 0)
        for example in train:
            for name, some in (Extraction.from_json(example.reference).fields or {}).items():
                counts[name] = max(counts.get(name, 0), len(some))
        single = tuple(name for name, most in counts.items() if most <= 1)
        return replace(self, layer=self.layer.fit(spans, [], ctx), names=tuple(counts), single=single)

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        done = self.layer.run(cases, ctx)
        return [self._told(case, made) for case, made in zip(cases, done, strict=True)]

    def _told(self, case: Case, made: Case) -> Case:
        answer = made.answer
        if answer is None:
            return made
        found: dict[str, list[str]] = {name: [] for name in self.names}
        for one in Extraction.from_json(answer.value).entities:
            value = " ".join(case.text[one.start : one.end].split())
            kept = found.setdefault(one.label, [])
            if normal(value) not in map(normal, kept) and not (kept and one.label in self.single):
                kept.append(value)
        value = Extraction(fields={name: tuple(some) for name, some in found.items()}).to_json()
        return case.answered(Answer(value, answer.confidence, self.name, features=answer.features), made.usage)

    def save(self, folder: Path) -> dict[str, JSON]:
        inner = {"kind": self.layer.kind, "name": self.layer.name, **self.layer.save(folder)}
        return {"layer": inner, "names": list(self.names), "single": list(self.single)}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:
        inner = settings["layer"]
        layer = _LAYERS[inner["kind"]].load(inner, folder, resources)
        return cls(layer, tuple(settings["names"]), tuple(settings["single"]), settings["name"])


def located(example: Example) -> JSON:
    """The fields of an example as spans of its text; a value that is not there has none.

    >>> located(Example("1", "Total: $5,000.00 due.", {"fields": {"total": "5000 USD"}}))
    {'entities': [{'start': 7, 'end': 16, 'label': 'total'}]}
    """
    found = []
    for name, some in (Extraction.from_json(example.reference).fields or {}).items():
        for value in some:
            found += [Entity(start, end, name) for start, end in _places(example.text, value)]
    return Extraction(tuple(sorted(found))).to_json()


def _places(text: str, value: str) -> Iterator[tuple[int, int]]:
    words = r"\s+".join(map(re.escape, value.split()))
    matches = [match.span() for match in re.finditer(rf"(?<!\w){words}(?!\w)", text, re.I)]
    if not matches:
        wanted = normal(value)
        matches = [(one.start, one.end) for one in values(text) if one.key == wanted]
    yield from matches[:1]
