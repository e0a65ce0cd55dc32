"""E-mail (.eml, MHTML; RFC 5322 and MIME): the head, the text or HTML body; attachments come as files of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.decoding import decode
from strati.knowledge.document import Attachment, Document, Kind, Metadata
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, Reason, Refused, label
from strati.knowledge.readers.html import decode_html, parse_html
from strati.knowledge.readers.html_blocks import HtmlBlocks, inline_text

SHOWN = ("From", "To", "Cc", "Date")
_FIELD = re.compile(rb"([!-9;-~]{1,76}):[ \t]?")
_KNOWN = {b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"received", b"return-path", b"cc"}
_KNOWN |= {b"delivered-to", b"content-type", b"reply-to", b"sender", b"x-mailer", b"in-reply-to", b"references"}
_WORD = re.compile(r"\w+")
_STUB = 0.2  # share of an HTML text's words that its plain form lacks: then it is no form of it


class EmailReader:
    """Messages as mail programs keep them."""

    name = "email"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        head = re.split(rb"\r?\n\r?\n", data[:16_384].lstrip(b"\r\n"), maxsplit=1)[0]
        lines = [line for line in head.split(b"\n") if line.strip() and not line[:1].isspace()]
        if lines and lines[0].startswith((b"From ", b">From ")):
            lines = lines[1:]
        fields = [_FIELD.match(line) for line in lines[:60]]
        known = {field[1].lower() for field in fields if field} & _KNOWN
        enough = len(known) >= 3 and all(fields) and known & {b"from", b"subject", b"mime-version"}
        return 0.9 if enough else 0.4 if known and all(fields) and name.lower().endswith(".eml") else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        try:
            message = message_from_bytes(data, policy=policy.default)
            return self._document(message, name, limits)
        except (LookupError, ValueError, AttributeError, TypeError, RecursionError) as error:
            # The standard library raises these on damaged heads and encodings.
            raise Refused(Reason.MALFORMED, f"the message is damaged ({type(error).__name__})") from error

    def _document(self, message: EmailMessage, name: str, limits: Limits) -> Document:
        made = DocumentBuilder(limits)
        made.block(Kind.TITLE, _field(message, "Subject"), at=Locator(part="subject"))
        lines = [(f"{key}: {value}", Locator(part="head")) for key in SHOWN if (value := _field(message, key))]
        made.lines(Kind.PARAGRAPH, lines)
        for number, body in enumerate(_bodies(message, made), 1):
            _write(made, body, "body" if number == 1 else f"body {number}")
        made.attachments += _attachments(message, limits)
        if message.get_content_type() in ("multipart/encrypted", "application/pkcs7-mime"):
            raise Refused(Reason.ENCRYPTED, "the message is encrypted")
        return made.document(name, media_type="message/rfc822", reader=label(self), metadata=_metadata(message))


def _bodies(part: EmailMessage, made: DocumentBuilder) -> list[EmailMessage]:
    """The parts that a reader of the message sees as its text, in order; of alternatives the one that says most."""
    if part.get_filename() or part.is_attachment():
        return []
    if part.get_content_type() in ("text/plain", "text/html"):
        return [part]
    if not part.is_multipart() or part.get_content_maintype() == "message":
        return []
    found = [_bodies(inner, made) for inner in _parts(part)]
    if part.get_content_type() != "multipart/alternative":
        return [body for bodies in found for body in bodies]
    return _fullest([bodies for bodies in found if bodies], made)


def _fullest(forms: Sequence[list[EmailMessage]], made: DocumentBuilder) -> list[EmailMessage]:
    """One of several forms of the same text: the first, unless another has words that it lacks.

    What only the others say is listed as left out.
    """
    words = [set(_WORD.findall(_shown(bodies).lower())) for bodies in forms]
    chosen = 0
    for number in range(1, len(forms)):
        if len(words[number] - words[chosen]) > _STUB * len(words[number]):
            chosen = number
    for number, bodies in enumerate(forms):
        if words[number] - words[chosen]:
            made.leave_out("another form of the body", _shown(bodies), Locator(part="body"))
    return forms[chosen] if forms else []


def _shown(bodies: Sequence[EmailMessage]) -> str:
    """The words of a body, without markup."""
    texts = []
    for body in bodies:
        text = _text(body)
        if body.get_content_type() == "text/html" and text.strip():
            root = parse_html(text)
            text = " ".join(inline_text(element) for element in root.iter("body"))
        texts.append(text)
    return "\n".join(texts)


def _text(body: EmailMessage) -> str:
    data, charset = _payload(body), body.get_content_charset()
    if body.get_content_type() == "text/html" and not charset:
        return decode_html(data)[0] if data.strip() else ""
    return _decoded(data, charset)


def _write(made: DocumentBuilder, body: EmailMessage, part: str) -> None:
    text = _text(body)
    if body.get_content_type() != "text/html":
        write_lines(made, text, part)
    elif text.strip():
        HtmlBlocks(made, lambda line: Locator(part=part, line=line)).write(parse_html(text))


def write_lines(made: DocumentBuilder, text: str, part: str = "body") -> None:
    """Plain text of a body: paragraphs parted by blank lines, every line a place."""
    paragraph: list[tuple[str, Locator]] = []
    for number, line in enumerate([*re.split(r"\r\n|\r|\n", text), ""], 1):
        if line.strip():
            paragraph.append((line.rstrip(), Locator(part=part, line=number)))
        elif paragraph:
            made.lines(Kind.PARAGRAPH, paragraph)
            paragraph = []


def _payload(part: EmailMessage) -> bytes:
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def _decoded(data: bytes, charset: str | None) -> str:
    try:
        if charset and charset.lower() not in ("us-ascii", "ascii"):
            return data.decode(charset)
    except (LookupError, ValueError):
        pass
    return decode(data)[0] if data.strip() else ""


def _attachments(message: EmailMessage, limits: Limits) -> list[Attachment]:
    """Every part that is neither the body nor another form of it."""
    found: list[Attachment] = []
    size = 0
    for part in _leaves(message):
        kind = part.get_content_type()
        named = part.get_filename()
        if kind in ("text/plain", "text/html") and not named and not part.is_attachment():
            continue
        if kind == "message/rfc822":
            inner = part.get_payload()
            first = inner[0] if isinstance(inner, list) and inner else None
            data = first.as_bytes() if isinstance(first, EmailMessage) else b""
        elif part.is_multipart():  # a report of delivery: groups of fields
            data = "\n".join(inner.as_string() for inner in _parts(part)).encode("utf-8", "replace")
        else:
            data = _payload(part)
        size += len(data)
        limits.check_expanded(size)
        if len(found) >= limits.members:
            raise Refused(Reason.TOO_LARGE, f"it has more than {limits.members:,} attachments")
        if data:
            found.append(Attachment(named or f"attachment {len(found) + 1}", data))
    return found


def _leaves(message: EmailMessage) -> list[EmailMessage]:
    """The parts without parts, those of attached messages left to the reader of the attachment."""
    waiting, found = [message], []
    while waiting:
        part = waiting.pop()
        if part.is_multipart() and part.get_content_maintype() != "message":
            waiting += reversed(_parts(part))
        else:
            found.append(part)
    return found


def _parts(part: EmailMessage) -> list[EmailMessage]:
    inner = part.get_payload()
    return [one for one in inner if isinstance(one, EmailMessage)] if isinstance(inner, list) else []


def _field(message: EmailMessage, name: str) -> str:
    return " ".join(str(message.get(name, "")).split())


def _metadata(message: EmailMessage) -> Metadata:
    try:
        created = parsedate_to_datetime(_field(message, "Date")).isoformat()
    except (ValueError, TypeError, OverflowError):
        created = None
    identity = _field(message, "Message-ID")
    return Metadata(
        title=_field(message, "Subject") or None,
        author=_field(message, "From") or None,
        created=created,
        other={"message_id": identity} if identity else {},
    )
