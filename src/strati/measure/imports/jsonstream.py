"""JSON files read piece by piece, so that a log of any size takes the memory of its largest sample only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from strati.core.content import content_of
from strati.core.encoding import encoding_of, open_text
from strati.core.errors import DataError
from strati.core.records import JSON

PIECE = 1 << 18  # characters read at a time
_BLANK = " \t\r\n\ufeff"
_ENDS = tuple(" \t\r\n,:]}")


def open_json(path: Path) -> TextIO:
    """A text file in whatever encoding it is."""
    content = content_of(path)
    return open_text(content, encoding_of(content))


def json_lines(path: Path) -> Iterator[tuple[int, dict[str, JSON]]]:
    """The objects of a JSON lines file with their line numbers. Raises `DataError` at a line that is none."""
    with open_json(path) as file:
        for number, line in enumerate(file, 1):
            if not line.strip(_BLANK):
                continue
            try:
                record = json.loads(line.strip(_BLANK))
            except (ValueError, RecursionError):
                record = None
            if not isinstance(record, dict):
                raise DataError(f"{path}, line {number} is not a JSON object: the file is cut off or not such a log")
            yield number, record


def json_parts(path: Path, *lists: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], JSON]]:
    """The parts of a JSON object as (keys, value): each element of the lists named, and all else whole.

    `json_parts(path, ("results", "results"))` yields the elements of `["results"]["results"]` one by one, each with
    those keys, and every other value of the two objects on the way. A list of that name that is no list comes whole.
    """
    with open_json(path) as file:
        reader = _Reader(file)
        try:
            if reader.peek() != "{":
                raise DataError(f"{path} does not begin as a JSON object, expected a log")
            yield from reader.object((), lists)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path} is not whole JSON: cut off or damaged after {reader.read:,} characters") from error


class _Reader:
    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.text = ""
        self.at = 0
        self.read = 0
        self.decoder = json.JSONDecoder()

    def more(self) -> bool:
        piece = self.file.read(max(PIECE, len(self.text) - self.at))  # doubles while one value is not whole yet
        self.read += len(piece)
        self.text = self.text[self.at :] + piece
        self.at = 0
        return bool(piece)

    def peek(self) -> str:
        while True:
            while self.at < len(self.text) and self.text[self.at] in _BLANK:
                self.at += 1
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                raise ValueError("the file ends too early")

    def take(self, *expected: str) -> str:
        char = self.peek()
        if char not in expected:
            raise ValueError(f"found {char!r}, expected {' or '.join(expected)}")
        self.at += 1
        return char

    def value(self) -> JSON:
        self.peek()
        while True:
            try:
                found, end = self.decoder.raw_decode(self.text, self.at)
                if self.text[end : end + 1] in _ENDS or not self.more():  # a number may go on in the next piece
                    break
            except ValueError:
                if not self.more():
                    raise
        self.at = end
        return found

    def object(
        self, keys: tuple[str, ...], lists: tuple[tuple[str, ...], ...]
    ) -> Iterator[tuple[tuple[str, ...], JSON]]:
        self.take("{")
        if self.peek() == "}":
            self.at += 1
            return
        while True:
            here = (*keys, str(self.value()))
            self.take(":")
            if here in lists and self.peek() == "[":
                for element in self.list():
                    yield here, element
            elif self.peek() == "{" and any(wanted[: len(here)] == here for wanted in lists):
                yield from self.object(here, lists)
            else:
                yield here, self.value()
            if self.take(",", "}") == "}":
                return

    def list(self) -> Iterator[JSON]:
        self.take("[")
        if self.peek() == "]":
            self.at += 1
            return
        while True:
            yield self.value()
            if self.take(",", "]") == "]":
                return
