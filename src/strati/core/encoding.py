"""Which text encoding is this? A byte order mark, then UTF-8, then UTF-16, then a statistical guess."""

from __future__ import annotations

import codecs
import io
from typing import NamedTuple, TextIO

from strati.core.content import Content
from strati.core.errors import DataError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What exports of office programs and databases really use; a longer list gives stranger guesses on short files.
_COMMON = (
    *("cp1252", "latin_1", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "iso8859_2"),
    *("koi8_r", "cp437", "cp850", "mac_roman", "cp932", "shift_jis", "euc_jp", "gb18030", "big5", "cp949", "euc_kr"),
)
_WINDOWS = ("cp1252", "cp1250", "cp1254", "cp1257")
_LATIN = (*_WINDOWS, "latin_1", "iso8859_2", "mac_roman", "cp437", "cp850")
_RARE = {"cp1257": 0.05}  # Baltic: must be clearly better
_MOSTLY_UTF8 = 0.9
_MOST_CHAOS = 0.4  # of charset-normalizer; its .2 refuses short Japanese texts


class Encoding(NamedTuple):
    """An encoding's Python name, how to treat undecodable bytes, and what was assumed, in words."""

    name: str
    errors: str = "strict"
    note: str = ""


def encoding_of(content: Content) -> Encoding:
    """The encoding of a text file. Raises `DataError` where the bytes are no text in any encoding."""
    for mark, name in _MARKS:
        if content.head.startswith(mark):
            return Encoding(name)
    wide = _utf16(content.head)
    if wide:
        return Encoding(wide, note=f"read as {wide}: no byte order mark, but every other byte is zero")
    if _is_utf8(content):
        return Encoding("utf-8")
    return _guess(content)


def open_text(content: Content, encoding: Encoding) -> TextIO:
    """The file as text, line ends as they are."""
    return io.TextIOWrapper(content.open(), encoding.name, encoding.errors, newline="")


def _is_utf8(content: Content) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    valid, position = True, 0
    with content.open() as file:
        while block := file.read(1 << 20):
            zero = block.find(b"\0")
            if zero >= 0:
                raise DataError(f"{content.name} is not text: there is a zero byte at position {position + zero:,}")
            position += len(block)
            if valid:
                try:
                    decoder.decode(block, final=False)
                except UnicodeDecodeError:
                    valid = False
    return valid and _ends_whole(decoder)


def _utf16(head: bytes) -> str | None:
    even, odd = head[:2000:2].count(0), head[1:2000:2].count(0)
    pairs = min(len(head), 2000) / 2
    if pairs and max(even, odd) > 0.4 * pairs and min(even, odd) < 0.05 * pairs:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None


def _guess(content: Content) -> Encoding:
    lines = _telling_lines(content)
    if _control_share(content.head) > 0.01:
        raise DataError(f"{content.name} is not text: too many control bytes, expected CSV, TSV, JSONL or Parquet")
    valid = sum(_decodes(line, "utf-8") for line in lines)
    if valid >= _MOSTLY_UTF8 * len(lines):
        note = "a few bytes are not valid UTF-8 and were replaced by U+FFFD"
        return Encoding("utf-8", "replace", note)
    name = _statistical(b"\n".join(lines)) or _statistical(content.head)
    if name is None:
        raise DataError(
            f"{content.name} is text in an encoding that could not be recognised: save it as UTF-8 and try again"
        )
    # The guess rests on a sample; a byte it cannot hold further down must not end the reading.
    return Encoding(name, "replace", f"the encoding was guessed as {name}: save the file as UTF-8 to be sure")


def _statistical(sample: bytes) -> str | None:
    from charset_normalizer import from_bytes

    matches = list(from_bytes(sample, cp_isolation=list(_COMMON), threshold=_MOST_CHAOS))
    if not matches:
        return None
    best = matches[0]
    # Latin code pages differ in a few places: today's files are Windows ones, and cp1252 is the most common of them.
    windows = [match for match in matches if match.encoding in _WINDOWS and match.chaos <= best.chaos + 0.13]
    if best.encoding in _LATIN and windows:
        best = max(
            windows, key=lambda match: (match.coherence - _RARE.get(match.encoding, 0), match.encoding == "cp1252")
        )
    return "cp1252" if "cp1252" in best.could_be_from_charset else best.encoding


def _telling_lines(content: Content, limit: int = 2000) -> list[bytes]:
    """Lines with bytes beyond ASCII: only they tell encodings apart."""
    lines: list[bytes] = []
    with content.open() as file:
        for line in file:
            if not line.isascii():
                lines.append(line.rstrip(b"\r\n")[:2000])
                if len(lines) == limit:
                    break
    return lines


def _control_share(data: bytes) -> float:
    controls = bytes(code for code in range(32) if code not in b"\t\n\r\f\x1b")
    return 1 - len(data.translate(None, controls)) / max(1, len(data))


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(data, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _ends_whole(decoder: codecs.IncrementalDecoder) -> bool:
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
