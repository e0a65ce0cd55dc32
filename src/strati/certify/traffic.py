"""Is this traffic like the inputs a certificate rests on? A two-sample test that every stack can have.

A certificate speaks of inputs like the calibrate inputs. Beside it stands a sketch of these: how many of them hold each
word (by a hash, no text), and two numbers of each input: how familiar its words are among the *other* inputs, and how
many it has. A file's inputs get the same two numbers and are compared by rank (Mann and Whitney, 1947); where answers
are there, the share answered automatically is compared too (Fisher's exact test). The level is split among the tests,
so that traffic like the calibrate inputs is called different in at most `LEVEL` of the files.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from strati.core.errors import StackError
from strati.core.figures import probability, share
from strati.core.identity import sha256_of
from strati.core.records import JSON
from strati.core.scripts import tokens
from strati.data.normal import normal_text

NAME = "certificate-traffic.json"
FORMAT = 1
_DIGITS = re.compile(r"\d+")
LEVEL = 0.01
TESTS = 3
FEWEST = 30  # inputs below which nothing is compared
MOST_REPEATED = 0.9  # share of a file's rows that must be different inputs, or its share answered is not compared
MOST = 20_000  # inputs of a file that are compared: a random sample of more
EXACT = 2_000  # of automatic and other answers, up to which Fisher's test is exact in reasonable time


@dataclass(frozen=True)
class Compared:
    """How a file's inputs compare with the calibrate inputs; `p` of each test by name, the smallest one corrected."""

    rows: int
    p: Mapping[str, float] = field(default_factory=dict)
    familiar: tuple[float, float] = (math.nan, math.nan)  # medians, of the calibrate inputs and of these

    @property
    def corrected(self) -> float:
        """The smallest p-value after Bonferroni over all tests that may be made."""
        return min(1.0, TESTS * min(self.p.values(), default=1.0))

    @property
    def differs(self) -> bool:
        """Whether they are shown to differ at the level."""
        return self.corrected <= LEVEL

    @property
    def words(self) -> str:
        """One sentence."""
        if not self.p:
            return f"{self.rows:,} different inputs are too few to compare with the calibrate inputs ({FEWEST} or more)"
        level = f"at level {LEVEL:g}"
        if not self.differs:
            p = probability(self.corrected)
            return f"these inputs are not shown to differ from the calibrate inputs ({level}, p {p})"
        test = min(self.p, key=lambda name: self.p[name])
        return (
            f"these inputs differ from the calibrate inputs ({test}; p {probability(self.corrected)}, {level}): the "
            "certificate does not speak of traffic like this"
        )

    def to_json(self) -> dict[str, JSON]:
        return {
            "rows": self.rows,
            "level": LEVEL,
            "p": dict(self.p),
            "p_corrected": self.corrected,
            "differs": self.differs,
        }


@dataclass(frozen=True)
class Sketch:
    """What is kept of the calibrate inputs: see the top of this file. `automatic` of `inputs` were answered."""

    inputs: int
    counts: Mapping[str, int]
    familiar: Sequence[float]
    lengths: Sequence[float]
    automatic: int
    asked: int

    @classmethod
    def of(cls, texts: Iterable[str], automatic: int, asked: int) -> Sketch:
        """The sketch of the calibrate inputs; `automatic` of `asked` were answered by the certified setting."""
        rows = [row for text in texts if (row := _hashes(text))]
        counts = Counter(word for row in rows for word in row)
        familiar = [_familiar(row, counts, len(rows), own=1) for row in rows]
        return cls(len(rows), dict(counts), familiar, [_length(row) for row in rows], automatic, asked)

    def compare(self, seen: Seen, answered: tuple[int, int] | None = None) -> Compared:
        """Compare a file's inputs; `answered` is how many of how many rows were, where answers are there."""
        rows = len(seen.kept)
        if rows < FEWEST or self.inputs < FEWEST:
            return Compared(rows)
        familiar = [_familiar(row, self.counts, self.inputs, own=0) for row in seen.kept]
        p = {
            "the words of the inputs": _by_rank(self.familiar, familiar),
            "their lengths": _by_rank(self.lengths, [_length(row) for row in seen.kept]),
        }
        if answered is not None and answered[1] >= FEWEST and seen.distinct >= MOST_REPEATED * seen.rows:
            before = f"{share(self.automatic / self.asked)} answered automatically on calibrate"
            name = f"{before}, {share(answered[0] / answered[1])} here"
            p[name] = _shares(self.automatic, self.asked, *answered)
        return Compared(rows, p, (_median(self.familiar), _median(familiar)))

    def write(self, folder: Path) -> str:
        """Put the sketch beside a certificate; returns its SHA-256."""
        body = {
            "format": FORMAT,
            "inputs": self.inputs,
            "automatic": self.automatic,
            "asked": self.asked,
            "counts": dict(self.counts),
            "familiar": [round(value, 6) for value in self.familiar],
            "lengths": list(self.lengths),
        }
        file = folder / NAME
        file.write_text(json.dumps(body) + "\n", encoding="utf-8")
        return sha256_of(file)

    @classmethod
    def read(cls, folder: Path, sha256: str | None = None) -> Sketch | None:
        """The sketch of a stack folder; None where it has none (an older certificate).

        Raises:
            StackError: it cannot be read, or is not the one that the certificate names.
        """
        file = folder / NAME
        if not file.is_file():
            if sha256:
                raise StackError(f"{file} is missing: the certificate names it")
            return None
        if sha256 and sha256_of(file) != sha256:
            raise StackError(f"{file} was altered since the certificate was written")
        try:
            body = json.loads(file.read_text(encoding="utf-8"))
            parts = (body[key] for key in ("inputs", "counts", "familiar", "lengths", "automatic", "asked"))
            return cls(*parts)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StackError(f"{file} cannot be read as a sketch of the calibrate inputs: {error}") from error


class Seen:
    """The distinct inputs of a file, as they come: at most `MOST` of them are kept, drawn at random."""

    def __init__(self, *, once: bool = True, seed: int = 0) -> None:
        self.kept: list[tuple[str, ...]] = []
        self.rows = 0
        self.distinct = 0  # inputs with a word in them
        self._once = once
        self._known: set[bytes] = set()
        self._random = random.Random(seed)

    def add(self, text: str) -> None:
        """Take one input in."""
        self.rows += 1
        if self._once:
            key = hashlib.blake2b(normal_text(text).encode("utf-8", "surrogatepass"), digest_size=8).digest()
            if key in self._known:
                return
            self._known.add(key)
        row = _hashes(text)
        if not row:
            return
        self.distinct += 1
        if len(self.kept) < MOST:
            self.kept.append(row)
        elif (place := self._random.randrange(self.distinct)) < MOST:
            self.kept[place] = row


def _hashes(text: str) -> tuple[str, ...]:
    """The distinct words of a text by a short hash; all numbers are one word, for an order number says nothing."""
    words = dict.fromkeys(tokens(_DIGITS.sub("0", normal_text(text))))
    return tuple(hashlib.blake2b(w.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest() for w in words)


def _familiar(row: Sequence[str], counts: Mapping[str, int], inputs: int, own: int) -> float:
    """The mean log share of the other inputs that hold each word; `own` is 1 for a row that is among the inputs."""
    return sum(math.log((counts.get(word, 0) - own + 0.5) / (inputs - own + 1)) for word in row) / len(row)


def _length(row: Sequence[str]) -> float:
    return float(len(row))


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def _by_rank(before: Sequence[float], now: Sequence[float]) -> float:
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(before, now, alternative="two-sided", method="asymptotic").pvalue)


def _shares(before: int, asked: int, now: int, rows: int) -> float:
    import numpy as np
    from scipy.stats import chi2_contingency, fisher_exact

    table = np.array([[before, asked - before], [now, rows - now]])
    if not (before + now) or not (asked - before + rows - now):
        return 1.0
    if asked + rows <= EXACT:
        return float(fisher_exact(table)[1])
    return float(chi2_contingency(table, correction=True)[1])
