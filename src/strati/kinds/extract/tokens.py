"""Tokens of a text with their spans, and spans as one tag for each token (BIO)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from strati.kinds.extract.values import Entity

_TOKEN = re.compile(
    r"https?://\S+|www\.\S+|[\w.+-]+@[\w-]+\.[\w.]+|[@#]\w+|(?:[^\W\d_]\.){2,}|\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?|\w+|[^\w\s]"
)


class Token(NamedTuple):
    """`text[start:end]`."""

    start: int
    end: int
    text: str


def tokens(text: str) -> list[Token]:
    """Words, numbers and signs.

    >>> [token.text for token in tokens("Mr. O'Neil paid $5,000 (U.S.) @ acme-corp.")]
    ['Mr', '.', "O'Neil", 'paid', '$', '5,000', '(', 'U.S.', ')', '@', 'acme', '-', 'corp', '.']
    """
    return [Token(match.start(), match.end(), match[0]) for match in _TOKEN.finditer(text)]


def sentences(found: Sequence[Token], text: str, longest: int = 200) -> Iterator[list[Token]]:
    """Tokens by line or sentence end, so that long documents are tagged piece by piece."""
    part: list[Token] = []
    for at, token in enumerate(found):
        part.append(token)
        after = found[at + 1] if at + 1 < len(found) else None
        gap = text[token.end : after.start] if after else ""
        ends = token.text in ".!?" and after is not None and gap and after.text[:1].isupper() and len(part) > 3
        if "\n\n" in gap or (ends and len(part) > 12) or len(part) >= longest:
            yield part
            part = []
    if part:
        yield part


def tags_of(found: Sequence[Token], entities: Sequence[Entity]) -> list[str]:
    """A BIO tag for each token; a token that an entity only touches counts. Of overlapping entities the longer one.

    >>> tags_of(tokens("Mr. Lee left"), [Entity(4, 7, "Peop")])
    ['O', 'O', 'B-Peop', 'O']
    """
    tags = ["O"] * len(found)
    for entity in sorted(entities, key=lambda e: (e.start - e.end, e.start, e.label)):
        places = [at for at, token in enumerate(found) if token.start < entity.end and entity.start < token.end]
        if places and all(tags[at] == "O" for at in places):
            for at in places:
                tags[at] = f"I-{entity.label}"
            tags[places[0]] = f"B-{entity.label}"
    return tags


def entities_of(found: Sequence[Token], tags: Sequence[str]) -> list[Entity]:
    """The spans that BIO tags stand for; an I- without a beginning begins one.

    >>> entities_of(tokens("Mr. Lee left"), ["O", "O", "B-Peop", "O"])
    [Entity(start=4, end=7, label='Peop')]
    """
    entities: list[Entity] = []
    open_: list[Token] = []
    label = ""
    for token, tag in [*zip(found, tags, strict=True), (Token(0, 0, ""), "O")]:
        kind, _, name = tag.partition("-")
        if open_ and (kind != "I" or name != label):
            entities.append(Entity(open_[0].start, open_[-1].end, label))
            open_ = []
        if kind != "O":
            open_.append(token)
            label = name
    return entities
