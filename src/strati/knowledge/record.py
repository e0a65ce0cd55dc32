"""A document as the store keeps it: made in a worker process, written in one transaction.

Worker and store speak JSON and bytes only, never pickle: what a damaged file does to a worker can't reach further.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from strati.core.records import JSON
from strati.knowledge.document import Block, Document, Kind, LeftOut, Mark, Metadata, Page, cut, joined
from strati.knowledge.language import language_of
from strati.knowledge.locator import Locator
from strati.knowledge.passages import SIZES, Passage, Sizes, passages
from strati.knowledge.signature import signature

PASSAGE_LANGUAGE = 200  # characters: below that the document's language is the better guess
LOOK_AT = 500  # characters of a passage that tell its language


@dataclass(frozen=True, slots=True)
class PassageRow:
    """One passage with what is indexed of it. `text` is `document.text[start:end]`, `places` its marks as JSON."""

    position: int
    start: int
    end: int
    kind: str
    path: tuple[str, ...]
    header: str
    language: str | None
    signature: bytes
    places: str
    text: str

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The document's marks in this passage."""
        found = json.loads(self.places)
        return tuple(Mark(start, end, Locator.from_json(place)) for start, end, place in found)

    def locate(self, start: int, end: int) -> Locator:
        """One place for characters `start` to `end` of the document, which lie in this passage."""
        return joined(cut(self.marks, start, end), self.path)

    @property
    def context(self) -> str:
        """What stands above the passage: headings, and column names of a table."""
        return "\n".join(part for part in (" > ".join(self.path), self.header) if part)

    @property
    def embedded(self) -> str:
        """The text that is embedded: the passage under its headings."""
        return f"{self.context}\n{self.text}" if self.context else self.text


@dataclass(frozen=True, slots=True)
class Record:
    """One document, ready to be kept.

    `path` is the absolute path of the file, with "!/member" for a file inside it, and identifies the document; `name`
    is the path as it was asked for; `container` the path of the file it came in, or "". `sha256` and `size` are of
    the bytes that were read. `date` is the one filters go by: of the last change, as the document says itself, else
    as the file system says. `sizes` is the version of the passages. `text` and `structure` are compressed.
    """

    path: str
    name: str
    container: str
    sha256: str
    size: int
    media_type: str
    reader: str
    sizes: str
    title: str
    author: str
    date: str
    language: str | None
    warnings: tuple[str, ...]
    text: bytes
    structure: bytes
    rows: tuple[PassageRow, ...]

    @property
    def id(self) -> str:
        return document_id(self.path)

    @property
    def packed(self) -> tuple[bytes, bytes]:
        """Text and structure, unpacked to bytes: the same for the same document, whatever compressed it."""
        return zlib.decompress(self.text), zlib.decompress(self.structure)


def record_of(
    document: Document, *, path: str, name: str, container: str, data: bytes, modified: str, sizes: Sizes = SIZES
) -> Record:
    """Everything that is kept of a document that was read from `data`."""
    rows, language = rows_of(document, sizes)
    about = document.metadata
    return Record(
        path=path,
        name=name,
        container=container,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        media_type=document.media_type,
        reader=document.reader,
        sizes=sizes.version,
        title=kept(about.title),
        author=kept(about.author),
        date=kept(about.modified or about.created or modified)[:10],
        language=language,
        warnings=tuple(map(kept, document.warnings)),
        text=zlib.compress(document.text.encode(), 3),
        structure=pack(document),
        rows=rows,
    )


def kept(text: str | None) -> str:
    """A text about a document as a store can keep it: on one line, without NUL and halves of surrogate pairs."""
    whole = (text or "").encode("utf-8", "replace").decode()
    return " ".join(whole.replace("\0", "").split()) if "\0" in whole or "\n" in whole else whole


def document_id(path: str) -> str:
    """A document is known by where it is: 16 hexadecimal digits of its path's SHA-256."""
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def rows_of(document: Document, sizes: Sizes = SIZES) -> tuple[tuple[PassageRow, ...], str | None]:
    """The passages of a document with language and signature, and the document's language."""
    language = kept(document.metadata.language) or language_of(document.text)
    return tuple(_row(document, found, language) for found in passages(document, sizes)), language


def _row(document: Document, found: Passage, language: str | None) -> PassageRow:
    text = document.text[found.start : found.end]
    own = language_of(text[:LOOK_AT]) if PASSAGE_LANGUAGE <= len(text) < len(document.text) else None
    return PassageRow(
        found.position, found.start, found.end, found.kind, found.path, found.header, own or language,
        signature(text), _places(document.places(found.start, found.end)), text,
    )  # fmt: skip


def pack(document: Document) -> bytes:
    """Blocks, marks, pages, metadata, warnings and what is left out, compressed; the text is kept beside it."""
    paths: dict[tuple[str, ...], int] = {}
    blocks: list[JSON] = [
        [b.kind, b.start, b.end, b.level, paths.setdefault(b.path, len(paths)), b.header] for b in document.blocks
    ]
    value = {
        "blocks": blocks,
        "paths": [list(path) for path in paths],
        "marks": _marks(document.marks),
        "pages": [list(page) for page in document.pages],
        "metadata": _about(document.metadata),
        "warnings": list(document.warnings),
        "left_out": [[what, text, place.to_json()] for what, text, place in document.left_out],
    }
    return zlib.compress(kept(json.dumps(value, ensure_ascii=False, separators=(",", ":"))).encode(), 3)


def _about(metadata: Metadata) -> dict[str, JSON]:
    return {
        "title": metadata.title,
        "author": metadata.author,
        "created": metadata.created,
        "modified": metadata.modified,
        "language": metadata.language,
        "other": dict(metadata.other),
    }


def _marks(marks: Sequence[Mark]) -> list[JSON]:
    return [[mark.start, mark.end, _place(mark.locator)] for mark in marks]


@lru_cache(maxsize=4_096)
def _place(locator: Locator) -> dict[str, JSON]:
    """A place as JSON, made once: a mark is written with its document and with its passage. Nobody changes it."""
    return locator.to_json()


def _places(marks: Sequence[Mark]) -> str:
    return kept(json.dumps(_marks(marks), ensure_ascii=False, separators=(",", ":")))


def unpack(name: str, media_type: str, reader: str, text: str, packed: bytes) -> Document:
    """The document that `pack` was given, without its attachments."""
    value: dict[str, JSON] = json.loads(zlib.decompress(packed))
    paths = [tuple(path) for path in value["paths"]]
    return Document(
        name=name,
        text=text,
        media_type=media_type,
        reader=reader,
        blocks=tuple(_block(row, paths) for row in value["blocks"]),
        marks=tuple(Mark(start, end, Locator.from_json(place)) for start, end, place in value["marks"]),
        metadata=Metadata(**value["metadata"]),
        warnings=tuple(value["warnings"]),
        pages=tuple(Page(*page) for page in value["pages"]),
        left_out=tuple(LeftOut(what, text, Locator.from_json(at)) for what, text, at in value.get("left_out", ())),
    )


def _block(row: Sequence[JSON], paths: list[tuple[str, ...]]) -> Block:
    kind, start, end, level, path, header = row
    return Block(Kind(kind), start, end, level, paths[path], tuple(header) if header else None)


_ON_THE_WAY = (
    *("path", "name", "container", "sha256", "size", "media_type", "reader", "sizes", "title", "author", "date"),
    *("language", "warnings"),
)


def to_message(record: Record) -> tuple[dict[str, JSON], list[bytes]]:
    """A record as JSON and bytes; passages travel without their text, which is in the document's."""
    rows = [
        [r.start, r.end, r.kind, list(r.path), r.header, r.language, r.signature.hex(), r.places] for r in record.rows
    ]
    return {**{key: getattr(record, key) for key in _ON_THE_WAY}, "rows": rows}, [record.text, record.structure]


def from_message(value: Mapping[str, JSON], parts: Sequence[bytes]) -> Record:
    """What `to_message` was given."""
    text = zlib.decompress(parts[0]).decode()
    rows = tuple(
        PassageRow(at, start, end, kind, tuple(path), header, language, bytes.fromhex(mark), places, text[start:end])
        for at, (start, end, kind, path, header, language, mark, places) in enumerate(value["rows"])
    )
    about = {key: value[key] for key in _ON_THE_WAY} | {"warnings": tuple(value["warnings"])}
    return Record(**about, text=parts[0], structure=parts[1], rows=rows)
