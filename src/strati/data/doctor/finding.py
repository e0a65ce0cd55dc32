"""What the data check says: one `DataFinding` per thing found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["stop", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("stop", "warning", "note")
MOST_ROWS = 20


@dataclass(frozen=True, slots=True)
class DataFinding:
    """One thing the data check found.

    Attributes:
        code: a stable name, for machines.
        severity: `stop` (a result would be meaningless), `warning` (it may mislead) or `note`.
        message: one sentence: what was found, with its numbers.
        rows: ids of the rows concerned, at most 20; with the file before it ("test:17") where there are several.
        count: how many rows, labels or pairs are concerned in all.
        way_on: what the user can do.
    """

    code: str
    severity: Severity
    message: str
    rows: tuple[str, ...] = ()
    count: int = 0
    way_on: str = ""


def first(rows: Iterable[str]) -> tuple[str, ...]:
    """At most 20 of the rows."""
    return tuple(rows)[:MOST_ROWS]


def some(names: Iterable[str], most: int = 5) -> str:
    """A few names for a message.

    >>> some(["a", "b", "c"], most=2)
    "'a', 'b' and 1 more"
    """
    shown = [repr(name if len(name) <= 60 else name[:57] + "...") for name in names]
    more = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + more


def share(part: int, whole: int) -> str:
    """A part of a whole in words: "12 of 300 (4.0 %)"."""
    return f"{part:,} of {whole:,} ({100 * part / whole:.1f} %)" if whole else "0"
