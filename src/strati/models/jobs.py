"""Jobs handed in elsewhere, to be answered later: written down before they are sent, so that none is sent twice.

A job is a set of requests that go to a server together. The intent, with a random name (`nonce`) that the server is
told too, and the money set aside for it are one transaction, before anything is sent. So after `kill -9` at any moment
it is known, or can be asked by that name, whether the server has the job; and the money stays reserved until its output
is read.

Replies are kept until the answer they belong to is remembered, those of jobs and those of ordinary calls alike. That of
a call is kept in the transaction that settles what was set aside for it: what is known to be paid is never asked again.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from strati.core.records import JSON

TABLES = """
CREATE TABLE IF NOT EXISTS jobs (
    nonce TEXT PRIMARY KEY, model TEXT NOT NULL, created REAL NOT NULL, entry INTEGER, requests INTEGER NOT NULL,
    file TEXT, batch TEXT, done INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS requests (
    nonce TEXT, number INTEGER, key TEXT NOT NULL, seed INTEGER NOT NULL, most INTEGER NOT NULL,
    PRIMARY KEY (nonce, number)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS replies (
    key TEXT, seed INTEGER, dollars REAL NOT NULL, reply TEXT NOT NULL, calls INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0, PRIMARY KEY (key, seed)
) WITHOUT ROWID;
"""
_ADDED = ("calls INTEGER NOT NULL DEFAULT 0", "seconds REAL NOT NULL DEFAULT 0")  # since replies were first kept
_ROW = "key, seed, dollars, reply, calls, seconds"


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Add the columns that a journal of an earlier version lacks."""
    query = "SELECT name FROM pragma_table_info('replies')"
    if len(db.execute(query).fetchall()) > len(_ROW.split(", ")) - len(_ADDED):
        return
    db.execute("BEGIN IMMEDIATE")
    known = {row[0] for row in db.execute(query)}  # another process may have been quicker
    for column in _ADDED:
        if column.split()[0] not in known:
            db.execute(f"ALTER TABLE replies ADD COLUMN {column}")
    db.execute("COMMIT")


class Wanted(NamedTuple):
    """One request of a job: the memo's key of the answer it is for, which of its replies, and the most it may cost.

    `most` is in billionths of a dollar.
    """

    key: str
    seed: int
    most: int


class Received(NamedTuple):
    """A reply to one request, as JSON, and the dollars booked for it.

    `calls`: the attempts that it took, which `dollars` and `seconds` are for; 0: a job brought it.
    """

    key: str
    seed: int
    dollars: float
    reply: JSON
    calls: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it was written down last.

    Attributes:
        nonce: its random name.
        model: the fingerprint of the model it is for.
        created: when, in seconds since 1970.
        entry: the number of its reservation in the book; None once it is settled, and where it costs nothing.
        reserved: the amount of that reservation, in billionths of a dollar.
        file: the server's name of the uploaded file; None: nothing can have been handed in yet.
        batch: the server's name of the job; None: not known to have been handed in.
    """

    nonce: str
    model: str
    created: float
    entry: int | None
    reserved: int
    file: str | None = None
    batch: str | None = None


@runtime_checkable
class KeepsJobs(Protocol):
    """A memo that keeps jobs beside the calls, and the book of the money: the journal of a run."""

    @property
    def jobs(self) -> Jobs: ...


class Jobs:
    """The jobs of one journal; each call is on disk when it returns. Thread safe.

    Args:
        db: the journal's connection.
        guard: held by one thread at a time, for reading.
        transaction: the same, for writing: all of it or nothing is on disk.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        guard: Callable[[], AbstractContextManager[None]],
        transaction: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._db = db
        self._guard = guard
        self._transaction = transaction

    def begin(
        self, nonce: str, model: str, created: float, wanted: Sequence[Wanted], what: str, amount: int
    ) -> int | None:
        """Write down that a job is about to be sent, and its reservation; returns the number of that."""
        with self._transaction():
            number = None
            if amount:
                cursor = self._db.execute("INSERT INTO spending (what, reserved) VALUES (?, ?)", (what, amount))
                number = int(cursor.lastrowid or 0)
            self._db.execute(
                "INSERT INTO jobs (nonce, model, created, entry, requests) VALUES (?, ?, ?, ?, ?)",
                (nonce, model, created, number, len(wanted)),
            )
            rows = [(nonce, place, *request) for place, request in enumerate(wanted)]
            self._db.executemany("INSERT INTO requests VALUES (?, ?, ?, ?, ?)", rows)
        return number

    def uploaded(self, nonce: str, file: str) -> None:
        """From here on the server may have the job."""
        with self._transaction():
            self._db.execute("UPDATE jobs SET file = ? WHERE nonce = ?", (file, nonce))

    def handed_in(self, nonce: str, batch: str) -> None:
        """The server has the job, under this name."""
        with self._transaction():
            self._db.execute("UPDATE jobs SET batch = ? WHERE nonce = ?", (batch, nonce))

    def open(self, model: str) -> list[Job]:
        """The jobs of a model that are not done, oldest first."""
        query = """SELECT nonce, model, created, number, coalesce(reserved, 0), file, batch FROM jobs
            LEFT JOIN spending ON number = entry AND paid IS NULL WHERE model = ? AND NOT done ORDER BY created"""
        with self._guard():
            return [Job(*row) for row in self._db.execute(query, (model,))]

    def wanted(self, nonce: str) -> list[Wanted]:
        """The requests of a job, in their order."""
        with self._guard():
            rows = self._db.execute("SELECT key, seed, most FROM requests WHERE nonce = ? ORDER BY number", (nonce,))
            return [Wanted(*row) for row in rows]

    def receive(self, replies: Iterable[Received]) -> None:
        """Keep replies; those that are there already stay."""
        rows = [reply._replace(reply=json.dumps(reply.reply)) for reply in replies]
        with self._transaction():
            self._db.executemany(f"INSERT OR IGNORE INTO replies ({_ROW}) VALUES (?, ?, ?, ?, ?, ?)", rows)

    def settle(self, number: int, paid: int, reply: Received) -> None:
        """Write down what a reservation came to, and keep the reply that it paid: both or neither.

        The `reply` in it is JSON as text.
        """
        with self._transaction():
            self._db.execute("UPDATE spending SET paid = ? WHERE number = ?", (paid, number))
            self._db.execute(f"INSERT OR IGNORE INTO replies ({_ROW}) VALUES (?, ?, ?, ?, ?, ?)", reply)

    def close(self, nonce: str) -> None:
        """A job is done: its output is read and its reservation settled, or it never was handed in."""
        with self._transaction():
            self._db.execute("UPDATE jobs SET done = 1 WHERE nonce = ?", (nonce,))
            self._db.execute("DELETE FROM requests WHERE nonce = ?", (nonce,))

    def knows(self, key: str) -> bool:
        """Whether any reply is here for an answer that is not remembered yet."""
        with self._guard():
            return self._db.execute("SELECT 1 FROM replies WHERE key = ?", (key,)).fetchone() is not None

    def replies(self, key: str) -> dict[int, Received]:
        """The replies that are here for an answer that is not remembered yet, by their numbers."""
        query = f"SELECT {_ROW} FROM replies WHERE key = ?"
        with self._guard():
            rows = self._db.execute(query, (key,)).fetchall()
        return {row[1]: (found := Received(*row))._replace(reply=json.loads(found.reply)) for row in rows}
