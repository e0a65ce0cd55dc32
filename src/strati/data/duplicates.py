"""Exact and near duplicates among many texts, in time that grows about linearly with their number.

Near duplicates: each text is the set of its character 5-grams; MinHash (Broder 1997) gives 64 numbers whose share of
agreement estimates the Jaccard similarity of two sets; locality-sensitive hashing in 16 bands of 4 (Leskovec, Rajaraman
and Ullman, Mining of Massive Datasets, 3.4) brings likely pairs together: a pair of similarity .8 is missed about once
in 5,000 times. In a bucket only neighbours are compared, which keeps the work linear when thousands of texts are alike.
Each pair is then checked with its exact similarity.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

GRAM = 5
HASHES = 64
BANDS = 16
LONGEST = 4_000  # characters of a text that are looked at
_CHUNK = 1 << 18  # shingles at a time: fits the processor's cache

_U64 = NDArray[np.uint64]


class Pair(NamedTuple):
    """Two texts by their place, `a < b`, and the Jaccard similarity of their 5-gram sets."""

    a: int
    b: int
    similarity: float


def same(keys: Sequence[str]) -> list[list[int]]:
    """The places of equal keys, for keys that occur more than once; in order of first appearance."""
    found: dict[str, list[int]] = {}
    for place, key in enumerate(keys):
        found.setdefault(key, []).append(place)
    return [places for places in found.values() if len(places) > 1]


def near(texts: Sequence[str], threshold: float = 0.8, seed: int = 0) -> list[Pair]:
    """Pairs of different texts whose similarity is at least the threshold, by place.

    Pass normal forms, each text once. Texts shorter than 5 characters have no near duplicates.
    """
    places = [place for place, text in enumerate(texts) if len(text) >= GRAM]
    if len(places) < 2:
        return []
    signatures, shingles = _signatures([texts[place][:LONGEST] for place in places], seed)
    pairs = []
    for a, b in _candidates(signatures):
        if np.mean(signatures[a] == signatures[b]) < threshold - 0.2:
            continue
        similarity = _jaccard(shingles[a], shingles[b])
        if similarity >= threshold:
            pairs.append(Pair(places[a], places[b], similarity))
    return sorted(pairs)


def _signatures(texts: Sequence[str], seed: int) -> tuple[NDArray[np.uint32], list[_U64]]:
    """MinHash signatures, texts x hashes, and the hashed 5-grams of each text."""
    rng = np.random.default_rng(seed)
    factors = rng.integers(0, 1 << 63, HASHES, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    terms = rng.integers(0, 1 << 63, HASHES, dtype=np.uint64)
    signatures = np.empty((len(texts), HASHES), dtype=np.uint32)
    shingles: list[_U64] = []
    for start, batch in _batches(texts):
        hashed, starts = _hashed(batch)
        shingles.extend(np.split(hashed, starts[1:]))
        for number in range(HASHES):
            least = np.minimum.reduceat(hashed * factors[number] + terms[number], starts)
            signatures[start : start + len(batch), number] = least >> np.uint64(32)
    return signatures, shingles


def _batches(texts: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    start, size, batch = 0, 0, []
    for place, text in enumerate(texts):
        batch.append(text)
        size += len(text)
        if size >= _CHUNK:
            yield start, batch
            start, size, batch = place + 1, 0, []
    if batch:
        yield start, batch


def _hashed(texts: Sequence[str]) -> tuple[_U64, NDArray[np.int64]]:
    """The hashed 5-grams of all texts one after the other, and where each text begins."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    total = np.zeros(len(codes) - GRAM + 1, dtype=np.uint64)
    for offset in range(GRAM):
        total = total * np.uint64(0x100000001B3) + codes[offset : len(codes) - GRAM + 1 + offset]
    total ^= total >> np.uint64(29)
    total *= np.uint64(0xBF58476D1CE4E5B9)
    total ^= total >> np.uint64(32)
    lengths = np.array([len(text) for text in texts])
    ends = np.cumsum(lengths)
    inside = np.ones(len(total), dtype=bool)
    for back in range(1, GRAM):  # windows that reach into the next text
        border = ends[:-1] - back
        inside[border] = False
    counts = lengths - GRAM + 1
    return total[inside], np.concatenate(([0], np.cumsum(counts)[:-1]))


def _candidates(signatures: NDArray[np.uint32]) -> list[tuple[int, int]]:
    """Pairs that agree on all numbers of a band; in a bucket each text with the next one only."""
    rows = HASHES // BANDS
    found: set[tuple[int, int]] = set()
    for band in range(BANDS):
        part = np.ascontiguousarray(signatures[:, band * rows : (band + 1) * rows])
        keys = part.view(np.dtype((np.void, part.dtype.itemsize * rows))).ravel()
        _, bucket = np.unique(keys, return_inverse=True)
        order = np.argsort(bucket, kind="stable")
        together = np.flatnonzero(np.diff(bucket[order]) == 0)
        found.update(zip(order[together].tolist(), order[together + 1].tolist(), strict=True))
    return sorted(found)


def _jaccard(a: _U64, b: _U64) -> float:
    first, second = set(a.tolist()), set(b.tolist())
    return len(first & second) / len(first | second)
