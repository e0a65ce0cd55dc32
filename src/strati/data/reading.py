"""Reads labelled examples from a file or from standard input."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from strati.core.content import Content, content_of
from strati.core.errors import DataError
from strati.core.records import Example
from strati.data.data import Dataset, Peek, Skipped
from strati.data.files.formats import Opened, open_table
from strati.data.files.table import Row, as_text
from strati.task.kind import BadRow, Kind, kind_of
from strati.task.task import Task

_PEEK_ROWS = 1000
_LOCAL = re.compile(
    r"(?P<a>\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)(?P<year>\d{4})(?P<clock>[ T]+\d{1,2}:\d\d(:\d\d)?)?"
)


def read(source: Path | str, task: Task, *, format: str | None = None) -> Dataset:
    """The labelled examples of a file, or of standard input for "-".

    Rows without a label or with an empty input are skipped and listed with the cause. Labels become text without
    blanks at their ends. Without `task.id` an example's id is its row number. Raises `DataError` in one sentence for
    what cannot be read.
    """
    content = content_of(source)
    kind = kind_of(task.kind)
    if kind.name == "classify":
        wanted = _columns(task)
        opened = open_table(content, wanted, format)
        collector = _Collector(task)
    else:
        opened = open_table(content, (), format)
        rest = [*(c for c in opened.table.columns if c not in task.inputs)]
        wanted = [*task.inputs, *rest]
        opened = open_table(content, wanted, format)
        collector = _KindCollector(task, columns=tuple(wanted), kind=kind)
    for number, row in enumerate(_rows(opened, content, wanted), 1):
        if isinstance(row, str):
            collector.skip(number, row)
        else:
            collector.add(number, row)
    return _dataset(content, opened, collector)


def peek(source: Path | str, *, format: str | None = None) -> Peek:
    """The columns and first rows of a file. Raises `DataError` like `read`."""
    content = content_of(source)
    opened = open_table(content, (), format)
    table = opened.table
    usable = (row for row in _rows(opened, content, table.columns) if not isinstance(row, str))
    rows = tuple(tuple(_shown(value) for value in row) for row in islice(usable, _PEEK_ROWS))
    notes = (*filter(None, (opened.note,)), *table.notes)
    return Peek(table.columns, rows, table.format, opened.encoding, table.delimiter, notes, table.roles)


@dataclass
class _Collector:
    """Turns rows into examples and remembers what was left out."""

    task: Task
    examples: list[Example] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    written: dict[str, dict[str, str]] = field(default_factory=dict)  # label -> label as written, several forms

    def skip(self, number: int, why: str) -> None:
        self.skipped.append(Skipped(number, why))

    def add(self, number: int, row: Sequence[object]) -> None:
        task, count = self.task, len(self.task.inputs)
        texts = [as_text(value) for value in row[:count]]
        label = as_text(row[count])
        if label is None:
            return self.skip(number, f"the label is a {type(row[count]).__name__}, expected one plain value")
        if None in texts:
            return self.skip(number, "the input is a list or an object, expected text")
        if not label.strip():
            return self.skip(number, "no label")
        if not any(text and text.strip() for text in texts):
            return self.skip(number, "empty input")
        rest = dict(zip(_optional(task), row[count + 1 :], strict=True))
        time = _time(rest.get("time")) if task.time else None
        if task.time and time is None:
            return self.skip(number, f"the time {as_text(rest.get('time'))!r} is no date (YYYY-MM-DD)")
        value = row[count]
        number_ = isinstance(value, int | float) and not isinstance(value, bool)
        self._append(number, texts, label, rest, time, str(value) if number_ else label)
        return None

    def _append(
        self,
        number: int,
        texts: Sequence[str | None],
        label: str,
        rest: Mapping[str, object],
        time: str | None,
        written: str,
    ) -> None:
        given: str | dict[str, str] = texts[0] or ""
        if len(texts) > 1:
            given = {name: text or "" for name, text in zip(self.task.inputs, texts, strict=True)}
        group = (as_text(rest.get("group")) or "").strip() or None
        name = self._id(number, rest) if self.task.id else str(number)
        self.examples.append(Example(name, given, self._label(label, written), group, time, number))

    def _label(self, label: str, written: str) -> str:
        forms = self.written.setdefault(label.strip(), {})
        return forms.setdefault(written, label.strip())

    def _id(self, number: int, rest: Mapping[str, object]) -> str:
        name = (as_text(rest.get("id")) or "").strip()
        if not name:
            raise DataError(f"row {number} has no value in the id column {self.task.id!r}")
        first = self.ids.setdefault(name, number)
        if first != number:
            raise DataError(f"the id {name!r} names row {first} and row {number}, expected one row each")
        return name


@dataclass
class _KindCollector(_Collector):
    """Rows of a kind that finds its reference in all cells of a row."""

    columns: tuple[str, ...] = ()
    kind: Kind = field(default_factory=lambda: kind_of("classify"))

    def add(self, number: int, row: Sequence[object]) -> None:
        cells = dict(zip(self.columns, row, strict=True))
        texts = [_lines(cells[name]) for name in self.task.inputs]
        if None in texts:
            return self.skip(number, "the input is a list or an object, expected text")
        if not any(text and text.strip() for text in texts):
            return self.skip(number, "empty input")
        try:
            reference = self.kind.reference(cells)
        except BadRow as bad:
            return self.skip(number, str(bad))
        if reference is None:
            return self.skip(number, f"no reference answer: expected one of {', '.join(self.kind.references)}")
        named = {role: cells.get(column) for role, column in _optional(self.task).items()}
        time = _time(named.get("time")) if self.task.time else None
        if self.task.time and time is None:
            return self.skip(number, f"the time {as_text(named.get('time'))!r} is no date (YYYY-MM-DD)")
        given: str | dict[str, str] = texts[0] or ""
        if len(texts) > 1:
            given = {name: text or "" for name, text in zip(self.task.inputs, texts, strict=True)}
        group = (as_text(named.get("group")) or "").strip() or None
        name = self._id(number, named) if self.task.id else str(number)
        self.examples.append(Example(name, given, reference, group, time, number))
        return None


def _lines(value: object) -> str | None:
    """A cell as text; a list of texts, such as tests, is one text of lines."""
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return "\n".join(value)
    return as_text(value)


def _dataset(content: Content, opened: Opened, collector: _Collector) -> Dataset:
    if not collector.examples:
        if not collector.skipped:
            raise DataError(f"{content.name} has a header but no rows, expected labelled examples")
        first = collector.skipped[0]
        count = len(collector.skipped)
        raise DataError(f"{content.name} has no usable row: {count:,} skipped; row {first.row}: {first.why}")
    variants = tuple(
        (pair[0], pair[1]) for forms in collector.written.values() if len(forms) > 1 for pair in [sorted(forms)]
    )
    examples, order = dated(collector.examples)
    return Dataset(
        examples=tuple(examples),
        source=content.name,
        format=opened.table.format,
        encoding=opened.encoding,
        sha256=content.sha256(),
        skipped=tuple(collector.skipped),
        notes=(*filter(None, (opened.note,)), *opened.table.notes, *filter(None, (order,))),
        columns=opened.table.columns,
        blank_variants=variants,
    )


def _rows(opened: Opened, content: Content, wanted: Sequence[str]) -> Iterator[Row]:
    try:
        yield from opened.table.rows(wanted)
    except UnicodeError as error:
        reason = getattr(error, "reason", str(error))
        raise DataError(f"{content.name} cannot be read as {opened.encoding}: {reason}") from None


def _columns(task: Task) -> list[str]:
    return [*task.inputs, task.label, *_optional(task).values()]


def _optional(task: Task) -> dict[str, str]:
    named = {"id": task.id, "group": task.group, "time": task.time}
    return {role: column for role, column in named.items() if column}


def _time(value: object) -> str | None:
    """A date or date-time in ISO 8601 form, times with a zone in UTC, so that texts sort in order of time."""
    text = (as_text(value) or "").strip()
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return _local_date(text)
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.UTC).replace(tzinfo=None)
    return moment.isoformat()


def _local_date(text: str) -> str | None:
    """A date such as 22/05/2025 with or without a time, kept as it is until the file tells which number is the day."""
    return text if _LOCAL.fullmatch(text) else None


def dated(examples: Sequence[Example]) -> tuple[list[Example], str]:
    """The examples with dates such as 22/05/2025 put in ISO 8601 form, and which order of day and month was read.

    With points the day comes first. Otherwise a number above 12 anywhere in the column tells.

    Raises:
        DataError: no date tells which number is the day, or dates contradict each other, or one does not exist.
    """
    found = {e.id: match for e in examples if e.time and (match := _LOCAL.fullmatch(e.time))}
    if not found:
        return list(examples), ""
    first = next((key for key, match in found.items() if int(match["a"]) > 12), None)
    second = next((key for key, match in found.items() if int(match["b"]) > 12), None)
    points = all(match["sep"] == "." for match in found.values())
    if first is not None and second is not None:
        raise DataError(
            f"the dates {found[first].string!r} and {found[second].string!r} have day and month in different order: "
            "expected one order, best YYYY-MM-DD"
        )
    if first is None and second is None and not points:
        shown = next(iter(found.values())).string
        raise DataError(f"it is not clear which number of dates such as {shown!r} is the day: expected YYYY-MM-DD")
    day_first = second is None
    done = [replace(e, time=_iso(found[e.id], day_first)) if e.id in found else e for e in examples]
    shown = next(iter(found.values())).string
    return done, f"dates such as {shown} are read with the {'day' if day_first else 'month'} first"


def _iso(match: re.Match[str], day_first: bool) -> str:
    day, month = (match["a"], match["b"]) if day_first else (match["b"], match["a"])
    clock = (match["clock"] or "0:00").strip()
    try:
        hour, minute, second = (*(int(part) for part in clock.split(":")), 0)[:3]
        moment = datetime.datetime(int(match["year"]), int(month), int(day), hour, minute, second)
    except ValueError as error:
        raise DataError(f"the date {match.string!r} does not exist ({error}), expected YYYY-MM-DD") from None
    return moment.isoformat()


def _shown(value: object) -> str:
    text = as_text(value)
    return str(value) if text is None else text
