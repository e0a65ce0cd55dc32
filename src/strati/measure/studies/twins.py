"""Twins of a stack: the same questions with other label names, or with the labels in another order."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import Answer, Case, Evidence
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.prompts import spoken
from strati.stack.stack import Stack

KINDS = ("names", "order")


@dataclass(frozen=True)
class Retold:
    """A language model that is shown other label names, or the same in another order, and whose answers are put back.

    `words` maps each of the task's labels to the name shown. A corrected model takes its prior from the cases at hand:
    the prior of the original belongs to the original prompt.
    """

    inner: LLM
    words: Mapping[str, str]

    @property
    def name(self) -> str:
        return self.inner.name

    def fingerprint(self) -> str:
        return fingerprint("retold.v1", inner=self.inner.fingerprint(), words=dict(self.words))

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        shown = [replace(case, evidence=tuple(self._shown(found) for found in case.evidence)) for case in cases]
        done = self.inner.fit_cases(shown, ctx).run(shown, ctx)
        return [self._back(after, before) for after, before in zip(done, cases, strict=True)]

    def _shown(self, found: Evidence) -> Evidence:
        if found.kind == "label":
            return replace(found, text=self.words.get(found.text, found.text))
        if found.kind == "example":
            value = str(found.data["value"])
            return replace(found, data={**found.data, "value": self.words.get(value, value)})
        return found

    def _back(self, after: Case, before: Case) -> Case:
        """The case with its own evidence, and its answer among the task's labels."""
        label = {word: label for label, word in self.words.items()}
        answer = after.answer
        if answer is None:
            return replace(after, evidence=before.evidence)
        value = label.get(str(answer.value), answer.value)
        others = tuple((label.get(str(word), word), share) for word, share in answer.alternatives)
        step = replace(after.steps[-1], proposed=value)
        told = Answer(value, answer.confidence, answer.layer, others, answer.features, answer.citations)
        return replace(after, evidence=before.evidence, answer=told, steps=(*after.steps[:-1], step))


def twin(kind: str, stack: Stack, seed: int) -> Stack | None:
    """The stack that answers the twins of a kind; None where the kind does not apply: no language model in it."""
    change = {"names": _renamed, "order": _reordered}[kind]
    stages = [
        replace(stage, layer=change(stage.layer, seed)) if isinstance(stage.layer, LLM) else stage
        for stage in stack.stages
    ]
    return replace(stack, stages=tuple(stages)) if any(isinstance(s.layer, Retold) for s in stages) else None


def nonce_names(labels: Sequence[str], seed: int) -> dict[str, str]:
    """A made-up word for each label, none of them twice and none a part of a label.

    >>> sorted(map(len, nonce_names(["spam", "ham"], 0).values()))
    [5, 5]
    """
    text = " ".join(labels).lower()
    made = [word for word in _nonce_words() if word not in text]
    random.Random(f"nonce names {seed}").shuffle(made)
    if len(made) < len(labels):
        made += [f"kind{number}" for number in range(len(labels))]
    return dict(zip(labels, made, strict=False))


def _nonce_words() -> Iterator[str]:
    """Two open syllables and a consonant; no English words among them that name anything."""
    for first, one, second, two, last in product("bdfgklmnprtvz", "aeiou", "fklmpv", "aio", "bfgz"):
        yield f"{first}{one}{second}{two}{last}"


def _renamed(llm: LLM, seed: int) -> Retold:
    words = nonce_names(llm.labels, seed)
    meaning = "; ".join(f"{word} = {spoken(label)}" for label, word in words.items())
    task = f"{llm.task}\nThe labels have made-up names: {meaning}."
    return Retold(replace(llm, labels=tuple(words.values()), task=task, prior=()), words)


def _reordered(llm: LLM, seed: int) -> Retold:
    labels = list(llm.labels)
    rng = random.Random(f"label order {seed}")
    while len(labels) > 1 and tuple(labels) == llm.labels:
        rng.shuffle(labels)
    return Retold(replace(llm, labels=tuple(labels), prior=()), {label: label for label in llm.labels})
