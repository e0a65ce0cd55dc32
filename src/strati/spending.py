"""What a run may spend and has spent, from its journal."""

from __future__ import annotations

from strati.budget import NANO
from strati.journal import Journal
from strati.records import JSON
from strati.results import Results
from strati.words import money


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


def unfinished_reasons(results: Results, spent: dict[str, JSON]) -> list[str]:
    """Why some candidates are not measured to the end, and what to do, in words."""
    partial = {result.name for result in results.candidates if result.record.get("reason")}
    short = [name for name in results.unfinished if name in partial]
    rest = [name for name in results.unfinished if name not in partial]
    found = []
    if short:
        found.append(
            f"not measured to the end for want of money: {', '.join(short)}; {money(spent['spent'])} of the "
            f"{money(spent['limit'] or 0.0)} allowed is spent, the same command with a larger --max-dollars goes on"
        )
    if rest:
        found.append(f"not measured to the end yet: {', '.join(rest)}; the same command goes on from here")
    return found
