"""Total cost of ownership in the HTML report: what it is made of, and where another candidate becomes the cheapest."""

from __future__ import annotations

from strati.core import figures
from strati.report.facts import Record, chosen, name_of, record, records, texts
from strati.report.markup import Child, Html, join, tag
from strati.report.tables import Column, Row, note, section, table
from strati.verdict.words.studies import break_even_words

PARTS = ("labels", "training", "retraining", "machine", "paid", "people", "wrong_answers")
STATED = {
    "label_costs": "what a label costs (label_costs)",
    "labels_per_retraining": "labels for training anew (labels_per_retraining)",
    "wrong_answer_costs": "what a wrong answer costs (wrong_answer_costs)",
    "human_answer_costs": "what an answer by a person costs (human_answer_costs)",
    "human_error_rate": "how often a person is wrong (human_error_rate)",
}


def total(verdict: Record) -> Html:
    """The section, or nothing where no cost is known."""
    owned = record(verdict, "ownership")
    rows = records(owned, "rows")
    if not rows:
        return join()
    span = f"{figures.count(owned.get('horizon_months'))} months"
    stated = f"At {figures.count(owned.get('volume_per_month'))} answers a month over {span}"
    times = figures.finite(owned.get("retrainings"))
    stated += f", trained anew {figures.count(times)} times" if times else ""
    return section(
        "Total cost of ownership",
        "total",
        tag("p", f"{stated}: labels, training, answers, people and wrong answers, as far as the goal prices them."),
        table("What the total is made of, at the stated volume", _columns(), [_row(verdict, r) for r in rows]),
        note(break_even_words(owned) if record(owned, "break_even") else ""),
        note(missing(owned)),
        note(
            f"{composed_words(verdict, owned)} "
            "The range follows the interval of the quality; prices of machine and labels are taken as given. "
            "Labels count those fitted on or drawn on for shots, and those to choose, calibrate and test."
        ),
    )


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


def row_name(row: Record) -> str:
    """Its name, marked where it was not measured on test."""
    name = figures.line(row.get("candidate"))
    return f"{name} (estimated on tune, not certified)" if row.get("estimated_on") else name


def missing(owned: Record) -> str:
    """What is not in any total because the goal does not state it."""
    keys = [STATED.get(key, key) for key in texts(owned, "not_stated")]
    return f"Not stated in the goal, so not counted: {', '.join(keys)}." if keys else ""


def _columns() -> list[Column]:
    titles = ["Total", "Range", *(part.replace("_", " ").capitalize() for part in PARTS)]
    return [Column("Rung"), *(Column(title, "number") for title in titles), Column("Not counted", "prose")]


def _row(verdict: Record, row: Record) -> Row:
    parts, rung = record(row, "parts"), chosen(verdict)
    cells: list[Child] = [row_name(row), figures.money(row.get("total")), cost_range(row)]
    cells += [figures.money(parts.get(part)) for part in PARTS]
    cells.append(", ".join(texts(row, "left_out")))
    return Row(cells, "chosen" if rung is not None and name_of(rung) == figures.line(row.get("candidate")) else None)


def cost_range(row: Record) -> str:
    """The limits of a total, or a dash where it has none."""
    low, high = figures.finite(row.get("low")), figures.finite(row.get("high"))
    if low is None or high is None or high <= low:
        return figures.MISSING
    return f"{figures.money(low)} to {figures.money(high)}"
