"""SubRip captions (.srt): a number, a line of times with an arrow, lines of text. Read as leniently as WebVTT."""

from __future__ import annotations

import re

from strati.knowledge.decoding import begin_text
from strati.knowledge.document import Document
from strati.knowledge.reader import Limits, label
from strati.knowledge.readers.cues import without_rolling, write_cues
from strati.knowledge.readers.webvtt import arrow_cues

_TIMES = re.compile(rb"^\s*\d+[ \t]*\r?\n\s*(?:\d+:)?\d{1,2}:\d\d,\d{1,3}[ \t]*-->", re.M)
_COMMA = re.compile(rb"^\s*(?:\d+:)?\d{1,2}:\d\d,\d{1,3}[ \t]*-->", re.M)
_PLACED = re.compile(r"\{\\[^{}\n]*\}")


class SubRipReader:
    """SubRip."""

    name = "subrip"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        head = data[:4096]
        if b"\0" in head.replace(b"\0", b"", 1) and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return 0.0
        if head.startswith((b"\xff\xfe", b"\xfe\xff")):
            head = head.replace(b"\0", b"")
        if _TIMES.search(head):
            return 0.9
        if _COMMA.search(head):
            return 0.7
        return 0.4 if name.lower().endswith(".srt") else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        text, made = begin_text(data, limits)
        write_cues(made, without_rolling(arrow_cues(_PLACED.sub("", text), made)))
        return made.document(name, media_type="application/x-subrip", reader=label(self))
