"""Everything a search can depend on, without a trace of how it came to be: two bases with equal dumps are the same.

Row numbers, counters of changes and free space are left out; the vocabulary of the index with its counts, which ranking
rests on, is in. After `remove`, the dump equals that of a base which never held the document.
"""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterator

from strati.core.records import JSON
from strati.knowledge.store import graph_tables

_DOCUMENT = (
    "id, path, name, container, sha256, size, media_type, reader, sizes, title, author, date, language, text, structure"
)
_PASSAGE = "document, position, start_at, end_at, kind, path, header, language, signature, places, title, heading, text"


def dump(db: sqlite3.Connection) -> Iterator[JSON]:
    """One JSON value for each document, passage, set of vectors and term, in a fixed order."""
    for *about, text, structure in db.execute(f"SELECT {_DOCUMENT} FROM documents ORDER BY id"):
        yield ["document", *about, zlib.decompress(text).decode(), zlib.decompress(structure).decode()]
    for row in db.execute(f"SELECT {_PASSAGE} FROM passages ORDER BY document, position"):
        yield ["passage", *(value.hex() if isinstance(value, bytes) else value for value in row)]
    for document, embedder, dimensions, data in db.execute("SELECT * FROM vectors ORDER BY document, embedder"):
        yield ["vectors", document, embedder, dimensions, hashlib.sha256(data).hexdigest()]
    for term, passages, times in db.execute("SELECT term, doc, cnt FROM terms ORDER BY term"):
        yield ["term", term, passages, times]
    yield from graph_tables.dump(db)
