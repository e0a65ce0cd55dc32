"""Twins, cut-offs and second answers in the HTML report: what they show, and what they do not."""

from __future__ import annotations

from strati.core import figures
from strati.report.facts import Record, name_of, record, records
from strati.report.markup import Html, join, tag
from strati.report.tables import Column, Row, note, section, table
from strati.verdict.words.studies import KIND_WORDS


def seen(verdict: Record) -> Html:
    """The section, or nothing where nothing of it was measured."""
    found = record(verdict, "contamination")
    twins, later = _twins(found), _later(found)
    heading = tag("h3", "May the data have been seen in training?") if twins or later else None
    return section(
        "Is it memory, is it steady?",
        "seen",
        heading,
        twins,
        later,
        note(figures.line(found.get("note"))) if twins or later else None,
        _repeats(verdict),
    )


def _twins(found: Record) -> Html:
    rows = [row for row in records(found, "twins") if row.get("kind") in KIND_WORDS]  # older verdicts hold other kinds
    if not rows:
        return join()
    columns = [
        Column("Rung", "prose"),
        Column("What was changed", "prose"),
        Column("Before", "number"),
        Column("After", "number"),
        Column("Points", "number"),
        Column("Other answers", "number"),
        Column("n", "number"),
    ]
    made = [
        Row(
            [
                figures.line(row.get("candidate")),
                KIND_WORDS[str(row.get("kind"))],
                figures.share(row.get("quality")),
                figures.share(row.get("twin_quality")),
                figures.difference(row),
                figures.share(row.get("changed")),
                figures.count(row.get("n")),
            ]
        )
        for row in rows
    ]
    return join(
        table("The same test examples asked again, changed", columns, made),
        note("Made-up label names are also harder in themselves."),
    )


def _later(found: Record) -> Html:
    titles = ["After", "n", "Before", "n", "Points", "Beyond control"]
    columns = [Column("Rung"), Column("Cut-off"), *(Column(title, "number") for title in titles)]
    rows = [
        Row(
            [
                figures.line(row.get("candidate")),
                figures.line(row.get("cutoff")),
                figures.share(row.get("after")),
                figures.count(row.get("n_after")),
                figures.share(row.get("before")),
                figures.count(row.get("n_before")),
                figures.difference(row),
                figures.difference(record(row, "beyond_control")),
            ]
        )
        for row in records(found, "after_cutoff")
    ]
    return table("Text from after the end of a model's training, against older text", columns, rows) if rows else join()


def _repeats(verdict: Record) -> Html:
    titles = ["Answers that differed", "Rate", "First answers", "Second answers"]
    columns = [Column("Rung"), *(Column(title, "number") for title in titles)]
    rows = [
        Row(
            [
                name_of(candidate),
                f"{figures.count(row.get('flips'))} of {figures.count(row.get('n'))}",
                figures.interval({"value": row.get("rate"), "low": row.get("low"), "high": row.get("high")}),
                figures.share(row.get("first")),
                figures.share(row.get("second")),
            ]
        )
        for candidate in records(verdict, "candidates")
        if (row := record(candidate, "repeats"))
    ]
    if not rows:
        return join()
    return join(
        tag("h3", "Asked twice"),
        table("Models behind a server, asked a part of the sample a second time", columns, rows),
        note("Their intervals reach, at each end, as far as those of the first or of the second answers."),
    )
