"""A text of evidence, taken apart once for all claims that are held against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from strati.knowledge.ask.quantities import Quantity, quantities
from strati.knowledge.ask.units import Unit, units
from strati.knowledge.ask.words import content, words

_ENDS = '.!?。！？:;,…"”’)'
LABEL = 60  # characters of a line that names what follows
LABEL_WORDS = 6


@dataclass(frozen=True, slots=True)
class Text:
    """The pieces of a text with the keys of their words.

    A short line without an end ("class: HttpRequest", a heading) is a label: its words count as said in the pieces
    after it, up to the next label. `items` numbers the pieces by their label.
    """

    text: str
    pieces: tuple[Unit, ...]
    keys: tuple[frozenset[str], ...]
    items: tuple[int, ...]
    labels: tuple[str, ...]
    pairs: frozenset[tuple[str, str]]
    all: frozenset[str]
    above: str
    _numbers: dict[int, tuple[Quantity, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, text: str, kind: str = "text", above: str = "") -> Text:
        """`above` is what stands over the text (title, headings): its words and numbers count as said."""
        pieces = tuple(units(text, 0, kind))
        keys, items, labels = labelled(pieces, kind)
        told = [word.key for word in content(text)]
        every = frozenset[str]().union(*keys, (word.key for word in words(above)))
        return cls(text, pieces, keys, items, labels, frozenset(pairwise(told)), every, above)

    def numbers(self, at: int) -> tuple[Quantity, ...]:
        """The quantities of a piece and of its label."""
        if at not in self._numbers:
            label = self.labels[at]
            own = quantities(self.pieces[at].text)
            self._numbers[at] = (*own, *(quantities(label) if label else ()))
        return self._numbers[at]

    def under(self, at: int) -> list[int]:
        """All pieces under the same label as a piece."""
        return [one for one, item in enumerate(self.items) if item == self.items[at]]

    def near(self, first: int, last: int) -> range:
        """The pieces from `first` to `last` and those beside them under the same label."""
        start = first - (first > 0 and self.items[first - 1] == self.items[first])
        stop = last + 1 < len(self.pieces) and self.items[last + 1] == self.items[last]
        return range(start, last + 1 + stop)


def labelled(pieces: Sequence[Unit], kind: str) -> tuple[tuple[frozenset[str], ...], tuple[int, ...], tuple[str, ...]]:
    """For each piece the keys of its words and of its label's, the number of its label, and the label."""
    keys, items, labels = [], [], []
    label, over, item = "", frozenset[str](), 0
    for at, piece in enumerate(pieces):
        own = frozenset(word.key for word in words(piece.text))
        if kind == "text" and at + 1 < len(pieces) and _names(piece.text):
            label, over, item = piece.text, own, item + 1
        keys.append(own | over)
        items.append(item)
        labels.append(label if label != piece.text else "")
    return tuple(keys), tuple(items), tuple(labels)


def _names(line: str) -> bool:
    return len(line) <= LABEL and line[-1] not in _ENDS and len(line.split()) <= LABEL_WORDS
