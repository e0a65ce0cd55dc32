"""The layer that withholds before anything is written: questions that the sources cannot answer, and why.

A name that no source holds, a question that is none, a premise that a source contradicts, or evidence that holds too
little of the question. It marks the case; the layers after it leave a marked case alone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Case, Evidence, Usage
from strati.knowledge.ask.coverage import Coverage, cover
from strati.knowledge.ask.polarity import opposed
from strati.knowledge.ask.premises import contradicted_premise
from strati.knowledge.ask.question import LONGEST, Question, no_question, read
from strati.knowledge.ask.sources import PASSAGE, Sources
from strati.knowledge.ask.support import scored

GAP = "gap"  # the kind of evidence that says why there is no answer
# Fitted by benchmarks/ask_answers.py on the even questions of its sets.
WEIGHTS: Mapping[str, float] = {
    "passage": 1.98,
    "own": 3.62,
    "before": 0.64,
    "pairs": 1.11,
    "margin": 3.28,
    "gap": 1.91,
    "telling": 0.28,
}
INTERCEPT = -6.33
# The same for whether the base holds an answer at all; nothing in it depends on how often it is said.
ANSWERABLE: Mapping[str, float] = {"passage": 4.94, "own": 3.56, "before": 1.17, "pairs": 2.21, "telling": 0.19}
ANSWERABLE_INTERCEPT = -5.9
LEAST = 0.5


@dataclass
class Gate:
    """Marks the cases that the evidence cannot answer; `least` is the confidence below which it holds too little."""

    sources: Sources
    least: float = LEAST
    name: str = field(default="withhold", init=False)
    kind: ClassVar[str] = "withhold.v1"
    evidence_only: ClassVar[bool] = True  # it never proposes an answer

    def fingerprint(self) -> str:
        weights = [[name, weight] for name, weight in WEIGHTS.items()]
        return fingerprint(self.kind, least=self.least, snapshot=self.sources.snapshot, w=weights, b=INTERCEPT)

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {"least": self.least, **self.sources.save()}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls(Sources.load(settings, resources), settings["least"])

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        return [self._one(case, ctx) for case in cases]

    def _one(self, case: Case, ctx: Context) -> Case:
        ctx.check()
        start = time.perf_counter()
        question = read(case.text[:LONGEST])
        coverage = cover(question, passages_of(case), self.sources)
        reason, at = self._why(question, coverage)
        usage = Usage(time.perf_counter() - start)
        if not reason:
            return case.passed(self.name, f"the sources may answer it ({answerable(coverage):.2f})", usage)
        gap = Evidence(GAP, reason, 0.0, at.source if at else None, at.data if at else {})
        return case.with_evidence(gap).passed(self.name, reason, usage)

    def _why(self, question: Question, coverage: Coverage) -> tuple[str, Evidence | None]:
        why = no_question(question)
        if why:
            return why, None
        if coverage.names and not _opposite(question, coverage):
            return f"not in your sources: {_listed(coverage.names)}", None
        if not coverage.candidates:
            return "not in your sources: no passage has a word of the question", None
        premise = contradicted_premise(question, coverage, self.sources)
        if premise is not None:
            return premise
        if coverage.names:
            return f"not in your sources: {_listed(coverage.names)}", None
        if answerable(coverage) < self.least:
            lost = coverage.absent_names or coverage.absent
            told = f" ({_listed(lost[:3])} is not beside the rest)" if lost else ""
            return f"not in your sources: no passage says enough about the question{told}", None
        return "", None


def confidence(coverage: Coverage) -> float:
    """How likely the nearest sentence answers. Not calibrated on the user's questions."""
    return scored(coverage.features, WEIGHTS, INTERCEPT)


def answerable(coverage: Coverage) -> float:
    """How likely the base holds an answer at all."""
    return scored(coverage.features, ANSWERABLE, ANSWERABLE_INTERCEPT)


def passages_of(case: Case) -> list[Evidence]:
    """The passages that were found for a case, best first."""
    return [one for one in case.evidence if one.kind == PASSAGE]


def gap_of(case: Case) -> Evidence | None:
    """Why a case is not to be answered, if it was marked."""
    return next((one for one in case.evidence if one.kind == GAP), None)


def _opposite(question: Question, coverage: Coverage) -> bool:
    """Whether all that is unknown is a word whose opposite the nearest sentence has: that is for the premises."""
    unknown = [word for word in question.words if word.text in coverage.names]
    top = coverage.candidates[0].unit.text if coverage.candidates else ""
    return bool(top) and all(opposed([word], top) for word in unknown)


def _listed(texts: Sequence[str]) -> str:
    shown = [repr(text) for text in texts]
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1]
