"""A plain transcript: lines of text under or behind time stamps ("play12:34", "[0:12:34]", "12:34 Amy: ...").

A stamp holds for the text up to the next one. What stands before the transcript (a title, a summary, an outline whose
own stamps start again at nought) is kept as paragraphs with their lines.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.decoding import begin_text, looks_like_text
from strati.knowledge.document import Document, Kind
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, Reason, Refused, label
from strati.knowledge.readers.cues import Cue, seconds, write_cues

LEAST = 4  # stamps
EARLY = 300.0  # seconds: a transcript starts near nought; a programme of a day does not
_MARKED = re.compile(r"\s*(?:play|[\[(])", re.IGNORECASE)
_STAMP = re.compile(r"\s*(?:play)?\s*[\[(]?((?:\d{1,2}:)?\d{1,3}:\d\d(?:\.\d{1,3})?)[\])]?(?=\s|$)[\s–—-]*(.*)", re.I)


class _Stamp(NamedTuple):
    place: int  # of its line, from 0
    seconds: float
    rest: str


class TranscriptReader:
    """Text with a time stamp before every piece."""

    name = "transcript"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        if not looks_like_text(data) or b":" not in data or b"-->" in data[:4096]:
            return 0.0
        lines = data[:400_000].decode("utf-8", "replace").splitlines()
        run = _longest_run(_stamps(lines))
        if len(run) < LEAST or (run[0].seconds > EARLY and not _MARKED.match(lines[run[0].place])):
            return 0.0
        filled = sum(1 for line in lines[run[0].place :] if line.strip())
        return 0.6 if len(run) > 0.2 * filled else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        text, made = begin_text(data, limits)
        lines = text.split("\n")
        run = _longest_run(_stamps(lines))
        if len(run) < LEAST:
            raise Refused(Reason.MALFORMED, f"it has {len(run)} time stamps in order, expected {LEAST} or more")
        _before(made, lines[: run[0].place])
        write_cues(made, _cues(lines, run))
        return made.document(name, media_type="text/plain", reader=label(self))


def _stamps(lines: Sequence[str]) -> list[_Stamp]:
    found = []
    for place, line in enumerate(lines):
        stamp = _STAMP.match(line) if ":" in line else None
        time = seconds(stamp[1]) if stamp else None
        if stamp and time is not None:
            found.append(_Stamp(place, time, stamp[2].strip()))
    return found


def _longest_run(stamps: Sequence[_Stamp]) -> list[_Stamp]:
    """The longest stretch of stamps that never go back."""
    best: list[_Stamp] = []
    run: list[_Stamp] = []
    for stamp in stamps:
        if run and stamp.seconds < run[-1].seconds:
            run = []
        run.append(stamp)
        if len(run) > len(best):
            best = run
    return best


def _before(made: DocumentBuilder, lines: Sequence[str]) -> None:
    paragraph: list[tuple[str, Locator]] = []
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            paragraph.append((line.strip(), Locator(line=number)))
        elif paragraph:
            made.lines(Kind.PARAGRAPH, paragraph)
            paragraph = []


def _cues(lines: Sequence[str], run: Sequence[_Stamp]) -> list[Cue]:
    found = []
    for number, stamp in enumerate(run):
        following = run[number + 1] if number + 1 < len(run) else None
        text = [stamp.rest, *lines[stamp.place + 1 : following.place if following else len(lines)]]
        until = following.seconds if following else stamp.seconds
        found.append(Cue(stamp.seconds, until, tuple(text), stamp.place + 1))
    return found
