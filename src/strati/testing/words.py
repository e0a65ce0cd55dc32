"""Which words of a file does a reader lose? Compared with a second, crude extraction that shares no code with readers.

A word counts as kept when it stands in a passage (or in the headings and column names above one), and as listed when
`Document.listed` or a warning has it. What is left is lost, silently: there should be none.
"""

from __future__ import annotations

import html
import io
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes, policy

from strati.knowledge.document import Document
from strati.knowledge.passages import passages

_WORD = re.compile(r"[^\W_]+")
_SILENT = re.compile(r"<(script|style|template)\b.*?</\1\s*>|<!--.*?-->|<!\[CDATA\[|\]\]>|<!doctype[^>]*>", re.S | re.I)
_TAG = re.compile(r"<[^<>]*>")
_RUN = re.compile(r"<(?:\w+:)?(?:t|delText|text|pt)(?:\s[^<>]*)?>([^<]*)</")
_VALUE = re.compile(r"<c:v>([^<]*)</c:v>")
_BESIDE = re.compile(
    r"theme|styles|settings|fontTable|numbering|Master|Layout|props|customXml|embeddings|glossary|drawing\d*\.xml$|layout\d|colors\d|quickStyle|metadata|persons?|calcChain|tags|pivot|query",
    re.I,
)
_TIMES = re.compile(r"^.*-->.*$|^\d+:\d+:\d+[.,]\d+,\d+:.*$|^\s*\d+\s*$", re.M)
_ROLE = re.compile(r":[\w:+.-]+:(?=`)|(?<=[^`\s])\s*<[^<>`]*>`|``[^`]*``(?!.)")


@dataclass(frozen=True, slots=True)
class Kept:
    """Of the different words of a file: how many are in a passage, how many are only listed, and which are lost."""

    found: int
    listed: int
    lost: tuple[str, ...]


def kept_words(document: Document, data: bytes) -> Kept:
    """What became of the words of the file that `document` was read from."""
    words = set(words_of_file(data, document))
    inside, beside = _passages(document), _listed(document)
    found = {word for word in words if word in inside.words or word in inside.joined}
    listed = {word for word in words - found if word in beside.words or word in beside.joined}
    both = inside.joined + beside.joined
    lost = {word for word in words - found - listed if word not in both}
    return Kept(len(found), len(words) - len(found) - len(lost), tuple(sorted(lost)))


def lost_words(document: Document, data: bytes) -> tuple[str, ...]:
    """The words of the file that are neither in a passage nor listed; nothing for formats that are not known here."""
    return kept_words(document, data).lost


@dataclass(frozen=True, slots=True)
class _Text:
    words: frozenset[str]
    joined: str  # all of them without what is between them: pieces of a word may stand in several runs


def _text(parts: Iterable[str]) -> _Text:
    words = _words("\n".join(parts))
    return _Text(frozenset(words), "".join(words))


def _passages(document: Document) -> _Text:
    parts: list[str] = []
    for one in passages(document):
        parts += [document.text[one.start : one.end], *one.path, one.header]
    return _text(parts)


def _listed(document: Document) -> _Text:
    about = document.metadata
    told = [about.title or "", about.author or "", about.created or "", about.language or "", *about.other.values()]
    return _text([*(one.text for one in document.listed()), *document.warnings, *told])


def _words(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKC", text.replace("\u00ad", "").replace("\u200b", "")).casefold()
    return _WORD.findall(folded)


def words_of_file(data: bytes, document: Document) -> Iterator[str]:
    """Every word of a file by crude means; nothing for a format that has none here."""
    kind = document.reader.split(".v")[0]
    extract = _EXTRACTIONS.get(kind)
    text = extract(data) if extract else ""
    for word in _words(text):
        if kind != "spreadsheet" or word.isalpha():  # numbers are shown in other ways than they are kept
            yield word


def _decoded(data: bytes) -> str:
    for encoding in ("utf-8-sig", "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "cp932", "cp1252"):
        try:
            text = data.decode(encoding)
        except ValueError:
            continue
        if encoding != "cp932" or len(re.findall(r"[\u3040-\u30ff\u4e00-\u9fff]{2}", text)) > 1:
            return text
    return data.decode("latin-1")


def _markup(data: bytes) -> str:
    found = re.search(rb"charset\s*=\s*[\"']?([\w-]+)", data[:2048])
    try:
        text = data.decode(found[1].decode()) if found else _decoded(data)
    except (LookupError, ValueError):
        text = _decoded(data)
    return html.unescape(html.unescape(_TAG.sub(" ", _SILENT.sub(" ", text))))


def _captions(data: bytes) -> str:
    text = re.sub(r"\A\ufeff?WEBVTT|\{\\[^{}\n]*\}", "", _decoded(data).replace("\r\n", "\n"))
    text = re.sub(r"^(?:STYLE|REGION|NOTE)(?=\s)", "", text, flags=re.M)
    text = re.sub(r"<v(?:\.[\w.-]+)?\s+([^<>\n]+)>", r"\1 ", text)
    return html.unescape(_TAG.sub("", _TIMES.sub("", text)))


def _transcript(data: bytes) -> str:
    return re.sub(r"^\s*(?:play)?\s*[\[(]?(?:\d+:)?\d+:\d\d(?:\.\d+)?[\])]?", " ", _decoded(data), flags=re.M | re.I)


def _structured(data: bytes) -> str:
    """reStructuredText without names of roles and targets of references, which are markup."""
    return _ROLE.sub(" ", re.sub(r"^\s*\.\. [\w:.+-]+::", " ", _decoded(data), flags=re.M))


def _members(data: bytes, wanted: Callable[[str], bool]) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            if wanted(name):
                yield _decoded(archive.read(name))


def _office(data: bytes) -> str:
    parts = _members(data, lambda name: name.endswith(".xml") and "/" in name and not _BESIDE.search(name))
    pieces = []
    for part in parts:
        part = re.sub(r"<mc:Fallback\b.*?</mc:Fallback>|<w:(?:moveFrom)\b.*?</w:moveFrom>", "", part, flags=re.S)
        part = re.sub(r"</(?:\w+:)?(?:p|si|is|comment|tc)>", "\n", part)
        pieces += ["\n".join("".join(_RUN.findall(line)) for line in part.split("\n")), *_VALUE.findall(part)]
    return html.unescape("\n".join(pieces))


def _spreadsheet(data: bytes) -> str:
    if not data.startswith(b"PK"):
        return ""
    if b"opendocument" in data[:200]:
        return _open_document(data)
    return _office(data)


def _open_document(data: bytes) -> str:
    if not data.startswith(b"PK"):
        return _markup(
            re.sub(rb"<office:(?:scripts|settings|styles|automatic-styles|meta)\b.*?</office:\w+>", b"", data)
        )
    pieces = []
    for part in _members(data, lambda name: name == "content.xml"):
        part = re.sub(
            r"<office:(?:scripts|font-face-decls|automatic-styles|event-listeners)\b.*?</office:[\w-]+>", "", part
        )
        part = re.sub(
            r"<dc:(?:date|creator)>.*?</dc:\w+>|<text:note-citation.*?</text:note-citation>", "", part, flags=re.S
        )
        part = re.sub(r"<text:(?:page-number|span|s|soft-page-break|bookmark\w*)\b[^<>]*>|</text:span>", "", part)
        pieces.append(part)
    return html.unescape(_TAG.sub(" ", "\n".join(pieces)))


def _book(data: bytes) -> str:
    pages = _members(data, lambda name: name.lower().endswith((".xhtml", ".html", ".htm")))
    return "\n".join(_markup(re.sub(r"<title>.*?</title>", "", page, flags=re.S).encode()) for page in pages)


def _portable(data: bytes) -> str:
    import pypdfium2

    pdf = pypdfium2.PdfDocument(data)
    pages = [page.get_textpage().get_text_range().replace("\ufffe", "") for page in pdf]
    pdf.close()
    said = re.findall(rb"/(?:V|Contents)\s*\(((?:[^()\\]|\\.)*)\)", data)
    plain = [text.decode("latin-1") for text in said if not text.startswith(b"\xfe\xff")]
    return "\n".join([*pages, *plain]).replace("\r", "")


def _mail(data: bytes) -> str:
    message = message_from_bytes(data, policy=policy.default)
    pieces = [str(message.get("Subject", ""))]
    for part in message.walk():
        if part.get_content_maintype() == "text" and not part.get_filename():
            raw = part.get_payload(decode=True)
            body = raw if isinstance(raw, bytes) else b""
            with suppress(LookupError, ValueError):
                body = body.decode(part.get_content_charset() or "utf-8").encode()
            pieces.append(_markup(body) if part.get_content_subtype() == "html" else _decoded(body))
    return "\n".join(pieces)


def _rich(data: bytes) -> str:
    text = data.decode("latin-1")
    while True:
        fewer = re.sub(r"\{\\(?:\*|fonttbl|colortbl|stylesheet|info|pict)[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", "", text)
        if fewer == text:
            break
        text = fewer
    text = re.sub(r"\\u(-?\d+) ?(?:\\'..|.)?", lambda found: chr(int(found[1]) % 65_536), text)
    text = re.sub(r"\\'([0-9a-f]{2})", lambda found: bytes.fromhex(found[1]).decode("cp1252", "replace"), text)
    text = re.sub(r"\\(?:par|line|tab|cell|row)\b ?", "\n", text)
    return re.sub(r"\\[a-zA-Z]+-?\d* ?|[{}]", "", text)


def _notebook(data: bytes) -> str:
    pieces: list[str] = []
    for cell in json.loads(data).get("cells", []):
        source = cell.get("source", "")
        pieces.append(source if isinstance(source, str) else "".join(source))
    return "\n".join(pieces)


_EXTRACTIONS: dict[str, Callable[[bytes], str]] = {
    **dict.fromkeys(("text", "markdown", "csv"), _decoded),
    "transcript": _transcript,
    **dict.fromkeys(("html", "html+full", "timedtext"), _markup),
    **dict.fromkeys(("webvtt", "subrip", "sbv"), _captions),
    **dict.fromkeys(("docx", "pptx"), _office),
    "restructuredtext": _structured,
    "spreadsheet": _spreadsheet,
    "opendocument": _open_document,
    "epub": _book,
    "pdf": _portable,
    "email": _mail,
    "rtf": _rich,
    "notebook": _notebook,
}
