"""The check that learns from the user's own base: true sentences against the same sentences made false.

Its features are those of the rules, so it needs no weights of others and no data from elsewhere. It keeps the ids of
the documents it learned from, and is trained anew when one of them is forgotten or changed: exact forgetting stays
true.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

from strati.core.errors import StackError
from strati.core.identity import fingerprint
from strati.core.records import JSON, Evidence
from strati.knowledge.ask.claims import claims
from strati.knowledge.ask.corrupt import corrupted, names_in
from strati.knowledge.ask.judge import RULES, Judged, SentenceCheck, decided, text_of
from strati.knowledge.ask.sources import PASSAGE, Sources
from strati.knowledge.ask.support import Support, Verdict, scored, support
from strati.knowledge.ask.words import content

FEATURES = ("covered", "window", "pairs", "names", "heavy", "numbers", "apart")
MOST = 400  # true sentences that it learns from
LEAST = 20  # fewer teach nothing
DROPPED = (0.0, 0.15, 0.3)  # shares of a true sentence's words left out, so that it is not taken for a copy only


@dataclass(frozen=True)
class Trained:
    """Logistic regression over the features of the rules; their vetoes hold as before.

    Attributes:
        weights: of `FEATURES`, in their order; none before it has learned.
        documents: the ids and hashes of the documents it learned from.
    """

    weights: tuple[float, ...] = ()
    intercept: float = 0.0
    documents: tuple[tuple[str, str], ...] = ()
    threshold: float = 0.5
    name: str = "trained"
    kind: ClassVar[str] = "sentence_trained.v1"

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return self.to_json()

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls.from_json(settings)

    def learned(self, sources: Sources) -> SentenceCheck:
        """The same, made from a base; the rules where the base holds too few sentences to learn from."""
        return train(sources) or RULES

    def fingerprint(self) -> str:
        return fingerprint("trained_check.v1", **self.to_json())

    def to_json(self) -> dict[str, JSON]:
        return {
            "weights": list(self.weights),
            "intercept": self.intercept,
            "documents": [list(one) for one in self.documents],
            "threshold": self.threshold,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, JSON]) -> Self:
        documents = tuple((str(id), str(sha)) for id, sha in data["documents"])
        return cls(tuple(map(float, data["weights"])), float(data["intercept"]), documents, float(data["threshold"]))

    def stale(self, sources: Sources) -> bool:
        """Whether a document that it learned from is gone or another now."""
        there = {(entry.id, entry.sha256) for entry in sources.here.documents()}
        return not there.issuperset(self.documents)

    def judge(self, claim: str, passages: Sequence[Evidence], sources: Sources) -> Judged | None:
        if not self.weights:
            raise StackError(
                "the check that learns has learned nothing yet: call train, or fit the stack that holds it"
            )
        found = [Judged(self._scored(support(claim, text_of(one), sources.weight)), one) for one in passages]
        return decided(found) if found else None

    def _scored(self, found: Support) -> Support:
        if found.veto:
            return found
        score = scored(found.features, dict(zip(FEATURES, self.weights, strict=True)), self.intercept)
        if score >= self.threshold:
            return replace(found, verdict=Verdict.SUPPORTED, score=score)
        reason = found.reason or "its words do not stand together in the source"
        return replace(found, verdict=Verdict.NOT_FOUND, score=score, reason=reason)


def train(sources: Sources, *, most: int = MOST, seed: int = 0) -> Trained | None:
    """Learn from sentences of the base, or None when it holds too few. The same base gives the same check."""
    from sklearn.linear_model import LogisticRegression

    rng = random.Random(seed)
    told = _sentences(sources, most, rng)
    if len(told) < LEAST:
        return None
    texts = [text for text, _ in told]
    names = names_in(texts)
    rows: list[list[float]] = []
    right: list[bool] = []
    for sentence, passage in told:
        evidence = text_of(passage)
        elsewhere = [text for text in rng.sample(texts, min(3, len(texts))) if text not in passage.text]
        made = [(_shortened(sentence, share, rng), True) for share in DROPPED]
        made += [(text, False) for _, text in corrupted(sentence, rng, names, elsewhere)]
        for claim, true in made:
            found = support(claim, evidence, sources.weight)
            if not found.veto:
                rows.append([found.features.get(name, 0.0) for name in FEATURES])
                right.append(true)
    if len(set(right)) < 2:
        return None
    model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=500).fit(rows, right)
    used = {one.source.document: one.source.sha256 for _, one in told if one.source}
    weights = tuple(round(float(one), 6) for one in model.coef_[0])
    return Trained(weights, round(float(model.intercept_[0]), 6), tuple(sorted(used.items())))


def _sentences(sources: Sources, most: int, rng: random.Random) -> list[tuple[str, Evidence]]:
    """Sentences that claim something, with their passages, from as many documents as there are."""
    from strati.core.records import Source

    entries = sources.here.documents(sources.filters)
    found: list[tuple[str, Evidence]] = []
    for entry in rng.sample(entries, len(entries)):
        kept = sources.here.store.passages_of(entry.id)
        for one in rng.sample(kept, min(3, len(kept))):
            source = Source(entry.id, entry.sha256, one.row.start, one.row.end)
            about: dict[str, JSON] = {"passage": one.id, "name": entry.name, "kind": one.row.kind, "path": []}
            passage = Evidence(PASSAGE, one.row.text, 0.0, source, about)
            said = [claim.text for claim in claims(one.row.text) if not claim.why_not and len(content(claim.text)) > 4]
            found += [(text, passage) for text in rng.sample(said, min(3, len(said)))]
        if len(found) >= most:
            break
    return found[:most]


def _shortened(sentence: str, share: float, rng: random.Random) -> str:
    tokens = sentence.split()
    return " ".join(token for token in tokens if rng.random() >= share) or sentence
