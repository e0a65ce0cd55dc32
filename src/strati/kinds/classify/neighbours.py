"""Nearest labelled examples: as an index, as a layer that answers by their vote, and as a layer that adds shots."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Evidence, Example, Usage
from strati.kinds.classify.prompts import spoken
from strati.models.contract import Embedder
from strati.stack.explain import SHOWN, Explanation
from strati.stack.layers.features import needed_embedder
from strati.stack.layers.timing import Stopwatch

BLOCK = 512  # queries compared with the whole index at once


@dataclass(frozen=True)
class ExampleIndex:
    """Labelled texts, searchable by cosine similarity of embeddings, or of TF-IDF vectors without an embedder."""

    embedder: Embedder | None = None
    texts: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    vectors: Any = None  # texts x dimensions, rows of length 1: float32 array, or CSR with n-grams
    vectorizer: Any = None

    def settings(self) -> dict[str, JSON]:
        """What changes the neighbours found, as JSON."""
        examples = fingerprint("examples", texts=list(self.texts), values=list(self.values))
        embedder = self.embedder
        return {
            "examples": examples,
            "embedder": embedder.fingerprint() if embedder else None,
            "embedder_name": embedder.card.name if embedder else None,
        }

    def fit(self, train: Sequence[Example], ctx: Context) -> Self:
        """An index over the training rows."""
        texts = tuple(example.text for example in train)
        values = tuple(str(example.reference) for example in train)
        embedder = self.embedder
        if embedder is not None:
            return replace(self, texts=texts, values=values, vectors=ctx.embed(embedder, texts))
        vectorizer = _vectorizer()
        return replace(self, texts=texts, values=values, vectors=vectorizer.fit_transform(texts), vectorizer=vectorizer)

    def search(self, texts: Sequence[str], count: int, ctx: Context) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(indices, similarities), both of shape (texts, min(count, size)), nearest first; ties by position."""
        if not texts:
            return np.zeros((0, 0), dtype=np.int64), np.zeros((0, 0))
        queries = ctx.embed(self.embedder, texts) if self.embedder else self.vectorizer.transform(texts)
        count = min(count, len(self.texts))
        found, near = [], []
        for start in range(0, len(texts), BLOCK):
            product = queries[start : start + BLOCK] @ self.vectors.T
            similar = np.asarray(product.toarray() if hasattr(product, "toarray") else product, dtype=np.float64)
            order = _nearest(similar, count)
            found.append(order)
            near.append(np.take_along_axis(similar, order, axis=1))
        return np.vstack(found), np.vstack(near)

    def save(self, folder: Path) -> dict[str, JSON]:
        """Write texts and vectors; JSON and npz only."""
        rows = zip(self.texts, self.values, strict=True)
        with (folder / "examples.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        if self.embedder is not None:
            np.savez(folder / "vectors.npz", vectors=self.vectors)
        return self.settings()

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:
        """The inverse of `save`."""
        lines = (folder / "examples.jsonl").read_text(encoding="utf-8").split("\n")
        rows = [json.loads(line) for line in lines if line]
        texts, values = tuple(row[0] for row in rows), tuple(row[1] for row in rows)
        embedder = needed_embedder(settings, resources)
        if embedder is None:
            vectorizer = _vectorizer()
            return cls(None, texts, values, vectorizer.fit_transform(texts), vectorizer)
        with np.load(folder / "vectors.npz", allow_pickle=False) as arrays:
            return cls(embedder, texts, values, arrays["vectors"])


@dataclass(frozen=True)
class Neighbours:
    """Answers by the vote of the `k` nearest training rows, each with weight max(similarity, 0) to the power 4."""

    k: int = 5
    index: ExampleIndex = field(default_factory=ExampleIndex)
    name: str = "neighbours"
    kind: ClassVar[str] = "neighbours.v1"
    answers_from_train: ClassVar[bool] = True

    def fingerprint(self) -> str:
        return fingerprint(self.kind, k=self.k, index=self.index.settings())

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:  # noqa: ARG002
        ctx.check()
        return replace(self, index=self.index.fit(train, ctx))

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        ctx.check()
        with Stopwatch() as watch:
            found, near = self.index.search([case.text for case in cases], self.k, ctx)
        usage = Usage(seconds=watch.each(len(cases)))
        return [
            self._vote(case, list(map(int, rows)), list(map(float, close)), usage)
            for case, rows, close in zip(cases, found, near, strict=True)
        ]

    def explain(self, case: Case, ctx: Context) -> Explanation:
        """The nearest training rows, with their labels and how near they are."""
        found, near = self.index.search([case.text], min(self.k, SHOWN), ctx)
        pairs = list(zip(found[0].tolist(), near[0].tolist(), strict=True))
        line = "; ".join(
            f"{self.index.values[row]}: {self.index.texts[row][:60]!r} ({close:.2f})" for row, close in pairs[:3]
        )
        rows = [{"text": self.index.texts[r], "label": self.index.values[r], "similarity": s} for r, s in pairs]
        return Explanation(f"nearest: {line}", {"kind": "examples", "examples": rows})

    def _vote(self, case: Case, rows: list[int], close: list[float], usage: Usage) -> Case:
        votes: dict[str, float] = {}
        for row, similarity in zip(rows, close, strict=True):
            value = self.index.values[row]
            votes[value] = votes.get(value, 0.0) + max(similarity, 0.0) ** 4
        total = sum(votes.values())
        if total <= 0:
            return case.passed(self.name, "no training row has anything in common with it", usage)
        ranked = sorted(votes.items(), key=lambda item: (-item[1], item[0]))
        alternatives = tuple((value, weight / total) for value, weight in ranked[:5])
        answer = Answer(ranked[0][0], alternatives[0][1], self.name, alternatives, {"nearest": close[0]})
        return case.answered(answer, usage, f"nearest: {self.index.texts[rows[0]][:80]!r}")

    def save(self, folder: Path) -> dict[str, JSON]:
        return {"k": self.k, "index": self.index.save(folder)}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:
        return cls(settings["k"], ExampleIndex.load(settings["index"], folder, resources), settings["name"])


@dataclass(frozen=True)
class Shots:
    """Adds the `k` most similar training rows as evidence of kind "example", the nearest first.

    With `labels` above 0, up to that many distinct labels of the neighbours follow as evidence of kind "label": the
    short-list from which a language model then chooses.
    """

    k: int = 4
    labels: int = 0
    index: ExampleIndex = field(default_factory=ExampleIndex)
    name: str = "shots"
    kind: ClassVar[str] = "shots.v1"
    answers_from_train: ClassVar[bool] = True
    evidence_only: ClassVar[bool] = True  # it never proposes an answer
    reach: ClassVar[int] = 50  # neighbours from which the short-list of labels is taken

    def fingerprint(self) -> str:
        return fingerprint(self.kind, k=self.k, labels=self.labels, index=self.index.settings())

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:  # noqa: ARG002
        ctx.check()
        return replace(self, index=self.index.fit(train, ctx))

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        ctx.check()
        with Stopwatch() as watch:
            count = max(self.k, self.reach if self.labels else 0)
            found, near = self.index.search([case.text for case in cases], count, ctx)
        usage = Usage(seconds=watch.each(len(cases)))
        return [
            case.with_evidence(*self._evidence(rows, close)).passed(self.name, f"{self.k} similar examples", usage)
            for case, rows, close in zip(cases, found, near, strict=True)
        ]

    def _evidence(self, rows: NDArray[np.int64], close: NDArray[np.float64]) -> list[Evidence]:
        texts, values = self.index.texts, self.index.values
        shots = [
            Evidence("example", texts[row], float(score), data={"value": values[row]})
            for row, score in list(zip(rows, close, strict=True))[: self.k]
        ]
        listed = list(dict.fromkeys(values[row] for row in rows))[: self.labels]
        return shots + [Evidence("label", value, 1.0 / (place + 1)) for place, value in enumerate(listed)]

    def save(self, folder: Path) -> dict[str, JSON]:
        return {"k": self.k, "labels": self.labels, "index": self.index.save(folder)}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:
        index = ExampleIndex.load(settings["index"], folder, resources)
        return cls(settings["k"], settings["labels"], index, settings["name"])


@dataclass(frozen=True)
class LabelNames(Shots):
    """Short-lists labels by the similarity of their names to the text: needs no training rows."""

    answers: tuple[str, ...] = ()
    kind: ClassVar[str] = "label_names.v1"
    answers_from_train: ClassVar[bool] = True

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:  # noqa: ARG002
        names = [Example(label, spoken(label), label) for label in self.answers]
        return replace(self, index=self.index.fit(names, ctx))

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:
        loaded = super().load(settings, folder, resources)
        return replace(loaded, answers=loaded.index.values)


@dataclass(frozen=True)
class Demonstrations:
    """Adds the same labelled examples to every case, as evidence of kind "example"; the last is shown first.

    All prompts then begin alike, so an engine evaluates that beginning once.
    """

    examples: tuple[tuple[str, str], ...] = ()
    name: str = "demonstrations"
    kind: ClassVar[str] = "demonstrations.v1"
    evidence_only: ClassVar[bool] = True

    def fingerprint(self) -> str:
        return fingerprint(self.kind, examples=[list(pair) for pair in self.examples])

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        ctx.check()
        shown = [Evidence("example", text, 0.0, data={"value": value}) for text, value in self.examples]
        told = f"{len(shown)} fixed examples"
        return [case.with_evidence(*shown).passed(self.name, told, Usage()) for case in cases]

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {"examples": [list(pair) for pair in self.examples]}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls(tuple((text, value) for text, value in settings["examples"]), settings["name"])


def _nearest(similar: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """The places of the `count` highest values of each row, highest first; of equals, the first place.

    Only what reaches the last of them is sorted, a hundredth of a row or less.
    """
    whole = count >= similar.shape[1]
    least = similar[:, 0] if whole else -np.partition(-similar, count - 1, axis=1)[:, count - 1]
    if whole or np.isnan(least).any():  # an embedder that returned no numbers: those come last
        return np.argsort(-similar, axis=1, kind="stable")[:, :count]
    places = (np.flatnonzero(row >= limit) for row, limit in zip(similar, least, strict=True))
    return np.array(
        [some[np.argsort(-row[some], kind="stable")[:count]] for some, row in zip(places, similar, strict=True)],
        dtype=np.int64,
    )


def _vectorizer() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, max_features=100_000, dtype=np.float32
    )
