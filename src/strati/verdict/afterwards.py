"""The fields of a verdict that the studies fill: learning curves, label price, total cost, contamination."""

from __future__ import annotations

from collections.abc import Mapping

from strati.core.records import JSON
from strati.measure.journal import Journal
from strati.measure.results import Results
from strati.measure.studies.learning_curve import curve_key
from strati.measure.studies.repeats import SPLIT
from strati.verdict.contamination import contamination
from strati.verdict.decision import Decision
from strati.verdict.label_price import curves_and_prices
from strati.verdict.ownership import ownership

TWINS = "twins"
STUDIES = {SPLIT: "second answers", TWINS: "twins"}


def failure_key(study: str, name: str) -> str:
    """Where the journal keeps why a study of a candidate could not be made."""
    return f"study/{study}/{name}"


def limits(journal: Journal, results: Results, known: Mapping[str, JSON]) -> dict[str, JSON]:
    """The limits of a run, with what models noted about their calls and the studies that failed in the note."""
    kept: dict[str, JSON] = dict(known)
    failed = []
    for result in results.candidates:
        curve = journal.read(curve_key(result.name)) or {}
        reasons = {"learning curve": curve.get("failed")}
        reasons |= {what: journal.read(failure_key(split, result.name)) for split, what in STUDIES.items()}
        failed += [f"{what} of {result.name}: {reason}" for what, reason in reasons.items() if reason]
    notes = [*filter(None, [kept["note"]]), *_noted(results)]
    if failed:
        notes.append(f"could not be looked into: {'; '.join(failed)}")
    kept["note"] = "; ".join(notes)
    return kept


def _noted(results: Results) -> list[str]:
    """What models noted; of several notes about the same thing the last, for rungs share models."""
    return list({about: note for result in results.candidates for about, note in result.record.notes.items()}.values())


def afterwards(journal: Journal, results: Results, decision: Decision) -> dict[str, JSON]:
    """All four; empty or None where a study was not made."""
    fit = [standing.name for standing in decision.standings if standing.qualifies]
    curves, price = curves_and_prices(journal, results)
    return {
        "learning_curves": curves,
        "label_price": price,
        "ownership": ownership(results, fit, journal.read("frontier")),
        "contamination": contamination(journal, results),
    }
