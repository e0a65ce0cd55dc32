"""What takes part in a benchmark: a stack in one or several forms, of which the best on tune is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from strati.core.records import JSON
from strati.models.contract import ModelCard
from strati.stack.contract import Layer, Trainable
from strati.stack.layers.function import Function
from strati.stack.layers.recorded import Recorded, RecordedAnswer
from strati.stack.stack import Stack, Stage
from strati.stack.uses import cards_in, silent_in


@dataclass(frozen=True, slots=True)
class Form:
    """One way to set a candidate up: settings in words, and the unfitted stack.

    Forms with the same `asks` ask a model the same things, so that answers of all cost no more than those of one.
    """

    settings: Mapping[str, JSON]
    stack: Stack
    asks: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate.

    Attributes:
        name: how reports call it; unique in a benchmark.
        forms: at least one; settings are chosen among them on tune.
        uses_llm: whether a language model is part of it; true by itself where one is found in a layer or a check.
        slow: whether it answers a common random subset only (see the sample size of a benchmark); likewise.
        learns: whether more training rows could change it; then a published split gets a refit on all of them.
        trains_long: whether learning from a row takes so long that learning curves should do with few fits.
        recorded: answers recorded elsewhere: measured, never served.
        cards: the models it uses: those found in its layers and checks, whatever is given here beside them.
        licence: of the parts that are not models.
        silent: names of layers and checks that do not say what they use (plain functions above all).

    >>> from strati.models.scripted import ScriptedModel
    >>> from strati.kinds.classify.llm import LLM
    >>> found = Candidate.of(LLM(ScriptedModel({}, default="a"), ("a", "b")), "mine")
    >>> found.uses_llm, found.slow, [card.name for card in found.cards], found.private
    (True, True, ['scripted'], True)
    """

    name: str
    forms: tuple[Form, ...]
    uses_llm: bool = False
    slow: bool = False
    learns: bool = False
    recorded: bool = False
    cards: tuple[ModelCard, ...] = ()
    licence: str = "yours"
    silent: tuple[str, ...] = ()
    trains_long: bool = False

    def __post_init__(self) -> None:
        stacks = [form.stack for form in self.forms]
        cards, uses_llm = cards_in(stacks)
        known = {card.name for card in cards}
        object.__setattr__(self, "cards", (*cards, *(card for card in self.cards if card.name not in known)))
        object.__setattr__(self, "uses_llm", self.uses_llm or uses_llm)
        object.__setattr__(self, "slow", self.slow or uses_llm)
        object.__setattr__(self, "silent", tuple(silent_in(stacks[0])) if stacks else ())

    @classmethod
    def of(
        cls, part: Layer | Stack | Callable[..., JSON], name: str = "", *, slow: bool = False, uses_llm: bool = False
    ) -> Self:
        """A candidate from a stack, a layer, or a plain function of one text."""
        if isinstance(part, Stack):
            stack = part
        else:
            layer = part if isinstance(part, Layer) else Function(part, name)
            stack = Stack((Stage(layer),), name or layer.name)
        learns = any(isinstance(stage.layer, Trainable) for stage in stack.stages)
        return cls(name or stack.name, (Form({}, stack),), uses_llm, slow, learns)

    @classmethod
    def from_answers(cls, name: str, answers: Mapping[str, RecordedAnswer], *, uses_llm: bool = True) -> Self:
        """A candidate from recorded answers by example id.

        Where they came from can't be seen, so they count as a language model's unless you say otherwise: else "you do
        not need an LLM" might rest on one.
        """
        stack = Stack((Stage(Recorded(answers, name)),), name)
        return cls(name, (Form({}, stack),), uses_llm, recorded=True, licence="unknown")

    @property
    def private(self) -> bool:
        """Whether inputs stay on this machine."""
        return not self.recorded and all(card.private for card in self.cards)

    @property
    def remote(self) -> bool:
        """Whether a model of it answers on another machine."""
        return any(card.remote for card in self.cards)

    @property
    def paid(self) -> bool:
        """Whether an answer may cost money that is owed to others."""
        return any(any(card.dollars_per_million or ()) for card in self.cards)

    @property
    def costs_known(self) -> bool:
        """Whether what an answer costs can be told: measured here, or on record."""
        layers = [stage.layer for stage in self.forms[0].stack.stages]
        return all(layer.costs_known for layer in layers if isinstance(layer, Recorded))

    @property
    def layer_names(self) -> tuple[str, ...]:
        return tuple(stage.name for stage in self.forms[0].stack.stages)

    @property
    def composable(self) -> bool:
        """Whether it can be a step of a composed stack: only its last stage answers, those before give evidence."""
        return not any(stage.proposes for form in self.forms for stage in form.stack.stages[:-1])

    def fingerprint(self) -> str:
        """Of all its forms, as they are before fitting."""
        from strati.core.identity import fingerprint

        forms = [[dict(form.settings), form.stack.fingerprint()] for form in self.forms]
        return fingerprint("candidate.v1", forms=forms)
