"""Markdown (CommonMark's blocks): headings, lists, tables, code, quotes. Inline marks stay as written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.decoding import begin_text, looks_like_text
from strati.knowledge.document import Document, Kind, Metadata
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, label

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_ITEM = re.compile(r"([ \t]*)(?:[-*+]|\d{1,9}[.)])[ \t]+(?=\S)")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_DIVIDER = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_CELL = re.compile(r"(?<!\\)\|")
_SIGNS = re.compile(rb"^(?:#{1,6} \S|```|[-*+] \S|> \S|\|.*\|$|\[[^\]]+\]: )", re.M)
_LINK = re.compile(rb"\[[^\]\n]+\]\([^)\s]+\)|\*\*[^*\n]+\*\*")
_HEADED = re.compile(rb"^#{1,6} \S", re.M)
_QUOTED = re.compile(r"^\s*(?:>\s?)+")
Line = tuple[int, str]


class MarkdownReader:
    """Files of Markdown; a heading's path is the place besides the line."""

    name = "markdown"
    version = "2"

    def sniff(self, data: bytes, name: str) -> float:
        if not looks_like_text(data):
            return 0.0
        if name.lower().endswith((".md", ".markdown", ".mdown", ".mkd")):
            return 0.5
        head = data[:20_000]
        if name.lower().endswith((".txt", ".py", ".sh")) or not _HEADED.search(head):
            return 0.0
        return 0.2 if len(_SIGNS.findall(head)) + len(_LINK.findall(head)) >= 3 else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        text, made = begin_text(data, limits)
        lines = list(enumerate(text.split("\n"), 1))
        metadata, rest = _front_matter(lines)
        for number, line in lines[: len(lines) - len(rest)]:
            made.leave_out("head of the file", line, Locator(line=number))
        _Blocks(made, rest).read()
        return made.document(name, media_type="text/markdown", reader=label(self), metadata=metadata)


class _Blocks:
    """Goes through the lines once; each method takes one block and leaves `at` on the line after it."""

    def __init__(self, made: DocumentBuilder, lines: list[Line]) -> None:
        self.made = made
        self.lines = lines
        self.at = 0

    def read(self) -> None:
        while self.at < len(self.lines):
            _, line = self.lines[self.at]
            if not line.strip() or _RULE.match(line):
                self.at += 1
            elif _FENCE.match(line):
                self._fence(line)
            elif _HEADING.match(line):
                self._heading(line)
            elif self._is_table():
                self._table()
            elif _ITEM.match(line):
                self._item(line)
            elif line.startswith(("    ", "\t")):
                self._indented()
            else:
                self._paragraph()

    def _heading(self, line: str) -> None:
        found = _HEADING.match(line)
        number = self.lines[self.at][0]
        self.at += 1
        if found:
            title = (found[2] or "").strip()
            self.made.block(Kind.HEADING, title, level=len(found[1]), at=Locator(line=number))

    def _fence(self, line: str) -> None:
        found = _FENCE.match(line)
        fence = found[1] if found else ""
        first = self.at + 1
        last = first
        self.made.leave_out("language of code", line.strip().lstrip("`~"), Locator(line=self.lines[self.at][0]))
        while last < len(self.lines) and not self.lines[last][1].lstrip().startswith(fence):
            last += 1
        self._emit(Kind.CODE, first, last)
        self.at = last + 1

    def _indented(self) -> None:
        last = self.at
        while last < len(self.lines) and self.lines[last][1].startswith(("    ", "\t")):
            last += 1
        self._emit(Kind.CODE, self.at, last)
        self.at = last

    def _item(self, line: str) -> None:
        found = _ITEM.match(line)
        width = len(found[1].expandtabs(4)) if found else 0
        last = self.at + 1
        while last < len(self.lines) and not self._starts_block(last):
            last += 1
        self._emit(Kind.LIST_ITEM, self.at, last, level=1 + width // 2)
        self.at = last

    def _paragraph(self) -> None:
        last = self.at + 1
        while last < len(self.lines) and not self._starts_block(last):
            found = _UNDERLINE.match(self.lines[last][1])
            if found:
                self._emit(Kind.HEADING, self.at, last, level=1 if found[1][0] == "=" else 2)
                self.at = last + 1
                return
            last += 1
        self._emit(Kind.PARAGRAPH, self.at, last)
        self.at = last

    def _starts_block(self, at: int) -> bool:
        line = self.lines[at][1]
        first = line.lstrip(" \t")[:1]
        if not first.strip():
            return not line.strip()
        if first.isalpha():  # nothing that starts a block does
            return False
        if _UNDERLINE.match(line) and not _ITEM.match(line):
            return False
        return bool(_FENCE.match(line) or _HEADING.match(line) or _ITEM.match(line) or _RULE.match(line))

    def _is_table(self) -> bool:
        if self.at + 1 >= len(self.lines) or "|" not in self.lines[self.at][1]:
            return False
        divider = self.lines[self.at + 1][1]
        return "-" in divider and "|" in divider and bool(_DIVIDER.match(divider))

    def _table(self) -> None:
        first = last = self.at
        while last < len(self.lines) and self.lines[last][1].strip() and "|" in self.lines[last][1]:
            last += 1
        rows = [self.lines[first], *self.lines[first + 2 : last]]
        self.made.table([[(cell, Locator(line=number)) for cell in _cells(line)] for number, line in rows])
        self.at = last

    def _emit(self, kind: Kind, first: int, last: int, level: int = 0) -> None:
        keep = self._code if kind is Kind.CODE else self._prose
        self.made.lines(kind, keep(self.lines[first:last]), level=level)

    def _code(self, lines: list[Line]) -> Iterator[tuple[str, Locator]]:
        return ((line.rstrip(), Locator(line=number)) for number, line in lines)

    def _prose(self, lines: list[Line]) -> Iterator[tuple[str, Locator]]:
        return ((_QUOTED.sub("", line).strip(), Locator(line=number)) for number, line in lines)


def _cells(line: str) -> list[str]:
    return [cell.replace("\\|", "|").strip() for cell in _CELL.split(line.strip().removeprefix("|").removesuffix("|"))]


def _front_matter(lines: list[Line]) -> tuple[Metadata, list[Line]]:
    """The `key: value` lines between `---` at the top, as metadata."""
    if not lines or lines[0][1].rstrip() != "---":
        return Metadata(), lines
    end = next((at for at in range(1, min(len(lines), 100)) if lines[at][1].rstrip() in ("---", "...")), None)
    if end is None:
        return Metadata(), lines
    pairs = (line.split(":", 1) for _, line in lines[1:end] if re.match(r"[A-Za-z_][\w-]*:\s*\S", line))
    found = {key.strip().lower(): value.strip().strip("'\"") for key, value in pairs}
    known = {"title", "author", "created", "date", "modified", "language", "lang"}
    return Metadata(
        title=found.get("title"),
        author=found.get("author"),
        created=found.get("created") or found.get("date"),
        modified=found.get("modified"),
        language=found.get("language") or found.get("lang"),
        other={key: value for key, value in found.items() if key not in known},
    ), lines[end + 1 :]
