"""All models that run here through the published checker; and models that break one clause each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from numpy.typing import NDArray

from strati.core.records import JSON
from strati.models.contract import Choice, ContextOverflow, Generation, Prompt
from strati.models.local.gguf import GgufModel
from strati.models.scripted import ScriptedEmbedder, ScriptedModel
from strati.testing import ContractError, check_embedder, check_model


def test_scripted() -> None:
    check_model(ScriptedModel({}, default="refund"))
    check_model(ScriptedModel(lambda prompt: {"card": 1.0, "refund": 3.0}, context=100))
    check_embedder(ScriptedEmbedder())
    check_embedder(ScriptedEmbedder(dimensions=1, n=1))


def test_real_language_model(smollm2: GgufModel) -> None:
    check_model(smollm2, tolerance=0.02)


class Broken(ScriptedModel):
    """A model that is right but for what `change` makes of its choices and texts."""

    def __init__(self, change: Callable[[Choice], Choice], text: Callable[[], str] = lambda: "refund") -> None:
        super().__init__({}, default="refund")
        self.change = change
        self.text = text

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        return self.change(super().choose(prompt, options))

    def generate(
        self, prompt: Prompt, max_tokens: int, grammar: str | None = None, schema: JSON | None = None
    ) -> Generation:
        return replace(super().generate(prompt, max_tokens, grammar, schema), text=self.text())


def shares(*values: float) -> Callable[[Choice], Choice]:
    return lambda choice: replace(choice, probabilities=values)


def overflows(choice: Choice) -> Choice:
    if choice.usage.tokens_in > 1000:
        raise ContextOverflow(10, 100)
    return choice


def refuses(choice: Choice) -> Choice:
    if choice.usage.tokens_in < 5:
        raise ValueError("too short")
    return choice


CALLS = count()


@pytest.mark.parametrize(
    ("change", "clause"),
    [
        (shares(0.5, 0.5), "expected as many"),
        (shares(0.5, 0.3, 0.1), "sum to"),
        (shares(1.5, -0.3, -0.2), "from 0 to 1"),
        (shares(0.7, 0.2, 0.1), "order of the options"),
        (lambda choice: replace(choice, mass=2.0), "mass"),
        (lambda choice: replace(choice, usage=replace(choice.usage, calls=0)), "no call"),
        (lambda choice: replace(choice, probabilities=choice.probabilities[:: 1 - 2 * (next(CALLS) % 2)]), "twice"),
        (overflows, "overflow at 10"),
        (refuses, "raised ValueError"),
    ],
)
def test_the_checker_catches(change: Callable[[Choice], Choice], clause: str) -> None:
    with pytest.raises(ContractError, match=clause):
        check_model(Broken(change))


def test_the_checker_catches_texts_that_change() -> None:
    numbers = count()
    with pytest.raises(ContractError, match="different texts"):
        check_model(Broken(lambda choice: choice, lambda: str(next(numbers))))
    with pytest.raises(ContractError, match="wrote 9 tokens, the limit was 3"):
        check_model(Broken(lambda choice: choice, lambda: "one " * 9))
    with pytest.raises(ContractError, match="no LanguageModel"):
        check_model(object())  # type: ignore[arg-type]


class BrokenEmbedder(ScriptedEmbedder):
    """An embedder that is right but for what `change` makes of its rows."""

    def __init__(self, change: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> None:
        super().__init__()
        self.change = change

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.change(super().embed(texts))


@pytest.mark.parametrize(
    ("change", "clause"),
    [
        (lambda rows: rows[1:], "expected as many"),
        (lambda rows: rows * np.float32(2), "length is not 1"),
        (lambda rows: rows.astype(np.float64), "float64"),
        (lambda rows: rows[::-1], "than in a batch|comes twice"),
        (lambda rows: rows * np.float32("nan"), "not finite"),
        (lambda rows: rows if len(rows) else np.zeros((0, 3), np.float32), "shape"),
        (lambda rows: np.roll(rows, len(rows), axis=1), "than in a batch"),
    ],
)
def test_the_embedder_checker_catches(
    change: Callable[[NDArray[np.float32]], NDArray[np.float32]], clause: str
) -> None:
    with pytest.raises(ContractError, match=clause):
        check_embedder(BrokenEmbedder(change))
