"""The tables of the graph, and what of them goes with a document.

A base has them from the first `strati graph build` on. What is kept is one reading a document and people's decisions;
`graph_said` tells which documents say what a decision is about; `graph_linked` holds what was worked out of all and is
dropped with every change.

A decision names its ends as `Atom.end` does, or as "END@DOCUMENT" for a name that is somebody else in one document.
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
    undone INTEGER NOT NULL, label TEXT NOT NULL DEFAULT '', document TEXT NOT NULL DEFAULT ''
);
CREATE TABLE IF NOT EXISTS graph_said (number INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (number, document));
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
    bring_forward(db)


def has_relations(db: sqlite3.Connection) -> bool:
    """Whether decisions about relations can be kept: not in a base that an earlier version wrote last."""
    return any(row[1] == "label" for row in db.execute("PRAGMA table_info(graph_decisions)"))


def bring_forward(db: sqlite3.Connection) -> None:
    """Give the tables of an earlier version what is new."""
    if not has_relations(db):
        for column in ("label", "document"):
            db.execute(f"ALTER TABLE graph_decisions ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
        db.execute(next(one for one in TABLES.split(";") if "graph_said" in one))


def drop(db: sqlite3.Connection, document: str) -> None:
    """Take what was read of a document away, and what was worked out with it; decisions stay."""
    if exist(db):
        bring_forward(db)
        for table in ("graph_readings", "graph_names", "graph_said"):
            db.execute(f"DELETE FROM {table} WHERE document = ?", (document,))
        db.execute("DELETE FROM graph_linked")


def prune(db: sqlite3.Connection) -> None:
    """Drop decisions about what no document says any more: they would tell what was in it."""
    if exist(db):
        bring_forward(db)
        gone = f"""
            (kind = 'scope' AND NOT EXISTS (SELECT 1 FROM graph_names WHERE document = b AND atom = a))
            OR (kind IN ('merge', 'split') AND NOT ({_here("a")} AND {_here("b")}))
            OR (kind IN ('right', 'wrong') AND number NOT IN (SELECT number FROM graph_said))
        """
        db.execute(f"DELETE FROM graph_decisions WHERE {gone}")
        db.execute("DELETE FROM graph_said WHERE number NOT IN (SELECT number FROM graph_decisions)")


def _here(end: str) -> str:
    """SQL: a document has the name `end`; "END@DOCUMENT" only counts in that document."""
    at = f"instr({end}, '@')"
    there = f"document = substr({end}, {at} + 1) AND atom = substr({end}, 1, {at} - 1)"
    return f"({end} IN (SELECT atom FROM graph_names) OR EXISTS (SELECT 1 FROM graph_names WHERE {at} > 0 AND {there}))"


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
    if not has_relations(db):
        for row in db.execute("SELECT kind, a, b, names, undone FROM graph_decisions ORDER BY kind, a, b, undone"):
            yield ["decision", *row[:3], "", "", *row[3:]]
        return
    about = "kind, a, b, label, document, names, undone"
    for row in db.execute(f"SELECT {about} FROM graph_decisions ORDER BY kind, a, b, label, document, undone"):
        yield ["decision", *row]
    said = "SELECT kind, a, b, label, s.document FROM graph_said s JOIN graph_decisions USING (number)"
    for row in db.execute(f"{said} ORDER BY 1, 2, 3, 4, 5"):
        yield ["said", *row]
