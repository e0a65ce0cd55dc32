"""Columns of tokens and tags, a blank line between sentences: CoNLL files in BIO, IOB or IOBES tags.

The tag is the last column (in the files of Roth & Yih's corpus as others have published it, the third, with relations
in the columns after it). Tokens are joined by a blank each, so the spans are exact in the text that is made.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TextIO

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.data.files.table import Row, no_such_column

_TAG = re.compile(r"^(?:O|[BIESLUM]-[^\s]+)$")
_LIST = re.compile(r"^\[.*\]$")
ENDINGS = (".conll", ".iob", ".iob2", ".bio", ".iobes", ".bioes")


def looks_like_conll(lines: Sequence[str]) -> bool:
    """Whether the first lines are tokens with tags.

    >>> looks_like_conll(["EU\\tB-ORG\\n", "rejects\\tO\\n"]), looks_like_conll(["text,label\\n", "a,O\\n"])
    (True, False)
    """
    rows = [_columns(line) for line in lines if line.strip() and not _comment(line)]
    return len(rows) >= 2 and all(len(row) >= 2 and _tag_of(row) is not None for row in rows)


def _comment(line: str) -> bool:
    return line.startswith(("#doc", "# ", "-DOCSTART-"))


def _columns(line: str) -> list[str]:
    stripped = line.rstrip("\r\n")
    return stripped.split("\t") if "\t" in stripped else stripped.split()


def _tag_of(row: Sequence[str]) -> str | None:
    for place in (len(row) - 1, 2):
        if 0 < place < len(row) and _TAG.match(row[place].strip()):
            return row[place].strip()
    return None


class Conll:
    """Sentences as rows: `text`, `entities`, `relations` (None where the file has none) and `document`."""

    format = "conll"
    delimiter: str | None = None
    roles: Mapping[str, str] = {}
    columns: tuple[str, ...] = ("text", "entities", "relations", "document")

    def __init__(self, name: str, open_: Callable[[], TextIO]) -> None:
        self.name = name
        self._open = open_
        self.notes: tuple[str, ...] = ("tokens were joined by blanks; spans count characters of that text",)
        if next(self._sentences(), None) is None:
            raise DataError(f"{name} has no sentence: expected lines of a token and a tag, such as Paris B-LOC")

    def rows(self, wanted: Sequence[str]) -> Iterator[Row]:
        missing = [column for column in wanted if column not in self.columns]
        if missing:
            raise no_such_column(missing[0], self.columns, self.name)
        for document, lines in self._sentences():
            made = _sentence(lines)
            if isinstance(made, str):
                yield made
                continue
            made["document"] = document
            yield tuple(made[column] for column in wanted)

    def _sentences(self) -> Iterator[tuple[str, list[list[str]]]]:
        document, count = "1", 0
        held: list[list[str]] = []
        with self._open() as file:
            for line in file:
                if _comment(line):
                    if held:
                        yield document, held
                        held = []
                    count += 1
                    document = line.strip().removeprefix("#doc").strip() if line.startswith("#doc") else str(count)
                elif not line.strip():
                    if held:
                        yield document, held
                        held = []
                else:
                    held.append(_columns(line))
        if held:
            yield document, held


def _sentence(lines: Sequence[Sequence[str]]) -> dict[str, JSON] | str:
    """The row of a sentence, or why it cannot be used."""
    numbered = all(row[0].isdigit() and int(row[0]) == at for at, row in enumerate(lines)) and len(lines[0]) > 2
    words = [(row[1] if numbered else row[0]).strip() for row in lines]
    tags = [_tag_of(row) for row in lines]
    bad = next((at for at, tag in enumerate(tags) if tag is None), None)
    if bad is not None:
        return f"the line {' '.join(lines[bad])[:60]!r} ends in no tag such as O or B-LOC"
    starts, at = [], 0
    for word in words:
        starts.append(at)
        at += len(word) + 1
    entities, last = _entities([tag or "O" for tag in tags], starts, words)
    return {"text": " ".join(words), "entities": entities, "relations": _relations(lines, last), "document": ""}


def _entities(tags: Sequence[str], starts: Sequence[int], words: Sequence[str]) -> tuple[list[JSON], dict[int, int]]:
    """Spans of the tags, and which entity a token ends."""
    found: list[JSON] = []
    last: dict[int, int] = {}
    open_label, before = "", "O"
    for at, tag in enumerate(tags):
        kind, _, label = tag.partition("-")
        goes_on = kind in "IMEL" and kind != "" and label == open_label and before not in ("O", "S", "E", "U", "L")
        if tag == "O":
            open_label = ""
        elif goes_on:
            found[-1]["end"] = starts[at] + len(words[at])
        else:
            found.append({"start": starts[at], "end": starts[at] + len(words[at]), "label": label})
            open_label = label
        if tag != "O":
            last.pop(at - 1, None) if goes_on else None
            last[at] = len(found) - 1
        before = kind
    return found, last


def _relations(lines: Sequence[Sequence[str]], last: Mapping[int, int]) -> JSON:
    """The relations of files that name them by the last token of an entity: ['Work_For'] and [22]."""
    if not all(len(row) >= 5 and _LIST.match(row[3].strip()) and _LIST.match(row[4].strip()) for row in lines):
        return None
    found: list[JSON] = []
    for at, row in enumerate(lines):
        try:
            labels, heads = ast.literal_eval(row[3].strip()), ast.literal_eval(row[4].strip())
        except (ValueError, SyntaxError):
            continue
        for label, other in zip(labels, heads, strict=False):
            if label != "N" and at in last and other in last:
                found.append({"head": last[at], "tail": last[other], "label": str(label)})
    return found
