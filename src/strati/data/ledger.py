"""The ledger: which sealed labels were used, by which run, for what.

A set of labels is known by its hash, whatever the file is called. Single labels are kept too (8 bytes of their
hash), so that another seed, which deals the same labels out differently, does not hide that they were seen before.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from strati.core.errors import DataError
from strati.core.records import Example
from strati.data.normal import label_hash, label_keys

SPLITS = ("calibrate", "test", "sealed", "learned")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS uses (
    id INTEGER PRIMARY KEY, hash TEXT NOT NULL, split TEXT NOT NULL, run TEXT NOT NULL, purpose TEXT NOT NULL,
    labels INTEGER NOT NULL, at TEXT NOT NULL, UNIQUE (hash, split, run, purpose));
CREATE TABLE IF NOT EXISTS members (label INTEGER NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (label, hash))
    WITHOUT ROWID;
"""


class Use(NamedTuple):
    """One use of a set of labels. `at` is UTC in ISO 8601 form."""

    hash: str
    split: str
    run: str
    purpose: str
    labels: int
    at: str


class Overlap(NamedTuple):
    """The share of labels that other runs have used already, and those runs, oldest first."""

    share: float
    labels: int
    runs: tuple[str, ...]


class Ledger:
    """An SQLite file that several processes may write at once. Every use is on disk when `use` returns."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DataError(f"the ledger {self.path} cannot be made: {error.strerror or error}") from None
        with self.writing() as db:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)

    def use(self, split: str, examples: Sequence[Example], run: str, purpose: str) -> int:
        """Books a use and returns how many other runs had used exactly these labels before.

        The same run and purpose count once, so a resumed run gets the same number again.
        """
        name = label_hash(examples)
        with self.writing() as db:
            book_use(db, split, examples, run, purpose)
            first = "SELECT min(id) FROM uses WHERE hash = ? AND run = ?"
            query = f"SELECT count(DISTINCT run) FROM uses WHERE hash = ? AND run <> ? AND id < ({first})"
            return int(db.execute(query, (name, run, name, run)).fetchone()[0])

    def history(self, hash: str) -> tuple[Use, ...]:
        """The uses of a set of labels, oldest first."""
        with self._open() as db:
            rows = db.execute(
                "SELECT hash, split, run, purpose, labels, at FROM uses WHERE hash = ? ORDER BY id", (hash,)
            )
            return tuple(Use(*row) for row in rows)

    def overlap(self, examples: Sequence[Example], run: str) -> Overlap:
        """Which share of these labels runs other than `run` have used, in whatever set."""
        keys = _short(examples)
        with self._open() as db:
            _wanted(db, examples)
            used = "FROM wanted JOIN members USING (label) JOIN uses USING (hash) WHERE run <> ?"
            seen = {row[0] for row in db.execute(f"SELECT DISTINCT label {used}", (run,))}
            runs = [row[0] for row in db.execute(f"SELECT run {used} GROUP BY run ORDER BY min(uses.id)", (run,))]
        count = sum(key in seen for key in keys)
        return Overlap(count / len(keys) if keys else 0.0, count, tuple(runs))

    def labels_of(self, run: str, purpose: str = "bench") -> set[bytes]:
        """The first 8 bytes of the hash of each label that a bench of this run has sealed or opened.

        With another purpose: that was booked for it.
        """
        query = "SELECT label FROM members JOIN uses USING (hash) WHERE run = ? AND purpose = ?"
        with self._open() as db:
            return {label.to_bytes(8, "big", signed=True) for (label,) in db.execute(query, (run, purpose))}

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            try:
                _write_ahead(db)
                yield db
            finally:
                db.close()
        except sqlite3.Error as error:
            raise DataError(f"the ledger {self.path} cannot be used: {error}") from None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The database in a transaction: all of it or nothing."""
        with self._open() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")


def book_use(db: sqlite3.Connection, split: str, examples: Sequence[Example], run: str, purpose: str) -> None:
    """Book a use within a transaction of `Ledger.writing`."""
    if split not in SPLITS:
        raise DataError(f"the split {split!r} is not sealed, expected one of: {', '.join(SPLITS)}")
    name = label_hash(examples)
    row = (name, split, run, purpose, len(examples), datetime.now(UTC).isoformat(timespec="seconds"))
    db.execute("INSERT OR IGNORE INTO uses (hash, split, run, purpose, labels, at) VALUES (?,?,?,?,?,?)", row)
    db.executemany("INSERT OR IGNORE INTO members VALUES (?,?)", [(key, name) for key in _short(examples)])


def shared_with(db: sqlite3.Connection, examples: Sequence[Example]) -> dict[str, float]:
    """The hashes of all booked sets that hold any of these labels, with the share of these labels each holds."""
    _wanted(db, examples)
    count = max(1, len(set(_short(examples))))
    rows = db.execute("SELECT hash, count(DISTINCT label) FROM wanted JOIN members USING (label) GROUP BY hash")
    return {name: found / count for name, found in rows}


def _write_ahead(db: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite does not wait for its lock here when two processes make the file at once, so we do."""
    for attempt in range(200):
        try:
            db.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or attempt == 199:
                raise
            time.sleep(0.05)


def _wanted(db: sqlite3.Connection, examples: Sequence[Example]) -> None:
    """A temporary table of these labels."""
    db.execute("CREATE TEMP TABLE IF NOT EXISTS wanted (label INTEGER PRIMARY KEY)")
    db.execute("DELETE FROM wanted")
    db.executemany("INSERT OR IGNORE INTO wanted VALUES (?)", [(key,) for key in _short(examples)])


def _short(examples: Iterable[Example]) -> list[int]:
    """The first 8 bytes of each label's hash as a signed number, as SQLite stores it."""
    return [int.from_bytes(key[:8], "big", signed=True) for key in label_keys(examples)]
