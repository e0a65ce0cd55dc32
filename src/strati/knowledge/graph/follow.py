"""Keeps a base's graph with its documents: what an ingest reads goes into the graph in the documents' transaction.

So the graph never speaks of a document as it was before, and an ingest that is killed leaves both or neither.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from strati.core.errors import UserError
from strati.knowledge.graph.extractor import Extractor
from strati.knowledge.graph.reading import read
from strati.knowledge.graph.store import GraphStore
from strati.knowledge.ingest.report import GraphPart
from strati.knowledge.record import unpack
from strati.knowledge.store import graph_tables

if TYPE_CHECKING:
    from strati.knowledge.document import Document
    from strati.knowledge.graph.records import Reading
    from strati.knowledge.graph.settings import GraphSettings
    from strati.knowledge.record import Record
    from strati.knowledge.store.sqlite import SqliteStore


class DocumentReader:
    """Reads documents for the graph, by rules and by the extractor that the settings name.

    Raises:
        TaskError: the extractor cannot be used.
    """

    def __init__(self, settings: GraphSettings) -> None:
        self.settings = settings
        self.extractor = Extractor(settings.extractor) if settings.extractor else None

    @property
    def version(self) -> str:
        """Documents that were read under another version are read again by a build."""
        own = self.settings.version
        return own if self.extractor is None else f"{own}:{self.extractor.fingerprint[:12]}"

    def read(self, document: Document, id: str, sha256: str, language: str | None) -> Reading:
        named = self.extractor.names(document) if self.extractor is not None else ()
        return replace(read(document, id, sha256, self.settings, language, named), version=self.version)


class Follow:
    """The graph's part of an ingest; it does nothing in a base where no graph was built.

    Args:
        store: the base's store.

    Attributes:
        part: what went into the graph so far; None where there is no graph.
    """

    def __init__(self, store: SqliteStore) -> None:
        self.graph = GraphStore(store)
        self.part: GraphPart | None = None
        self._reader: DocumentReader | None = None
        if not self.graph.built:
            return
        self.part = GraphPart()
        try:
            settings = self.graph.settings()
            if settings is None:
                self.part.note = "the graph is of an earlier version and was not brought along: strati graph build"
            else:
                self._reader = DocumentReader(settings)
        except UserError as error:  # the extractor is gone, say: the documents are kept all the same
            self.part.note = f"the graph was not brought along: {error}"

    def prepare(self, records: Sequence[Record]) -> Callable[[], None]:
        """Read documents; what is given back writes the readings, inside the transaction that keeps the documents."""
        reader, part = self._reader, self.part
        if reader is None or part is None:
            return lambda: None
        made: list[tuple[Reading, str]] = []
        for record in records:
            text = zlib.decompress(record.text).decode()
            document = unpack(record.name, record.media_type, record.reader, text, record.structure)
            try:
                made.append((reader.read(document, record.id, record.sha256, record.language), record.reader))
            except Exception as error:  # one odd document must not keep the others out
                part.failed[record.name] = f"{type(error).__name__}: {error}"

        def write() -> None:
            for reading, by in made:
                self.graph.write(reading, by)
            if len(made) == len(records):
                graph_tables.prune(self.graph.db)
            part.read += len(made)

        return write
