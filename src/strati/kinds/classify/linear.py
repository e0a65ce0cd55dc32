"""A linear support vector machine on n-grams, joined with sentence embeddings where an embedder is given."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from strati.core.context import Context
from strati.core.identity import fingerprint, sha256_of_array
from strati.core.records import JSON, Answer, Case, Example, Usage
from strati.stack.explain import SHOWN, Explanation
from strati.stack.layers.features import SharedFits, TextFeatures
from strati.stack.layers.timing import Stopwatch

ALTERNATIVES = 5
_LIBLINEAR = threading.Lock()  # it draws from one random generator for the whole process


@dataclass(frozen=True)
class Linear:
    """One-versus-rest linear SVM (liblinear); probabilities by a softmax whose scale is fitted on tune.

    Attributes:
        C: inverse strength of the regularisation.
        features: how texts become numbers.
        balanced: weigh classes by the inverse of their frequency.
    """

    C: float = 1.0
    features: TextFeatures = field(default_factory=TextFeatures)
    balanced: bool = False
    name: str = "linear"
    labels: tuple[str, ...] = ()
    weights: NDArray[np.float32] | None = None  # labels x (features + 1); the last column is the bias
    scale: float = 1.0
    shared: SharedFits = field(default_factory=SharedFits, compare=False, repr=False)
    kind: ClassVar[str] = "linear.v1"
    answers_from_train: ClassVar[bool] = True

    def fingerprint(self) -> str:
        weights = None if self.weights is None else sha256_of_array(self.weights)
        settings = {"C": self.C, "balanced": self.balanced, "labels": list(self.labels), "scale": self.scale}
        return fingerprint(self.kind, features=self.features.settings(), weights=weights, **settings)

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:
        from sklearn.svm import LinearSVC

        ctx.check()
        texts = [example.text for example in train]
        references = np.array([str(example.reference) for example in train])
        features, matrix = self.features.fit(texts, self.shared, ctx)
        ctx.check()
        machine = LinearSVC(
            C=self.C, class_weight="balanced" if self.balanced else None, random_state=ctx.seed, max_iter=5000, tol=1e-3
        )
        with _LIBLINEAR, warnings.catch_warnings():
            # Nearly as many labels as rows is how a learning curve over 77 labels begins, not a regression by mistake.
            warnings.filterwarnings("ignore", "The number of unique classes", UserWarning)
            machine.fit(matrix, references)
        weights = np.hstack([machine.coef_, machine.intercept_[:, None]]).astype(np.float32)
        if len(machine.classes_) == 2:
            weights = np.vstack([-weights, weights])
        fitted = replace(
            self, features=features, labels=tuple(map(str, machine.classes_)), weights=weights, shared=self.shared
        )
        return replace(fitted, scale=fitted._fit_scale(tune, ctx)) if tune else fitted

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        ctx.check()
        if not cases:
            return []
        with Stopwatch() as watch:
            scores, familiar = self._scores([case.text for case in cases], ctx)
            probabilities = softmax(scores * self.scale)
            order = np.argsort(-probabilities, axis=1, kind="stable")[:, :ALTERNATIVES]
        usage = Usage(seconds=watch.each(len(cases)))
        return [
            case.answered(self._answer(row, best, known), usage)
            for case, row, best, known in zip(cases, probabilities, order, familiar, strict=True)
        ]

    def explain(self, case: Case, ctx: Context) -> Explanation:
        """The words and phrases of the text that speak most for the answer, against the next best label."""
        assert case.answer is not None
        assert self.weights is not None
        matrix, _ = self.features.transform([case.text], ctx)
        best = self.labels.index(case.answer.value)
        others = [value for value, _ in case.answer.alternatives if value != case.answer.value]
        against = self.labels.index(others[0]) if others and others[0] in self.labels else best
        weights = self.weights[best, :-1] - (self.weights[against, :-1] if against != best else 0.0)
        row = matrix.tocsr()
        places = row.indices
        gains = row.data * weights[places]
        names = self.features.names(places.tolist())
        ranked = sorted(zip(names, gains.tolist(), strict=True), key=lambda pair: -abs(pair[1]))
        told = [(name, gain) for name, gain in ranked if name and not name.startswith("characters ")][:SHOWN]
        told = told or [(name, gain) for name, gain in ranked if name][:SHOWN]
        line = f"{case.answer.value}" + (f" rather than {others[0]}" if others else "") + ": "
        line += ", ".join(f"“{name}” {gain:+.2f}" for name, gain in told) or "no known word"
        terms = [{"term": name, "weight": gain} for name, gain in told]
        return Explanation(line, {"kind": "ngrams", "against": others[0] if others else None, "terms": terms})

    def _answer(self, row: NDArray[np.float64], best: NDArray[np.int64], familiar: float) -> Answer:
        alternatives = tuple((self.labels[i], float(row[i])) for i in best)
        margin = alternatives[0][1] - alternatives[1][1] if len(alternatives) > 1 else 1.0
        features = {"margin": margin, "familiar": float(familiar)}
        return Answer(alternatives[0][0], alternatives[0][1], self.name, alternatives, features)

    def _scores(self, texts: Sequence[str], ctx: Context) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if self.weights is None:
            raise ValueError(f"the layer {self.name} is not fitted; call fit first")
        matrix, familiar = self.features.transform(texts, ctx)
        return np.asarray(matrix @ self.weights[:, :-1].T, dtype=np.float64) + self.weights[:, -1], familiar

    def _fit_scale(self, tune: Sequence[Example], ctx: Context) -> float:
        """The scale with the least negative log likelihood on tune (temperature scaling, Guo et al. 2017, 4.2)."""
        from scipy.optimize import minimize_scalar

        scores, _ = self._scores([example.text for example in tune], ctx)
        place = {label: i for i, label in enumerate(self.labels)}
        known = [(row, place[str(e.reference)]) for row, e in enumerate(tune) if str(e.reference) in place]
        if not known:
            return 1.0
        rows, columns = (np.array(part) for part in zip(*known, strict=True))

        def loss(log_scale: float) -> float:
            found = softmax(scores[rows] * np.exp(log_scale))[np.arange(len(rows)), columns]
            return float(-np.log(np.maximum(found, 1e-12)).mean())

        return float(np.exp(minimize_scalar(loss, bounds=(-1.0, 4.0), method="bounded").x))

    def save(self, folder: Path) -> dict[str, JSON]:
        if self.weights is None:
            raise ValueError(f"the layer {self.name} is not fitted; call fit first")
        np.savez_compressed(folder / "weights.npz", weights=self.weights)
        settings = {"C": self.C, "balanced": self.balanced, "labels": list(self.labels), "scale": self.scale}
        return {**settings, "features": self.features.save(folder)}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:
        features = TextFeatures.load(settings["features"], folder, resources)
        with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
            weights = arrays["weights"]
        return cls(
            settings["C"],
            features,
            settings["balanced"],
            settings["name"],
            tuple(settings["labels"]),
            weights,
            settings["scale"],
        )


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Row-wise softmax, safe against overflow."""
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
    return result
