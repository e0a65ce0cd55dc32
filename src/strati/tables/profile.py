"""`Profile`: what is in some tables, how they can be joined, and questions that they answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from strati.core.records import JSON
from strati.tables.schema import Column, Schema, Table, Type

if TYPE_CHECKING:
    from strati.tables.database import Tables

QUESTIONS = 5
_SHOWN = 3  # example values of a column


@dataclass(frozen=True, slots=True)
class Profile:
    """What is in some tables.

    Attributes:
        schema: tables, columns and how they can be joined.
        questions: five questions that are answered without a language model.
    """

    schema: Schema
    questions: tuple[str, ...]

    def to_json(self) -> dict[str, JSON]:
        """The profile as JSON values."""
        return {
            "tables": [
                {
                    "name": table.name,
                    "source": table.source,
                    "rows": table.rows,
                    "columns": [_column(table, column) for column in table.columns],
                }
                for table in self.schema.tables
            ],
            "joins": [
                {"from": f"{link.table}.{link.column}", "to": f"{link.to_table}.{link.to_column}"}
                for link in self.schema.links
            ],
            "questions": list(self.questions),
            "snapshot": self.schema.snapshot,
        }

    def _repr_html_(self) -> str:
        parts = []
        for table in self.schema.tables:
            rows = "".join(
                "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells(table, column)) + "</tr>"
                for column in table.columns
            )
            head = "".join(f"<th>{name}</th>" for name in HEADS)
            parts.append(
                f"<p><strong>{escape(table.name)}</strong>, {table.rows:,} rows</p><table><tr>{head}</tr>{rows}</table>"
            )
        asked = "".join(f"<li>{escape(question)}</li>" for question in self.questions)
        return f"{''.join(parts)}<p>It can answer, for example:</p><ul>{asked}</ul>"


HEADS = ("column", "holds", "unit", "missing", "different", "from", "to", "examples", "note")


def cells(table: Table, column: Column) -> tuple[str, ...]:
    """A column as the cells of a row under `HEADS`."""
    different = f"{column.distinct:,}" + (" (key)" if is_key(table, column) else "")
    examples = ", ".join(column.values[:_SHOWN]) if column.type is Type.TEXT else ""
    return (
        column.name, column.type.value, column.unit, f"{column.missing:,}" if column.missing else "", different,
        column.low, column.high, examples if len(examples) <= 60 else examples[:57] + "...", column.note,
    )  # fmt: skip


def is_key(table: Table, column: Column) -> bool:
    """Whether a column names the row: unique, and neither a measure nor a number with a fraction."""
    from strati.tables.parse.lexicon import ADDITIVE, NOT_ADDITIVE
    from strati.tables.parse.tokens import name_words

    if not table.unique(column) or column.type is Type.NUMBER or column.of:
        return False
    words = set(name_words(column.name))
    return column.type is not Type.INTEGER or _code(column) or not words & (ADDITIVE | NOT_ADDITIVE)


def _column(table: Table, column: Column) -> dict[str, JSON]:
    return {
        "name": column.name,
        "type": column.type.value,
        "unit": column.unit,
        "missing": column.missing,
        "distinct": column.distinct,
        "key": is_key(table, column),
        "low": column.low,
        "high": column.high,
        "examples": list(column.values[:_SHOWN]),
        "note": column.note,
    }


def profiled(tables: Tables) -> Profile:
    """The profile of open tables; its questions have been tried."""
    from strati.tables.answer import Standing
    from strati.tables.asking import by_parser
    from strati.tables.parse.parser import Parser

    parser = Parser(tables)
    found: list[str] = []
    offers = [list(_offers(table)) for table in tables.schema.tables]
    for rank in range(max(map(len, offers), default=0)):
        for offer in offers:
            if rank < len(offer) and len(found) < QUESTIONS and offer[rank] not in found:
                answer = by_parser(offer[rank], tables, parser)
                if answer.state is Standing.ANSWERED and answer.answer not in (None, []):
                    found.append(offer[rank])
    return Profile(tables.schema, tuple(found))


def _offers(table: Table) -> Iterator[str]:
    """Questions that a table may answer, the most telling first."""
    from strati.tables.parse.tokens import name_words, stem

    columns = [column for column in table.columns if not column.of]

    def said(column: Column) -> str:
        return " ".join(name_words(column.name)) or column.name

    keys = [c for c in columns if table.unique(c)]
    groups = [c for c in columns if c.type is Type.TEXT and 1 < c.distinct <= max(30, table.rows // 3)]
    groups = sorted((c for c in groups if c not in keys), key=lambda c: (c.distinct > 20, len(c.values[0]) > 30))
    measures = [c for c in columns if c.numeric and not _code(c) and not (c in keys and c is columns[0])]
    labels = [c for c in columns if c.type is Type.TEXT and c in keys] or groups
    dates = [c for c in columns if c.temporal]
    if measures and labels:
        yield f"Which {said(labels[0])} has the highest {said(measures[0])}?"
    if measures and groups:
        yield f"What is the average {said(measures[0])} by {said(groups[0])}?"
    if groups and groups[0].values:
        yield f"How many rows have the {said(groups[0])} {groups[0].values[0]}?"
        yield f"What percentage of rows have the {said(groups[-1])} {groups[-1].values[0]}?"
    if dates:
        yield f"How many rows are there per month of {said(dates[0])}?"
        yield f"How many rows have a {said(dates[0])} in {dates[0].high[:4]}?"
    if measures:
        yield f"What is the average {said(measures[-1])}?"
        yield f"What is the highest {said(measures[0])}?"
        yield f"How many rows have a {said(measures[0])} over {measures[0].low}?"
    for group in groups:
        yield f"How many different {stem(said(group))} values are there?"
        yield f"How many rows are there per {said(group)}?"
    yield "How many rows are there?"
    for column in columns:
        yield f"How many different values of {said(column)} are there?"


def _code(column: Column) -> bool:
    from strati.tables.parse.tokens import name_words

    return bool(set(name_words(column.name)) & {"id", "code", "zip", "number", "year", "phone"})
