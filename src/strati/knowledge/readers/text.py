"""Plain text: paragraphs are parted by blank lines, every line is a place."""

from __future__ import annotations

from strati.knowledge.decoding import begin_text, looks_like_text
from strati.knowledge.document import Document, Kind
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, label


class TextReader:
    """Any file of text that no other reader knows better."""

    name = "text"
    version = "1"

    def sniff(self, data: bytes, name: str) -> float:
        if not looks_like_text(data):
            return 0.0
        return 0.4 if name.lower().endswith((".txt", ".text", ".log")) else 0.1

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        text, made = begin_text(data, limits)
        paragraph: list[tuple[str, Locator]] = []
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                paragraph.append((line.rstrip(), Locator(line=number)))
            elif paragraph:
                made.lines(Kind.PARAGRAPH, paragraph)
                paragraph = []
        made.lines(Kind.PARAGRAPH, paragraph)
        return made.document(name, media_type="text/plain", reader=label(self))
