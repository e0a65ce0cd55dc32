"""The contract of what judges one written sentence by its evidence, and the tier that needs no model: the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol, Self, runtime_checkable

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Evidence, Usage
from strati.knowledge.ask.sources import Sources
from strati.knowledge.ask.support import INTERCEPT, WEIGHTS, Support, Verdict, support
from strati.knowledge.ask.text import Text

NEARER = 0.15  # share of the claim's words by which a sentence has to be nearer to contradict in spite of support


@dataclass(frozen=True, slots=True)
class Judged:
    """What a judge says of a sentence: the passage that comes nearest, and how far it supports it.

    `usage` is what asking a model took, if one was asked.
    """

    support: Support
    passage: Evidence
    usage: Usage = field(default_factory=Usage)

    @property
    def supported(self) -> bool:
        return self.support.verdict is Verdict.SUPPORTED


@runtime_checkable
class SentenceCheck(Protocol):
    """Judges a claim by passages. It is independent of what wrote the claim.

    A check with `kind`, `save` and `load` (see `strati.stack.contract.Saveable`) can be part of a saved stack.
    """

    @property
    def name(self) -> str: ...

    def fingerprint(self) -> str: ...

    def judge(self, claim: str, passages: Sequence[Evidence], sources: Sources) -> Judged | None:
        """The passage that speaks for or against the claim, or comes nearest; None when there is no passage."""
        ...


@dataclass(frozen=True)
class Rules:
    """Words in common, weighed by how rare they are; numbers, dates, amounts, units and negations must agree."""

    name: str = "rules"
    kind: ClassVar[str] = "sentence_rules.v1"

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls()

    def fingerprint(self) -> str:
        return fingerprint("rules.v1", weights=[[k, v] for k, v in WEIGHTS.items()], intercept=INTERCEPT)

    def judge(self, claim: str, passages: Sequence[Evidence], sources: Sources) -> Judged | None:
        found = [Judged(support(claim, text_of(one), sources.weight), one) for one in passages]
        return decided(found) if found else None


RULES = Rules()


@runtime_checkable
class Learns(Protocol):
    """A check that is made from a base before it judges."""

    def learned(self, sources: Sources) -> SentenceCheck: ...


@runtime_checkable
class Bounded(Protocol):
    """A check that asks a model, within the limits of a run."""

    def within(self, ctx: Context) -> SentenceCheck: ...


def within(check: SentenceCheck, ctx: Context) -> SentenceCheck:
    """The check, bound to the limits of a run where it asks a model."""
    return check.within(ctx) if isinstance(check, Bounded) else check


@dataclass(frozen=True)
class All:
    """Several checks in a row: what one of them does not support is not supported; the first that objects speaks."""

    checks: tuple[SentenceCheck, ...]

    @property
    def name(self) -> str:
        return " + ".join(one.name for one in self.checks)

    def fingerprint(self) -> str:
        return fingerprint("all_checks.v1", checks=[one.fingerprint() for one in self.checks])

    def judge(self, claim: str, passages: Sequence[Evidence], sources: Sources) -> Judged | None:
        found = None
        for check in self.checks:
            judged = check.judge(claim, passages, sources)
            if judged is None or not judged.supported:
                return judged
            found = found or judged
        return found


def decided(found: Sequence[Judged]) -> Judged:
    """The passage that speaks for the claim, else one that speaks against it, else the nearest.

    One that speaks against it goes first where it is clearly more about the same matter.
    """
    top = {
        verdict: max((one for one in found if one.support.verdict is verdict), key=_rank, default=None)
        for verdict in (Verdict.SUPPORTED, Verdict.CONTRADICTED)
    }
    yes, no = top[Verdict.SUPPORTED], top[Verdict.CONTRADICTED]
    if yes is not None and (no is None or _window(yes) >= _window(no) - NEARER):
        return yes
    return no or max(found, key=lambda one: one.support.score)


def nearest(claim: str, passages: Sequence[Evidence], sources: Sources, top: int) -> list[Judged]:
    """The passages that come nearest to a claim by words, nearest first, each with the place in it."""
    found = [Judged(support(claim, text_of(one), sources.weight), one) for one in passages]
    return sorted(found, key=lambda one: -one.support.score)[:top]


def best(found: Iterable[Judged]) -> Judged | None:
    """The one with the highest score, if there is one."""
    return max(found, key=lambda one: one.support.score, default=None)


def _rank(one: Judged) -> tuple[float, float]:
    return (_window(one), one.support.score)


def _window(one: Judged) -> float:
    return one.support.features.get("window", 0.0)


def text_of(passage: Evidence) -> Text:
    """A passage, taken apart; its title and headings count as said."""
    above = " ".join([str(passage.data.get("title", "")), *map(str, passage.data.get("path", ()))])
    return Text.of(passage.text, str(passage.data.get("kind", "text")), above)
