"""Electronic books (EPUB 2 and 3): the chapters in the order of the spine; a place is the chapter's file and line."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Document
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, Reason, Refused, label
from strati.knowledge.readers.html import decode_html, parse_html
from strati.knowledge.readers.html_blocks import HtmlBlocks
from strati.knowledge.readers.package import MAGIC, Package, dublin_core

_TYPE = "application/epub+zip"
_FONTS = ("obfuscation", "pdf/enc#RC")  # in the names of algorithms that only hide fonts


class EpubReader:
    """EPUB."""

    name = "epub"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        return 1.0 if data.startswith(MAGIC) and b"mimetypeapplication/epub+zip" in data[:200] else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        package = Package(data, limits)
        _check_encryption(package)
        place = _package_document(package)
        root = package.xml(place)
        chapters = list(_chapters(root, posixpath.dirname(place)))
        limits.check_pages(len(chapters))
        made = DocumentBuilder(limits)
        for chapter in chapters:
            if chapter not in package:
                made.warnings.append(f"the chapter {chapter} is missing in the file")
                continue
            text, _ = decode_html(package.read(chapter))
            if text.strip():
                part = posixpath.basename(chapter)
                HtmlBlocks(made, lambda line, part=part: Locator(part=part, line=line)).write(parse_html(text))  # type: ignore[misc]
        return made.document(name, media_type=_TYPE, reader=label(self), metadata=dublin_core(root))


def _package_document(package: Package) -> str:
    for element in package.xml("META-INF/container.xml").iter():
        if _local(element) == "rootfile" and element.get("full-path"):
            return str(element.get("full-path"))
    raise Refused(Reason.MALFORMED, "META-INF/container.xml names no package document")


def _chapters(root: Any, folder: str) -> Iterator[str]:
    """The files of the spine that hold pages, without the table of contents."""
    manifest = {}
    for item in root.iter():
        if _local(item) == "item" and item.get("id") and item.get("href"):
            manifest[item.get("id")] = item
    for reference in root.iter():
        item = manifest.get(reference.get("idref")) if _local(reference) == "itemref" else None
        if item is None or "nav" in item.get("properties", "").split():
            continue
        if item.get("media-type", "").endswith(("xhtml+xml", "html", "x-dtbook+xml")):
            yield posixpath.normpath(posixpath.join(folder, unquote(item.get("href").partition("#")[0])))


def _check_encryption(package: Package) -> None:
    rules = package.optional("META-INF/encryption.xml")
    for element in rules.iter() if rules is not None else ():
        algorithm = element.get("Algorithm", "") if _local(element) == "EncryptionMethod" else ""
        if algorithm and not any(word in algorithm for word in _FONTS):
            raise Refused(Reason.ENCRYPTED, "its chapters are protected against reading by other programs")


def _local(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
