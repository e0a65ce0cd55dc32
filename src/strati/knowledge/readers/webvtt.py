"""WebVTT captions (W3C Recommendation, section 6): cues with voices; notes, styles and regions are left out.

Read leniently: text under a time that cannot be read is kept with its line, and a warning says so.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from strati.knowledge.decoding import begin_text
from strati.knowledge.document import Document, Metadata
from strati.knowledge.reader import Limits, label
from strati.knowledge.readers.cues import Cue, plain, seconds, without_rolling, write_cues

_TIMES = re.compile(rb"^\s*(?:\d+:)?\d\d:\d\d\.\d{3}[ \t]+-->[ \t]+(?:\d+:)?\d\d:\d\d\.\d{3}", re.M)
_BESIDE = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")
_LANGUAGE = re.compile(r"^Language:\s*([\w-]+)", re.M | re.I)


class WebVttReader:
    """Web Video Text Tracks."""

    name = "webvtt"
    version = "1"

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
        write_cues(made, without_rolling(arrow_cues(text, made.warnings)))
        head = _LANGUAGE.search(text.split("\n\n", 1)[0])
        metadata = Metadata(language=head[1] if head else None)
        return made.document(name, media_type="text/vtt", reader=label(self), metadata=metadata)


def arrow_cues(text: str, warnings: list[str]) -> Iterator[Cue]:
    """The cues of formats whose times have an arrow: WebVTT and SubRip."""
    for block in _paragraphs(text):
        first = block[0][1]
        if first.startswith("WEBVTT") or _BESIDE.match(first):
            continue
        yield from _cues_of(block, warnings)


def _cues_of(block: list[tuple[int, str]], warnings: list[str]) -> Iterator[Cue]:
    """The cues between two blank lines: a line with an arrow begins one, the line before it may be its name."""
    times = [place for place, (_, line) in enumerate(block) if "-->" in line]
    for place, following in zip(times, [*times[1:], len(block)], strict=False):
        number, line = block[place]
        last = following - 1 if following < len(block) and block[following - 1][1].strip().isdigit() else following
        lines = tuple(plain(text) for _, text in block[place + 1 : max(last, place + 1)])
        start, _, rest = line.partition("-->")
        end = seconds((rest.split() or [""])[0])
        begin = seconds(start)
        if begin is None or end is None:
            warnings.append(f"line {number} holds no readable time ({line.strip()[:40]}); its text is kept without one")
            begin = None
        elif end < begin:
            warnings.append(f"line {number}: the caption ends before it starts ({line.strip()[:40]})")
        yield Cue(begin, end or 0.0, lines, number)
    if not times:
        lines = tuple(plain(text) for _, text in block if not text.strip().isdigit())
        if any(line.strip() for line in lines):
            warnings.append(f"line {block[0][0]} starts a text without a time; it is kept without one")
        yield Cue(None, 0.0, lines, block[0][0])


def _paragraphs(text: str) -> Iterator[list[tuple[int, str]]]:
    block: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block
