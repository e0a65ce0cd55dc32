"""The journal of a run: every answer, with its usage, is on disk the moment it exists.

One SQLite file in WAL mode with synchronous=NORMAL. After the death of the process nothing that was written is lost;
after a power failure the last moments may be, but the file stays whole. Everything a report shows comes from here.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NamedTuple

from strati.core.errors import DataError
from strati.core.figures import shorten
from strati.core.lock import RunLock as RunLock
from strati.core.lock import in_words
from strati.core.records import JSON, Case, Usage
from strati.measure.records import CandidateRecord
from strati.models import jobs

SCHEMA = 1
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)  # the last: a table is missing
_USAGE = tuple(field.name for field in fields(Usage))
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS examples (
    split TEXT, id TEXT, position INTEGER, reference TEXT, grouping TEXT, input TEXT, PRIMARY KEY (split, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS candidates (name TEXT PRIMARY KEY, position INTEGER, record TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers (
    candidate TEXT, split TEXT, id TEXT, answer TEXT NOT NULL, PRIMARY KEY (candidate, split, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS calls (key TEXT PRIMARY KEY, reply TEXT NOT NULL, usage TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spending (number INTEGER PRIMARY KEY, what TEXT, reserved INTEGER NOT NULL, paid INTEGER);
"""


@dataclass(frozen=True, slots=True)
class StoredExample:
    """An example as the journal keeps it; `input` is None for sealed and test rows."""

    id: str
    reference: JSON
    group: str | None
    input: JSON


class Spent(NamedTuple):
    """Money of one purpose, in billionths of a dollar: what was paid, and what was reserved and never settled."""

    what: str
    calls: int
    paid: int
    lost: int


class Journal:
    """The SQLite file of one run; also the memo of its model calls and the book of its budget. Thread safe."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._lock = threading.RLock()
        if read_only and not path.exists():
            raise DataError(f"{path} does not exist, expected the journal of a run")
        with self._guard():
            if not read_only:
                path.parent.mkdir(parents=True, exist_ok=True)
            target = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"
            self._db = sqlite3.connect(target, timeout=60, check_same_thread=False, isolation_level=None, uri=True)
            try:
                self._open(read_only)
            except (sqlite3.DatabaseError, DataError) as error:
                self._db.close()
                if _code(error) in DAMAGED:
                    raise DataError(f"{path} is not the journal of a run: {error}") from error
                raise

    def _open(self, read_only: bool) -> None:
        if not read_only:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_TABLES + jobs.TABLES)
            jobs.bring_up_to_date(self._db)
        row = self._db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
        if row is None and not read_only:
            self.write("schema", SCHEMA)
        elif row is None or self._load(row[0]) != SCHEMA:
            found = "none" if row is None else row[0]
            raise DataError(f"{self.path} has journal format {found}, this version of strati reads format {SCHEMA}")

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _guard(self) -> Iterator[None]:
        """One thread at a time; a full disk is told in a sentence."""
        with self._lock:
            try:
                yield
            except (sqlite3.OperationalError, OSError) as error:
                if _code(error) in DAMAGED:
                    raise self._damaged(error) from error
                raise in_words(error, self.path) from error
            except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
                raise
            except (sqlite3.DatabaseError, ValueError) as error:  # ValueError: JSON that is none
                raise self._damaged(error) from error

    def _load(self, text: str) -> JSON:
        try:
            return json.loads(text)
        except (ValueError, TypeError) as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> DataError:
        return DataError(
            f"the journal {self.path} is damaged ({shorten(error, 60)}): restore it from a copy, or move it away and "
            "run the same command again, from the beginning"
        )

    def write(self, key: str, value: JSON) -> None:
        """Keep a JSON value under a key."""
        with self._guard():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, _dump(value)))

    def read(self, key: str) -> JSON:
        """The value kept under a key, or None."""
        with self._guard():
            row = self._db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else self._load(row[0])

    def write_examples(self, split: str, examples: Iterable[StoredExample]) -> None:
        """Keep what the report needs of the examples of a split."""
        rows = [
            (split, e.id, n, _dump(e.reference), e.group, None if e.input is None else _dump(e.input))
            for n, e in enumerate(examples)
        ]
        with self._guard(), self._transaction():
            self._db.executemany("INSERT OR REPLACE INTO examples VALUES (?, ?, ?, ?, ?, ?)", rows)

    def examples(self, split: str) -> list[StoredExample]:
        """The examples of a split in their order."""
        query = "SELECT id, reference, grouping, input FROM examples WHERE split = ? ORDER BY position"
        with self._guard():
            rows = self._db.execute(query, (split,)).fetchall()
        return [StoredExample(i, self._load(r), g, None if x is None else self._load(x)) for i, r, g, x in rows]

    def write_candidate(self, name: str, position: int, record: CandidateRecord) -> None:
        """Keep what is known of a candidate, in place of what was."""
        with self._guard():
            row = (name, position, _dump(record.to_json()))
            self._db.execute("INSERT OR REPLACE INTO candidates VALUES (?, ?, ?)", row)

    def candidates(self) -> dict[str, CandidateRecord]:
        """Records by name, in ladder order."""
        with self._guard():
            rows = self._db.execute("SELECT name, record FROM candidates ORDER BY position").fetchall()
        return {name: CandidateRecord.from_json(self._load(record)) for name, record in rows}

    def write_answers(self, candidate: str, split: str, cases: Iterable[Case]) -> None:
        """Keep finished cases; an answer that is there already stays as it is."""
        rows = [(candidate, split, case.id, _dump(case_to_json(case))) for case in cases]
        with self._guard(), self._transaction():
            self._db.executemany("INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?)", rows)

    def replace_answers(self, candidate: str, split: str, answers: Mapping[str, JSON]) -> None:
        """Put these answers, by example id, in the place of all that a candidate had on a split."""
        rows = [(candidate, split, key, _dump(answer)) for key, answer in answers.items()]
        with self._guard(), self._transaction():
            self._db.execute("DELETE FROM answers WHERE candidate = ? AND split = ?", (candidate, split))
            self._db.executemany("INSERT INTO answers VALUES (?, ?, ?, ?)", rows)

    def forget_candidate(self, name: str) -> None:
        """Drop a candidate, with its answers, as if it had never taken part."""
        with self._guard(), self._transaction():
            self._db.execute("DELETE FROM answers WHERE candidate = ?", (name,))
            self._db.execute("DELETE FROM candidates WHERE name = ?", (name,))

    def forget_answers(self, candidate: str) -> None:
        """Drop a candidate's answers: it changed since they were given."""
        with self._guard():
            self._db.execute("DELETE FROM answers WHERE candidate = ?", (candidate,))

    def answers(self, candidate: str, split: str, ids: Sequence[str] | None = None) -> dict[str, JSON]:
        """Answers of a candidate on a split, by example id; all of them, or those of a few thousand ids at most."""
        query = "SELECT id, answer FROM answers WHERE candidate = ? AND split = ?"
        if ids is not None:
            query += f" AND id IN ({','.join('?' * len(ids))})"
        with self._guard():
            rows = self._db.execute(query, (candidate, split, *(ids or ()))).fetchall()
        return {key: self._load(answer) for key, answer in rows}

    def recall(self, key: str) -> tuple[JSON, Usage] | None:
        with self._guard():
            row = self._db.execute("SELECT reply, usage FROM calls WHERE key = ?", (key,)).fetchone()
        return None if row is None else (self._load(row[0]), Usage(*self._load(row[1])))

    def remember(self, key: str, reply: JSON, usage: Usage) -> None:
        row = (key, _dump(reply), _dump(_usage_row(usage)))
        with self._guard(), self._transaction():
            self._db.execute("INSERT OR IGNORE INTO calls VALUES (?, ?, ?)", row)
            self._db.execute("DELETE FROM replies WHERE key = ?", (key,))

    @property
    def jobs(self) -> jobs.Jobs:
        """What was handed in elsewhere, to be answered later; and replies that belong to no answer yet."""
        return jobs.Jobs(self._db, self._guard, self._alone)

    def enter(self, what: str, reserved: int) -> int:
        """Write a reservation of money down before the call it is for; the journal is the book of a `Budget`."""
        with self._guard():
            cursor = self._db.execute("INSERT INTO spending (what, reserved) VALUES (?, ?)", (what, reserved))
            return int(cursor.lastrowid or 0)

    def close_entry(self, number: int, paid: int) -> None:
        """Write down what a reservation came to, in billionths of a dollar."""
        with self._guard():
            self._db.execute("UPDATE spending SET paid = ? WHERE number = ?", (paid, number))

    def totals(self) -> tuple[int, int]:
        """(paid, reserved and never settled), in billionths of a dollar."""
        query = "SELECT coalesce(sum(paid), 0), coalesce(sum(iif(paid IS NULL, reserved, 0)), 0) FROM spending"
        with self._guard():
            paid, lost = self._db.execute(query).fetchone()
        return int(paid), int(lost)

    def spending(self) -> list[Spent]:
        """What was spent, by purpose, in the order in which money was first spent on each."""
        query = """SELECT what, {}, coalesce(sum(paid), 0), coalesce(sum(iif(paid IS NULL, reserved, 0)), 0)
            FROM spending {} GROUP BY what ORDER BY min(number)"""
        one_by_one, with_jobs = ("count(*)", ""), ("sum(coalesce(requests, 1))", "LEFT JOIN jobs ON entry = number")
        with self._guard():  # a journal of an earlier version, read only, has no jobs
            known = self._db.execute("SELECT 1 FROM sqlite_master WHERE name = 'jobs'").fetchone()
            return [Spent(*row) for row in self._db.execute(query.format(*(with_jobs if known else one_by_one)))]

    def answered(self, candidate: str, split: str) -> set[str]:
        """The ids that a candidate has answers for on a split."""
        query = "SELECT id FROM answers WHERE candidate = ? AND split = ?"
        with self._guard():
            return {row[0] for row in self._db.execute(query, (candidate, split))}

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._guard(), self._transaction():
            yield

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _code(error: Exception) -> int | None:
    """SQLite's code of an error, without the details of its second byte."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def case_to_json(case: Case) -> dict[str, JSON]:
    """A finished case as JSON: the answer, how it came about, and what it took."""
    answer = case.answer
    return {
        "state": str(case.state),
        "value": answer.value if answer else None,
        "confidence": answer.confidence if answer else None,
        "own": answer.own if answer else None,
        "layer": answer.layer if answer else None,
        "alternatives": [list(pair) for pair in answer.alternatives] if answer else [],
        "features": dict(answer.features) if answer else {},
        "failure": str(case.failure) if case.failure else None,
        "usage": dict(zip(_USAGE, _usage_row(case.usage), strict=True)),
        "steps": [
            {
                "layer": step.layer,
                "outcome": str(step.outcome),
                "reason": step.reason,
                "failure": str(step.failure) if step.failure else None,
                "proposed": step.proposed,
                "confidence": step.confidence,
                "seconds": step.usage.seconds,
            }
            for step in case.steps
        ],
    }


def _usage_row(usage: Usage) -> list[float]:
    return [getattr(usage, name) for name in _USAGE]


def _dump(value: JSON) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair: SQLite takes it escaped only
        return json.dumps(value, separators=(",", ":"))
    return text
