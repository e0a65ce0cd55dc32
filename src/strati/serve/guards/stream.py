"""A guard on a stream of text: nothing goes out before what it could be part of was looked at.

Text is held back up to the end of a sentence, and in a long sentence as far as a forbidden span could still reach. What
was let out is never taken back, so not one character of a forbidden span may be in it, wherever the stream was cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

LONGEST = 400  # characters that a forbidden span may have
_END = re.compile(r"[.!?…。！？][\"')\]]*\s+|\n")

Look = Callable[[str], str | None]
"""The reason to withhold a text, or None."""


class Blocked(Exception):
    """A forbidden span was found; `str(error)` is the reason. What was let out before does not touch it."""


class HeldStream:
    """Takes pieces of text in, lets checked text out.

    Args:
        look: says whether a text holds something forbidden; called with all text not yet out, and what came before it.
        longest: the longest forbidden span in characters.
    """

    def __init__(self, look: Look, longest: int = LONGEST) -> None:
        self.look = look
        self.longest = longest
        self._out = ""  # the end of what is out: a span may not begin there, rules may look at it
        self._held = ""

    def feed(self, piece: str) -> str:
        """Take a piece in; returns what may go out now. Raises `Blocked`."""
        self._held += piece
        end = self._safe()
        return self._let(end) if end else ""

    def finish(self) -> str:
        """What is left, checked. Raises `Blocked`."""
        return self._let(len(self._held))

    def _safe(self) -> int:
        """How much may go out: whole sentences, as long as no forbidden span can begin in them and end after."""
        ends = [match.end() for match in _END.finditer(self._held)]
        limit = len(self._held) - self.longest
        return max((end for end in ends if end <= limit), default=max(0, limit if not ends else 0))

    def _let(self, end: int) -> str:
        reason = self.look(self._out + self._held)
        if reason is not None:
            raise Blocked(reason)
        out, self._held = self._held[:end], self._held[end:]
        self._out = (self._out + out)[-self.longest :]
        return out


def checked(pieces: Iterable[str], look: Look, longest: int = LONGEST) -> Iterator[str]:
    """The pieces of a stream as they may go out. Raises `Blocked` in place of a forbidden span."""
    held = HeldStream(look, longest)
    for piece in pieces:
        out = held.feed(piece)
        if out:
            yield out
    out = held.finish()
    if out:
        yield out
