"""What all caption formats share: cues with times, and how they become blocks."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import NamedTuple

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Kind
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Reason, Refused

NEAR = 0.15  # seconds between two cues that roll on
BRIEF = 0.5  # seconds; a shorter cue with nothing new only makes the lines roll
_TAG = re.compile(r"<(/?)(\w*)[^<>\n]*>")
_SPEAKER = re.compile(r"<v(?:\.[\w.-]+)?\s+([^<>\n]+)>")


class Piece(NamedTuple):
    """Words of a cue that grew, with the seconds at which they came and went."""

    start: float
    end: float
    text: str


class Cue(NamedTuple):
    """Text shown from `start` to `end` seconds, or, where `start` is None, text whose time cannot be read.

    `more` are the words by which later cues made it grow.
    """

    start: float | None
    end: float
    lines: tuple[str, ...]
    line: int  # of the file, where it begins
    more: tuple[Piece, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.lines).split())


def write_cues(made: DocumentBuilder, cues: Iterable[Cue]) -> None:
    """Cues as captions in order of time; text without a time stays after the cue before it, as a paragraph.

    Raises:
        Refused: there is no cue with a time and text.
    """
    timed: list[tuple[float, Cue]] = []
    for cue in cues:
        key = cue.start if cue.start is not None else timed[-1][0] if timed else 0.0
        timed.append((key, cue))
    timed = [(key, cue) for key, cue in timed if cue.text]
    if all(cue.start is None for _, cue in timed):
        raise Refused(Reason.EMPTY if not timed else Reason.MALFORMED, "it has no caption with a time and a text")
    for _, cue in sorted(timed, key=lambda pair: pair[0]):
        if cue.start is None:
            made.block(Kind.PARAGRAPH, cue.text, at=Locator(line=cue.line))
        else:
            made.begin(Kind.CAPTION)
            made.add(cue.text, at=Locator(seconds=cue.start, until=max(cue.end, cue.start)))
            for start, end, text in cue.more:
                made.add(f" {text}", at=Locator(seconds=start, until=max(start, end)))
            made.end()


def without_rolling(cues: Iterable[Cue]) -> list[Cue]:
    """Cues without what automatic captions repeat: lines of the cue before that roll up, a cue that grows."""
    found: list[Cue] = []
    shown: tuple[str, ...] = ()
    until = -1.0
    for cue in cues:
        lines = tuple(line for line in (" ".join(line.split()) for line in cue.lines) if line)
        new = lines
        if cue.start is not None and shown and abs(cue.start - until) <= NEAR:
            repeated = next((n for n in range(min(len(lines), len(shown)), 0, -1) if shown[-n:] == lines[:n]), 0)
            if repeated < len(lines) or cue.end - cue.start <= BRIEF:
                new = lines[repeated:]
            follows = found and found[-1].start is not None and not repeated
            if follows and (grown := _grown(" ".join(shown), " ".join(lines))):
                piece = Piece(cue.start, cue.end, grown)
                found[-1] = found[-1]._replace(more=(*found[-1].more, piece))
                new = ()
        if new:
            found.append(cue._replace(lines=new))
        if cue.start is not None and lines:
            shown, until = lines, cue.end
    return found


def _grown(before: str, now: str) -> str:
    """The words that came to a cue which repeats the one before; "" when it does not.

    >>> _grown("the quick", "the quick brown fox"), _grown("the", "then")
    ('brown fox', '')
    """
    return now[len(before) + 1 :] if now.startswith(f"{before} ") else ""


def plain(line: str) -> str:
    """A line of a cue without its markup; a WebVTT voice becomes "Name: ".

    >>> plain("<v Amy Low>I <i>know</i> &amp; you</v> <00:01.000><c.red>do</c>")
    'Amy Low: I know & you do'
    """
    line = _SPEAKER.sub(lambda found: f"{found[1].strip()}: ", line)
    return html.unescape(_TAG.sub("", line)).replace("\u200b", "")


def seconds(text: str) -> float | None:
    """Seconds of a time code; None for what is none.

    >>> seconds("01:02:03,5"), seconds("02:03.250"), seconds("1:2d")
    (3723.5, 123.25, None)
    """
    found = re.fullmatch(r"(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,6}))?", text.strip())
    if not found:
        return None
    hours, minutes, whole, fraction = found.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(whole) + float(f"0.{fraction or 0}")
