"""Tables that layers, checks and metrics of one run share: opened once, found again by what they hold."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.tables.database import Database
from strati.tables.engine import QueryFailed, Result
from strati.tables.parse.parser import Parser
from strati.tables.schema import Schema


class Holding(Protocol):
    """What a model's layer asks of tables: what they are, and the outcome of a query."""

    @property
    def paths(self) -> Sequence[str]: ...

    @property
    def schema(self) -> Schema: ...

    def run(self, sql: str) -> Result: ...


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

    def close(self) -> None:
        """Let go of the tables; asked again, it opens them anew."""
        with self._lock:
            if self._database is not None:
                self._database.close()
            self._database = self._parser = None


_HELD: dict[tuple[str, ...], Held] = {}
_LOCK = threading.Lock()


def hold(paths: Sequence[str | Path]) -> Held:
    """The tables at these paths, the same object each time."""
    key = tuple(str(Path(path).absolute()) for path in paths)
    with _LOCK:
        return _HELD.setdefault(key, Held(key))


def close() -> None:
    """Close all that `hold` has opened; asked again, it opens them anew."""
    with _LOCK:
        for one in _HELD.values():
            one.close()
        _HELD.clear()


def opened(settings: Mapping[str, JSON], folder: Path) -> Held:
    """The tables that a layer or check was made for that is saved in this folder of a stack.

    Raises `DataError` where one is not there or they hold something else now: the stack was measured on what was there.
    """
    stack = folder.parent.name
    missing = [path for path in settings["tables"] if not Path(path).exists()]
    if missing:
        raise DataError(f"{stack} answers from {missing[0]}, which is not there: put it back, or make the stack again")
    held = hold(settings["tables"])
    if held.schema.snapshot != settings["snapshot"]:
        names = ", ".join(Path(path).name for path in settings["tables"])
        raise DataError(
            f"{stack} was made for {names} as it was, and what it holds has changed since: measure and certify again"
        )
    return held


def to_settings(held: Holding) -> dict[str, JSON]:
    """What `opened` finds these tables by."""
    return {"tables": list(held.paths), "snapshot": held.schema.snapshot}


__all__ = ["Held", "Holding", "QueryFailed", "close", "hold", "opened", "to_settings"]
