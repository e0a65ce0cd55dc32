"""Web pages: the main content (or, with `full`, everything) as headings, paragraphs, lists, tables and code.

Nothing the page refers to is fetched; scripts do not run, and what they would have written is not there.
"""

from __future__ import annotations

import codecs
import re
from typing import Any

from strati.core.errors import MissingExtra
from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.decoding import decode, looks_like_text
from strati.knowledge.document import Document, Kind, Metadata
from strati.knowledge.locator import Locator
from strati.knowledge.reader import FULL, Limits, Reason, Refused, label
from strati.knowledge.readers.html_blocks import HtmlBlocks, inline_text, words_of
from strati.knowledge.readers.html_main import main_content

_SURE = re.compile(rb"^\s*(?:<\?xml[^>]*>\s*|<!--.*?-->\s*)*(?:<!doctype\s+html|<html[\s>])", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(
    rb"</?(?:p|div|a|h[1-6]|ul|ol|li|table|tr|td|br|span|body|head|title|b|i|em|strong|img)\b[^<>]*>", re.I
)
_CHARSET = re.compile(rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?\s*([\w-]{2,30})", re.IGNORECASE)


class HtmlReader:
    """HTML and XHTML pages."""

    name = "html"
    version = "2"

    def __init__(self, full: bool = False) -> None:
        self.full = full
        if full:
            self.version += FULL

    def full_pages(self) -> HtmlReader:
        return HtmlReader(full=True)

    def sniff(self, data: bytes, name: str) -> float:
        head = data[:4096].removeprefix(codecs.BOM_UTF8)
        if _SURE.match(head):
            return 0.95
        begins = _TAG.match(head.lstrip()) or head.lstrip().startswith(b"<!--")
        return 0.6 if begins and looks_like_text(data) and len(_TAG.findall(head)) >= 3 else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        made = DocumentBuilder(limits)
        text, note = decode_html(data)
        made.warnings += [note] if note else []
        root = parse_html(text)
        body = root if root.find("body") is None else root.find("body")
        content, without = (body, set()) if self.full else main_content(body)
        metadata = _metadata(root)
        title = root.find(".//title")
        at = Locator(line=1 if title is None else title.sourceline or 1)
        if metadata.title and next(content.iter("h1"), None) is None:
            made.block(Kind.TITLE, metadata.title, at=at)
        else:
            made.leave_out("title of the page", metadata.title or "", at)
        HtmlBlocks(made, lambda line: Locator(line=line), without).write(content)
        _list_beside(made, body, content)
        return made.document(name, media_type="text/html", reader=label(self), metadata=metadata)


def _list_beside(made: DocumentBuilder, body: Any, content: Any) -> None:
    """List everything of the body outside the element that holds the content."""
    above = set(content.iterancestors()) if content is not body else set()
    for element in [body, *body.iterdescendants()] if above else ():
        at = Locator(line=element.sourceline or 1)
        if element in above:
            made.leave_out("beside the content", element.text or "", at)
        elif element.getparent() in above and element is not content and isinstance(element.tag, str):
            made.leave_out("beside the content", words_of(element), at)
        if element.getparent() in above:
            made.leave_out("beside the content", element.tail or "", at)


def decode_html(data: bytes) -> tuple[str, str]:
    """The text, in the encoding the page names or, where it names none or a wrong one, the likeliest; and a note."""
    named = _CHARSET.search(data[:4096])
    if named and not data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = named[1].decode("ascii").lower()
        # Browsers read these two as their Windows supersets (WHATWG Encoding Standard).
        encoding = {"iso-8859-1": "cp1252", "us-ascii": "cp1252", "gb2312": "gb18030"}.get(encoding, encoding)
        try:
            return data.decode(encoding), ""
        except (LookupError, ValueError):
            pass
    return decode(data)


def parse_html(text: str) -> Any:
    """The root element of a page.

    Raises:
        Refused: there is nothing in it, or it is nested too deeply (libxml2 takes 2,048 elements).
    """
    try:
        from lxml import etree, html
    except ImportError as error:
        raise MissingExtra("lxml", "docs") from error
    parser = html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True, huge_tree=True)
    data = re.sub("[\0-\x08\x0b\x0e-\x1f]", " ", text).encode("utf-8", "replace")
    try:
        root = html.document_fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Refused(Reason.EMPTY, "it holds no text") from error
    if any(entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log):
        raise Refused(Reason.MALFORMED, "its elements are nested too deeply")
    return root


def _metadata(root: Any) -> Metadata:
    values: dict[str, str] = {}
    for meta in root.iter("meta"):
        key = (meta.get("name") or meta.get("property") or "").lower()
        if key and meta.get("content", "").strip():
            values.setdefault(key, meta.get("content").strip())
    title = root.find(".//title")
    return Metadata(
        title=(inline_text(title) if title is not None else "") or values.get("og:title"),
        author=values.get("author") or values.get("article:author"),
        created=values.get("article:published_time") or values.get("date") or values.get("dcterms.created"),
        modified=values.get("article:modified_time"),
        language=(root.get("lang") or "").strip() or None,
        other={key: values[key] for key in ("description", "keywords", "og:site_name") if key in values},
    )
