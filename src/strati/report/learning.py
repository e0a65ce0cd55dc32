"""What more labels would buy, in the HTML report: learning curves and the label price."""

from __future__ import annotations

from strati.core import figures
from strati.report.axes import Axis
from strati.report.facts import Record, chosen, metric_words, record, records
from strati.report.lines import Graph, Line, figure, share_axis
from strati.report.markup import Child, Html, join, tag
from strati.report.tables import Column, Row, fold, note, section, table
from strati.verdict.label_price import Reached


def learning(verdict: Record) -> Html:
    """The section, or nothing where no curve was made."""
    curves = [curve for curve in records(verdict, "learning_curves") if records(curve, "points")]
    if not curves:
        return join()
    return section(
        "What more labels would buy",
        "labels",
        _drawing(verdict, curves),
        _prices(record(verdict, "label_price")),
        _steps(curves),
        fold("The points of the curves", _points(curves)),
    )


def _drawing(verdict: Record, curves: list[Record]) -> Html:
    kept = [curve for curve in curves if len(records(curve, "points")) > 1]
    if not kept:
        return join()
    bold = chosen(verdict)
    lines = [
        Line(
            number,
            figures.line(curve.get("candidate")),
            [(float(p["labels"]), float(p["value"])) for p in records(curve, "points")],
            "plain chosen" if bold is not None and bold.get("name") == curve.get("candidate") else "plain",
        )
        for number, curve in enumerate(kept, 1)
    ]
    ends = (lines[0].points[0][0], max(line.points[-1][0] for line in lines))
    for row in _levels(verdict):
        level = float(row["llm_quality"])
        lines.append(Line(len(lines) + 1, figures.line(row.get("llm")), [(ends[0], level), (ends[1], level)], "llm"))
    heights = [y for line in lines for _, y in line.points]

    def y_axis(start: float, end: float) -> Axis:
        return share_axis(heights, start, end)

    metric = metric_words(kept[0].get("metric"))
    graph = Graph(
        f"{metric.capitalize()} on tune against training labels",
        "; ".join(f"{line.name} {figures.share(line.points[-1][1])} with all labels" for line in lines),
        "labels",
        lines,
        [],
        "training labels, log scale",
        f"{metric} on tune",
        figures.count,
        lambda value: figures.share(value).replace(".0", ""),
    )
    about = " Level lines: language models, on the tune examples they answered." if _levels(verdict) else ""
    return join(
        figure(graph, y_axis),
        note(f"Each point is the mean over random parts of train, scored on tune.{about}"),
    )


def _levels(verdict: Record) -> list[Record]:
    """One row for each language model that has a place on the scale."""
    found: dict[str, Record] = {}
    for row in records(record(verdict, "label_price"), "rows"):
        if figures.finite(row.get("llm_quality")) is not None:
            found.setdefault(figures.line(row.get("llm")), row)
    return list(found.values())


def _prices(price: Record) -> Html:
    rows = records(price, "rows")
    if not rows:
        return join()
    columns = [
        Column("Language model", "prose"),
        Column("Reached by", "prose"),
        Column("Training labels", "number"),
        Column("Range", "number"),
        Column("All labels", "number"),
        Column("All labels of the LLM", "number"),
        Column("Price", "number"),
        Column("Tune examples compared", "number"),
    ]
    either = ", ".join(f"{figures.line(name)} {figures.count(n)}" for name, n in record(price, "proving").items() if n)
    return join(
        tag("h3", "Label price"),
        tag(
            "p",
            "How many training labels it takes until a trained rung is level with a language model on tune. Nothing is "
            "said beyond the smallest and the largest size that was tried.",
        ),
        table("Labels at which trained rungs reach language models", columns, [Row(_price(row)) for row in rows]),
        note(
            f"All labels: with those that either way needs ({either}); a few-shot model also counts the labels "
            "that its shots come from."
        ),
    )


def _price(row: Record) -> list[Child]:
    labels = figures.count(row.get("labels"))
    words: dict[str, str] = {
        Reached.FROM_THE_START: f"at most {labels}",
        Reached.NOT_REACHED: f"not with {figures.count(row.get('largest'))}",
        Reached.TOO_FEW: "too few to tell",
    }
    shown = words.get(str(row.get("reached")), labels)
    return [
        figures.line(row.get("llm")),
        figures.line(row.get("trained")),
        shown,
        _range(row),
        figures.count(row.get("total")),
        figures.count(row.get("llm_total")),
        figures.money(row.get("dollars")),
        figures.count(row.get("n")),
    ]


def _range(row: Record) -> str:
    if row.get("reached") == Reached.TOO_FEW:
        return figures.MISSING
    low = "more than all" if row.get("low") is None else figures.count(row.get("low"))
    return low if row.get("low") is None else f"{low} to {_high(row)}"


def _high(row: Record) -> str:
    return "more than all" if row.get("high") is None else figures.count(row.get("high"))


def _steps(curves: list[Record]) -> Html:
    rows = [
        Row(
            [
                figures.line(c.get("candidate")),
                figures.count(s.get("from")),
                figures.count(s.get("to")),
                figures.difference(s),
            ]
        )
        for c in curves
        if (s := record(c, "last_step"))
    ]
    columns = [Column("Rung"), Column("From", "number"), Column("To", "number"), Column("Points", "number")]
    return table("What the last step in training labels bought", columns, rows) if rows else join()


def _points(curves: list[Record]) -> Html:
    columns = [Column("Rung"), *(Column(t, "number") for t in ("Training labels", "On tune", "Repeats", "n"))]
    rows = [
        Row(
            [
                figures.line(curve.get("candidate")),
                figures.count(point.get("labels")),
                figures.interval(point),
                figures.count(point.get("repeats")),
                figures.count(curve.get("n")),
            ]
        )
        for curve in curves
        for point in records(curve, "points")
    ]
    return table("Quality on tune by training labels", columns, rows)
