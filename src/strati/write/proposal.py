"""What is proposed for a text: edits with their reasons, those that were dropped, and the hash to apply them by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from strati.core.errors import TaskError
from strati.core.records import JSON
from strati.write.facts import Change, FactKind

HASH_LENGTH = 16


class Span(NamedTuple):
    """Characters `text[start:end]`."""

    start: int
    end: int

    def meets(self, start: int, end: int) -> bool:
        """The two share a character, or an insertion stands inside this one."""
        return (self.start < end and start < self.end) or (start == end and self.start < start < self.end)


@dataclass(frozen=True, slots=True)
class Edit:
    """One change: `text[start:end]`, which is `before`, becomes `after`.

    `facts` are the facts it changes; an edit that changes some is not among the edits that are applied unless a person
    took it in. `rule` names what proposed it; `others` are the other words that were considered.
    """

    start: int
    end: int
    before: str
    after: str
    reason: str
    facts: tuple[Change, ...] = ()
    rule: str = ""
    others: tuple[str, ...] = ()

    def to_json(self) -> dict[str, JSON]:
        return {
            "start": self.start,
            "end": self.end,
            "before": self.before,
            "after": self.after,
            "reason": self.reason,
            "facts": [change.to_json() for change in self.facts],
        }

    @classmethod
    def of_json(cls, record: dict[str, JSON]) -> Edit:
        changes = tuple(Change(FactKind(f["kind"]), f["before"], f["after"]) for f in record["facts"])
        return cls(record["start"], record["end"], record["before"], record["after"], record["reason"], changes)


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know that no edit puts right: a banned word without another, a part in another language."""

    start: int
    end: int
    text: str

    def to_json(self) -> dict[str, JSON]:
        return {"start": self.start, "end": self.end, "text": self.text}


@dataclass(frozen=True, slots=True)
class Proposal:
    """Edits for one text, in order, none over another.

    `of` is the SHA-256 of what they are for (the text, or the bytes of its file); `dropped` were not kept because they
    change a fact; `notes` say what else was seen. Two proposals with the same hash do the same to the same text.
    """

    of: str
    edits: tuple[Edit, ...]
    dropped: tuple[Edit, ...] = ()
    notes: tuple[Note, ...] = field(default=())

    @property
    def hash(self) -> str:
        """What `apply` wants to hear: it covers the text and each change to it."""
        changes = [[edit.start, edit.end, edit.before, edit.after] for edit in self.edits]
        said = json.dumps(["write.v1", self.of, changes], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_LENGTH]

    def to_json(self) -> dict[str, JSON]:
        return {
            "hash": self.hash,
            "edits": [edit.to_json() for edit in self.edits],
            "dropped": [edit.to_json() for edit in self.dropped],
        }

    def only(self, edits: Iterable[Edit]) -> Proposal:
        """The same proposal with some of its edits, or with dropped ones that a person took in; its hash is another."""
        chosen = tuple(sorted(edits, key=lambda edit: (edit.start, edit.end)))
        left = tuple(edit for edit in self.dropped if edit not in chosen)
        return replace(self, edits=chosen, dropped=left)


def sha256(data: str | bytes) -> str:
    """The SHA-256 of a text or of a file's bytes."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    return hashlib.sha256(raw).hexdigest()


def changed(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits made.

    Raises `TaskError` when an edit does not fit the text or runs over another.

    >>> changed("a apple", [Edit(0, 1, "a", "an", "before a vowel")])
    'an apple'
    """
    pieces: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if edit.start < at or text[edit.start : edit.end] != edit.before:
            raise TaskError(f"the edit at {edit.start} does not fit the text: {edit.before!r} is not there any more")
        pieces += [text[at : edit.start], edit.after]
        at = edit.end
    return "".join([*pieces, text[at:]])
