"""The fields of a verdict that the studies fill: learning curves, label price, total cost, contamination."""

from __future__ import annotations

from strati.contamination import contamination
from strati.decision import Decision
from strati.journal import Journal
from strati.label_price import label_price, learning_curves
from strati.ownership import ownership
from strati.records import JSON
from strati.results import Results


def afterwards(journal: Journal, results: Results, decision: Decision) -> dict[str, JSON]:
    """All four; empty or None where a study was not made."""
    fit = [standing.name for standing in decision.standings if standing.qualifies]
    return {
        "learning_curves": learning_curves(journal, results),
        "label_price": label_price(journal, results),
        "ownership": ownership(results, fit),
        "contamination": contamination(journal, results),
    }
