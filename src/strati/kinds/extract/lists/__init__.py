"""Small lists of ours: legal forms, titles, given names, places, verbs. Data only."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """The words of a text.

    >>> sorted(word_set("b a b"))
    ['a', 'b']
    """
    return frozenset(text.split())
