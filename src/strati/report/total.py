"""Total cost of ownership, in words for both reports."""

from __future__ import annotations

from strati.core import figures
from strati.report.facts import Record, record, records, texts

STATED = {
    "label_costs": "what a label costs (label_costs)",
    "labels_per_retraining": "labels for training anew (labels_per_retraining)",
    "wrong_answer_costs": "what a wrong answer costs (wrong_answer_costs)",
    "human_answer_costs": "what an answer by a person costs (human_answer_costs)",
    "human_error_rate": "how often a person is wrong (human_error_rate)",
}


def composed_words(verdict: Record, owned: Record) -> str:
    """What "composed with people" is, where it has a row."""
    row = next((row for row in records(owned, "rows") if row.get("estimated_on")), None)
    frontier = record(verdict, "frontier")
    best = frontier.get("best")
    if row is None or not isinstance(best, int) or best >= len(records(frontier, "points")):
        return ""
    point = records(frontier, "points")[best]
    return (
        f"{figures.line(row.get('candidate')).capitalize()}: {' > '.join(texts(point, 'rungs'))}, then people for "
        f"{figures.share(point.get('people'))} of the cases; estimated on tune, not "
        "certified, so not among the cheapest."
    )


def missing(owned: Record) -> str:
    """What is not in any total because the goal does not state it."""
    keys = [STATED.get(key, key) for key in texts(owned, "not_stated")]
    return f"Not stated in the goal, so not counted: {', '.join(keys)}." if keys else ""


def cost_range(row: Record) -> str:
    """The limits of a total, or a dash where it has none."""
    low, high = figures.finite(row.get("low")), figures.finite(row.get("high"))
    if low is None or high is None or high <= low:
        return figures.MISSING
    return f"{figures.money(low)} to {figures.money(high)}"
