"""Texts about something else, with labels that training never saw, get a lower confidence than texts in scope."""

from __future__ import annotations

import random

import numpy as np
import pytest

from strati.core.context import Context
from strati.core.records import Answer, Case, Example
from strati.kinds.classify.linear import Linear
from strati.stack.calibration import Combiner

COMMON = ["please", "the", "a", "my", "is", "to", "how", "can", "you", "with", "for", "it", "on"]
TOPICS = {
    "card": ["card", "blocked", "pin", "chip", "lost", "bank", "debit", "contactless"],
    "parcel": ["parcel", "late", "courier", "tracking", "delivery", "depot", "address", "doorstep"],
    "refund": ["refund", "money", "back", "return", "receipt", "exchange", "credit", "invoice"],
    "garden": ["roses", "soil", "pruning", "compost", "tulips", "seeds", "lawn", "watering"],
    "music": ["violin", "chord", "tempo", "melody", "concert", "rhythm", "octave", "choir"],
}
IN_SCOPE = ("card", "parcel", "refund")
SHARED = ["today", "order", "account", "question", "number", "week", "wrong", "help"]  # said about everything


def examples(topics: tuple[str, ...], count: int, seed: int) -> list[Example]:
    """Everyday words with one or two of the topic; one text in eight has none and cannot be told."""
    draw = random.Random(seed)
    made = []
    for number in range(count):
        topic = topics[number % len(topics)]
        told = [] if draw.random() < 0.125 else draw.choices(TOPICS[topic], k=draw.choice((1, 2)))
        text = draw.choices(COMMON, k=5) + draw.choices(SHARED, k=2) + told
        draw.shuffle(text)
        made.append(Example(f"{seed}-{number}", " ".join(text), topic))
    return made


def proposed(layer: Linear, given: list[Example]) -> list[Answer]:
    cases = layer.run([Case(example.id, example.text) for example in given], Context())
    return [case.answer for case in cases if case.answer is not None]


def auroc(above: np.ndarray, below: np.ndarray) -> float:
    """The chance that one of the first is above one of the second; a tie counts half."""
    return float(((above[:, None] > below).mean() + (above[:, None] >= below).mean()) / 2)


@pytest.mark.parametrize("names", [(), ("margin", "familiar")])
def test_confidence_ranks_texts_out_of_scope_below_those_in_scope(names: tuple[str, ...]) -> None:
    tune = examples(IN_SCOPE, 300, 2)
    layer = Linear().fit(examples(IN_SCOPE, 300, 1), tune, Context())
    answers = proposed(layer, tune)
    right = [float(answer.value == example.reference) for answer, example in zip(answers, tune, strict=True)]
    assert 0.7 < np.mean(right) < 1  # both kinds are there to learn from
    combiner = Combiner.fit(answers, [answer.features for answer in answers], right, names)
    inside, outside = (
        np.array([combiner.confidence(a, a.features) for a in proposed(layer, examples(topics, 300, 3))])
        for topics in (IN_SCOPE, ("garden", "music"))
    )
    assert auroc(inside, outside) > 0.8


def test_texts_out_of_scope_are_less_familiar() -> None:
    layer = Linear().fit(examples(IN_SCOPE, 300, 1), examples(IN_SCOPE, 100, 2), Context())
    inside, outside = (
        np.array([a.features["familiar"] for a in proposed(layer, examples(topics, 200, 3))])
        for topics in (IN_SCOPE, ("garden", "music"))
    )
    assert auroc(inside, outside) > 0.7
