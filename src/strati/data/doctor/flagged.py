"""Rows whose label a cross-fitted model contradicts with confidence: worth a person's look, not proven wrong.

Confident learning (Northcutt, Jiang and Chuang, JAIR 2021, section 3): out-of-fold probabilities; the threshold of a
label is the mean probability that its own rows get; a row is flagged when another label reaches its threshold and is
the most probable one. The model is a ridge classifier on TF-IDF of words and word pairs, fast enough to wait for; its
scores become probabilities by one temperature, fitted on the out-of-fold scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strati.core.records import Example
from strati.core.scripts import TOKEN
from strati.data.blocks import blocks_of
from strati.data.stratify import stratify

FOLDS = 5
MOST_ROWS = 10_000
_LONGEST = 2_000  # characters of a text that are looked at
_TEMPERATURES = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


class Flag(NamedTuple):
    """One contradicted label: what the model says instead, and how probable it finds either."""

    example: Example
    proposed: str
    probability: float
    own: float


class Flagged(NamedTuple):
    """The contradicted rows, most confident first, and how many rows were looked at."""

    flags: tuple[Flag, ...]
    looked_at: int


def flagged(examples: Sequence[Example], seed: int) -> Flagged:
    """The contradicted rows among at most 10,000 drawn at random. Labels with a single row are left out."""
    usable = _usable(examples, seed)
    labels = [str(example.reference) for example in usable]
    names, codes = np.unique(np.array(labels, dtype=object), return_inverse=True)
    if len(names) < 2 or len(usable) < 2 * FOLDS:
        return Flagged((), 0)
    probabilities = _out_of_fold(usable, codes, len(names), seed)
    rows = np.arange(len(codes))
    own = probabilities[rows, codes]
    thresholds = np.array([own[codes == code].mean() for code in range(len(names))])
    top = probabilities.argmax(axis=1)
    hits = np.flatnonzero((probabilities[rows, top] > own) & (probabilities[rows, top] >= thresholds[top]))
    flags = [
        Flag(usable[row], str(names[top[row]]), float(probabilities[row, top[row]]), float(own[row])) for row in hits
    ]
    return Flagged(tuple(sorted(flags, key=lambda flag: flag.own - flag.probability)), len(usable))


def _usable(examples: Sequence[Example], seed: int) -> list[Example]:
    rng = np.random.default_rng(seed)
    if len(examples) > MOST_ROWS:
        examples = [examples[place] for place in sorted(rng.choice(len(examples), MOST_ROWS, replace=False))]
    counts: dict[str, int] = {}
    for example in examples:
        counts[str(example.reference)] = counts.get(str(example.reference), 0) + 1
    return [example for example in examples if counts[str(example.reference)] > 1]


def _out_of_fold(examples: Sequence[Example], codes: NDArray[np.intp], classes: int, seed: int) -> NDArray[np.float64]:
    from scipy.special import softmax
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import RidgeClassifier

    # The vocabulary is counted over all rows at once; labels take no part in it.
    words = TfidfVectorizer(
        ngram_range=(1, 2), sublinear_tf=True, max_features=20_000, token_pattern=TOKEN, dtype=np.float32
    )
    try:
        features = words.fit_transform([example.text[:_LONGEST] for example in examples])
    except ValueError:  # no word at all: nothing to contradict a label with
        return np.full((len(examples), classes), 1 / classes)
    labels = [str(code) for code in codes]
    scores = np.full((len(examples), classes), -1.0)
    for fold in stratify(labels, blocks_of(examples), [1 / FOLDS] * FOLDS, seed, keep_from=0):
        inside = np.zeros(len(examples), dtype=bool)
        inside[fold] = True
        known = np.unique(codes[~inside])
        if not fold or len(known) < 2:
            continue
        model = RidgeClassifier(alpha=1.0, solver="sparse_cg", tol=1e-2).fit(features[~inside], codes[~inside])
        found = model.decision_function(features[inside])
        scores[np.ix_(inside, known)] = np.column_stack([-found, found]) if found.ndim == 1 else found
    rows = np.arange(len(codes))
    tried = [softmax(temperature * scores, axis=1) for temperature in _TEMPERATURES]
    return max(tried, key=lambda table: float(np.log(table[rows, codes] + 1e-12).mean()))
