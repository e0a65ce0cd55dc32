"""Only values from the answer space are delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Case
from strati.stack.contract import Finding


@dataclass(frozen=True)
class AnswerSpace:
    """Vetoes an answer whose value is not one of `values`."""

    values: tuple[str, ...]
    name: str = "answer space"
    kind: ClassVar[str] = "answer_space.v1"

    def fingerprint(self) -> str:
        return fingerprint(self.kind, values=sorted(self.values))

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Finding]:
        ctx.check()
        return [self._one(case) for case in cases]

    def _one(self, case: Case) -> Finding:
        value = case.answer.value if case.answer else None
        if value in self.values:
            return Finding()
        return Finding(veto=True, reason=f"{value!r} is not one of the {len(self.values)} allowed values")

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {"values": list(self.values)}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls(tuple(settings["values"]), settings["name"])
