"""One SQLite file for the service; a connection a thread.

WAL mode with synchronous=NORMAL: what was committed is there after the death of the process. `secure_delete` overwrites
what is deleted, so that what was forgotten is gone from the file.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from strati.core.errors import DataError, UserError
from strati.core.records import JSON
from strati.serve.store.schema import SCHEMA, TABLES

FILE = "service.db"


class Database:
    """The service database in `folder`. Safe to use from many threads and processes.

    Raises:
        UserError: it cannot be written, or a newer strati wrote it.
        DataError: the file is damaged or is something else.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            os.chmod(folder, 0o700)
            with self.writing() as db:
                self._prepare(db)
        except sqlite3.OperationalError as error:
            raise UserError(f"the service database {self.path} cannot be written: {error}") from error
        except sqlite3.DatabaseError as error:
            raise DataError(f"{self.path} is damaged or is no service database: {error}") from error
        except OSError as error:
            raise UserError(f"{folder} cannot be written: {error.strerror}") from error

    def _prepare(self, db: sqlite3.Connection) -> None:
        for statement in TABLES.split(";\n"):
            if statement.strip():
                db.execute(statement)
        found = db.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone()
        if found is None:
            db.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA),))
        elif int(found[0]) > SCHEMA:
            raise UserError(
                f"{self.path} has format {found[0]}, this version of strati reads format {SCHEMA}: update strati"
            )

    @property
    def db(self) -> sqlite3.Connection:
        """This thread's connection."""
        found: sqlite3.Connection | None = getattr(self._local, "db", None)
        if found is None:
            found = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
            found.execute("PRAGMA journal_mode=WAL")
            found.execute("PRAGMA synchronous=NORMAL")
            found.execute("PRAGMA secure_delete=ON")
            self._local.db = found
            with self._lock:
                self._all.append(found)
        return found

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; on disk when the block ends."""
        db = self.db
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def version(self) -> int:
        """Changes when another connection, also of another process, has written."""
        return int(self.db.execute("PRAGMA data_version").fetchone()[0])

    def read(self, name: str) -> JSON:
        """A value of the table `meta`, or None."""
        found = self.db.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if found is None else json.loads(found[0])

    def write(self, name: str, value: JSON) -> None:
        with self.writing() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, json.dumps(value)))

    def truncate_log(self) -> None:
        """Empty the write-ahead log, so that nothing deleted stays in it."""
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        with self._lock:
            for db in self._all:
                db.close()
            self._all.clear()
        self._local = threading.local()
