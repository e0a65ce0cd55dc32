"""What a fact in a text is: its kind, its words, and a value by which two ways to write it are the same."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from strati.core.records import JSON


class FactKind(StrEnum):
    """What an edit must not change."""

    NUMBER = "number"
    DATE = "date"
    UNIT = "unit"
    AMOUNT = "amount"
    NEGATION = "negation"
    QUOTATION = "quotation"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact as it stands at `text[start:end]`; "1,000" and "one thousand" have the same `value`."""

    kind: FactKind
    text: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Change:
    """A fact that is not the same after an edit; `before` or `after` is empty where one side has none."""

    kind: FactKind
    before: str
    after: str

    def __str__(self) -> str:
        if self.before and self.after:
            return f"{self.kind}: {self.before} became {self.after}"
        return f"{self.kind} lost: {self.before}" if self.before else f"{self.kind} added: {self.after}"

    def to_json(self) -> dict[str, JSON]:
        return {"kind": str(self.kind), "before": self.before, "after": self.after}


class Taken:
    """Which characters of a text already belong to a fact."""

    def __init__(self, length: int) -> None:
        self._marks = bytearray(length)

    def add(self, start: int, end: int) -> None:
        self._marks[start:end] = b"\1" * (end - start)

    def free(self, start: int, end: int) -> bool:
        """No character of the span is taken."""
        return self._marks.find(1, start, end) < 0
