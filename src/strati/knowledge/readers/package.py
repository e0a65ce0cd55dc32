"""Zip packages of XML (Office Open XML, EPUB, OpenDocument), opened with distrust.

Sizes are checked before anything is unpacked, and Python's `zipfile` gives no more bytes of a member than it declares.
XML is parsed without external entities, without a network and without expanding entities; a document that declares
entities is refused.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from strati.core.errors import MissingExtra
from strati.knowledge.document import Attachment, Metadata
from strati.knowledge.reader import Limits, Reason, Refused

MAGIC = b"PK\x03\x04"
_HEAD = 65_536
# What zipfile raises for what it cannot open or unpack; NotImplementedError: a way of compression it does not know.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)
Element = Any  # lxml's, which has no types
_DUBLIN = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"


class Relation(NamedTuple):
    """What a part of a package points at; `kind` is the last word of the relationship's type."""

    kind: str
    target: str


class Package:
    """The members of a zip file.

    Raises:
        Refused: it is damaged, encrypted or grows too large.
    """

    def __init__(self, data: bytes, limits: Limits) -> None:
        try:
            self._file = zipfile.ZipFile(io.BytesIO(data))
        except DAMAGE as error:
            raise Refused(Reason.MALFORMED, f"the zip container is damaged ({error})") from error
        members = self._file.infolist()
        if len(members) > limits.members:
            raise Refused(Reason.TOO_LARGE, f"it has {len(members):,} members, the limit is {limits.members:,}")
        limits.check_expanded(sum(member.file_size for member in members))
        if any(member.flag_bits & 1 for member in members):
            raise Refused(Reason.ENCRYPTED, "a password is needed to open it")
        self.names = {member.filename: member for member in members if not member.filename.endswith("/")}
        self._lower = {name.lower(): name for name in self.names}

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._lower

    def read(self, name: str) -> bytes:
        """The bytes of a member; its name is compared without regard to case."""
        member = self._lower.get(name.lower())
        if member is None:
            raise Refused(Reason.MALFORMED, f"the member {name} is missing")
        try:
            return self._file.read(self.names[member])
        except DAMAGE as error:
            raise Refused(Reason.MALFORMED, f"the member {name} cannot be unpacked ({error})") from error

    def xml(self, name: str) -> Element:
        """The root of an XML member."""
        return parse_xml(self.read(name), name)

    def optional(self, name: str) -> Element | None:
        """The root of an XML member, or None where there is none."""
        return self.xml(name) if name in self else None

    def relations(self, part: str) -> Mapping[str, Relation]:
        """What a part (or, for "", the package) points at inside the package, by relationship id."""
        folder, name = posixpath.split(part)
        rels = self.optional(posixpath.join(folder, "_rels", f"{name}.rels"))
        found = {}
        for relation in rels if rels is not None else ():
            if relation.get("TargetMode") != "External":
                target = unquote(relation.get("Target", ""))
                path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
                kind = relation.get("Type", "").rpartition("/")[2]
                found[relation.get("Id", "")] = Relation(kind, posixpath.normpath(path))
        return found

    def main_part(self) -> str:
        """The name of the part that the package is about."""
        for relation in self.relations("").values():
            if relation.kind == "officeDocument":
                return relation.target
        raise Refused(Reason.MALFORMED, "the package does not say which part is its document")

    def metadata(self) -> Metadata:
        """What `docProps/core.xml` says."""
        core = self.optional("docProps/core.xml")
        return Metadata() if core is None else dublin_core(core)


def embedded(
    package: Package, relations: Iterable[Relation], limits: Limits, known: Sequence[Attachment] = ()
) -> Iterator[Attachment]:
    """The files inside a document that a part points at: workbooks, other documents, pieces of HTML; each once."""
    names = {attachment.name for attachment in known}
    size = sum(len(attachment.data) for attachment in known)
    for relation in relations:
        name = posixpath.basename(relation.target)
        if relation.kind in ("package", "oleObject", "aFChunk") and relation.target in package and name not in names:
            data = package.read(relation.target)
            names.add(name)
            size += len(data)
            limits.check_expanded(size)
            yield Attachment(name, data)


def dublin_core(root: Element) -> Metadata:
    """Title, author, dates and language from Dublin Core elements anywhere below an element."""

    def first(*names: str) -> str | None:
        found = (element.text for name in names for element in root.iter(name))
        return next((" ".join(text.split()) for text in found if text and text.strip()), None)

    return Metadata(
        title=first(f"{_DUBLIN}title"),
        author=first(f"{_DUBLIN}creator"),
        created=first(f"{_TERMS}created", f"{_DUBLIN}date"),
        modified=first(f"{_TERMS}modified"),
        language=first(f"{_DUBLIN}language"),
    )


def parse_xml(data: bytes, name: str) -> Element:
    """The root of an XML document.

    Raises:
        Refused: it is not well-formed, or declares entities.
    """
    etree = lxml_etree()
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refused(Reason.MALFORMED, f"{name} is not well-formed XML") from error
    declared = root.getroottree().docinfo.internalDTD
    if declared is not None and any(True for _ in declared.iterentities()):
        raise Refused(Reason.MALFORMED, f"{name} declares entities of its own, which are not expanded")
    return root


def lxml_etree() -> Any:
    """The module `lxml.etree`; raises `MissingExtra` where it is not installed."""
    try:
        from lxml import etree
    except ImportError as error:
        raise MissingExtra("lxml", "docs") from error
    return etree


def holds(data: bytes, *names: str) -> bool:
    """Whether a zip file seems to have these members, from its directory at the end and its head; never raises."""
    if not data.startswith(MAGIC):
        return False
    ends = data[:_HEAD] + data[-4 * _HEAD :]
    return all(name.encode() in ends for name in names)
