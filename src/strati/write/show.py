"""A proposal for people: each changed line with what goes and what comes, why, and what was not done."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from strati.write.proposal import Edit, Note, Proposal

if TYPE_CHECKING:
    from rich.text import Text

_AROUND = 60


class Places:
    """Line numbers, from 1, of characters of a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0]
        for at, sign in enumerate(text):
            if sign == "\n":
                self._starts.append(at + 1)

    def line(self, at: int) -> int:
        return bisect_right(self._starts, at)

    def bounds(self, at: int) -> tuple[int, int]:
        """Where the line of a character starts and ends."""
        number = self.line(at)
        end = self._starts[number] - 1 if number < len(self._starts) else len(self._text)
        return self._starts[number - 1], end


def one_edit(text: str, edit: Edit, places: Places) -> Text:
    """A line of the text around an edit, with what goes crossed out and what comes after it."""
    from rich.text import Text

    begin, end = places.bounds(edit.start)[0], places.bounds(max(edit.end - 1, edit.start))[1]
    first, last = max(begin, edit.start - _AROUND), min(end, edit.end + _AROUND)
    before = ("... " if first > begin else "") + _plain(text[first : edit.start])
    after = _plain(text[edit.end : last]) + (" ..." if last < end else "")
    shown = Text(before)
    if edit.before:
        shown.append(f"[-{_plain(edit.before)}-]", "red")
    if edit.after:
        shown.append(f"{{+{_plain(edit.after)}+}}", "green")
    shown.append(after)
    return shown


def why(edit: Edit) -> str:
    """The reason of an edit and, where there were others, what else could stand there."""
    others = f" (or: {', '.join(map(_named, edit.others[:3]))})" if edit.others else ""
    return _plain(edit.reason) + others


def lines(text: str, proposal: Proposal) -> Sequence[Text]:
    """The whole proposal."""
    from rich.text import Text

    places = Places(text)
    shown: list[Text] = []
    for edit in proposal.edits:
        shown.append(Text.assemble((f"line {places.line(edit.start)}  ", "bold"), one_edit(text, edit, places)))
        shown.append(Text(f"    {why(edit)}", "dim"))
    if proposal.dropped:
        shown.append(Text("Not proposed, because it changes a fact (--interactive asks):", "bold"))
    for edit in proposal.dropped:
        shown.append(Text.assemble((f"line {places.line(edit.start)}  ", "bold"), one_edit(text, edit, places)))
        shown.append(Text(f"    {'; '.join(map(str, edit.facts))}", "yellow"))
    shown += [_note(note, places) for note in proposal.notes]
    return shown


def _note(note: Note, places: Places) -> Text:
    from rich.text import Text

    return Text.assemble((f"line {places.line(note.start)}  ", "bold"), (note.text, "cyan"))


def _named(word: str) -> str:
    return _plain(word) or "nothing"


def _plain(text: str) -> str:
    return "".join(" " if c.isspace() else c if c.isprintable() else "\ufffd" for c in text)
