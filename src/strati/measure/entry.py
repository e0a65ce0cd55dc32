"""A candidate on its way through a benchmark."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from strati.core.errors import BudgetReached
from strati.measure.records import CandidateRecord, Status
from strati.measure.tune import Chosen
from strati.stack.candidate import Candidate
from strati.stack.stack import Stack


@dataclass
class Entry:
    """A candidate on its way: its place and folder, its stacks fitted so far, and its record."""

    position: int
    candidate: Candidate
    folder: str
    record: CandidateRecord
    fits: list[Chosen] = field(default_factory=list)
    short: BudgetReached | None = None  # it can't go on for want of money

    def failed(self, reason: str) -> None:
        """Note a failure. What was measured on test stays measured."""
        status = self.record.status if self.record.status.done else Status.FAILED
        self.note(reason=reason, status=status)

    def note(self, **known: object) -> None:
        """Put what is known now into the record."""
        self.record = replace(self.record, **known)  # type: ignore[arg-type]


def folder_bytes(folder: Path) -> int:
    """The size of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def preview(stack: Stack) -> tuple[str, ...]:
    """The first lines of a layer that people can read."""
    for stage in stack.stages:
        text = getattr(stage.layer, "text", None)
        if callable(text):
            return tuple(str(text()).splitlines()[:12])
    return ()
