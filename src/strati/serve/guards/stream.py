"""A guard on a stream of text: nothing goes out before what it could be part of was looked at.

Text is held back up to the end of a sentence, and further back where a forbidden span may have begun. What was let out
is never taken back, so not one character of a forbidden span may be in it, wherever the stream was cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

CONTEXT = 4000  # characters of what is out that are looked at again with what comes
LONG = 400  # characters after which a sentence without an end goes out by words
_END = re.compile(r"[.!?…][\"')\]]*\s+|[。！？]|\n")

Look = Callable[[str], str | None]
"""The reason to withhold a text, or None."""

Unfinished = Callable[[str], int]
"""From where on a text may hold the beginning of what is forbidden, while more of it is to come."""


class Blocked(Exception):
    """A forbidden span was found; `str(error)` is the reason. What was let out before does not touch it."""


class HeldStream:
    """Takes pieces of text in, lets checked text out.

    Args:
        look: says whether a text holds something forbidden; called with all text not yet out, and what came before it.
        unfinished: where in a text something forbidden may have begun that is not there as a whole yet.
    """

    def __init__(self, look: Look, unfinished: Unfinished) -> None:
        self.look = look
        self.unfinished = unfinished
        self._out = ""
        self._held = ""

    def feed(self, piece: str, *, whole: bool = False) -> str:
        """Take a piece in; returns what may go out now. `whole` where the piece ends a sentence. Raises `Blocked`."""
        self._held += piece
        self._must_pass()
        text = self._out + self._held
        safe = self.unfinished(text) - len(self._out)
        ends = [match.end() for match in _END.finditer(self._held) if match.end() <= safe]
        if whole and self._complete(text):
            ends.append(len(self._held))
        if not ends and safe > LONG:
            ends.append(self._held.rfind(" ", 0, safe) + 1)
        return self._let(max(ends, default=0))

    def finish(self) -> str:
        """What is left, checked. Raises `Blocked`."""
        self._must_pass()
        return self._let(len(self._held))

    def _complete(self, text: str) -> bool:
        """Whether nothing has begun at the end of a sentence; what follows begins after a space."""
        return self.unfinished(f"{text} ") == len(text) + 1

    def _must_pass(self) -> None:
        reason = self.look(self._out + self._held)
        if reason is not None:
            raise Blocked(reason)

    def _let(self, end: int) -> str:
        out, self._held = self._held[:end], self._held[end:]
        self._out = (self._out + out)[-CONTEXT:]
        return out


def checked(pieces: Iterable[str], held: HeldStream) -> Iterator[str]:
    """The pieces of a stream as they may go out. Raises `Blocked` in place of a forbidden span."""
    for piece in pieces:
        out = held.feed(piece)
        if out:
            yield out
    out = held.finish()
    if out:
        yield out


def by_sentence(held: HeldStream, hear: Callable[[str], object]) -> Callable[[str], None]:
    """What takes whole sentences one by one, and lets `hear` have them with spaces between, as far as they may go out.

    After a forbidden span nothing more goes out; the whole answer is looked at by others in the end.
    """
    blocked = begun = False

    def told(sentence: str) -> None:
        nonlocal blocked, begun
        if blocked:
            return
        try:
            out = held.feed(f" {sentence}" if begun else sentence, whole=True)
        except Blocked:
            blocked = True
            return
        begun = True
        if out:
            hear(out)

    return told
