"""The fields of a verdict that the studies fill: learning curves, label price, total cost, contamination."""

from __future__ import annotations

from strati.contamination import contamination
from strati.decision import Decision
from strati.journal import Journal
from strati.label_price import curves_and_prices
from strati.ownership import ownership
from strati.records import JSON
from strati.results import Results


def afterwards(journal: Journal, results: Results, decision: Decision) -> dict[str, JSON]:
    """All four; empty or None where a study was not made."""
    fit = [standing.name for standing in decision.standings if standing.qualifies]
    curves, price = curves_and_prices(journal, results)
    return {
        "learning_curves": curves,
        "label_price": price,
        "ownership": ownership(results, fit),
        "contamination": contamination(journal, results),
    }
