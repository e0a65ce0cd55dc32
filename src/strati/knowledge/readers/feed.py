"""News feeds (RSS 2.0, RSS 1.0, Atom): every entry a heading, its date and its text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Document, Kind, Metadata
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, label
from strati.knowledge.readers.html import parse_html
from strati.knowledge.readers.html_blocks import HtmlBlocks
from strati.knowledge.readers.package import parse_xml

_BEFORE = rb"<!--.*?-->|<\?[^<>]*>|<!DOCTYPE[^\[<>]*(?:\[[^\]]*\])?\s*>"
_ROOT = re.compile(rb"^\s*(?:(?:" + _BEFORE + rb")\s*)*<(?:rss|feed|rdf:RDF)[\s>]", re.DOTALL)
_DATES = ("pubDate", "published", "date", "updated")
_TEXTS = ("encoded", "content", "description", "summary")  # the fullest first


class FeedReader:
    """RSS and Atom."""

    name = "feed"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        return 0.97 if _ROOT.match(data[:4096].removeprefix(b"\xef\xbb\xbf")) else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        root = parse_xml(data, name)
        made = DocumentBuilder(limits)
        channel = next((element for element in root.iter() if _local(element) in ("channel", "feed")), root)
        title = _first(channel, ("title",))
        made.block(Kind.TITLE, title, at=_at(channel))
        _write(made, _first(channel, ("description", "subtitle")), _at(channel))
        for entry in _entries(root):
            made.block(Kind.HEADING, _first(entry, ("title",)), level=1, at=_at(entry))
            made.block(Kind.PARAGRAPH, _first(entry, _DATES), at=_at(entry))
            _write(made, _first(entry, _TEXTS), _at(entry))
        metadata = Metadata(title=title or None, language=_first(channel, ("language",)) or None)
        return made.document(name, media_type="application/rss+xml", reader=label(self), metadata=metadata)


def _entries(root: Any) -> Iterator[Any]:
    return (element for element in root.iter() if _local(element) in ("item", "entry"))


def _first(element: Any, names: tuple[str, ...]) -> str:
    """The text of the first child of one of these names, in their order, tags in it dropped."""
    for name in names:
        for child in element:
            if _local(child) == name:
                return "".join(child.itertext()).strip()
    return ""


def _write(made: DocumentBuilder, text: str, at: Locator) -> None:
    if text:
        HtmlBlocks(made, lambda _: at).write(parse_html(text))


def _at(element: Any) -> Locator:
    return Locator(line=element.sourceline or 1)


def _local(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
