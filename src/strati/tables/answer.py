"""`TableAnswer`: what a question on tables came to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from html import escape

from strati.core.records import JSON, Usage
from strati.tables.engine import Result
from strati.tables.parse.reading import Reading, Shape

LEAST_SURE = 0.5  # readings that are less likely are not given as an answer


class Standing(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    AMBIGUOUS = "ambiguous"
    REFUSED = "refused"
    PENDING = "pending"


class Badge(StrEnum):
    """Where the query came from."""

    APPROVED = "approved query"
    GENERATED = "generated"
    OWN = "own query"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that the answer rests on; rows are counted from 1 without the header."""

    table: str
    row: int
    column: str
    value: JSON


@dataclass(frozen=True, slots=True)
class TableAnswer:
    """An answer from tables, with all that it rests on.

    Attributes:
        question: as it was asked.
        state: answered, ambiguous (two readings with different results: `rows` lists both), refused, or pending
            (left to a person, with what a stack proposes in `sql` and `rows`).
        answer: one value, a list of values, or a list of [group, value]; None without one.
        columns, rows: what the query gave.
        sql: the query that was run; empty if none was.
        words: the query in words.
        confidence: how sure the reading is, in [0, 1].
        badge: whether a person has approved the query.
        reason: why there is no answer, or what to know about it.
        cells: cells that the answer rests on, at most some dozens.
        usage: what it took.
        chart: a Vega-Lite specification where a chart fits, else None.
    """

    question: str
    state: Standing
    answer: JSON = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[JSON, ...], ...] = ()
    sql: str = ""
    words: str = ""
    confidence: float = 0.0
    badge: Badge = Badge.GENERATED
    reason: str = ""
    cells: tuple[Cell, ...] = ()
    usage: Usage = Usage()  # noqa: RUF009
    chart: JSON = None

    def to_json(self) -> dict[str, JSON]:
        """All but the chart, as JSON values."""
        usage = {name: getattr(self.usage, name) for name in ("seconds", "calls", "tokens_in", "tokens_out", "dollars")}
        return {
            "question": self.question,
            "state": self.state.value,
            "answer": self.answer,
            "columns": list(self.columns),
            "rows": [list(row) for row in self.rows],
            "sql": self.sql,
            "words": self.words,
            "confidence": round(self.confidence, 4),
            "badge": self.badge.value,
            "reason": self.reason,
            "cells": [asdict(cell) for cell in self.cells],
            "usage": usage,
        }

    @property
    def text(self) -> str:
        """The answer in one line.

        >>> TableAnswer("How many?", Standing.ANSWERED, 12).text
        '12'
        """
        if self.state is not Standing.ANSWERED:
            return self.reason
        if isinstance(self.answer, list):
            shown = [": ".join(map(said, one)) if isinstance(one, list) else said(one) for one in self.answer[:20]]
            more = f" and {len(self.answer) - 20} more" if len(self.answer) > 20 else ""
            return (", ".join(shown) + more) or "no row fits"
        return said(self.answer)

    @property
    def picture(self) -> str:
        """The chart as SVG in the colour of the page's text; empty where none fits."""
        from strati.tables.chart import svg

        return svg(self.chart) if self.chart else ""

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(said(cell))}</td>" for cell in row) + "</tr>" for row in self.rows[:20]
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>" if self.rows else ""
        note = f"<p><small>{escape(self.reason)}</small></p>" if self.reason and self.state is Standing.ANSWERED else ""
        return (
            f"<div class='strati-table-answer'><p><strong>{escape(self.text)}</strong></p>"
            f"<p>{escape(self.words)} <small>[{escape(self.badge.value)}, {self.confidence:.0%} sure]</small></p>{note}"
            f"{self.picture}{table}<pre>{escape(self.sql)}</pre></div>"
        )


def said(value: JSON) -> str:
    """A value for people.

    >>> said(1234567), said(0.5), said(None), said(True)
    ('1,234,567', '0.5', 'none', 'yes')
    """
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 100_000 else str(value)
    if isinstance(value, float):
        return f"{value:,.4f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.4g}"
    return str(value)


def same_answer(a: JSON, b: JSON) -> bool:
    """Whether two answers say the same, in whatever order."""

    def flat(value: JSON) -> list[str]:
        if isinstance(value, list):
            return sorted(repr(flat(one)) for one in value)
        return [f"{value:.9g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)]

    one, two = (value if isinstance(value, list) else [value] for value in (a, b))
    return flat(one) == flat(two)


def answer_of(result: Result, reading: Reading | None = None) -> JSON:
    """The answer in the rows of a query: one value, a list of values, or a list of rows.

    >>> answer_of(Result(("count",), ("BIGINT",), ((3,),)))
    3
    """
    rows = result.rows
    wide = width_of(result, reading)
    if reading is not None and reading.pair and reading.pair.wants == "both" and rows:
        return [[name, value] for name, value in zip(result.columns[:2], rows[0][:2], strict=True)]
    listed: list[JSON] = [row[0] if wide == 1 else list(row[:wide]) for row in rows]
    if reading is not None and reading.truth:
        return "yes" if listed and listed[0] else "no"
    if reading is not None and reading.pair and reading.pair.wants == "truth":
        return None if not listed or listed[0] is None else "yes" if listed[0] else "no"
    several = reading is not None and reading.group is not None and not (reading.direction or reading.groups)
    if wide == 1 and len(listed) > 1 and all(value == listed[0] for value in listed):
        listed = listed[:1]
    if len(listed) == 1 and not several:
        return listed[0]
    return listed


def width_of(result: Result, reading: Reading | None) -> int:
    """How many columns of a result are the answer; the others stand beside it."""
    if reading is None:
        return len(result.columns)
    if reading.pair:
        return 2 if reading.pair.wants == "both" else 1
    if reading.group:
        return 1 if reading.direction or reading.groups or _only_names(reading) else 2
    if reading.shape is Shape.SHARE or reading.agg or reading.truth:
        return 1
    return len(reading.columns) or len(result.columns)


def _only_names(reading: Reading) -> bool:
    """Whether the groups are asked for, and not what is bounded of each."""
    return reading.having is not None and not reading.valued
