"""Where the answers go wrong, in the HTML report: classes, confusions, tune examples on which rungs disagree."""

from __future__ import annotations

from strati.core import figures
from strati.report.facts import Record, record, records
from strati.report.markup import Child, Html, join, tag
from strati.report.spark import ends_of, spark
from strati.report.tables import Column, Row, fold, note, section, table

EXAMPLES = 40
FIRST = 6
WORST = 12


def mistakes(verdict: Record) -> Html:
    """Per-class figures worst first, top confusions, and the disagreements."""
    return section("Where it goes wrong", "mistakes", _classes(verdict), _confusions(verdict), _disagreements(verdict))


def _classes(verdict: Record) -> Html:
    found = record(verdict, "per_class")
    rows = sorted(records(found, "rows"), key=lambda row: _or_one(row.get("recall")))
    if not rows:
        return join()
    ends = ends_of([(row.get("recall"), row.get("low")) for row in rows])
    columns = [
        Column("Label"),
        Column("n", "number"),
        Column("Recall", "number"),
        Column(f"{ends[0] * 100:.0f} to 100 %", "picture"),
        Column("Precision", "number"),
        Column("F1", "number"),
    ]
    caption = f"{figures.line(found.get('candidate'))}: labels on test, worst recall first"
    first, rest = [[Row(_class(row, ends)) for row in part] for part in (rows[:WORST], rows[WORST:])]
    return join(
        tag("h3", "Label by label"),
        table(caption, columns, first),
        fold(f"The other {figures.count(len(rest))} labels", table(f"{caption}, continued", columns, rest))
        if rest
        else None,
    )


def _class(row: Record, ends: tuple[float, float]) -> list[Child]:
    return [
        tag("bdi", figures.line(row.get("label"))),
        figures.count(row.get("n")),
        figures.interval({"value": row.get("recall"), "low": row.get("low"), "high": row.get("high")}),
        spark(row.get("recall"), row.get("low"), row.get("high"), ends),
        figures.share(row.get("precision")),
        figures.share(row.get("f1")),
    ]


def _confusions(verdict: Record) -> Html:
    found = record(verdict, "confusions")
    rows = [
        Row(
            [
                tag("bdi", figures.line(row.get("reference"))),
                tag("bdi", figures.answer_text(row.get("answer"))),
                figures.count(row.get("count")),
            ]
        )
        for row in records(found, "rows")
    ]
    if not rows:
        return join()
    columns = [Column("Reference"), Column("Answered"), Column("Times", "number")]
    caption = f"{figures.line(found.get('candidate'))}: most frequent confusions on test"
    return join(tag("h3", "What is taken for what"), table(caption, columns, rows))


def _disagreements(verdict: Record) -> Html:
    found = records(verdict, "disagreements")
    if not found:
        return join()
    shown = [_example(entry) for entry in found[:EXAMPLES]]
    left = len(found) - len(shown)
    return join(
        tag("h3", "Tune examples on which the rungs disagree"),
        note("From the tune split. Test examples are not shown: looking at them would open the seal."),
        shown[:FIRST],
        fold(f"{figures.count(len(shown) - FIRST)} more examples", shown[FIRST:]) if shown[FIRST:] else None,
        note(f"{figures.count(left)} more are in answers.jsonl.") if left else None,
    )


def _example(entry: Record) -> Html:
    reference = entry.get("reference")
    grouped: dict[str, list[str]] = {}
    for name, answer in record(entry, "answers").items():
        grouped.setdefault(figures.answer_text(answer), []).append(figures.line(name))
    items = [
        tag("div", tag("dt", _verdict_mark(answer, reference), tag("bdi", answer)), tag("dd", ", ".join(names)))
        for answer, names in grouped.items()
    ]
    return tag(
        "article",
        tag("blockquote", tag("p", figures.clean(entry.get("text")), dir="auto")),
        tag(
            "p",
            "Example ",
            figures.line(entry.get("id")),
            " · reference: ",
            tag("b", "not known" if reference is None else figures.line(reference)),
        ),
        tag("dl", items, class_="answers"),
        class_="example",
    )


def _verdict_mark(answer: str, reference: object) -> Html:
    right = reference is not None and answer == figures.answer_text(reference)
    return (
        tag("span", "right" if right else "wrong", class_="right" if right else "wrong")
        if reference is not None
        else join()
    )


def _or_one(value: object) -> float:
    number = figures.finite(value)
    return 1.0 if number is None else number
