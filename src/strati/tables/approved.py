"""Approved queries: questions with the query that a person has found right, who and when, one JSON line each.

The file only grows: a query that is taken back stays, and a later line says who withdrew it and when.
"""

from __future__ import annotations

import getpass
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.errors import DataError

if TYPE_CHECKING:
    from strati.tables.parse.index import Index

FILE = Path(".strati") / "approved_queries.jsonl"


@dataclass(frozen=True, slots=True)
class Approved:
    """A question and its query, approved by `who` at `when` (ISO 8601), and who withdrew it at `withdrawn`, if any."""

    question: str
    sql: str
    who: str = ""
    when: str = ""
    withdrawn_by: str = ""
    withdrawn: str = ""


def approve(question: str, sql: str, who: str = "", path: Path = FILE) -> Approved:
    """Keep a query as approved; it is on disk when this returns.

    Args:
        question: as it was asked.
        sql: the query that a person has read.
        who: their name; by default that of the account.
        path: the file it is added to.
    """
    made = Approved(question, sql, who or _account(), _now())
    _add(made, path)
    return made


def withdraw(question: str, sql: str, who: str = "", path: Path = FILE) -> tuple[Approved, ...]:
    """Take an approved query back, however often it was kept; it is never used again unless approved anew.

    Args:
        question: as it was approved.
        sql: its query.
        who: who takes it back; by default the account's name.
        path: the file; it keeps the query, marked.

    Returns:
        Those still in use for the same question, the oldest first.

    Raises:
        DataError: no such query is in use.
    """
    rest = [one for one in approved_in(path) if one.question == question]
    if not any(one.sql == sql for one in rest):
        raise DataError(f"{path}: no such query is in use for {question!r}, expected one that is approved")
    _add(Approved(question, sql, withdrawn_by=who or _account(), withdrawn=_now()), path)
    return tuple(one for one in rest if one.sql != sql)


def _add(made: Approved, path: Path) -> None:
    line = {name: value for name, value in asdict(made).items() if value or name in ("question", "sql")}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _account() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def approved_in(path: Path = FILE) -> tuple[Approved, ...]:
    """The approved queries in use, the oldest first; none where there is no file. Raises `DataError`."""
    return tuple(one for one in all_in(path) if not one.withdrawn)


def all_in(path: Path = FILE) -> tuple[Approved, ...]:
    """Every query that was ever approved, the oldest first, those taken back too. Raises `DataError`."""
    if not path.exists():
        return ()
    found: list[Approved] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if line.strip():
            try:
                one = Approved(**json.loads(line))
            except (ValueError, TypeError):
                raise DataError(
                    f"{path}, line {number}: is no approved query, expected question, sql, who, when"
                ) from None
            if one.withdrawn:
                found = [_marked(old, one) for old in found]
            else:
                found.append(one)
    return tuple(found)


def _marked(old: Approved, taken: Approved) -> Approved:
    if old.withdrawn or (old.question, old.sql) != (taken.question, taken.sql):
        return old
    return replace(old, withdrawn_by=taken.withdrawn_by, withdrawn=taken.withdrawn)


# Which approved query answers a question


def filled(question: str, approved: Iterable[Approved], index: Index) -> tuple[Approved, str] | None:
    """An approved query that asks the same, but for values, numbers and years, and its SQL with those of the question.

    The newest that fits; None where none does.
    """
    from strati.tables.parse.parser import too_long

    if too_long(question):
        return None
    mine, slots = _made(question, index)
    for one in reversed(list(approved)):
        theirs, others = _template(one.question, index)
        if mine != theirs or len(slots) != len(others):
            continue
        sql = _replaced(one.sql, dict(zip(others, slots, strict=True)))
        if sql is not None:
            return one, sql
    return None


def _template(question: str, index: Index) -> tuple[tuple[str, ...], list[str]]:
    """`_made`, kept for the questions of approved queries."""
    if question not in index.templates:
        index.templates[question] = _made(question, index)
    return index.templates[question]


def _made(question: str, index: Index) -> tuple[tuple[str, ...], list[str]]:
    """The words of a question with its values taken out, and those values as SQL would write them."""
    from strati.tables.parse.link import linked

    link = linked(question, index)
    words: list[str] = []
    slots: list[str] = []
    covered: dict[int, str] = {}
    for item in link.choices[0]:
        if item.kind == "value" and item.field is not None and len(item.values) == 1:
            covered[item.start] = f"<{item.field.name}>"
            slots.append(item.values[0])
        elif item.kind == "number" and item.number is not None:
            covered[item.start] = "<number>"
            slots.append(f"{item.number.value:g}")
        elif item.kind == "span" and item.span is not None and item.span.year is not None:
            covered[item.start] = "<year>"
            slots.append(str(item.span.year))
        else:
            continue
        covered.update(dict.fromkeys(range(item.start + 1, item.end), ""))
    for place, word in enumerate(link.words):
        said = covered.get(place, word.stem if re.search(r"\w", word.text) else "")
        if said and said not in ("the", "a", "an", "please", "of"):
            words.append(said)
    return tuple(words), slots


def _replaced(sql: str, values: Mapping[str, str]) -> str | None:
    """The SQL with literals exchanged; None where one that must change does not stand in it exactly once or more."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree = sqlglot.parse_one(sql, read="duckdb")
    except SqlglotError:
        return None
    changed: set[str] = set()
    for node in list(tree.find_all(exp.Literal)):
        known = next((old for old in values if str(node.this).casefold() == old.casefold()), None)
        if known is not None:
            new = values[known]
            node.replace(exp.Literal.string(new) if node.is_string else exp.Literal.number(new))
            changed.add(known)
    if any(old != new and old not in changed for old, new in values.items()):
        return None
    return tree.sql(dialect="duckdb")


def nearest(question: str, approved: Sequence[Approved], limit: int = 3) -> list[tuple[Approved, float]]:
    """The approved queries whose questions share most words with this one, the nearest first, each with its likeness.

    >>> kept = [Approved("How many closed orders?", "SELECT 1"), Approved("Who?", "")]
    >>> [(one.question, likeness) for one, likeness in nearest("How many open orders?", kept, 1)]
    [('How many closed orders?', 0.6)]
    """
    mine = _stems(question)
    scored = []
    for one in approved:
        theirs = _stems(one.question)
        if mine | theirs:
            scored.append((one, len(mine & theirs) / len(mine | theirs)))
    scored.sort(key=lambda pair: -pair[1])
    return scored[:limit]


@lru_cache(maxsize=10_000)
def _stems(question: str) -> frozenset[str]:
    from strati.tables.parse.tokens import tokens

    return frozenset(word.stem for word in tokens(question) if re.search(r"\w", word.text))
