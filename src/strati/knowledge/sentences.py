"""Where sentences end: a rule over punctuation, for scripts with and without blanks between words."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Before a full stop these do not end a sentence (lower case, without the stop).
_ABBREVIATIONS = (
    "mr mrs ms dr prof sr jr st vs etc e.g i.e cf al fig figs eq eqs no nos vol sec art approx ca inc ltd co corp dept "
    "est u.s u.k jan feb mar apr jun jul aug sep sept oct nov dec bzw z.b d.h usw nr abs bd hr fr evtl ggf inkl p pp "
    "ed eds ch para ref refs resp av p.ej sra m mm mme"
)
_KNOWN = frozenset(_ABBREVIATIONS.split())
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s)|[。！？｡]+[”’」』）]*|\n\s*\n")
_WORD_BEFORE = re.compile(r"[\w.]+$")


def sentences(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Spans of the sentences of `text[start:end]`, without the blanks between them.

    >>> text = "Dr. Lee left. Why? No one knows."
    >>> [text[a:b] for a, b in sentences(text)]
    ['Dr. Lee left.', 'Why?', 'No one knows.']
    """
    stop = len(text) if end is None else end
    begin = start
    for found in _END.finditer(text, start, stop):
        if _goes_on(text, begin, found, stop):
            continue
        yield from _trimmed(text, begin, found.end())
        begin = found.end()
    yield from _trimmed(text, begin, stop)


def _goes_on(text: str, begin: int, found: re.Match[str], stop: int) -> bool:
    """A full stop after an abbreviation, an initial or before a lower-case word ends nothing."""
    if not found[0].startswith(".") or len(found[0].rstrip("\"'”’»)]")) > 1:
        return False
    after = text[found.end() : min(stop, found.end() + 40)].lstrip()
    if after[:1].islower():
        return True
    before = _WORD_BEFORE.search(text, max(begin, found.start() - 20), found.start())
    word = before[0].lower() if before else ""
    return word in _KNOWN or (len(word) == 1 and word.isalpha())


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield start, end
