"""Tables that layers, checks and metrics of one run share: opened once, found again by what they hold."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from strati.core.errors import DataError
from strati.tables.database import Database
from strati.tables.engine import QueryFailed, Result
from strati.tables.parse.parser import Parser
from strati.tables.schema import Schema


class Held:
    """Tables by their paths, opened when they are first needed; safe for several threads."""

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = tuple(paths)
        self._lock = threading.Lock()
        self._database: Database | None = None
        self._parser: Parser | None = None

    @property
    def database(self) -> Database:
        with self._lock:
            if self._database is None:
                self._database = Database(*self.paths)
            return self._database

    @property
    def parser(self) -> Parser:
        database = self.database
        with self._lock:
            if self._parser is None:
                self._parser = Parser(database)
            return self._parser

    @property
    def schema(self) -> Schema:
        return self.database.schema

    def run(self, sql: str) -> Result:
        """The result of a query that has passed the allow-list. Raises `QueryFailed`."""
        return self.database.query(sql)


_HELD: dict[tuple[str, ...], Held] = {}
_LOCK = threading.Lock()


def hold(paths: Sequence[str | Path]) -> Held:
    """The tables at these paths, the same object each time."""
    key = tuple(str(Path(path).absolute()) for path in paths)
    with _LOCK:
        return _HELD.setdefault(key, Held(key))


def by_snapshot(snapshot: str) -> Held:
    """The tables that hold exactly this. Raises `DataError` when none of those opened does."""
    for held in list(_HELD.values()):
        if held.schema.snapshot == snapshot:
            return held
    raise DataError("the tables that the answers came from are not open, or have changed since: name them again")


__all__ = ["Held", "QueryFailed", "by_snapshot", "hold"]
