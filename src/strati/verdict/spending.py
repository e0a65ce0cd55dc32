"""What a run may spend and has spent, from its journal."""

from __future__ import annotations

from strati.core.budget import NANO
from strati.core.records import JSON
from strati.measure.journal import Journal


def spending(journal: Journal) -> dict[str, JSON]:
    """The limit, what was spent, and by which rung; `lost` was set aside for replies that were not read."""
    paid, lost = journal.totals()
    rows = journal.spending()
    return {
        "limit": (journal.read("budget") or {}).get("limit"),
        "spent": (paid + lost) / NANO,
        "lost": lost / NANO,
        "rungs": [
            {"name": row.what, "calls": row.calls, "dollars": (row.paid + row.lost) / NANO, "lost": row.lost / NANO}
            for row in rows
        ],
    }
