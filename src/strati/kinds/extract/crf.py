"""A linear-chain conditional random field (Lafferty, McCallum & Pereira, 2001) over tokens.

`python-crfsuite` learns the weights; they are kept as arrays and JSON and read by numpy alone, so a stack that was
shared needs neither the package nor trust in a file format of native code.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from strati.core.context import Context
from strati.core.errors import MissingExtra
from strati.core.identity import fingerprint, sha256_of_array
from strati.core.records import JSON, Answer, Case, Example, Usage
from strati.kinds.extract.features import features
from strati.kinds.extract.pairs import Pairs
from strati.kinds.extract.tokens import entities_of, sentences, tags_of, tokens
from strati.kinds.extract.values import Entity, Extraction
from strati.stack.explain import SHOWN, Explanation
from strati.stack.layers.timing import Stopwatch

ITERATIONS = 120


@dataclass(frozen=True)
class Weights:
    """A fitted field: weights (attributes, tags) by attribute, and (tags, tags) from one tag to the next."""

    tags: tuple[str, ...]
    places: Mapping[str, int]
    states: NDArray[np.float32]
    steps: NDArray[np.float32]

    def decode(self, rows: Sequence[Sequence[str]]) -> tuple[list[str], float]:
        """The most probable tags of a sentence, and their probability."""
        scores = self._scores(rows)
        steps = self.steps.astype(np.float64)
        best = scores[0]
        back: list[NDArray[np.int64]] = []
        total = scores[0]
        for row in scores[1:]:
            ways = best[:, None] + steps
            back.append(ways.argmax(axis=0))
            best = ways.max(axis=0) + row
            total = _log_sum(total[:, None] + steps) + row
        at = int(best.argmax())
        path = [at]
        for came in reversed(back):
            at = int(came[at])
            path.append(at)
        sure = float(np.exp(min(0.0, float(best.max() - _log_sum(total[:, None])[0]))))
        return [self.tags[place] for place in reversed(path)], sure

    def speaking_for(self, row: Sequence[str], label: str) -> list[tuple[str, float]]:
        """The attributes of a token that speak most for the tag that begins an entity of the label."""
        place = next((n for n, tag in enumerate(self.tags) if tag in (f"B-{label}", f"S-{label}", f"U-{label}")), None)
        if place is None:
            return []
        weights = [(one, float(self.states[self.places[one], place])) for one in row if one in self.places]
        return sorted((pair for pair in weights if pair[1] > 0), key=lambda pair: -pair[1])[:SHOWN]

    def _scores(self, rows: Sequence[Sequence[str]]) -> NDArray[np.float64]:
        scores = np.zeros((len(rows), len(self.tags)))
        for at, row in enumerate(rows):
            some = [place for one in row if (place := self.places.get(one)) is not None]
            if some:
                scores[at] = self.states[some].sum(axis=0, dtype=np.float64)
        return scores


def _log_sum(values: NDArray[np.float64]) -> NDArray[np.float64]:
    top = values.max(axis=0)
    found: NDArray[np.float64] = top + np.log(np.exp(values - top).sum(axis=0))
    return found


@dataclass(frozen=True)
class CRF:
    """Tags tokens; spans are what the most probable tags stand for. The confidence is the probability of all of them.

    Attributes:
        l1: weight of the absolute values of the parameters.
        l2: weight of their squares.
        lists: let names of train be an attribute, too (learnt from the other half of train).
        pairs: a classifier of relations between the spans, or None where the task has none.
    """

    l1: float = 0.1
    l2: float = 0.01
    lists: bool = True
    pairs: Pairs | None = None
    name: str = "crf"
    weights: Weights | None = None
    known: Mapping[tuple[str, ...], str] | None = None
    kind: ClassVar[str] = "crf.v1"
    answers_from_train: ClassVar[bool] = True

    def fingerprint(self) -> str:
        made = self.weights
        learnt = None if made is None else [list(made.tags), sha256_of_array(made.states), sha256_of_array(made.steps)]
        known = sorted([" ".join(words), label] for words, label in (self.known or {}).items())
        pairs = None if self.pairs is None else self.pairs.fingerprint()
        return fingerprint(
            self.kind, l1=self.l1, l2=self.l2, lists=self.lists, weights=learnt, known=known, pairs=pairs
        )

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:  # noqa: ARG002
        ctx.check()
        rows = [(example.text, Extraction.from_json(example.reference)) for example in train]
        halves = [known_names(rows[1::2]), known_names(rows[::2])] if self.lists else [{}, {}]
        data = []
        for at, (text, value) in enumerate(rows):
            found = tokens(text)
            for part in sentences(found, text):
                tags = tags_of(part, [e for e in value.entities if e.start < part[-1].end and part[0].start < e.end])
                data.append((features(part, text, halves[at % 2]), tags))
        ctx.check()
        weights = learn(data, self.l1, self.l2)
        pairs = None if self.pairs is None else self.pairs.fit(rows, ctx)
        return replace(self, weights=weights, known=known_names(rows) if self.lists else {}, pairs=pairs)

    def extract(self, text: str) -> tuple[Extraction, float]:
        """The entities (and relations) of a text, and how probable all its tags are together."""
        if self.weights is None:
            raise ValueError(f"the layer {self.name} is not fitted; call fit first")
        entities: list[Entity] = []
        sure = 1.0
        for part in sentences(tokens(text), text):
            tags, probability = self.weights.decode(features(part, text, self.known))
            entities += entities_of(part, tags)
            sure *= probability
        relations = self.pairs.relations(text, entities) if self.pairs is not None else ()
        return Extraction(tuple(entities), tuple(relations)), sure

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        done = []
        for case in cases:
            ctx.check()
            with Stopwatch() as watch:
                value, sure = self.extract(case.text)
            answer = Answer(value.to_json(), sure, self.name, features={"spans": float(len(value.entities))})
            done.append(case.answered(answer, Usage(seconds=watch.each(1))))
        return done

    def explain(self, case: Case, ctx: Context) -> Explanation:
        """For each entity what speaks most for the tag of its first token, by the learnt weights."""
        ctx.check()
        assert self.weights is not None
        value = Extraction.from_json(case.answer.value if case.answer else {"entities": []})
        found: list[JSON] = []
        for part in sentences(tokens(case.text), case.text):
            rows = features(part, case.text, self.known)
            for one in value.entities:
                at = next((n for n, token in enumerate(part) if token.start == one.start), None)
                if at is not None and len(found) < SHOWN:
                    weights = self.weights.speaking_for(rows[at], one.label)
                    text = case.text[one.start : one.end]
                    found.append(
                        {"text": text, "label": one.label, "terms": [{"term": t, "weight": x} for t, x in weights]}
                    )
        parts = []
        for one_found in found:
            terms = ", ".join(f"{term['term']} {term['weight']:+.2f}" for term in one_found["terms"][:3])
            parts.append(f"“{one_found['text']}” {one_found['label']}: {terms or 'its neighbours'}")
        return Explanation(
            "; ".join(parts[:3]) or "no token speaks for an entity", {"kind": "features", "entities": found}
        )

    def save(self, folder: Path) -> dict[str, JSON]:
        if self.weights is None:
            raise ValueError(f"the layer {self.name} is not fitted; call fit first")
        np.savez_compressed(folder / "weights.npz", states=self.weights.states, steps=self.weights.steps)
        known = [[list(words), label] for words, label in sorted((self.known or {}).items())]
        value = {"tags": list(self.weights.tags), "attributes": list(self.weights.places), "known": known}
        (folder / "crf.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
        settings: dict[str, JSON] = {"l1": self.l1, "l2": self.l2, "lists": self.lists}
        return settings if self.pairs is None else {**settings, "pairs": self.pairs.save(folder)}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        value = json.loads((folder / "crf.json").read_text(encoding="utf-8"))
        with np.load(folder / "weights.npz", allow_pickle=False) as arrays:
            states, steps = arrays["states"], arrays["steps"]
        places = {one: at for at, one in enumerate(value["attributes"])}
        weights = Weights(tuple(value["tags"]), places, states, steps)
        pairs = Pairs.load(settings["pairs"], folder) if "pairs" in settings else None
        known = {tuple(words): label for words, label in value["known"]}
        return cls(settings["l1"], settings["l2"], settings["lists"], pairs, settings["name"], weights, known)


def known_names(rows: Sequence[tuple[str, Extraction]]) -> dict[tuple[str, ...], str]:
    """Names with the label they mostly carry, by their words in lower case."""
    counts: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for text, value in rows:
        for one in value.entities:
            words = tuple(token.text.lower() for token in tokens(text[one.start : one.end]))
            if words:
                counts[words][one.label] += 1
    return {words: max(found.items(), key=lambda p: (p[1], p[0]))[0] for words, found in counts.items()}


def learn(
    data: Sequence[tuple[list[list[str]], list[str]]], l1: float, l2: float, iterations: int = ITERATIONS
) -> Weights:
    """The weights of a field for sentences with their tags. Raises `MissingExtra` without python-crfsuite."""
    try:
        import pycrfsuite
    except ImportError:
        raise MissingExtra("python-crfsuite", "extract") from None
    trainer: Any = pycrfsuite.Trainer(verbose=False)
    trainer.set_params({"c1": l1, "c2": l2, "max_iterations": iterations, "feature.possible_transitions": True})
    for rows, tags in data:
        trainer.append(rows, tags)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "model")
        trainer.train(path)
        tagger: Any = pycrfsuite.Tagger()
        tagger.open(path)
        info = tagger.info()
        tagger.close()
    return _weights(info, sorted({tag for _, tags in data for tag in tags}))


def _weights(info: Any, seen: Sequence[str]) -> Weights:
    tags = tuple(seen)
    number = {tag: at for at, tag in enumerate(tags)}
    attributes = sorted({attribute for attribute, _ in info.state_features})
    places = {attribute: at for at, attribute in enumerate(attributes)}
    states = np.zeros((len(attributes), len(tags)), np.float32)
    for (attribute, tag), weight in info.state_features.items():
        states[places[attribute], number[tag]] = weight
    steps = np.zeros((len(tags), len(tags)), np.float32)
    for (before, after), weight in info.transitions.items():
        steps[number[before], number[after]] = weight
    return Weights(tags, places, states, steps)
