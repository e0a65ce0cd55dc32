"""The answer most often right in training: what every other layer has to beat."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from strati.core.context import Context
from strati.core.errors import TaskError
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Example, Usage


@dataclass(frozen=True)
class Majority:
    """Always gives the most frequent reference of the training rows, with its share as confidence."""

    value: JSON = None
    share: float = 0.0
    name: str = "majority"
    kind: ClassVar[str] = "majority.v1"
    answers_from_train: ClassVar[bool] = True

    def fingerprint(self) -> str:
        return fingerprint(self.kind, value=self.value, share=self.share)

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:  # noqa: ARG002
        if not train:
            raise TaskError("the majority layer found no training rows, expected at least one")
        counts = Counter(str(example.reference) for example in train)
        value, count = max(counts.items(), key=lambda item: (item[1], item[0]))
        return type(self)(value, count / len(train), self.name)

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        ctx.check()
        answer = Answer(self.value, self.share, self.name, ((self.value, self.share),))
        reason = f"the most frequent label in training ({self.share:.0%})"
        return [case.answered(answer, Usage(), reason) for case in cases]

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {"value": self.value, "share": self.share}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls(settings["value"], settings["share"], settings["name"])
