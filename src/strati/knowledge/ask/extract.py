"""The layer that answers without a model: the sentences that come nearest to the question, as they stand."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Evidence, Example, Usage
from strati.knowledge.ask.contradict import dispute
from strati.knowledge.ask.coverage import Candidate, cover
from strati.knowledge.ask.gate import PASSAGES, RIGHT, gap_of, passages_of
from strati.knowledge.ask.learn import Weights, covered
from strati.knowledge.ask.question import LONGEST, Question, read
from strati.knowledge.ask.right import loss
from strati.knowledge.ask.sources import Sources, piece_of
from strati.knowledge.ask.span import best_span
from strati.knowledge.ask.words import words

_MANY = re.compile(
    r"^\W*(?:(?:what|which)\s+(?:(?!is\b|was\b|does\b|has\b)\w+\s+){0,2}(?!does\b|this\b|has\b|was\b)\w{3,}(?<![sui])s\s+"
    r"(?:are|were|do|did|can|have|had|may|must|should|will|exist)\b|list\b|name (?:the|all)\b|(?:what|which) are\b)",
    re.IGNORECASE,
)
ALIKE = 0.8  # share of words in common from which two sentences say the same
LEAST = 0.2
NEAR = 0.8  # share of the best sentence's score that another must reach


@dataclass
class Extract:
    """Answers with up to `most` sentences of the passages, each its own citation.

    More than one only where the question asks for several things or the sources disagree. None where the best comes
    with a confidence below `least`.
    """

    sources: Sources
    most: int = 3
    least: float = 0.0
    weights: Weights = RIGHT
    name: str = field(default="extract", init=False)
    kind: ClassVar[str] = "extract.v1"
    answers_from_train: ClassVar[bool] = True

    def fingerprint(self) -> str:
        weights = self.weights.to_json()
        return fingerprint(
            self.kind, most=self.most, least=self.least, snapshot=self.sources.snapshot, weights=weights
        )  # fmt: skip

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:  # noqa: ARG002
        """The same with weights learned from train: whether the nearest sentence states a reference answer."""
        rows = covered(train, self.sources, PASSAGES, ctx)
        right = [
            bool(coverage.candidates) and loss(coverage.candidates[0].unit.text, example.reference) == 0
            for example, _, coverage in rows
        ]
        return replace(self, weights=self.weights.learned([coverage.features for *_, coverage in rows], right))

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        weights = self.weights.to_json()
        return {"most": self.most, "least": self.least, "weights": weights, **self.sources.save()}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        weights = Weights.from_json(settings["weights"]) if "weights" in settings else RIGHT
        return cls(Sources.load(settings, resources), settings["most"], settings["least"], weights)

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        return [self._one(case, ctx) for case in cases]

    def _one(self, case: Case, ctx: Context) -> Case:
        ctx.check()
        start = time.perf_counter()
        gap = gap_of(case)
        if gap is not None:
            return case.passed(self.name, gap.text)
        question = read(case.text[:LONGEST])
        coverage = cover(question, passages_of(case), self.sources)
        if not coverage.candidates:
            return case.passed(self.name, "no passage was found", Usage(time.perf_counter() - start))
        sure = self.weights.of(coverage.features)
        if sure < self.least:
            usage = Usage(time.perf_counter() - start)
            return case.passed(self.name, "no sentence comes near enough to the question", usage)
        chosen, disputed = self._chosen(question, coverage.candidates)
        citations = tuple(_cited(one, n, question, disputed) for n, one in enumerate(chosen))
        text = " ".join(" ".join(one.text.split()) for one in citations)
        answer = Answer(text, sure, self.name, features=coverage.features, citations=citations)
        told = f"{len(chosen)} of {len(coverage.candidates)} sentences; {disputed or 'the nearest to the question'}"
        return case.answered(answer, Usage(time.perf_counter() - start), told)

    def _chosen(self, question: Question, candidates: Sequence[Candidate]) -> tuple[list[Candidate], str]:
        best = candidates[0]
        found = dispute(question, candidates, self.sources)
        if found is not None:
            return list(found.sides), found.reason
        rest = [one for one in candidates[1:12] if not _alike(one.unit.text, best.unit.text)]
        chosen = [best]
        if _MANY.search(question.text):
            for one in rest:
                near = one.score >= NEAR * best.score and one.share >= 0.5 * best.share
                if near and not any(_alike(one.unit.text, other.unit.text) for other in chosen):
                    chosen.append(one)
        return chosen[: self.most], ""


def _cited(one: Candidate, n: int, question: Question, disputed: str) -> Evidence:
    piece = piece_of(one.passage, one.unit.start, one.unit.end)
    span = best_span(question, piece.text)
    about = {
        **piece.data, "sentence": n,
        "said": " ".join(piece.text.split()), "state": "disputed" if disputed else "quoted",
        "span": list(span) if span else None, "why": disputed,
    }  # fmt: skip
    return replace(piece, score=one.score, data=about)


def _alike(one: str, other: str) -> bool:
    a, b = ({word.key for word in words(text)} for text in (one, other))
    return len(a & b) >= ALIKE * max(1, min(len(a), len(b))) and len(a & b) >= ALIKE * 0.8 * max(len(a), len(b))
