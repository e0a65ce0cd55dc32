"""Outlook messages (.msg, [MS-OXMSG]); and the word on other files in OLE's container: locked or old Office files."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from strati.core.errors import MissingExtra
from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Attachment, Document, Kind, Metadata
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, Reason, Refused, label
from strati.knowledge.readers.email import write_lines
from strati.knowledge.readers.html import decode_html, parse_html
from strati.knowledge.readers.html_blocks import HtmlBlocks

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROPERTIES = "__properties_version1.0"
# Property tags of [MS-OXPROPS].
_SUBJECT, _SENDER, _ADDRESS, _TO, _CC, _BODY, _HTML = "0037", "0C1A", "5D01", "0E04", "0E03", "1000", "1013"
_FILE, _LONG_FILE, _DATA, _SUBMITTED = "3704", "3707", "3701", 0x00390040
# What olefile and the code here raise on damaged containers, loops among their folders included.
_DAMAGE = (OSError, ValueError, IndexError, struct.error, KeyError, TypeError, AttributeError, RecursionError)
_OLD = {"WordDocument": ("Word", "docx"), "PowerPoint Document": ("PowerPoint", "pptx")}


class OutlookReader:
    """Messages saved by Outlook."""

    name = "outlook"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        return 0.95 if data.startswith(_OLE) else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        ole = _opened(data)
        with ole:
            try:
                if not ole.exists(_PROPERTIES):
                    raise _other(ole)
                return self._message(ole, name, limits)
            except _DAMAGE as error:
                raise Refused(Reason.MALFORMED, "the message is damaged") from error

    def _message(self, ole: Any, name: str, limits: Limits) -> Document:
        made = DocumentBuilder(limits)
        subject, created = _text(ole, [], _SUBJECT), _submitted(ole)
        sender = " ".join(filter(None, [_text(ole, [], _SENDER), _bracketed(_text(ole, [], _ADDRESS))]))
        made.block(Kind.TITLE, subject, at=Locator(part="subject"))
        head = {"From": sender, "To": _text(ole, [], _TO), "Cc": _text(ole, [], _CC), "Date": created or ""}
        made.lines(Kind.PARAGRAPH, [(f"{k}: {v}", Locator(part="head")) for k, v in head.items() if v])
        body, html = _text(ole, [], _BODY), _binary(ole, [f"__substg1.0_{_HTML}0102"])
        if body.strip():
            write_lines(made, body)
        elif html.strip():
            HtmlBlocks(made, lambda line: Locator(part="body", line=line)).write(parse_html(decode_html(html)[0]))
        elif ole.exists("__substg1.0_10090102"):
            made.warnings.append("the body is in compressed RTF only, which is not read")
        made.attachments += _attachments(ole, limits)
        metadata = Metadata(title=subject or None, author=sender or None, created=created)
        return made.document(name, media_type="application/vnd.ms-outlook", reader=label(self), metadata=metadata)


def _opened(data: bytes) -> Any:
    try:
        import olefile
    except ImportError as error:
        raise MissingExtra("olefile", "docs") from error
    try:
        return olefile.OleFileIO(io.BytesIO(data))
    except Exception as error:  # olefile lets many kinds of errors through on damaged files
        raise Refused(Reason.MALFORMED, "the OLE container is damaged") from error


def _other(ole: Any) -> Refused:
    """Why a container that holds no message is not read."""
    names = {"/".join(entry) for entry in ole.listdir()}
    if "EncryptedPackage" in names:
        return Refused(Reason.ENCRYPTED, "a password is needed to open this Office file")
    for stream, (program, ending) in _OLD.items():
        if stream in names:
            return Refused(Reason.UNKNOWN_TYPE, f"it is a {program} 97-2003 file; save it as .{ending}")
    return Refused(Reason.UNKNOWN_TYPE, "it is an OLE container without a message")


def _text(ole: Any, folder: list[str], tag: str) -> str:
    """A string property, in UTF-16 or in the 8-bit encoding of the writer, taken for Windows-1252."""
    wide = _binary(ole, [*folder, f"__substg1.0_{tag}001F"])
    narrow = b"" if wide else _binary(ole, [*folder, f"__substg1.0_{tag}001E"])
    return (wide.decode("utf-16-le", "replace") or narrow.decode("cp1252", "replace")).replace("\0", "")


def _binary(ole: Any, path: list[str]) -> bytes:
    return bytes(ole.openstream(path).read()) if ole.exists(path) else b""


def _attachments(ole: Any, limits: Limits) -> Iterator[Attachment]:
    size = 0
    folders = sorted({entry[0] for entry in ole.listdir() if entry[0].startswith("__attach")})
    for number, folder in enumerate(folders[: limits.members], 1):
        data = _binary(ole, [folder, f"__substg1.0_{_DATA}0102"])
        size += len(data)
        limits.check_expanded(size)
        name = _text(ole, [folder], _LONG_FILE) or _text(ole, [folder], _FILE) or f"attachment {number}"
        if data:
            yield Attachment(name, data)


def _submitted(ole: Any) -> str | None:
    """When the message was sent, from the fixed-size properties: 16 bytes each after a head of 32."""
    data = _binary(ole, [_PROPERTIES])
    for place in range(32, len(data) - 15, 16):
        tag, _, value = struct.unpack_from("<IIQ", data, place)
        if tag == _SUBMITTED and 0 < value < 1 << 58:
            return (datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=value // 10)).isoformat()
    return None


def _bracketed(address: str) -> str:
    return f"<{address}>" if address else ""
