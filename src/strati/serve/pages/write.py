"""The page Write as records: a draft, the edits that are proposed for it, and the text with them. Nothing is kept."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strati.write import Edit

MOST = 20_000  # characters of a draft
WAITING = 16
AROUND = 60
DIALECTS = ("american", "british", "australian", "canadian", "indian")


@dataclass(frozen=True, slots=True)
class EditView:
    """An edit in its line: what stands before and after it, and why it is proposed or was dropped."""

    line: int
    lead: str
    before: str
    after: str
    rest: str
    reasons: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the whole diff: kept (""), "del" or "ins"; the last two with the place of their edit in the list."""

    kind: str
    text: str
    edit: int = -1


@dataclass(frozen=True, slots=True)
class WriteView:
    """What the page shows of a proposal; `result` is the draft with the edits of `chosen` made. `hash` names it."""

    edits: tuple[EditView, ...]
    dropped: tuple[EditView, ...]
    notes: tuple[tuple[int, str], ...]
    pieces: tuple[Piece, ...]
    result: str
    hash: str
    chosen: frozenset[int]


@cache
def writing_is_here() -> bool:
    """Whether the room and the rules that it needs are installed."""
    from importlib.util import find_spec

    return find_spec("strati.write") is not None and find_spec("harper") is not None


def write_view(text: str, dialect: str = "american", chosen: frozenset[int] | None = None) -> WriteView:
    """The edits for a draft; none of those that are made changes a fact. Without `chosen` all of them are made.

    >>> write_view("I has 3 apples.").result
    'I have 3 apples.'
    >>> write_view("I has 3 apples.", chosen=frozenset()).result
    'I has 3 apples.'
    """
    from strati.write import Style, changed, propose, tools
    from strati.write.show import Places

    proposal = propose(text, using=tools(Style(dialect=dialect)))
    places = Places(text)
    every = frozenset(range(len(proposal.edits)))
    made = every if chosen is None else chosen & every
    return WriteView(
        tuple(_edit(text, one, places, (one.reason,)) for one in proposal.edits),
        tuple(_edit(text, one, places, tuple(map(str, one.facts))) for one in proposal.dropped),
        tuple((places.line(note.start), note.text) for note in proposal.notes),
        _pieces(text, proposal.edits),
        changed(text, [edit for place, edit in enumerate(proposal.edits) if place in made]),
        proposal.hash,
        made,
    )


def _edit(text: str, edit: Edit, places: object, reasons: tuple[str, ...]) -> EditView:
    from strati.write.show import Places

    assert isinstance(places, Places)
    begin, end = places.bounds(edit.start)[0], places.bounds(max(edit.end - 1, edit.start))[1]
    first, last = max(begin, edit.start - AROUND), min(end, edit.end + AROUND)
    lead, rest = text[first : edit.start], text[edit.end : last]
    if first > begin:  # whole words only
        lead = f"… {lead.partition(' ')[2] or lead}"
    if last < end:
        rest = f"{rest.rpartition(' ')[0] or rest} …"
    return EditView(places.line(edit.start), lead, edit.before, edit.after, rest, reasons, edit.others[:3])


def _pieces(text: str, edits: Sequence[Edit]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    at = 0
    for place, edit in enumerate(edits):
        found += [Piece("", text[at : edit.start]), Piece("del", edit.before, place), Piece("ins", edit.after, place)]
        at = edit.end
    return tuple(piece for piece in [*found, Piece("", text[at:])] if piece.text)


class Drafts:
    """One thread that looks at drafts, one after another, so that no number of them takes the service's time."""

    def __init__(self, waiting: int = WAITING) -> None:
        self.waiting = waiting
        self._pool = ThreadPoolExecutor(1, "drafts")
        self._count = 0
        self._lock = threading.Lock()

    def look(self, text: str, dialect: str, chosen: frozenset[int] | None = None) -> Future[WriteView] | None:
        """The edits for a draft; None, and nothing is done, when too many wait."""
        with self._lock:
            if self._count >= self.waiting:
                return None
            self._count += 1

        def run() -> WriteView:
            try:
                return write_view(text, dialect, chosen)
            finally:
                with self._lock:
                    self._count -= 1

        return self._pool.submit(run)


@cache
def drafts() -> Drafts:
    """The one of this process."""
    return Drafts()
