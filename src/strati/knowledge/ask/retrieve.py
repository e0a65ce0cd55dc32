"""The layer that looks up passages for a question: by words and meaning, once more in other words, with neighbours."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Case, Evidence, Usage
from strati.knowledge.ask.equivalents import others
from strati.knowledge.ask.sources import Sources
from strati.knowledge.ask.words import IRREGULAR_FORMS, content, fold

RRF = 60
VERSIONS = 3  # passages of which other versions are looked up, and how many of them are read


@dataclass
class Retrieve:
    """Adds the `k` best passages to each case, best first, and up to `neighbours` that stand beside the best.

    Where the best stand in other versions too, with other numbers, those are added.
    It looks twice where a question can be put in other words ("begin" for "began", "terminate" for "end").
    """

    sources: Sources
    k: int = 8
    neighbours: int = 0
    name: str = field(default="retrieve", init=False)
    kind: ClassVar[str] = "retrieve.v1"
    answers_from_train: ClassVar[bool] = True
    evidence_only: ClassVar[bool] = True  # it never proposes an answer

    def fingerprint(self) -> str:
        base = self.sources.base
        return fingerprint(
            self.kind, k=self.k, neighbours=self.neighbours, mode=self.sources.mode, snapshot=self.sources.snapshot,
            filters=repr(self.sources.filters), embedder=base.embedder.fingerprint() if base.embedder else "",
        )  # fmt: skip

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {"k": self.k, "neighbours": self.neighbours, **self.sources.save()}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls(Sources.load(settings, resources), settings["k"], settings["neighbours"])

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        return [self._one(case, ctx) for case in cases]

    def _one(self, case: Case, ctx: Context) -> Case:
        ctx.check()
        start = time.perf_counter()
        found = self.find(case.text)
        documents = len({one.source.document for one in found if one.source})
        told = f"{len(found)} passages of {documents} documents" if found else "no passage has a word of the question"
        done = case.with_evidence(*found)
        return done.passed(self.name, told, Usage(time.perf_counter() - start))

    def find(self, question: str) -> list[Evidence]:
        """The passages for a question."""
        found = self.sources.search(question, self.k)
        other = second(question)
        if other:
            found = _fused(found, self.sources.search(other, self.k), self.k)
        found += self.sources.versions(found[:VERSIONS], VERSIONS)
        return found + (self.sources.around(found[:3], self.neighbours) if self.neighbours else [])


def second(question: str) -> str:
    """The question's telling words with the irregular forms of its verbs and equivalents added; "" when there are none.

    >>> second("Who wrote the book?")
    'wrote book write written'
    """
    told = [word.text for word in content(question)]
    more = [form for word in told for form in IRREGULAR_FORMS.get(fold(word), ()) if form not in told]
    more += [one for word in told for one in others(word)]
    return " ".join([*told, *dict.fromkeys(more)]) if more else ""


def _fused(one: list[Evidence], other: list[Evidence], k: int) -> list[Evidence]:
    """Two lists in one by reciprocal ranks; the first counts double."""
    scores: dict[int, float] = {}
    items: dict[int, Evidence] = {}
    for weight, found in ((2.0, one), (1.0, other)):
        for rank, item in enumerate(found, 1):
            number = int(item.data["passage"])
            scores[number] = scores.get(number, 0.0) + weight / (RRF + rank)
            items.setdefault(number, item)
    order = sorted(scores, key=lambda number: (-scores[number], number))
    return [items[number] for number in order[:k]]
