"""Deals blocks of examples out to parts so that each part has its share of every label.

Single examples are dealt exactly: a part gets its share of a label rounded down or up, and the roundings are balanced
over the labels so that the parts' sizes come out right as well (controlled rounding, Cox 1987). Larger blocks come
first, each to the part that lacks its labels most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from strati.data.blocks import Block


def stratify(
    labels: Sequence[str], blocks: Sequence[Block], shares: Sequence[float], seed: int, keep_from: int = 2
) -> list[list[int]]:
    """The places that each part gets, rising.

    `shares` add up to 1. The first part gets at least one example of each label that has `keep_from` examples or more,
    where the blocks allow it. The same arguments give the same parts.
    """
    rng = np.random.default_rng(seed)
    codes = _codes(labels)
    left = _quotas(np.bincount(codes), np.asarray(shares, dtype=float), keep_from)
    parts: list[list[int]] = [[] for _ in shares]
    order = rng.permutation(len(blocks))
    large = sorted((int(place) for place in order if len(blocks[place]) > 1), key=lambda place: -len(blocks[place]))
    for place in large:
        _deal(blocks[place], codes, left, parts)
    single = np.array([blocks[place][0] for place in order if len(blocks[place]) == 1], dtype=np.int64)
    for code in np.unique(codes[single]) if single.size else ():
        _fill(single[codes[single] == code], left[:, code], parts)
    if keep_from:
        _keep_in_first(codes, blocks, parts, keep_from)
    return [sorted(part) for part in parts]


def _codes(labels: Sequence[str]) -> NDArray[np.int64]:
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    return np.array([numbers[label] for label in labels], dtype=np.int64)


def _quotas(counts: NDArray[np.int64], shares: NDArray[np.float64], keep_from: int) -> NDArray[np.int64]:
    """How many examples of each label each part should get: parts x labels, columns adding up to the counts."""
    quotas = np.zeros((len(shares), len(counts)), dtype=np.int64)
    carried = np.zeros(len(shares))
    for label, count in enumerate(counts):
        exact = count * shares
        down = np.floor(exact + 1e-9).astype(np.int64)
        owed = np.where(exact - down > 1e-9, carried + exact - down, -np.inf)
        if keep_from and count >= keep_from and not down[0]:
            owed[0] = np.inf
        up = np.argsort(-owed, kind="stable")[: count - down.sum()]
        carried += exact - down
        down[up] += 1
        carried[up] -= 1
        quotas[:, label] = down
    return quotas


def _deal(block: Block, codes: NDArray[np.int64], left: NDArray[np.int64], parts: list[list[int]]) -> None:
    """One block to the part that lacks its labels most."""
    counts = Counter(codes[block].tolist())
    lack = sum(count * left[:, code] for code, count in counts.items())
    part = int(np.argmax(lack))
    parts[part].extend(block)
    for code, count in counts.items():
        left[part, code] -= count


def _fill(places: NDArray[np.int64], left: NDArray[np.int64], parts: list[list[int]]) -> None:
    """The single examples of one label to the parts that still lack it."""
    lack = np.maximum(left, 0)
    while lack.sum() > len(places):  # larger blocks took more than one part's share
        lack[np.argmax(lack)] -= 1
    start = 0
    for part, count in enumerate(lack):
        parts[part].extend(places[start : start + count].tolist())
        start += count


def _keep_in_first(codes: NDArray[np.int64], blocks: Sequence[Block], parts: list[list[int]], keep_from: int) -> None:
    """Moves the smallest fitting block into the first part for each label that is missing there."""
    missing = set(codes.tolist()) - set(codes[parts[0]].tolist())
    if not missing:
        return
    home = {place: part for part, places in enumerate(parts) for place in places}
    for code in sorted(missing):
        if int((codes == code).sum()) < keep_from:
            continue
        holders = [block for block in blocks if any(codes[place] == code for place in block)]
        if len(holders) < keep_from or any(codes[place] == code for place in parts[0]):
            continue
        block = min(holders, key=lambda block: (len(block), block[0]))
        part = parts[home[block[0]]]
        parts[home[block[0]]] = [place for place in part if place not in set(block)]
        parts[0].extend(block)
        home.update(dict.fromkeys(block, 0))
