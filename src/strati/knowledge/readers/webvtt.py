"""WebVTT captions (W3C Recommendation, section 6): cues with voices; notes, styles and regions are listed
as left out.

Read leniently: text under a time that cannot be read is kept with its line, and a warning says so.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.decoding import begin_text
from strati.knowledge.document import Document, Metadata
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, label
from strati.knowledge.readers.cues import Cue, plain, seconds, without_rolling, write_cues

_TIMES = re.compile(rb"^\s*(?:\d+:)?\d\d:\d\d\.\d{3}[ \t]+-->[ \t]+(?:\d+:)?\d\d:\d\d\.\d{3}", re.M)
_BESIDE = re.compile(r"(NOTE|STYLE|REGION)(?:\s|$)")
_MEANT = re.compile(r"\s*(?:\S*\d\S*[:.]\S*|\S*[:.]\S*\d\S*)?\s*-->\s*(?:\S*\d\S*[:.]\S*|\S*[:.]\S*\d\S*)?(?:\s|$)")
_LANGUAGE = re.compile(r"^Language:\s*([\w-]+)", re.M | re.I)
Line = tuple[int, str]


class WebVttReader:
    """Web Video Text Tracks."""

    name = "webvtt"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        head = data[:4096].removeprefix(codecs.BOM_UTF8)
        if re.match(rb"WEBVTT(?:\s|$)", head):
            return 1.0
        if _TIMES.search(head) and b"\0" not in head:
            return 0.7
        return 0.4 if name.lower().endswith(".vtt") and b"\0" not in head else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        text, made = begin_text(data, limits)
        if not text.startswith("WEBVTT"):
            made.warnings.append("the first line is not WEBVTT, as the format asks for")
        write_cues(made, without_rolling(arrow_cues(text, made)))
        head = _LANGUAGE.search(text.split("\n\n", 1)[0])
        metadata = Metadata(language=head[1] if head else None)
        return made.document(name, media_type="text/vtt", reader=label(self), metadata=metadata)


def arrow_cues(text: str, made: DocumentBuilder) -> Iterator[Cue]:
    """The cues of formats whose times have an arrow: WebVTT and SubRip."""
    for block in _blocks(text):
        number, first = block[0]
        beside = _BESIDE.match(first)
        if beside or (first.startswith("WEBVTT") and number == 1):
            words = " ".join(line for _, line in block).removeprefix("WEBVTT")
            made.leave_out("head of the file" if beside is None else beside[1].lower(), words, Locator(line=number))
            continue
        yield from _cues_of(block, made)


def _cues_of(block: list[Line], made: DocumentBuilder) -> Iterator[Cue]:
    """The cues between two blank lines: a line of times begins one, the line before it may be its name."""
    times = _times(block)
    if times[:1] != [0]:
        name = block[: times[0]] if times else []
        for number, line in name:
            if not line.strip().isdigit():
                made.leave_out("name of a caption", line, Locator(line=number))
    for place, following in zip(times, [*times[1:], len(block)], strict=False):
        number, line = block[place]
        last = following - 1 if following < len(block) and block[following - 1][1].strip().isdigit() else following
        lines = tuple(plain(text) for _, text in block[place + 1 : max(last, place + 1)])
        start, _, rest = line.partition("-->")
        end = seconds((rest.split() or [""])[0])
        begin = seconds(start)
        if begin is None or end is None:
            made.warnings.append(
                f"line {number} holds no readable time ({line.strip()[:40]}); its text is kept without one"
            )
            begin = None
        elif end < begin:
            made.warnings.append(f"line {number}: the caption ends before it starts ({line.strip()[:40]})")
        yield Cue(begin, end or 0.0, lines, number)
    if not times:
        lines = tuple(plain(text) for _, text in block if not text.strip().isdigit())
        if any(line.strip() for line in lines):
            made.warnings.append(f"line {block[0][0]} starts a text without a time; it is kept without one")
        yield Cue(None, 0.0, lines, block[0][0])


def _times(block: list[Line]) -> list[int]:
    """The places of the lines that hold times or were meant to; an arrow inside a caption's text is none."""
    return [place for place, (_, line) in enumerate(block) if "-->" in line and _MEANT.match(line)]


def _blocks(text: str) -> Iterator[list[Line]]:
    """The lines between empty lines; a line of blanks alone is a line. Text after times and an empty line is theirs."""
    waiting: list[Line] = []
    for block in _paragraphs(text):
        without_text = len(waiting) - 1 in _times(waiting)
        if without_text and not _times(block) and not _BESIDE.match(block[0][1]):
            waiting += block
            continue
        if waiting:
            yield waiting
        waiting = block
    if waiting:
        yield waiting


def _paragraphs(text: str) -> Iterator[list[Line]]:
    block: list[Line] = []
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.strip():
            block.append((number, line))
        elif block and not line:
            yield block
            block = []
    if block:
        yield block
