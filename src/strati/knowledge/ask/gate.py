"""The layer that withholds before anything is written: questions that the sources cannot answer, and why.

A name that no source holds, a question that is none, a premise that a source contradicts, or evidence that holds too
little of the question. It marks the case; the layers after it leave a marked case alone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Case, Evidence, Example, Usage
from strati.knowledge.ask.coverage import Coverage, cover
from strati.knowledge.ask.learn import Weights, covered
from strati.knowledge.ask.polarity import opposed
from strati.knowledge.ask.premises import contradicted_premise
from strati.knowledge.ask.question import LONGEST, Question, no_question, read
from strati.knowledge.ask.right import states
from strati.knowledge.ask.sources import PASSAGE, Sources
from strati.knowledge.language import SCRIPTS, language_of, named

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
RIGHT = Weights(WEIGHTS, INTERCEPT)
ANSWERS = Weights(ANSWERABLE, ANSWERABLE_INTERCEPT)
LEAST = 0.5
PASSAGES = 8  # passages that are looked at for each question it learns from


@dataclass
class Gate:
    """Marks the cases that the evidence cannot answer; `least` is the confidence below which it holds too little."""

    sources: Sources
    least: float = LEAST
    weights: Weights = ANSWERS
    name: str = field(default="withhold", init=False)
    kind: ClassVar[str] = "withhold.v1"
    answers_from_train: ClassVar[bool] = True
    evidence_only: ClassVar[bool] = True  # it never proposes an answer

    def fingerprint(self) -> str:
        weights = self.weights.to_json()
        return fingerprint(self.kind, least=self.least, snapshot=self.sources.snapshot, weights=weights)

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:  # noqa: ARG002
        """The same with weights learned from the train rows that say which questions the sources hold no answer to.

        Where hardly any does, nothing is learned: rows that all have an answer would only teach to withhold less.
        """
        rows = [
            (coverage.features, bool(example.reference))
            for example, passages, coverage in covered(train, self.sources, PASSAGES, ctx)
            if not example.reference or any(states(one.text, str(a)) for one in passages for a in example.reference)
        ]
        return replace(self, weights=self.weights.learned([one for one, _ in rows], [there for _, there in rows]))

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {"least": self.least, "weights": self.weights.to_json(), **self.sources.save()}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        weights = Weights.from_json(settings["weights"]) if "weights" in settings else ANSWERS
        return cls(Sources.load(settings, resources), settings["least"], weights)

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
            return case.passed(
                self.name, f"the sources may answer it ({self.weights.of(coverage.features):.2f})", usage
            )
        gap = Evidence(GAP, reason, 0.0, at.source if at else None, at.data if at else {})
        return case.with_evidence(gap).passed(self.name, reason, usage)

    def _why(self, question: Question, coverage: Coverage) -> tuple[str, Evidence | None]:
        why = no_question(question)
        if why:
            return why, None
        other = self._other_language(question)
        if other:
            return other, None
        if coverage.names and not _opposite(question, coverage):
            return f"not in your sources: {_listed(coverage.names)}", None
        if not coverage.candidates:
            return "not in your sources: no passage has a word of the question", None
        premise = contradicted_premise(question, coverage, self.sources)
        if premise is not None:
            return premise
        if coverage.names:
            return f"not in your sources: {_listed(coverage.names)}", None
        if self.weights.of(coverage.features) < self.least:
            lost = coverage.absent_names or coverage.absent
            told = f" ({_listed(lost[:3])} is not beside the rest)" if lost else ""
            return f"not in your sources: no passage says enough about the question{told}", None
        return "", None

    def _other_language(self, question: Question) -> str:
        """In a sentence, that the question is in a language that no document is in; "" where that cannot be told."""
        asked = language_of(question.text)
        if asked is None or self.sources.here.embedder is not None:
            return ""
        held = self.sources.languages
        unknown = [word for word in question.words if not self.sources.holding(word.text.lower())]
        script = not question.text.isascii() and asked in SCRIPTS
        if asked in held or len(unknown) < len(question.words) * (1.0 if script else 0.5):
            return ""
        told = " and ".join(named(one) for one in held) if held else ""
        hint = f", they are in {told}: ask in that, or" if told else ":"
        return (
            f"not in your sources: the question is in {named(asked)}, and no document is{hint} "
            "ingest with an embedding model that knows both"
        )


def confidence(coverage: Coverage) -> float:
    """How likely the nearest sentence answers. Not calibrated on the user's questions."""
    return RIGHT.of(coverage.features)


def answerable(coverage: Coverage) -> float:
    """How likely the base holds an answer at all."""
    return ANSWERS.of(coverage.features)


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
