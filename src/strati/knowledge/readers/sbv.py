"""SubViewer captions as YouTube writes them (.sbv): `0:00:01.000,0:00:04.000`, then lines of text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from strati.knowledge.decoding import begin_text, looks_like_text
from strati.knowledge.document import Document
from strati.knowledge.reader import Limits, label
from strati.knowledge.readers.cues import Cue, plain, seconds, write_cues

_TIMES = re.compile(rb"^\d+:\d\d:\d\d\.\d{3},\d+:\d\d:\d\d\.\d{3}\s*$", re.M)
_LIKELY = re.compile(r"\d+:[\w.]{2,}:[\w.]{2,},\d+:[\w.]{2,}:[\w.]{2,}\s*$")


class SbvReader:
    """SubViewer."""

    name = "sbv"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        if not looks_like_text(data):
            return 0.0
        if _TIMES.search(data[:4096]):
            return 0.9
        return 0.4 if name.lower().endswith(".sbv") else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        text, made = begin_text(data, limits)
        write_cues(made, _cues(text, made.warnings))
        return made.document(name, media_type="text/x-sbv", reader=label(self))


def _cues(text: str, warnings: list[str]) -> Iterator[Cue]:
    """A line that looks like times begins a cue, a blank line ends it; other text is kept without a time."""
    cue: Cue | None = None
    for number, line in enumerate(text.split("\n"), 1):
        if _LIKELY.match(line):
            if cue is not None:
                yield cue
            cue = _started(line, number, warnings)
        elif not line.strip():
            if cue is not None:
                yield cue
            cue = None
        elif cue is None:
            warnings.append(f"line {number} starts a text without a time; it is kept without one")
            cue = Cue(None, 0.0, (plain(line),), number)
        else:
            cue = cue._replace(lines=(*cue.lines, plain(line)))
    if cue is not None:
        yield cue


def _started(line: str, number: int, warnings: list[str]) -> Cue:
    start, end = (seconds(part) for part in line.split(",", 1))
    if start is None or end is None:
        warnings.append(f"line {number} holds no readable time ({line.strip()[:40]}); its text is kept without one")
        return Cue(None, 0.0, (), number)
    if end < start:
        warnings.append(f"line {number}: the caption ends before it starts ({line.strip()[:40]})")
    return Cue(start, end, (), number)
