"""What is never touched: code, links, tables, front matter, addresses, markup, formulas."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator

from strati.write.proposal import Span

_FRONT = re.compile(r"\A\ufeff?(---|\+\+\+)[ \t]*\r?\n.*?^\1[ \t]*$", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r"^[ \t>]*(`{3,}|~{3,})")
_CELLS = re.compile(r"^\s*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?\s*$")
_TABBED = re.compile(r"\S[^\n]*?(?:\t+| {3,})\S[^\n]*?(?:\t+| {3,})\S")
_INDENTED = re.compile(r"^(?: {4}|\t)\s*\S")
_ITEM = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s")
_INLINE = re.compile(
    r"!?\[(?:[^\[\]]|\[[^\[\]]*\])*\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\]\n]*\])"  # links, images
    r"|^[ ]{0,3}\[[^\]\n]+\]:[^\n]*$"  # what a link stands for
    r"|\[\^[^\]\n]+\]"  # footnote marks
    r"|</?[A-Za-z][^<>\n]{0,2000}>"
    r"|(?<![\w$])\$(?=\S)[^$\n]*[\\^_{}=][^$\n]*\$(?!\d)",
    re.MULTILINE,
)
_OPENS = re.compile(r"<(script|style|pre|code|table|a|svg|math)\b|(<!--)|(\$\$)", re.IGNORECASE)
_LONGEST_CODE = 2000  # characters of code in line
_TICKS = re.compile(r"`+")
_ADDRESS = re.compile(
    r"\bhttps?://[^\s<>\"]+|\bwww\.[^\s<>\"]+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}\.[\w.]{1,64}"
    r"|(?<![\w./-])(?:[\w.-]{1,64}/){2,}[\w.-]+"
)


def protected(text: str, *, markdown: bool) -> tuple[Span, ...]:
    """The spans that no edit may meet, in order and without overlaps.

    >>> [text[a:b] for text in ["Run `ls` or see [it](http://a.b)."] for a, b in protected(text, markdown=True)]
    ['`ls`', '[it](http://a.b)']
    """
    found = list(_addresses(text))
    found += _markdown(text) if markdown else _plain(text)
    return _union(found)


def _markdown(text: str) -> list[Span]:
    front = _FRONT.match(text)
    found = [Span(*front.span())] if front else []
    found += _blocks(text, front.end() if front else 0)
    blocks = _Marks(len(text), _union(found))
    spans = [*(Span(*match.span()) for match in _INLINE.finditer(text)), *_closed(text), *_ticked(text)]
    return found + [span for span in spans if not blocks.has(span.start)]


class _Marks:
    """Which characters lie in some spans."""

    def __init__(self, length: int, spans: Iterable[Span]) -> None:
        self._marks = bytearray(length)
        for start, end in spans:
            self._marks[start:end] = b"\1" * (end - start)

    def has(self, at: int) -> bool:
        return bool(self._marks[at])


def _closed(text: str) -> Iterator[Span]:
    """HTML elements, comments and formulas from their opening to their closing; one that is not closed is none."""
    lower = text.lower()
    without: set[str] = set()
    at = 0
    for found in _OPENS.finditer(text):
        close = f"</{found[1].lower()}>" if found[1] else "-->" if found[2] else "$$"
        if found.start() < at or close in without:
            continue
        end = lower.find(close, found.end())
        if end < 0:
            without.add(close)
        else:
            at = end + len(close)
            yield Span(found.start(), at)


def _ticked(text: str) -> Iterator[Span]:
    """Code in line: from backticks to the next ones that are as many, within a paragraph."""
    runs = list(_TICKS.finditer(text))
    later: dict[str, list[int]] = defaultdict(list)
    for number, run in enumerate(runs):
        later[run[0]].append(number)
    at = 0
    while at < len(runs):
        same = later[runs[at][0]]
        place = bisect_right(same, at)
        end = runs[same[place]] if place < len(same) else None
        if end is None or end.start() - runs[at].end() > _LONGEST_CODE or "\n\n" in text[runs[at].end() : end.start()]:
            at += 1
        else:
            yield Span(runs[at].start(), end.end())
            at = same[place] + 1


def _plain(text: str) -> list[Span]:
    return [Span(start, end) for start, end, line in _lines(text, 0) if _TABBED.search(line)]


def _addresses(text: str) -> Iterator[Span]:
    for match in _ADDRESS.finditer(text):
        yield Span(match.start(), match.start() + len(match[0].rstrip(".,;:!?)")))


def _lines(text: str, start: int) -> Iterator[tuple[int, int, str]]:
    at = start
    for line in text[start:].splitlines(keepends=True):
        yield at, at + len(line), line
        at += len(line)


def _blocks(text: str, start: int) -> Iterator[Span]:
    """Fenced and indented code, and tables: runs of lines with bars next to a line of dashes."""
    lines = list(_lines(text, start))
    at = 0
    in_list = False
    while at < len(lines):
        begin, end, line = lines[at]
        fence = _FENCE.match(line)
        if fence:
            last = _closing(lines, at, fence[1])
            yield Span(begin, lines[last][1])
            at = last + 1
            continue
        if at + 1 < len(lines) and "|" in line and _CELLS.match(lines[at + 1][2]) and "|" in lines[at + 1][2]:
            last = at + 1
            while last + 1 < len(lines) and "|" in lines[last + 1][2]:
                last += 1
            yield Span(begin, lines[last][1])
            at = last + 1
            continue
        in_list = bool(_ITEM.match(line)) or (in_list and (not line.strip() or line[:1].isspace()))
        blank_before = at == 0 or not lines[at - 1][2].strip() or _INDENTED.match(lines[at - 1][2]) is not None
        if _INDENTED.match(line) and blank_before and not in_list:
            yield Span(begin, end)
        at += 1


def _closing(lines: list[tuple[int, int, str]], at: int, fence: str) -> int:
    for later in range(at + 1, len(lines)):
        bare = lines[later][2].strip().lstrip("> ")
        if bare.startswith(fence) and not bare.strip(fence[0]):
            return later
    return len(lines) - 1


def _union(spans: list[Span]) -> tuple[Span, ...]:
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        elif span.end > span.start:
            joined.append(span)
    return tuple(joined)
