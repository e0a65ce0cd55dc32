"""How likely two names are one entity: a few features, a logistic score, and vetoes that no score overrules.

The weights are ours, set by hand. People's decisions move them (a maximum a posteriori fit around ours), and since the
fit uses the decisions that hold now and nothing else, forgetting a document forgets what it taught.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from strati.kinds.extract.words import core_of
from strati.knowledge.graph.records import NAMED

MERGE, DOUBT = 0.8, 0.3
FEATURES = ("always", "same words", "given as another name", "fits the whole name", "plural", "similar spelling",
            "one is of unknown kind", "a single word", "fits others too")  # fmt: skip
WEIGHTS = (-2.0, 4.5, 4.0, 4.0, 4.0, 2.0, -0.3, -0.5, -3.0)
_SPREAD = 1.0  # standard deviation of the prior around the weights
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))


class Name(NamedTuple):
    """What is compared of an atom."""

    id: str
    type: str
    key: str
    shown: str
    aliases: frozenset[str]  # keys of other names that hold everywhere
    scope: str = ""


class Pair(NamedTuple):
    """Two names by id with what speaks for and against their being one."""

    a: str
    b: str
    features: tuple[float, ...]
    reasons: tuple[str, ...]


def score(features: Sequence[float], weights: Sequence[float] = WEIGHTS) -> float:
    """The probability that the two are one.

    >>> round(score((1, 1, 0, 0, 0, 0, 0, 0, 0)), 2)
    0.92
    """
    return 1 / (1 + math.exp(-sum(x * w for x, w in zip(features, weights, strict=True))))


def alike(a: str, b: str, least: float = 0.0) -> float:
    """How alike two names are spelt, 0 to 100: twice their longest common subsequence to the sum of their lengths.

    Bit-parallel (Hyyrö, 2004): a few microseconds a pair. What cannot reach `least` is 0.

    >>> alike("acme", "acme"), alike("john smith", "jon smith") > 94, alike("acme", "zzz", 90)
    (100.0, True, 0.0)
    """
    total = len(a) + len(b)
    if not total or 200 * min(len(a), len(b)) < least * total:
        return 0.0
    places: dict[str, int] = {}
    for at, sign in enumerate(a):
        places[sign] = places.get(sign, 0) | 1 << at
    full = (1 << len(a)) - 1
    rest = full
    for sign in b:
        both = rest & places.get(sign, 0)
        rest = ((rest + both) | (rest - both)) & full
    found = 200 * (len(a) - rest.bit_count()) / total
    return found if found >= least else 0.0


def taught(decisions: Sequence[tuple[tuple[float, ...], bool]], ours: tuple[float, ...] = WEIGHTS) -> tuple[float, ...]:
    """The weights after people's decisions (features, yes or no); without decisions `ours`."""
    if not decisions:
        return ours
    import numpy as np

    rows = np.array([features for features, _ in decisions], float)
    right = np.array([one for _, one in decisions], float)
    prior = np.array(ours)
    weights = prior.copy()
    for _ in range(25):
        p = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (p - right) + (weights - prior) / _SPREAD**2
        bend = (rows * (p * (1 - p))[:, None]).T @ rows + np.eye(len(prior)) / _SPREAD**2
        weights = weights - np.linalg.solve(bend, slope)
    return tuple(float(weight) for weight in weights)


def veto(a: Name, b: Name) -> str:
    """Why two names cannot be one, in words; "" when nothing forbids it.

    >>> veto(Name("1", "organisation", "fund ii", "Fund II", frozenset()),
    ...      Name("2", "organisation", "fund iii", "Fund III", frozenset()))
    'their numbers differ (ii, iii)'
    """
    unknown = {"term"}
    if a.type != b.type and not ({a.type, b.type} & unknown and {a.type, b.type} <= NAMED):
        return f"one is of type {a.type}, the other of type {b.type}"
    if a.type == b.type and a.type not in NAMED and a.key != b.key:
        return f"they are different values of type {a.type}"
    if a.key in b.aliases or b.key in a.aliases:
        return ""
    numbers = _numbers(a.key), _numbers(b.key)
    if numbers[0] != numbers[1]:
        return f"their numbers differ ({', '.join(numbers[0]) or 'none'}, {', '.join(numbers[1]) or 'none'})"
    if "organisation" in (a.type, b.type):
        forms = core_of(a.key)[1], core_of(b.key)[1]
        if all(forms) and forms[0] != forms[1]:
            return f"their legal forms differ ({forms[0]}, {forms[1]})"
    if a.type == b.type == "person":
        return _people(a.key.split(), b.key.split())
    return ""


def _numbers(key: str) -> tuple[str, ...]:
    return tuple(
        word for word in key.split()[1:] if re.fullmatch(r"[ivx]{1,5}|\w*\d\w*", word) and word not in ("v", "x", "i")
    )


def _people(a: Sequence[str], b: Sequence[str]) -> str:
    ends = {word for word in a if word in _SUFFIXES}, {word for word in b if word in _SUFFIXES}
    if ends[0] != ends[1]:
        return "one is Jr., Sr. or numbered, the other is not"
    first, other = a[0], b[0]
    if len(a) > 1 and len(b) > 1 and a[-1] == b[-1] and not (first.startswith(other) or other.startswith(first)):
        return f"their first names differ ({first}, {other})"
    return ""
