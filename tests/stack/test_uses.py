"""What a stack uses is found wherever it is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from strati.core.context import Context
from strati.core.errors import ModelError, StackError
from strati.core.records import Answer, Case
from strati.kinds.classify.linear import Linear
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.majority import Majority
from strati.models.contract import ModelCard, Prompt
from strati.models.scripted import ScriptedEmbedder, ScriptedModel
from strati.stack.candidate import Candidate
from strati.stack.contract import Finding, Layer, Resource
from strati.stack.folder import load_stack, named_resources, save_stack
from strati.stack.layers.features import TextFeatures
from strati.stack.layers.recorded import Recorded
from strati.stack.models_of import all_in_reach
from strati.stack.stack import Stack, Stage
from strati.stack.uses import resources_in, silent_in
from tests import corpus


class Far(ScriptedModel):
    """A model on somebody else's machine."""

    @property
    def card(self) -> ModelCard:
        return ModelCard("far", "terms", None, False, {"host": "api.example.com"}, (1.0, 2.0), remote=True)


FAR = Far({}, default="refund")


class Plain:
    """A layer of a user's own that is no dataclass."""

    name = "plain"

    def __init__(self, **kept: Any) -> None:
        self.kept = kept

    def fingerprint(self) -> str:
        return "plain"

    def run(self, cases: Sequence[Case], ctx: Context) -> list[Case]:  # noqa: ARG002
        return [case.answered(Answer("refund", 0.5, self.name)) for case in cases]


class Global(Plain):
    """It names a model of its module in a method."""

    def ask(self) -> object:
        return FAR.choose(Prompt("x"), ["refund", "repair"])


@dataclass(frozen=True)
class Judge:
    """A check that asks a model."""

    model: ScriptedModel
    name: str = "judge"

    def fingerprint(self) -> str:
        return "judge"

    def run(self, cases: Sequence[Case], ctx: Context) -> list[Finding]:  # noqa: ARG002
        return [Finding() for _ in cases]


@dataclass(frozen=True)
class Based(Majority):
    """A layer that says it uses a knowledge base."""

    name: str = "based"
    models: tuple[object, ...] = field(default=())

    def resources(self) -> tuple[Resource, ...]:
        return (Resource("snapshot", "handbook", "s1"),)


def asks(model: ScriptedModel, text: object = "") -> str:
    return model.choose(Prompt(str(text)), ["refund", "repair"]).reply or "refund"


def by_global(text: object) -> str:
    return asks(FAR, text)


def closing_over(model: ScriptedModel) -> Callable[[object], str]:
    return lambda text: asks(model, text)


HIDING_PLACES: dict[str, Layer | Stack | Callable[..., Any]] = {
    "a field": LLM(FAR, corpus.LABELS),
    "an attribute": Plain(model=FAR),
    "a container": Plain(models={"first": [FAR]}),
    "an object": Plain(helper=Plain(model=FAR)),
    "the module of a class": Global(),
    "a check": Stack((Stage(Majority(), (Judge(FAR),)),), "judged"),
    "an inner stack": Stack.of(Majority(), Stack.of(LLM(FAR, corpus.LABELS)), name="outer"),
    "a closure": closing_over(FAR),
    "a partial": partial(asks, FAR),
    "a global of a function": by_global,
    "a bound method": Plain(model=FAR).fingerprint,
}


@pytest.mark.parametrize("place", HIDING_PLACES)
def test_a_model_is_found_wherever_it_is_kept(place: str) -> None:
    found = Candidate.of(HIDING_PLACES[place], "mine")
    assert [card.name for card in found.cards] == ["far"]
    assert (found.uses_llm, found.slow, found.remote, found.paid, found.private) == (True, True, True, True, False)
    assert found.silent == ()


def test_what_is_said_of_a_candidate_does_not_hide_what_is_found() -> None:
    tame = ModelCard("far", "MIT", None, True, {})
    found = Candidate("mine", Candidate.of(Plain(model=FAR)).forms, uses_llm=False, slow=False, cards=(tame,))
    assert not found.private
    assert found.uses_llm


def test_an_embedder_is_no_language_model() -> None:
    found = Candidate.of(Linear(features=TextFeatures(embedder=ScriptedEmbedder())), "linear")
    assert [card.name for card in found.cards] == [ScriptedEmbedder().card.name]
    assert not found.uses_llm
    assert not found.slow


def test_a_plain_function_and_a_layer_without_a_word_are_silent() -> None:
    silent = Stack((Stage(Majority()), Stage(Plain()), Stage(Based())), "three")
    assert silent_in(silent) == ["plain"]
    assert Candidate.of(lambda text: "refund", "by hand").silent == ("by hand",)
    assert Candidate.of(Recorded({}, "theirs"), "theirs").silent == ()


def test_a_model_out_of_reach_is_not_rehearsed() -> None:
    assert all_in_reach(Stack.of(LLM(FAR, corpus.LABELS)))
    assert all_in_reach(Stack((Stage(Majority(), (Judge(FAR),)),)))
    assert not all_in_reach(Stack.of(Plain(model=FAR)))


def test_resources_are_declared_and_found_each_once() -> None:
    two = Stack.of(Based(), LLM(FAR, corpus.LABELS), LLM(FAR, ("a", "b")))
    assert [(one.kind, one.name, one.fingerprint) for one in resources_in(two)] == [
        ("model", "far", FAR.fingerprint()),
        ("snapshot", "handbook", "s1"),
    ]


def test_a_saved_stack_names_its_resources(tmp_path: Path) -> None:
    train, tune, cases = corpus.parts()
    embedder = ScriptedEmbedder()
    linear = Linear(features=TextFeatures(embedder=embedder)).fit(train, tune, Context())
    save_stack(Stack.of(linear, name="joined"), tmp_path / "joined.stack")
    assert named_resources(tmp_path / "joined.stack") == [
        Resource("embedder", embedder.card.name, embedder.fingerprint())
    ]
    loaded = load_stack(tmp_path / "joined.stack", {embedder.card.name: embedder})
    assert loaded.run(cases, Context())[0].answer is not None
    with pytest.raises(ModelError, match=r"needs the embedder .* with fingerprint .*: it was not among what was given"):
        load_stack(tmp_path / "joined.stack")
    with pytest.raises(ModelError, match=f"found one with fingerprint {FAR.fingerprint()}"):
        load_stack(tmp_path / "joined.stack", {embedder.card.name: FAR})


def test_a_stack_of_the_old_format_is_refused_with_the_way_on(tmp_path: Path) -> None:
    save_stack(Stack.of(Majority().fit(*corpus.parts()[:2], Context()), name="one"), tmp_path / "one.stack")
    file = tmp_path / "one.stack" / "stack.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("format = 2", "format = 1"), encoding="utf-8")
    with pytest.raises(StackError, match=r"does not say what the stack uses.*save the stack again"):
        load_stack(tmp_path / "one.stack")
