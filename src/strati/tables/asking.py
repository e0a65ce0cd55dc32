"""`ask`: a question in plain words to an answer from tables, by one checked query, or a refusal that says why."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from strati.core.errors import UserError
from strati.core.records import JSON, Usage
from strati.tables.allowed import Checked, validated
from strati.tables.answer import Badge, Cell, Standing, TableAnswer
from strati.tables.chart import chart_of
from strati.tables.engine import QueryFailed, Result
from strati.tables.parse.link import nearest
from strati.tables.parse.parser import Candidate, Parser
from strati.tables.parse.reading import Agg, Op, Reading, Shape
from strati.tables.parse.render import sql_of_ignored, sql_of_rows

if TYPE_CHECKING:
    from strati.tables.database import Tables

LEAST_SURE = 0.5  # readings below are not given as an answer
CLOSE = 0.92  # a second reading at least so likely beside the first makes the question ambiguous
_BEHIND = 20  # rows behind an answer that are shown


class OverLimit(UserError):
    """A query needed more time, memory or rows than it may use."""


@dataclass(frozen=True, slots=True)
class Found:
    """A reading with what its query gave."""

    candidate: Candidate
    checked: Checked
    result: Result
    answer: JSON


def by_parser(question: str, tables: Tables, parser: Parser | None = None) -> TableAnswer:
    """The answer of the parser, which needs no model.

    Args:
        question: in plain English.
        tables: the open tables.
        parser: one built for these tables before.

    Raises `OverLimit` when the query needs more than it may use.
    """
    started = time.perf_counter()
    parser = parser or Parser(tables)
    if not question.strip():
        return TableAnswer(question, Standing.REFUSED, reason="the question is empty")
    candidates = parser.readings(question)
    sure = [one for one in candidates if not one.unused and one.score >= LEAST_SURE]
    if not sure:
        reason = why_not(question, candidates, parser, tables)
        return replace(TableAnswer(question, Standing.REFUSED, reason=reason), usage=_usage(started))
    first = found(sure[0], tables)
    for other in sure[1:4]:
        if other.score < CLOSE * sure[0].score:
            break
        second = found(other, tables)
        if not same_answer(first.answer, second.answer):
            return _ambiguous(question, (first, second), started)
    return answered(question, first, tables, started)


def found(candidate: Candidate, tables: Tables) -> Found:
    """Run a reading's query."""
    checked = validated(candidate.sql, tables.schema)
    result = run(checked, tables)
    return Found(candidate, checked, result, answer_of(result, candidate.reading))


def run(checked: Checked, tables: Tables) -> Result:
    """Run a checked query. Raises `OverLimit` when it reaches a limit."""
    try:
        return tables.query(checked.sql)
    except QueryFailed as failed:
        if failed.limit:
            raise OverLimit(str(failed)) from None
        raise


def answered(question: str, one: Found, tables: Tables, started: float, badge: Badge = Badge.GENERATED) -> TableAnswer:
    """The answer with its rows, words and cells."""
    reading = one.candidate.reading
    words = one.candidate.words
    ignored = ignoring(reading, tables)
    words += f", ignoring {ignored}" if ignored else ""
    notes = list(one.candidate.notes)
    if one.result.cut:
        notes.append(f"only the first {len(one.result.rows):,} rows are shown")
    if one.answer in (None, []):
        notes.append("no row fits")
    chart = chart_of(one.result.columns, one.result.rows, time=reading.grain is not None) if reading.group else None
    return TableAnswer(
        question, Standing.ANSWERED, one.answer, one.result.columns, one.result.rows, one.checked.sql, words,
        min(one.candidate.score, 0.99), badge, "; ".join(notes), cells_of(reading, tables), _usage(started), chart,
    )  # fmt: skip


def answer_of(result: Result, reading: Reading | None = None) -> JSON:
    """The answer in the rows of a query: one value, a list of values, or a list of rows.

    >>> answer_of(Result(("count",), ("BIGINT",), ((3,),)))
    3
    """
    rows = result.rows
    if reading is None:
        wide = len(result.columns)
    elif reading.pair:
        wide = 2 if reading.pair.wants == "both" else 1
        if reading.pair.wants == "both" and rows:
            return [[name, value] for name, value in zip(result.columns[:2], rows[0][:2], strict=True)]
    elif reading.group:
        wide = 1 if reading.direction or reading.having else 2
    elif reading.shape is Shape.SHARE or reading.agg or reading.truth:
        wide = 1
    else:
        wide = len(reading.columns) or len(result.columns)
    listed: list[JSON] = [row[0] if wide == 1 else list(row[:wide]) for row in rows]
    if reading is not None and reading.truth:
        return "yes" if listed and listed[0] else "no"
    if reading is not None and reading.pair and reading.pair.wants == "truth":
        return None if not listed or listed[0] is None else "yes" if listed[0] else "no"
    several = reading is not None and reading.group is not None and not reading.direction
    if wide == 1 and len(listed) > 1 and all(value == listed[0] for value in listed):
        listed = listed[:1]
    if len(listed) == 1 and not several:
        return listed[0]
    return listed


def same_answer(a: JSON, b: JSON) -> bool:
    """Whether two answers say the same, in whatever order."""

    def flat(value: JSON) -> list[str]:
        if isinstance(value, list):
            return sorted(repr(flat(one)) for one in value)
        return [f"{value:.9g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)]

    one, two = (value if isinstance(value, list) else [value] for value in (a, b))
    return flat(one) == flat(two)


def ignoring(reading: Reading, tables: Tables) -> str:
    """The rows left out because a value is missing: "12 without a date"."""
    asked = sql_of_ignored(reading)
    if asked is None:
        return ""
    sql, fields = asked
    counts = run(validated(sql, tables.schema), tables).rows[0]
    return " and ".join(f"{count} without {_article(f.name)}" for count, f in zip(counts, fields, strict=True) if count)


def _article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def cells_of(reading: Reading, tables: Tables) -> tuple[Cell, ...]:
    """The cells that an answer rests on."""
    result = run(validated(sql_of_rows(reading, _BEHIND), _with_rowid(tables)), tables)
    return tuple(
        Cell(reading.base, int(row[0]), name, value)
        for row in result.rows[:_BEHIND]
        for name, value in zip(result.columns[1:], row[1:], strict=True)
    )


def _with_rowid(tables: Tables):  # type: ignore[no-untyped-def]
    from strati.tables.schema import Column, Type

    schema = tables.schema
    extra = Column("rowid", Type.INTEGER)
    return replace(schema, tables=tuple(replace(t, columns=(*t.columns, extra)) for t in schema.tables))


def _ambiguous(question: str, pair: tuple[Found, Found], started: float) -> TableAnswer:
    said = " or ".join(f"{one.candidate.words}: {_brief(one.answer)}" for one in pair)
    rows = tuple((one.candidate.words, _brief(one.answer)) for one in pair)
    sql = ";\n".join(one.checked.sql for one in pair)
    return TableAnswer(
        question, Standing.AMBIGUOUS, None, ("reading", "answer"), rows, sql, pair[0].candidate.words,
        min(0.5, pair[0].candidate.score / 2), reason=f"it can be read in two ways: {said}", usage=_usage(started),
    )  # fmt: skip


def _brief(answer: JSON) -> str:
    from strati.tables.answer import said

    if isinstance(answer, list):
        return ", ".join(": ".join(map(said, a)) if isinstance(a, list) else said(a) for a in answer[:5]) + (
            ", ..." if len(answer) > 5 else ""
        )
    return said(answer)


def why_not(question: str, candidates: Sequence[Candidate], parser: Parser, tables: Tables) -> str:
    """The reason for a refusal: the words that were not found with the nearest names, or what fits no shape."""
    unknown = list(candidates[0].unknown) if candidates else []
    unknown = unknown or parser.unknown(question)
    if unknown:
        word = " ".join(unknown[:2]) if len(unknown) > 1 and f"{unknown[0]} {unknown[1]}" in question else unknown[0]
        near = nearest(word, tables.schema)
        return f"no column or value like {word!r}" + (f"; near: {', '.join(map(repr, near))}" if near else "")
    if candidates and candidates[0].unused:
        left = ", ".join(map(repr, candidates[0].unused[:3]))
        return f"the question was not understood whole: no use was found for {left}; say it in another way"
    if candidates:
        return f"not sure enough: the best reading is {candidates[0].words}"
    names = ", ".join(column.name for column in tables.schema.tables[0].columns[:12])
    return f"the question fits none of the shapes that are answered; ask for, count or compare columns such as {names}"


def _usage(started: float) -> Usage:
    return Usage(seconds=round(time.perf_counter() - started, 6))


__all__ = ["Agg", "Op", "OverLimit", "by_parser"]
