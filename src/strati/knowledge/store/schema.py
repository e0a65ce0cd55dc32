"""The tables, and how an older base becomes one of today."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from strati.core.errors import UserError

SCHEMA = 2

# Portable: types and constraints that SQLite and PostgreSQL both know (BLOB is BYTEA there).
TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE documents (
    id TEXT PRIMARY KEY, path TEXT NOT NULL, name TEXT NOT NULL, container TEXT NOT NULL,
    sha256 TEXT NOT NULL, size BIGINT NOT NULL, media_type TEXT NOT NULL, reader TEXT NOT NULL, sizes TEXT NOT NULL,
    title TEXT NOT NULL, author TEXT NOT NULL, date TEXT NOT NULL, language TEXT,
    text BLOB NOT NULL, structure BLOB NOT NULL
);
CREATE INDEX documents_container ON documents (container);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY, document TEXT NOT NULL, position INTEGER NOT NULL,
    start_at INTEGER NOT NULL, end_at INTEGER NOT NULL, kind TEXT NOT NULL, path TEXT NOT NULL, header TEXT NOT NULL,
    language TEXT, signature BLOB NOT NULL, places TEXT NOT NULL,
    title TEXT NOT NULL, heading TEXT NOT NULL, text TEXT NOT NULL
);
CREATE UNIQUE INDEX passages_place ON passages (document, position);
CREATE TABLE vectors (
    document TEXT NOT NULL, embedder TEXT NOT NULL, dimensions INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (document, embedder)
);
"""

# From each version to the next: statements that lose nothing. Run in one transaction.
MIGRATIONS: dict[int, str] = {1: ""}


def version_of(db: sqlite3.Connection) -> int:
    """The schema version of a base; 0 for a new file."""
    if db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'meta'").fetchone()[0] == 0:
        return 0
    row = db.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    return int(row[0]) if row else 0


def check_version(db: sqlite3.Connection, name: str) -> int:
    """The version, if this strati can read or migrate it. Raises `UserError` for a newer one."""
    found = version_of(db)
    if found > SCHEMA:
        raise UserError(
            f"{name} was written by a newer strati (format {found}, this one knows {SCHEMA}): update strati to use it"
        )
    return found


def migrate(db: sqlite3.Connection, found: int, dialect: str, more: Mapping[int, str]) -> None:
    """Create the tables or bring them forward, inside the caller's transaction; `dialect` and `more` are what one kind
    of database adds to the tables and to `MIGRATIONS`."""
    if found == 0:
        _run(db, TABLES + dialect)
    for version in range(found, SCHEMA) if found else ():
        _run(db, f"{MIGRATIONS[version]};{more.get(version, '')}")
    db.execute("DELETE FROM meta WHERE key = 'schema'")
    db.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA),))


def _run(db: sqlite3.Connection, script: str) -> None:
    """Statement by statement: `executescript` would end the transaction."""
    for statement in script.split(";"):
        if statement.strip():
            db.execute(statement)
