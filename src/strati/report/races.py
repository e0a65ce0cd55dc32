"""What slow rungs did in the race on tune, for the HTML report."""

from __future__ import annotations

from collections.abc import Sequence

from strati.core import figures
from strati.report.facts import Record, name_of, record
from strati.report.markup import Html, join, tag
from strati.report.tables import Column, Row, note, table


def races(candidates: Sequence[Record]) -> Html:
    """One row for each rung that raced; nothing where none did."""
    raced = [(candidate, race) for candidate in candidates if (race := record(candidate, "race"))]
    if not raced:
        return join()
    columns = [
        Column("Rung"),
        Column("Rows answered", "number"),
        Column("Right on tune", "number"),
        Column("Compared with"),
        Column("Difference", "number"),
        Column("Outcome"),
        Column("Answers saved", "number"),
        Column("Time saved", "number"),
    ]
    return join(
        tag("h3", "The race on tune"),
        note(
            "Limits hold at every moment of looking. A rung that was retired takes no part in the decision. "
            "One that is not needed costs more than the rung beside it and is not better by the margin."
        ),
        table("Slow rungs in the race", columns, [Row(_cells(candidate, race)) for candidate, race in raced]),
    )


def _cells(candidate: Record, race: Record) -> list[str]:
    retired = candidate.get("status") == "retired"
    return [
        name_of(candidate),
        figures.count(race.get("rows")),
        figures.interval(race),
        figures.line(race.get("against")) or "-",
        figures.points(race.get("difference")),
        ("not needed" if race.get("needless") else "retired") if retired else "went on to test",
        figures.count(race.get("saved_answers")) if retired else "-",
        figures.seconds(race.get("saved_seconds")) if retired else "-",
    ]
