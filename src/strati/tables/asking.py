"""`ask`: a question in plain words to an answer from tables, by one checked query, or a refusal that says why."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from strati.core.errors import UserError
from strati.core.records import JSON, Usage
from strati.tables.allowed import Checked, validated
from strati.tables.answer import LEAST_SURE, Badge, Cell, Standing, TableAnswer, answer_of, same_answer
from strati.tables.chart import chart_of
from strati.tables.engine import QueryFailed, Result
from strati.tables.parse.confidence import confidence
from strati.tables.parse.link import nearest
from strati.tables.parse.names import year_like
from strati.tables.parse.parser import Candidate, Parser, too_long
from strati.tables.parse.reading import Grain, Reading
from strati.tables.parse.render import sql_of_ignored, sql_of_rows
from strati.tables.parse.second_look import differing

if TYPE_CHECKING:
    from strati.models.contract import LanguageModel
    from strati.tables.approved import Approved
    from strati.tables.database import Tables

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
        if _plainly(other.reading) == _plainly(sure[0].reading):
            continue  # the same but for the numbers taken out of a text
        second = found(other, tables)
        if not same_answer(first.answer, second.answer):
            return _ambiguous(question, (first, second), started)
    return answered(question, first, tables, started)


def _plainly(reading: Reading) -> tuple[object, ...]:
    columns = {one.column.of or one.name for one in reading.fields}
    return reading.base, reading.agg, columns, len(reading.conditions), reading.direction, reading.limit


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
    notes.append(differing(question.casefold(), reading, one.answer))
    sure = confidence(question, one.candidate, one.answer)
    return TableAnswer(
        question, Standing.ANSWERED, one.answer, one.result.columns, one.result.rows, one.checked.sql, words, sure,
        badge, "; ".join(filter(None, notes)), cells_of(reading, tables), _usage(started), _chart(one.result, reading),
    )  # fmt: skip


def _chart(result: Result, reading: Reading) -> JSON:
    """Groups with their numbers, in order of time as a line; also the rows of a top list, each name with its number."""
    group = reading.group
    if group is None:
        named = reading.direction and len(result.columns) == 2 and all(isinstance(row[0], str) for row in result.rows)
        return chart_of(result.columns, result.rows) if named else None
    timely = reading.grain is not None or group.column.temporal or year_like(group.column)
    return chart_of(
        result.columns, result.rows, time=timely and not reading.direction and reading.grain is not Grain.WEEKDAY
    )


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
    if told := too_long(question):
        return told
    unknown = list(candidates[0].unknown) if candidates else []
    unknown = unknown or parser.unknown(question)
    if unknown:
        word = " ".join(unknown[:2]) if len(unknown) > 1 and f"{unknown[0]} {unknown[1]}" in question else unknown[0]
        near = nearest(word, tables.schema)
        return f"no column or value like {word!r}" + (f"; near: {', '.join(map(repr, near))}" if near else "")
    if (odd := parser.odd(question)) is not None:
        return f"{odd.name} is {odd.note}: it has no total, no average and no order"
    if candidates and candidates[0].unused:
        left = ", ".join(map(repr, candidates[0].unused[:3]))
        return f"the question was not understood whole: no use was found for {left}; say it in another way"
    if candidates:
        return f"not sure enough: the best reading is {candidates[0].words}"
    names = ", ".join(column.name for column in tables.schema.tables[0].columns[:12])
    return f"the question fits none of the shapes that are answered; ask for, count or compare columns such as {names}"


def _usage(started: float) -> Usage:
    return Usage(seconds=round(time.perf_counter() - started, 6))


# Queries that no reading stands behind


def by_all(
    question: str, tables: Tables, *, approved: Sequence[Approved] = (), model: LanguageModel | None = None
) -> TableAnswer:
    """The answer of an approved query, else of the parser, else of a language model if one is given."""
    parser = Parser(tables)
    if known := by_approved(question, tables, approved, parser):
        return known
    answer = by_parser(question, tables, parser)
    if answer.state is Standing.ANSWERED or model is None or not question.strip():
        return answer
    return by_model(question, tables, approved, model, answer)


def by_sql(question: str, sql: str, tables: Tables) -> TableAnswer:
    """The outcome of the user's own query, which must pass the same checks.

    Raises:
        Refused: the query is not one SELECT over known tables, columns and functions.
        OverLimit: it needs more than it may use.
    """
    from strati.tables.sql_words import words_of_sql

    started = time.perf_counter()
    checked = validated(sql, tables.schema)
    try:
        result = run(checked, tables)
    except QueryFailed as failed:
        raise UserError(f"the query cannot run: {failed}") from None
    return _of_sql(question, checked, result, words_of_sql(checked.sql), 1.0, Badge.OWN, started)


def by_approved(
    question: str, tables: Tables, approved: Sequence[Approved], parser: Parser | None = None
) -> TableAnswer | None:
    """The answer of an approved query that asks the same but for values; None where there is none."""
    from strati.tables.allowed import Refused
    from strati.tables.approved import filled
    from strati.tables.sql_words import words_of_sql

    if not approved:
        return None
    started = time.perf_counter()
    for index in (parser or Parser(tables)).indexes:
        hit = filled(question, approved, index)
        if hit is None:
            continue
        one, sql = hit
        try:
            checked = validated(sql, tables.schema)
            result = run(checked, tables)
        except (Refused, QueryFailed):
            continue
        made = _of_sql(question, checked, result, words_of_sql(checked.sql), 0.99, Badge.APPROVED, started)
        return replace(made, reason=f"approved by {one.who or 'someone'} on {one.when[:10]} for {one.question!r}")
    return None


def by_model(
    question: str, tables: Tables, approved: Sequence[Approved], model: LanguageModel, parsed: TableAnswer
) -> TableAnswer:
    """The answer of a query that a language model wrote and the allow-list let pass; else the refusal as it was."""
    from strati.core.context import Context
    from strati.core.records import Case, Evidence
    from strati.tables.approved import nearest
    from strati.tables.layers import SqlModel
    from strati.tables.sql_words import words_of_sql

    started = time.perf_counter()
    near = nearest(question, approved)
    shots = [Evidence("example", one.question, score, data={"label": one.sql}) for one, score in near if score > 0]
    case = Case("question", question, tuple(shots))
    case = SqlModel(model, _Open(tables)).run([case], Context())[0]
    usage = replace(case.usage, seconds=round(time.perf_counter() - started + parsed.usage.seconds, 6))
    if case.answer is None:
        told = f"{parsed.reason}; the model {model.card.name}: {case.steps[-1].reason}"
        return replace(parsed, reason=told, usage=usage)
    value = case.answer.value
    checked = validated(value["sql"], tables.schema)
    rows = tuple(tuple(row) for row in value["rows"])
    result = Result(tuple(value["columns"]), (), rows)
    made = _of_sql(
        question, checked, result, words_of_sql(checked.sql), case.answer.confidence or 0.0, Badge.GENERATED, started
    )
    notes = [f"written by {model.card.name}, read it before you rely on it", parsed.reason, *checked.flags]
    return replace(made, reason="; ".join(filter(None, notes)), usage=usage)


class _Open:
    """Open tables in the place of held ones."""

    paths: tuple[str, ...] = ()

    def __init__(self, tables: Tables) -> None:
        self.database, self.schema = tables, tables.schema

    def run(self, sql: str) -> Result:
        return self.database.query(sql)


def _of_sql(
    question: str, checked: Checked, result: Result, words: str, sure: float, badge: Badge, started: float
) -> TableAnswer:
    note = "; ".join(checked.flags)
    if result.cut:
        note = "; ".join(filter(None, (note, f"only the first {len(result.rows):,} rows are shown")))
    chart = chart_of(result.columns, result.rows) if len(result.columns) == 2 else None
    return TableAnswer(
        question, Standing.ANSWERED, answer_of(result), result.columns, result.rows, checked.sql, words, sure, badge,
        note, usage=_usage(started), chart=chart,
    )  # fmt: skip
