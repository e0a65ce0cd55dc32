"""Inducing keyword rules from labelled texts: sequential covering over words and two-word phrases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strati.kinds.classify.rule import Rule, words


class Induced(NamedTuple):
    """A decision list, and for each length what `otherwise` should say (one entry more than rules)."""

    rules: tuple[Rule, ...]
    otherwise: tuple[Rule, ...]

    def first(self, count: int) -> tuple[Rule, ...]:
        """The first `count` rules and the default that goes with them."""
        count = min(count, len(self.rules))
        return (*self.rules[:count], self.otherwise[count])


def induce(texts: Sequence[str], references: Sequence[str], most: int, check: Callable[[], None]) -> Induced:
    """At most `most` rules, best first; `otherwise` gives the commonest label of the rows left.

    A phrase must occur in at least two rows. Rules are ranked by the Wilson lower bound (Wilson 1927, one-sided 90 %)
    of their precision on the rows not covered yet, so that 20 of 20 comes before 2 of 2; a rule must be right more
    often than not.
    """
    labels = sorted(set(references))
    codes = np.array([labels.index(reference) for reference in references])
    present, phrases = _phrase_matrix(texts)
    left = np.ones(len(texts), dtype=bool)
    rules: list[Rule] = []
    otherwise = [_default(references, left)]
    hits = _counts(present, codes, len(labels))
    merits = _Merits(hits)
    for _ in range(most):
        check()
        if not phrases or not left.any():
            break
        label, column = merits.best()
        right, seen = int(hits[label, column]), int(hits[:, column].sum())
        if seen < 2 or right * 2 <= seen:
            break
        rules.append(Rule((phrases[column],), labels[label], right, seen))
        covered = np.zeros(len(texts), dtype=bool)
        covered[present[:, [column]].nonzero()[0]] = True
        covered &= left
        gone = present[covered]
        hits -= _counts(gone, codes[covered], len(labels))
        merits.refresh(np.unique(gone.indices))
        left &= ~covered
        otherwise.append(_default(references, left))
    return Induced(tuple(rules), tuple(otherwise))


def _default(references: Sequence[str], left: NDArray[np.bool_]) -> Rule:
    rest = Counter(reference for reference, open_ in zip(references, left, strict=True) if open_)
    value, right = max((rest or Counter(references)).items(), key=lambda item: (item[1], item[0]))
    return Rule((), value, right if rest else 0, int(left.sum()))


def _phrase_matrix(texts: Sequence[str]) -> tuple[Any, list[str]]:
    """A sparse 0/1 matrix texts x phrases (scipy CSR), and the phrases."""
    from sklearn.feature_extraction.text import CountVectorizer

    vectorizer = CountVectorizer(analyzer=_phrases, binary=True, min_df=2, max_features=30_000, dtype=np.int32)
    try:
        present = vectorizer.fit_transform(texts)
    except ValueError:  # no phrase occurs twice
        return None, []
    return present.tocsr(), list(vectorizer.get_feature_names_out())


def _phrases(text: str) -> list[str]:
    found = words(text)
    return found + [f"{one} {two}" for one, two in pairwise(found)]


def _counts(present: Any, codes: NDArray[np.int64], labels: int) -> NDArray[np.int64]:
    """How many rows of each label hold each phrase: labels x phrases."""
    from scipy.sparse import csr_matrix

    if present is None:
        return np.zeros((labels, 0), dtype=np.int64)
    rows = np.arange(len(codes))
    onehot = csr_matrix((np.ones(len(codes), dtype=np.int32), (codes, rows)), shape=(labels, len(codes)))
    counts: NDArray[np.int64] = (onehot @ present).toarray().astype(np.int64)
    return counts


class _Merits:
    """Of each phrase, the label with the highest Wilson lower bound of its precision, and that bound.

    A rule takes few phrases away from few rows, so only those are worked out again.
    """

    def __init__(self, hits: NDArray[np.int64]) -> None:
        self._hits = hits  # labels x phrases; the owner changes it, then calls `refresh`
        self._bound = np.empty(hits.shape[1])
        self._label = np.empty(hits.shape[1], dtype=np.int64)
        self.refresh(np.arange(hits.shape[1]))

    def refresh(self, columns: NDArray[Any]) -> None:
        """Work out again the phrases whose counts have changed."""
        bounds = _wilson(self._hits[:, columns])
        self._label[columns] = bounds.argmax(axis=0)
        self._bound[columns] = bounds.max(axis=0)

    def best(self) -> tuple[int, int]:
        """(label, phrase) with the highest bound; ties go to the first label, then to the first phrase."""
        equal = np.flatnonzero(self._bound == self._bound.max())
        column = equal[self._label[equal].argmin()]
        return int(self._label[column]), int(column)


def _wilson(hits: NDArray[np.int64]) -> NDArray[np.float64]:
    """The Wilson lower bound of each label's share among the rows that hold a phrase; -1 where these are fewer than 2.

    `hits` is labels x phrases.
    """
    seen = hits.sum(axis=0).astype(float)
    z2 = 1.2816**2
    with np.errstate(divide="ignore", invalid="ignore"):
        share = hits / seen
        centre = share + z2 / (2 * seen)
        spread = np.sqrt(z2 * (share * (1 - share) / seen + z2 / (4 * seen**2)))
        bounds: NDArray[np.float64] = np.where(seen >= 2, (centre - spread) / (1 + z2 / seen), -1.0)
    return bounds
