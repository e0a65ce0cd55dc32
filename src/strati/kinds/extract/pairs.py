"""Relations: which pairs of entities in a sentence stand in which relation, by logistic regression over the pair."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from strati.core.context import Context
from strati.core.identity import fingerprint, sha256_of_array
from strati.core.records import JSON
from strati.kinds.extract.lists.verbs import VERBS
from strati.kinds.extract.tokens import Token, tokens
from strati.kinds.extract.values import Entity, Extraction, Relation

NONE = ""
MOST_APART = 60  # tokens
_LEAST_SEEN = 2


@dataclass(frozen=True)
class Pairs:
    """Classifies ordered pairs of entities.

    Attributes:
        C: inverse strength of the regularisation.
        least: how probable a relation must be to be told.
        labels: relations, and "" for none.
        attributes: what is seen of a pair, in the order of the columns of `weights`.
        weights: (labels, attributes + 1); the last column is the bias.
    """

    C: float = 0.3
    least: float = 0.4
    labels: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    weights: NDArray[np.float32] | None = None

    def fingerprint(self) -> str:
        learnt = None if self.weights is None else sha256_of_array(self.weights)
        return fingerprint("pairs.v1", C=self.C, least=self.least, labels=list(self.labels), weights=learnt,
                           attributes=fingerprint("attributes", all=list(self.attributes)))  # fmt: skip

    def fit(self, rows: Sequence[tuple[str, Extraction]], ctx: Context) -> Self:
        """Learn from the pairs of entities of each text; a pair with no relation is an example of none."""
        from sklearn.feature_extraction import DictVectorizer
        from sklearn.linear_model import LogisticRegression

        ctx.check()
        seen: list[dict[str, float]] = []
        labels: list[str] = []
        for text, value in rows:
            told = {(r.head, r.tail): r.label for r in value.relations}
            for a, b, row in candidates(text, value.entities):
                seen.append(dict.fromkeys(row, 1.0))
                labels.append(told.get((a, b), NONE))
        if len(set(labels)) < 2:
            return replace(self, labels=(), weights=None)
        counts: dict[str, int] = {}
        for row_seen in seen:
            for one in row_seen:
                counts[one] = counts.get(one, 0) + 1
        kept = [{one: 1.0 for one in row_seen if counts[one] >= _LEAST_SEEN} for row_seen in seen]
        maker = DictVectorizer()
        matrix = maker.fit_transform(kept)
        model = LogisticRegression(C=self.C, max_iter=400)
        model.fit(matrix, labels)
        weights = np.hstack([model.coef_, model.intercept_[:, None]])
        if len(model.classes_) == 2:
            weights = np.vstack([np.zeros_like(weights), weights])
        return replace(
            self, labels=tuple(map(str, model.classes_)), attributes=tuple(map(str, maker.feature_names_)),
            weights=weights.astype(np.float32),
        )  # fmt: skip

    def relations(self, text: str, entities: Sequence[Entity]) -> list[Relation]:
        """The relations between these entities that are probable enough."""
        return [Relation(a, b, label) for a, b, label, sure in self.scored(text, entities) if sure >= self.least]

    def scored(self, text: str, entities: Sequence[Entity]) -> Iterator[tuple[int, int, str, float]]:
        """For each ordered pair of entities the most probable relation and its probability."""
        if self.weights is None or not self.labels:
            return
        places = {one: at for at, one in enumerate(self.attributes)}
        none = self.labels.index(NONE) if NONE in self.labels else -1
        for a, b, row in candidates(text, entities):
            some = [place for one in row if (place := places.get(one)) is not None]
            scores = self.weights[:, some].sum(axis=1, dtype=np.float64) + self.weights[:, -1]
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            if none >= 0:
                shares[none] = 0.0
            best = int(shares.argmax())
            yield a, b, self.labels[best], float(shares[best])

    def save(self, folder: Path) -> dict[str, JSON]:
        if self.weights is not None:
            np.savez_compressed(folder / "pairs.npz", weights=self.weights)
        text = json.dumps(list(self.attributes), ensure_ascii=False)
        (folder / "pairs.json").write_text(text, encoding="utf-8")
        return {"C": self.C, "least": self.least, "labels": list(self.labels)}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path) -> Self:
        attributes = tuple(json.loads((folder / "pairs.json").read_text(encoding="utf-8")))
        weights = None
        if (folder / "pairs.npz").is_file():
            with np.load(folder / "pairs.npz", allow_pickle=False) as arrays:
                weights = arrays["weights"]
        return cls(settings["C"], settings["least"], tuple(settings["labels"]), attributes, weights)


def candidates(text: str, entities: Sequence[Entity]) -> Iterator[tuple[int, int, list[str]]]:
    """Ordered pairs of entities that are near each other, with what is seen of each pair."""
    words = tokens(text)
    spans = [_tokens_of(words, entity) for entity in entities]
    for a, one in enumerate(entities):
        for b, other in enumerate(entities):
            if a != b and abs(spans[a][0] - spans[b][0]) <= MOST_APART:
                yield a, b, _seen(words, entities, spans, one, other, spans[a], spans[b])


def _tokens_of(words: Sequence[Token], entity: Entity) -> tuple[int, int]:
    first = next((at for at, word in enumerate(words) if word.end > entity.start), len(words))
    last = next((at for at in range(first, len(words)) if words[at].start >= entity.end), len(words))
    return first, last


def _seen(
    words: Sequence[Token], entities: Sequence[Entity], spans: Sequence[tuple[int, int]], one: Entity, other: Entity,
    a: tuple[int, int], b: tuple[int, int],
) -> list[str]:  # fmt: skip
    forward = a[0] < b[0]
    left, right = (a, b) if forward else (b, a)
    low = [word.text.lower() for word in words]
    between = low[left[1] : right[0]]
    inside = [e.label for e, span in zip(entities, spans, strict=True) if left[1] <= span[0] and span[1] <= right[0]]
    way = "ab" if forward else "ba"
    kinds = f"{one.label}>{other.label}"
    row = [kinds, f"{way}|{kinds}", f"n={min(len(between), 12) // 2}|{way}", f"inside={len(inside)}|{kinds}"]
    row += [f"in:{way}:{word}" for word in set(between)]
    row += [f"in:{way}:{x}_{y}" for x, y in pairwise(between)]
    row += [f"verb:{way}:{VERBS[word][0]}" for word in between if word in VERBS]
    if len(between) <= 6:
        row.append(f"all:{way}:{kinds}:{' '.join(between)}")
        row.append(f"all:{way}:{' '.join(between)}")
    row += [f"before:{way}:{word}" for word in low[max(0, left[0] - 2) : left[0]]]
    row += [f"after:{way}:{word}" for word in low[right[1] : right[1] + 2]]
    row += [f"head:{low[a[1] - 1]}|{other.label}", f"tail:{one.label}|{low[b[1] - 1]}"]
    row += [f"inside:{label}:{kinds}" for label in set(inside)]
    row += (
        [f"first:{way}:{between[0]}|{kinds}", f"last:{way}:{between[-1]}|{kinds}"]
        if between
        else [f"next:{way}|{kinds}"]
    )
    return row
