"""Reciprocal rank fusion (Cormack, Clarke & Büttcher, SIGIR 2009): lists of different scores made one by ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

K = 60


def fuse(
    lists: Mapping[str, Sequence[int]], weights: Mapping[str, float] | None = None, k: int = K
) -> dict[int, float]:
    """Item -> sum over the lists of weight / (k + rank), ranks from 1; best first, equal scores by item.

    >>> list(fuse({"words": [7, 8], "meaning": [8, 9]}))
    [8, 7, 9]
    """
    scores: dict[int, float] = {}
    for name, items in lists.items():
        weight = (weights or {}).get(name, 1.0)
        for rank, item in enumerate(items, 1):
            scores[item] = scores.get(item, 0.0) + weight / (k + rank)
    return dict(sorted(scores.items(), key=lambda pair: (-pair[1], pair[0])))
