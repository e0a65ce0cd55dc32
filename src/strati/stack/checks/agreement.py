"""Whether the layers that proposed an answer before this one proposed the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Case
from strati.stack.contract import Finding

FEATURE = "agreement"


@dataclass(frozen=True)
class Agreement:
    """Gives the feature `agreement`: the sum over earlier proposals of their confidence, negative where they differ.

    An earlier proposal is one that was not delivered: below its stage's threshold, or vetoed. Layers that err in
    different ways confirm each other; two that disagree are both in doubt. Never a veto.
    """

    name: str = "agreement"
    kind: ClassVar[str] = "agreement.v1"

    def fingerprint(self) -> str:
        return fingerprint(self.kind)

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Finding]:
        ctx.check()
        return [Finding(features={FEATURE: self._one(case)}) for case in cases]

    def _one(self, case: Case) -> float:
        value = case.answer.value if case.answer else None
        earlier = [(step.proposed, step.confidence) for step in case.steps[:-1] if step.proposed is not None]
        return support(value, earlier)

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls(settings["name"])


def support(value: JSON, earlier: Sequence[tuple[JSON, float | None]]) -> float:
    """The confidences of earlier (value, confidence) proposals, added where they say `value`, else taken away.

    >>> support("spam", [("spam", 0.75), ("ham", 0.5), ("spam", None)])
    0.25
    """
    return sum((confidence or 0.0) * (1 if proposed == value else -1) for proposed, confidence in earlier)
