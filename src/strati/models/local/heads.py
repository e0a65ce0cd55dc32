"""Evaluated heads of prompts, kept in files: going back to one takes milliseconds instead of evaluating it again.

A model that is asked in several forms, or by several layers, changes from one head (instructions, label list) to
another and back. The engine writes the state after a head to a file and reads it back bit by bit, so that what follows
is evaluated as it would have been.
"""

from __future__ import annotations

from collections import OrderedDict

from strati.core.errors import LayerDown
from strati.models.local.chat_form import Ids
from strati.models.local.engine import Engine

FEWEST_TOKENS = 48
"""Of a head that is worth a file: evaluating fewer takes hardly longer than reading it."""
MOST_FILES = 8
MOST_BYTES = 256 * 2**20
"""Of all files together: heads of large models are tens of kilobytes a token."""


class Heads:
    """The heads that one engine keeps; those not used for longest go first."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._files: OrderedDict[Ids, tuple[str, int]] = OrderedDict()  # name and bytes
        self._number = 0

    def keep(self, head: Ids) -> None:
        """Keep the state of the engine, which has just evaluated this head and nothing else."""
        if len(head) < FEWEST_TOKENS:
            return
        self._number += 1
        name = f"head{self._number}"
        try:
            size = self._engine.save(name, len(head))
        except LayerDown:  # a full disk: the head will be evaluated again
            self._engine.forget(name)
            return
        self._files[head] = name, size
        while len(self._files) > MOST_FILES or sum(size for _, size in self._files.values()) > MOST_BYTES:
            _, (oldest, _) = self._files.popitem(last=False)
            self._engine.forget(oldest)

    def back_to(self, head: Ids) -> bool:
        """Bring the engine to a head that is kept; False when it is not, or cannot be read."""
        if head not in self._files:
            return False
        name, _ = self._files[head]
        self._files.move_to_end(head)
        try:
            self._engine.restore(name, len(head))
        except LayerDown:
            del self._files[head]
            self._engine.forget(name)
            return False
        return True
