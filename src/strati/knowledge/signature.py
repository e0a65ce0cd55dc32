"""Signatures that tell near-duplicate passages: b-bit minwise hashing (Li & König, WWW 2010, section 2).

64 minima over the passage's word triples, the lowest 8 bits of each. The share of equal bytes of two signatures
estimates the Jaccard similarity of their triples (standard error about .05). A signature depends on the passage alone,
so nothing has to be fitted again when documents come and go.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

from strati.knowledge.folding import WORD, folded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIZE = 64
_FIRST, _SECOND = 0x9E3779B1, 0x85EBCA77  # odd numbers: the order of the three words counts
_FEWEST = 6  # words: shorter passages are alike by chance


def signature(text: str) -> bytes:
    """The signature, 64 bytes; empty for passages too short to compare."""
    import numpy as np

    words = WORD.findall(folded(text).lower())
    if len(words) < _FEWEST:
        return b""
    known = np.array([_hash(word) for word in words], np.uint64)
    hashes = (known[:-2] * _FIRST + known[1:-1] * _SECOND + known[2:]) & np.uint64(0xFFFFFFFF)
    multipliers, offsets = _permutations()
    mixed = (hashes[:, None] * multipliers + offsets) >> np.uint64(32)
    return bytes((mixed.min(axis=0) & np.uint64(255)).astype(np.uint8))


@lru_cache(maxsize=50_000)
def _hash(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "replace"))


def alike(one: bytes, other: bytes, least: float = 0.8) -> bool:
    """Whether two passages are near-duplicates by their signatures: an estimated similarity of at least `least`."""
    equal = sum(a == b for a, b in zip(one, other, strict=False))
    return bool(one) and len(one) == len(other) and (equal / SIZE - 1 / 256) / (1 - 1 / 256) >= least


def similarities(one: bytes, all_of: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Estimated Jaccard similarity of one signature to each row of (passages, 64)."""
    import numpy as np

    equal = (all_of == np.frombuffer(one, np.uint8)).mean(axis=1)
    return np.asarray(np.maximum(0.0, (equal - 1 / 256) / (1 - 1 / 256)), np.float64)


def _permutations() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """64 multiply-shift hash functions (Dietzfelbinger et al., J. Algorithms 1997), the same always."""
    import numpy as np

    global _MADE
    if _MADE is None:
        dice = np.random.Generator(np.random.PCG64(20100426))
        _MADE = (dice.integers(1 << 62, size=SIZE, dtype=np.uint64) * np.uint64(2) + np.uint64(1),
                 dice.integers(1 << 63, size=SIZE, dtype=np.uint64))  # fmt: skip
    return _MADE


_MADE: tuple[NDArray[np.uint64], NDArray[np.uint64]] | None = None
