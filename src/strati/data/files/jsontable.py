"""JSON lines, and one JSON list of objects."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TextIO

from strati.core.errors import DataError
from strati.data.files.table import Row, no_such_column

_SAMPLE = 1000


class JsonLines:
    """One JSON object a line."""

    format = "jsonl"
    delimiter: str | None = None
    roles: Mapping[str, str] = {}

    def __init__(self, name: str, open_: Callable[[], TextIO]) -> None:
        self.name = name
        self._open = open_
        self.notes: tuple[str, ...] = ()
        first = [record for record in islice(self._records(), _SAMPLE) if not isinstance(record, str)]
        if not first:
            raise DataError(f"{name}: no line of the first {_SAMPLE:,} is a JSON object")
        self.columns = tuple(dict.fromkeys(key for record in first for key in record))

    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        missing = set(wanted) - set(self.columns)
        for record in self._records():
            if isinstance(record, str):
                yield record
                continue
            missing -= record.keys()
            yield tuple(record.get(column) for column in wanted)
        if missing:
            raise no_such_column(min(missing), self.columns, self.name)

    def _records(self) -> Iterator[dict[str, object] | str]:
        with self._open() as file:
            for line in file:
                if line.strip():
                    yield _parsed(line)


class JsonList(JsonLines):
    """A file that is one JSON list of objects."""

    format = "json"

    def _records(self) -> Iterator[dict[str, object] | str]:
        with self._open() as file:
            try:
                data = json.load(file)
            except ValueError as error:
                raise DataError(f"{self.name} is not valid JSON: {error}") from None
        if isinstance(data, dict) and (key := rows_key(data)) is not None:
            self.notes = (f"the rows are under the key {key!r}",)
            data = data[key]
        if not isinstance(data, list):
            raise DataError(
                f"{self.name} holds one JSON object, expected a list of objects, one object a line, or an object with "
                "one list of objects in it"
            )
        for record in data:
            yield _record(record)


def rows_key(data: Mapping[str, object]) -> str | None:
    """The key of an object under which its rows are: the only one with a list of objects; None where there is none.

    >>> rows_key({"version": 1, "data": [{"text": "a"}]})
    'data'
    """
    keys = [
        key
        for key, value in data.items()
        if isinstance(value, list) and value and all(isinstance(row, dict) for row in value)
    ]
    return keys[0] if len(keys) == 1 else None


def _parsed(line: str) -> dict[str, object] | str:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return "not valid JSON"
    return _record(record)


def _record(record: object) -> dict[str, object] | str:
    """A row, also as labelling tools write it: spaCy's [text, {...}], Label Studio's task with its text in `data`."""
    if isinstance(record, list) and len(record) == 2 and isinstance(record[0], str) and isinstance(record[1], dict):
        return {"text": record[0], **record[1]}
    if not isinstance(record, dict):
        return "not a JSON object"
    data = record.get("data")
    if isinstance(data, dict) and "annotations" in record:
        return {**data, "annotations": record["annotations"]}
    if isinstance(data, str) and "text" not in record:
        return {**record, "text": data}
    return record
