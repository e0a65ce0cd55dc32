"""What is remembered about a prompt: fewer options are not asked about again, and the answer is that of asking."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from strati.core.records import Usage
from strati.kinds.classify.llm import LLM
from strati.models.contract import Choice, Prompt
from strati.models.local import asked
from strati.models.local.asked import Asked, Memory
from strati.models.local.gguf import GgufModel
from strati.stack.models_of import remembering
from strati.stack.stack import Stack, Stage

TOPICS = ("sports", "world news", "world cup", "business", "science", "sport history")
SOME = ("sports", "world news", "business")


@pytest.fixture
def model(smollm2_path: Path) -> Iterator[GgufModel]:
    with GgufModel(smollm2_path, context=1024) as model:
        yield model


def ask(model: GgufModel, options: tuple[str, ...], text: str = "The striker scored twice.") -> Choice:
    return model.choose(Prompt(text, system=f"Name the topic: {', '.join(TOPICS)}."), options)


def calls(model: GgufModel, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The length of every prompt that reaches the engine from now on."""
    engine, seen = model.load().engine, []
    real = engine.complete

    def complete(prompt, settings):  # type: ignore[no-untyped-def]
        seen.append(len(prompt))
        return real(prompt, settings)

    monkeypatch.setattr(engine, "complete", complete)
    return seen


def test_fewer_options_are_not_asked_about_again(model: GgufModel, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = ask(model, SOME)
    seen = calls(model, monkeypatch)
    with model.remembering():
        every = ask(model, TOPICS)
        asked_before = len(seen)
        assert model._memory is not None
        took = next(iter(model._memory._asked.values())).usage.seconds  # of the first branching
        some = ask(model, SOME)
        assert len(seen) == asked_before
        ask(model, TOPICS, "Another text.")
        assert len(seen) > asked_before, "another prompt is asked"
    assert some.probabilities == pytest.approx(fresh.probabilities, abs=0.01)
    assert some.mass == pytest.approx(fresh.mass, rel=0.1)
    assert every.usage.calls >= some.usage.calls > 0
    assert 0 < some.usage.tokens_in - some.usage.tokens_cached <= every.usage.tokens_in - every.usage.tokens_cached
    assert some.usage.seconds > took > 0, "it counts as having taken what asking took"


def test_nothing_is_remembered_outside(model: GgufModel, monkeypatch: pytest.MonkeyPatch) -> None:
    with model.remembering():
        ask(model, TOPICS)
    seen = calls(model, monkeypatch)
    first = ask(model, SOME)
    assert len(seen) >= 1
    ask(model, TOPICS)
    before = len(seen)
    again = ask(model, SOME)
    assert len(seen) > before
    assert again.probabilities == first.probabilities


def test_more_options_than_remembered_are_asked_about(model: GgufModel, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = ask(model, TOPICS)
    seen = calls(model, monkeypatch)
    with model.remembering():
        ask(model, SOME)
        before = len(seen)
        assert ask(model, TOPICS).probabilities == fresh.probabilities
    assert len(seen) > before


def test_models_in_stacks_remember_while_forms_are_compared(model: GgufModel) -> None:
    stacks = [Stack((Stage(LLM(model, options)),)) for options in (TOPICS, SOME)]
    with remembering(stacks):
        assert model._memory is not None
    assert model._memory is None


def test_what_is_known_of_some_tokens() -> None:
    known = Asked({1: 0.5, 2: 0.3, 3: 0.1}, others=0.1, bias=10.0, usage=Usage())
    weights, mass = known.of([1, 2]) or ({}, 0.0)
    assert weights == {1: 0.5, 2: 0.3}
    assert mass == pytest.approx(0.8 / (0.8 + 0.1 + 0.1 * 10))
    assert known.of([1, 4]) is None, "token 4 was not asked about"
    faint = Asked({1: 0.89, 2: 0.01}, others=0.1, bias=10.0, usage=Usage())
    assert faint.of([2]) is None, "too few of the digits reported are about token 2"


def test_the_oldest_go_and_the_fuller_report_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asked, "MOST", 2)
    memory = Memory()
    more, less = Asked({1: 0.6, 2: 0.4}, 0.0, 1.0, Usage()), Asked({1: 1.0}, 0.0, 1.0, Usage())
    memory.keep((1,), more)
    memory.keep((1,), less)
    assert memory.recall((1,)) is more
    memory.keep((2,), less)
    memory.keep((3,), less)
    assert memory.recall((1,)) is None
    assert memory.recall((3,)) is less
