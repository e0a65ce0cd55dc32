"""Readings, decisions and the worked-out graph in the base's own file."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from strati.core.identity import fingerprint
from strati.knowledge.graph.linking import Decision, link
from strati.knowledge.graph.records import Graph, Reading, dumped
from strati.knowledge.graph.settings import GraphSettings, settings_of
from strati.knowledge.store import graph_tables

if TYPE_CHECKING:
    from strati.knowledge.store.sqlite import SqliteStore

LINKED = "linked.v2"  # changes when the same readings would give another graph


class Kept(NamedTuple):
    """A kept reading without its content."""

    document: str
    sha256: str
    reader: str
    version: str


class GraphStore:
    """The graph's part of a base."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store
        self.db = store.db

    @property
    def built(self) -> bool:
        """Whether a graph was ever built in this base."""
        return graph_tables.exist(self.db)

    def create(self) -> None:
        with self.store.transaction():
            graph_tables.create(self.db)

    def kept(self) -> dict[str, Kept]:
        """Which documents are read, by id."""
        if not self.built:
            return {}
        return {
            row[0]: Kept(*row)
            for row in self.db.execute("SELECT document, sha256, reader, version FROM graph_readings")
        }

    def put(self, reading: Reading, reader: str) -> None:
        """Keep a reading in place of the document's old one; nothing when the document is gone or changed by now."""
        with self.store.transaction():
            self.write(reading, reader)

    def write(self, reading: Reading, reader: str) -> None:
        """`put` inside a transaction of the caller's."""
        here = self.db.execute("SELECT sha256 FROM documents WHERE id = ?", (reading.document,)).fetchone()
        if here is None or here[0] != reading.digest:
            return
        data = zlib.compress(dumped(reading.to_json()).encode("utf-8", "surrogatepass"), 6)
        graph_tables.drop(self.db, reading.document)
        row = (reading.document, reading.digest, reader, reading.version, data)
        self.db.execute("INSERT INTO graph_readings VALUES (?, ?, ?, ?, ?)", row)
        names = sorted({atom.end(reading.document) for atom in reading.atoms})
        self.db.executemany("INSERT INTO graph_names VALUES (?, ?)", [(reading.document, name) for name in names])
        self._note_said(reading, self.decisions(undone=True))

    def _note_said(self, reading: Reading, decisions: Sequence[Decision]) -> None:
        """Note for each decision about a relation that this document says so: it is kept as long as one does."""
        told = [d for d in decisions if d.kind in ("right", "wrong") and d.document in ("", reading.document)]
        if not told:
            return
        ends = [
            (atom.end(reading.document), f"{atom.end(reading.document)}@{reading.document}") for atom in reading.atoms
        ]
        said = {(a, f.label, b) for f in reading.facts for a in ends[f.head] for b in ends[f.tail]}
        rows = [(d.number, reading.document) for d in told if (d.a, d.label, d.b) in said]
        self.db.executemany("INSERT OR IGNORE INTO graph_said VALUES (?, ?)", rows)

    def settings(self) -> GraphSettings | None:
        """The settings of the last build; None where there was none."""
        value = self.store.read("graph")
        return settings_of(value) if self.built and isinstance(value, dict) else None

    def keep_settings(self, settings: GraphSettings) -> None:
        """Documents that come are read into the graph with these from now on."""
        if self.store.read("graph") != settings.to_json():
            self.store.write("graph", settings.to_json())

    def prune(self) -> None:
        """Drop decisions about names that no document has any more."""
        with self.store.transaction():
            graph_tables.prune(self.db)

    def readings(self) -> list[Reading]:
        """All readings, by document."""
        rows = self.db.execute("SELECT document, sha256, version, data FROM graph_readings ORDER BY document")
        return [
            Reading.from_json(document, sha256, version, json.loads(zlib.decompress(data)))
            for document, sha256, version, data in rows
        ]

    def reading(self, document: str) -> Reading | None:
        row = self.db.execute(
            "SELECT document, sha256, version, data FROM graph_readings WHERE document = ?", (document,)
        ).fetchone()
        return Reading.from_json(row[0], row[1], row[2], json.loads(zlib.decompress(row[3]))) if row else None

    def passages(self) -> list[tuple[str, int, int]]:
        """The spans of all passages, by document and place."""
        return self.db.execute("SELECT document, start_at, end_at FROM passages ORDER BY document, position").fetchall()

    def decisions(self, undone: bool = False) -> list[Decision]:
        """People's decisions by number: those that hold, or all."""
        if not self.built:
            return []
        where = "" if undone else " WHERE undone = 0"
        about = "label, document" if graph_tables.has_relations(self.db) else "'', ''"
        rows = self.db.execute(f"SELECT number, kind, a, b, names, {about} FROM graph_decisions{where} ORDER BY number")
        return [
            Decision(number, kind, a, b, tuple(json.loads(names)), *more) for number, kind, a, b, names, *more in rows
        ]

    def decide(self, some: Sequence[Decision]) -> list[int]:
        """Write decisions down, all or none; their numbers."""
        with self.store.transaction():
            graph_tables.bring_forward(self.db)
            made = [self._decide(one) for one in some]
            if any(one.label for one in made):
                for reading in self.readings():
                    self._note_said(reading, made)
            self.db.execute("DELETE FROM graph_linked")
        return [one.number for one in made]

    def _decide(self, one: Decision) -> Decision:
        row = (one.kind, one.a, one.b, dumped(list(one.names)), one.label, one.document)
        columns = "kind, a, b, names, label, document, undone"
        done = self.db.execute(f"INSERT INTO graph_decisions ({columns}) VALUES (?, ?, ?, ?, ?, ?, 0)", row)
        return one._replace(number=int(done.lastrowid or 0))

    def undo(self, number: int) -> bool:
        """Take a decision back; whether there was one that held."""
        with self.store.transaction():
            done = self.db.execute("UPDATE graph_decisions SET undone = 1 WHERE number = ? AND undone = 0", (number,))
            self.db.execute("DELETE FROM graph_linked")
        return done.rowcount > 0

    def key(self) -> str:
        """What the graph is worked out of, as a fingerprint."""
        rows = sorted((one.document, one.sha256, one.version) for one in self.kept().values())
        return fingerprint(LINKED, readings=[list(row) for row in rows], decisions=[list(d) for d in self.decisions()])

    def graph(self) -> Graph:
        """The graph of all readings and decisions: as it was worked out before, or anew."""
        if not self.built:
            return Graph()
        key = self.key()
        row = self.db.execute("SELECT data FROM graph_linked WHERE key = ?", (key,)).fetchone()
        if row is not None:
            return Graph.from_json(json.loads(zlib.decompress(row[0])))
        made = link(self.readings(), self.decisions())
        self._keep(key, made)
        return made

    def _keep(self, key: str, made: Graph) -> None:
        import sqlite3

        data = zlib.compress(dumped(made.to_json()).encode("utf-8", "surrogatepass"), 3)
        try:
            with self.store.transaction():
                self.db.execute("DELETE FROM graph_linked")
                self.db.execute("INSERT INTO graph_linked VALUES (?, ?)", (key, data))
        except sqlite3.OperationalError:
            return  # the base cannot be written: it is worked out again the next time
