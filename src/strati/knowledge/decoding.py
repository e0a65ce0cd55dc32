"""From bytes to text, for all readers of text formats."""

from __future__ import annotations

import io
from contextlib import suppress

from strati.core.content import HEAD, Content
from strati.core.encoding import encoding_of
from strati.core.errors import DataError
from strati.knowledge.builder import DocumentBuilder, clean
from strati.knowledge.reader import Limits, Reason, Refused

_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\r\f\x1b")


def decode(data: bytes) -> tuple[str, str]:
    """The text, cleaned as documents hold it, and what was assumed about the encoding, in words ("" for nothing).

    Raises:
        Refused: the bytes are no text in any known encoding.
    """
    if b"\0" not in data and b"\x1b" not in data:
        with suppress(UnicodeDecodeError):
            return clean(data.decode("utf-8-sig")), ""
    try:
        encoding = encoding_of(Content("it", lambda: io.BytesIO(data), data[:HEAD], None))
    except DataError as error:
        raise Refused(Reason.MALFORMED, str(error)) from error
    text = data.decode(encoding.name, "replace")
    return clean(text.removeprefix("\ufeff")), encoding.note


def begin_text(data: bytes, limits: Limits) -> tuple[str, DocumentBuilder]:
    """The text of a file, and a builder for its document that has the note on the encoding among its warnings."""
    text, note = decode(data)
    made = DocumentBuilder(limits)
    made.warnings += [note] if note else []
    return text, made


def looks_like_text(data: bytes) -> bool:
    """Whether the bytes may be text: few control characters, no zero bytes unless they are UTF-16."""
    head = data[:4096]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    even, odd = head[::2].count(0), head[1::2].count(0)
    if even or odd:
        return max(even, odd) > 0.2 * len(head) and min(even, odd) < 0.02 * len(head)
    return len(head) - len(head.translate(None, _CONTROLS)) <= 0.01 * len(head)
