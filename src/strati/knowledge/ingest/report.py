"""What an ingest did, document by document."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from strati.core.records import JSON
from strati.knowledge.reader import Reason

_SKIPPED = {Reason.UNKNOWN_TYPE, Reason.EMPTY, Reason.NO_TEXT_LAYER, Reason.MISSING_EXTRA}


class Status(StrEnum):
    """What became of a document. Skipped: there is nothing in it to read here; failed: it should have been read."""

    READ = "read"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    FAILED = "failed"
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One document: its name, what became of it, why, how many passages it has, what its reader warns of."""

    name: str
    status: Status
    reason: str = ""
    passages: int = 0
    warnings: tuple[str, ...] = ()


@dataclass
class GraphPart:
    """What of the documents that were read went into the base's graph with them: how many; which did not, and why;
    `note` says why none did."""

    read: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    note: str = ""

    def to_json(self) -> dict[str, JSON]:
        return {"read": self.read, "failed": self.failed, "note": self.note}


@dataclass
class IngestReport:
    """All outcomes in the order they came; `embedded` counts passages that got vectors; `seconds` is wall time; `note`
    says why searches by meaning are slower than they could be; `graph` is None where the base has no graph."""

    outcomes: list[Outcome] = field(default_factory=list)
    embedded: int = 0
    seconds: float = 0.0
    snapshot: str = ""
    stopped: bool = False
    note: str = ""
    graph: GraphPart | None = None

    def count(self, status: Status) -> int:
        return sum(outcome.status is status for outcome in self.outcomes)

    @property
    def passages(self) -> int:
        """Passages of the documents that were read."""
        return sum(outcome.passages for outcome in self.outcomes if outcome.status is Status.READ)

    def reasons(self, status: Status) -> dict[str, int]:
        """How often each reason was given, most often first."""
        found = Counter(outcome.reason.split(":")[0] for outcome in self.outcomes if outcome.status is status)
        return dict(found.most_common())

    def to_json(self) -> dict[str, JSON]:
        """The report for machines."""
        return {
            "counts": {str(status): self.count(status) for status in Status},
            "passages": self.passages,
            "embedded": self.embedded,
            "seconds": round(self.seconds, 3),
            "snapshot": self.snapshot,
            "stopped": self.stopped,
            "note": self.note,
            "graph": self.graph.to_json() if self.graph else None,
            "documents": [
                {
                    "name": outcome.name,
                    "status": str(outcome.status),
                    "reason": outcome.reason,
                    "passages": outcome.passages,
                    "warnings": list(outcome.warnings),
                }
                for outcome in self.outcomes
            ],
        }


def status_of(reason: Reason) -> Status:
    """Whether a refusal is a skip or a failure."""
    return Status.SKIPPED if reason in _SKIPPED else Status.FAILED
