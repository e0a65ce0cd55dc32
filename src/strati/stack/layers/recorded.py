"""Answers that were recorded elsewhere, taking part like any other layer. They can be measured, not served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Failure, Usage
from strati.stack.contract import Resource


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """One recorded answer; `value` None is a failure that was recorded as such."""

    value: str | None
    confidence: float | None = None
    dollars: float | None = None
    seconds: float | None = None
    model: str = ""


@dataclass(frozen=True)
class Recorded:
    """Gives the answer on record for a case's id; a case without one is a failure, not a gap."""

    answers: Mapping[str, RecordedAnswer] = field(default_factory=dict)
    name: str = "recorded"

    @property
    def costs_known(self) -> bool:
        """Whether every recorded answer says what it cost."""
        return all(row.dollars is not None for row in self.answers.values())

    def fingerprint(self) -> str:
        """Of all that is on record: a corrected cost is another record."""
        rows: JSON = [[key, *astuple(row)] for key, row in sorted(self.answers.items())]
        return fingerprint("recorded.v1", answers=rows)

    def resources(self) -> tuple[Resource, ...]:
        """Nothing: what answered is not asked again."""
        return ()

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        ctx.check()
        return [self._one(case) for case in cases]

    def _one(self, case: Case) -> Case:
        row = self.answers.get(case.id)
        if row is None:
            return case.failed(self.name, Failure.NOT_RECORDED, f"no recorded answer for id {case.id}")
        usage = Usage(seconds=row.seconds or 0.0, calls=1, dollars=row.dollars or 0.0)
        if row.value is None:
            return case.failed(self.name, Failure.UNUSABLE_REPLY, "the recorded answer is empty", usage)
        return case.answered(Answer(row.value, row.confidence, self.name), usage, row.model)
