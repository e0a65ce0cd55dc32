"""SQLite's part of searching: an FTS5 index over the passages, its ranking and its vocabulary.

The index keeps no text of its own (an external-content table), and stems with Porter's algorithm over `unicode61` words
without diacritics. Titles and headings are columns of their own, with weights.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

TABLES = """
CREATE VIRTUAL TABLE passages_fts USING fts5(
    title, heading, text, content='passages', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE terms USING fts5vocab(passages_fts, row);
"""
WEIGHTS = (0.5, 0.5, 1.0)  # title, heading, text
# Characters that are not in any text: they mark matches in FTS5's output.
OPEN, CLOSE = "\ufdd0", "\ufdd1"
_COLUMNS = "rowid, title, heading, text"


def add(db: sqlite3.Connection, document: str) -> None:
    """Index the passages of a document, which are in the table already."""
    db.execute(
        f"INSERT INTO passages_fts ({_COLUMNS}) SELECT id, title, heading, text FROM passages WHERE document = ?",
        (document,),
    )


def drop(db: sqlite3.Connection, document: str) -> None:
    """Take the passages of a document out of the index, before they leave the table."""
    db.execute(
        f"INSERT INTO passages_fts (passages_fts, {_COLUMNS}) "
        "SELECT 'delete', id, title, heading, text FROM passages WHERE document = ?",
        (document,),
    )


def erase(db: sqlite3.Connection) -> None:
    """Merge the index into one segment: deleted entries leave the file, not only the results."""
    db.execute("INSERT INTO passages_fts (passages_fts) VALUES ('optimize')")


def ranked(
    db: sqlite3.Connection, match: str, limit: int, where: str = "", values: Sequence[object] = ()
) -> list[tuple[int, float]]:
    """Passage ids with BM25 scores (higher is better), best first; equal scores by id."""
    weights = ", ".join(map(str, WEIGHTS))
    inner = f"SELECT rowid AS id, -bm25(passages_fts, {weights}) AS score FROM passages_fts WHERE passages_fts MATCH ?"
    if where:
        inner += f" AND rowid IN (SELECT p.id FROM passages p JOIN documents d ON d.id = p.document WHERE {where})"
    found = db.execute(f"{inner} ORDER BY score DESC, id LIMIT ?", (match, *values, limit))
    return [(number, score) for number, score in found]


def marked(db: sqlite3.Connection, match: str, ids: Sequence[int]) -> dict[int, str]:
    """The text of passages with each matched phrase between `OPEN` and `CLOSE`."""
    places = ", ".join("?" * len(ids))
    query = (
        f"SELECT rowid, highlight(passages_fts, 2, '{OPEN}', '{CLOSE}') FROM passages_fts "
        f"WHERE passages_fts MATCH ? AND rowid IN ({places})"
    )
    return dict(db.execute(query, (match, *ids)).fetchall())


def frequencies(db: sqlite3.Connection, terms: Sequence[str]) -> dict[str, int]:
    """In how many passages each term (as the index has it) occurs."""
    places = ", ".join("?" * len(terms))
    return dict(db.execute(f"SELECT term, doc FROM terms WHERE term IN ({places})", tuple(terms)).fetchall())


def vocabulary(db: sqlite3.Connection, start: str, end: str) -> list[tuple[str, int]]:
    """Terms from `start` to before `end` with the number of passages that hold them."""
    return db.execute("SELECT term, doc FROM terms WHERE term >= ? AND term < ?", (start, end)).fetchall()
