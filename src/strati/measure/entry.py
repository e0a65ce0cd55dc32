"""A candidate on its way through a benchmark."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from strati.core.errors import BudgetReached
from strati.core.records import JSON
from strati.measure.tune import Chosen
from strati.stack.candidate import Candidate
from strati.stack.stack import Stack

DONE = ("measured", "recorded", "retired")  # a candidate's status when the decision waits for nothing more of it


@dataclass
class Entry:
    """A candidate on its way: its place and folder, its stacks fitted so far, and its record."""

    position: int
    candidate: Candidate
    folder: str
    fits: list[Chosen] = field(default_factory=list)
    record: dict[str, JSON] = field(default_factory=dict)
    short: BudgetReached | None = None  # it can't go on for want of money

    def failed(self, reason: str) -> None:
        """Note a failure. What was measured on test stays measured."""
        self.record["reason"] = reason
        if self.record["status"] not in DONE:
            self.record["status"] = "failed"


def folder_bytes(folder: Path) -> int:
    """The size of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def preview(stack: Stack) -> list[str]:
    """The first lines of a layer that people can read."""
    for stage in stack.stages:
        text = getattr(stage.layer, "text", None)
        if callable(text):
            return str(text()).splitlines()[:12]
    return []
