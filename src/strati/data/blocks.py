"""Blocks: examples that must stay together when the data are split."""

from __future__ import annotations

from collections.abc import Sequence

from strati.core.records import Example
from strati.data.normal import normal_text

Block = list[int]  # places in the sequence of examples, rising


def blocks_of(examples: Sequence[Example], same_text: bool = True) -> list[Block]:
    """Examples of one group, and those with the same normal text, in one block; blocks by their first example.

    Ties are transitive: two groups that share a text become one block.
    """
    parent = list(range(len(examples)))
    first: dict[tuple[str, str], int] = {}
    for place, example in enumerate(examples):
        keys = [("group", example.group)] if example.group is not None else []
        if same_text:
            keys.append(("text", normal_text(example.text)))
        for key in keys:
            _join(parent, place, first.setdefault(key, place))
    found: dict[int, Block] = {}
    for place in range(len(examples)):
        found.setdefault(_root(parent, place), []).append(place)
    return list(found.values())


def _root(parent: list[int], place: int) -> int:
    while parent[place] != place:
        parent[place] = parent[parent[place]]
        place = parent[place]
    return place


def _join(parent: list[int], a: int, b: int) -> None:
    a, b = _root(parent, a), _root(parent, b)
    parent[max(a, b)] = min(a, b)
