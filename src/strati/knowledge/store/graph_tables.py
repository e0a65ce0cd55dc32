"""The tables of the graph, and what of them goes with a document.

A base has them from the first `strati graph build` on. What is kept is one reading a document and people's decisions;
`graph_linked` holds what was worked out of them and is dropped with every change.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator

from strati.core.records import JSON

TABLES = """
CREATE TABLE IF NOT EXISTS graph_readings (
    document TEXT PRIMARY KEY, sha256 TEXT NOT NULL, reader TEXT NOT NULL, version TEXT NOT NULL, data BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS graph_names (document TEXT NOT NULL, atom TEXT NOT NULL, PRIMARY KEY (document, atom));
CREATE INDEX IF NOT EXISTS graph_names_atom ON graph_names (atom);
CREATE TABLE IF NOT EXISTS graph_decisions (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL, names TEXT NOT NULL,
    undone INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS graph_linked (key TEXT PRIMARY KEY, data BLOB NOT NULL)
"""


def exist(db: sqlite3.Connection) -> bool:
    """Whether a graph was ever built here."""
    found = db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'graph_linked'").fetchone()
    return bool(found[0])


def create(db: sqlite3.Connection) -> None:
    """Make the tables where they are missing."""
    for statement in TABLES.split(";"):
        db.execute(statement)


def drop(db: sqlite3.Connection, document: str) -> None:
    """Take what was read of a document away, and what was worked out with it; decisions stay."""
    if exist(db):
        db.execute("DELETE FROM graph_readings WHERE document = ?", (document,))
        db.execute("DELETE FROM graph_names WHERE document = ?", (document,))
        db.execute("DELETE FROM graph_linked")


def prune(db: sqlite3.Connection) -> None:
    """Drop decisions about names that no document has any more: they would tell what was in it."""
    if exist(db):
        here = "(SELECT atom FROM graph_names)"
        gone = "kind = 'scope' AND b NOT IN (SELECT document FROM graph_names)"
        rule = f"a NOT IN {here} OR (kind <> 'scope' AND b NOT IN {here}) OR ({gone})"
        db.execute(f"DELETE FROM graph_decisions WHERE {rule}")


def dump(db: sqlite3.Connection) -> Iterator[JSON]:
    """Everything the graph depends on, in a fixed order."""
    if not exist(db):
        return
    for *about, data in db.execute(
        "SELECT document, sha256, reader, version, data FROM graph_readings ORDER BY document"
    ):
        yield ["reading", *about, hashlib.sha256(data).hexdigest()]
    for row in db.execute("SELECT document, atom FROM graph_names ORDER BY document, atom"):
        yield ["name", *row]
    for row in db.execute("SELECT kind, a, b, names, undone FROM graph_decisions ORDER BY kind, a, b, undone"):
        yield ["decision", *row]
