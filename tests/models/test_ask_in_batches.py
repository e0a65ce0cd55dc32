"""Telling questions ahead, with a model that notes what it is handed; tests/models/ has a real server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from strati.core.budget import Budget
from strati.core.context import Context
from strati.core.errors import ModelError
from strati.measure.journal import Journal
from strati.models.ask import Question, choose
from strati.models.ask_in_batches import ask_ahead, batches
from strati.models.contract import Choice, ContextOverflow, Prompt
from strati.models.jobs import Received
from strati.models.scripted import ScriptedModel

PROMPTS = [(Prompt(f"question {number}"), ("yes", "no")) for number in range(4)]


class Noting(ScriptedModel):
    """Handed in are all questions at once; it knows the server after one call. A prompt with "long" is too long."""

    def __init__(self, batches: bool = True) -> None:
        super().__init__({}, default="yes")
        self.batches = batches
        self.steps: list[str] = []

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        self.steps.append(prompt.user)
        if "long" in prompt.user:
            raise ContextOverflow(9, 5)
        return super().choose(prompt, options)

    def take_up(self, ctx: Context) -> None:  # noqa: ARG002
        self.steps.append("taken up")

    def tried(self, ctx: Context) -> bool:  # noqa: ARG002
        return any("question" in step for step in self.steps)

    def hand_in(self, questions: Sequence[Question], ctx: Context) -> None:  # noqa: ARG002
        self.steps.append(f"handed in: {', '.join(question.prompt.user for question in questions)}")


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    with Journal(tmp_path / "run.db") as journal:
        yield Context(memo=journal, budget=Budget(1.0, journal))


def test_one_is_tried_and_the_others_are_handed_in_each_once(ctx: Context) -> None:
    model = Noting()
    assert batches(model)
    ask_ahead(model, [*PROMPTS, PROMPTS[2]], ctx)
    assert model.steps == ["taken up", "question 0", "handed in: question 1, question 2, question 3"]


def test_what_is_known_is_not_handed_in(ctx: Context) -> None:
    model = Noting()
    choose(model, *PROMPTS[1], ctx)
    assert isinstance(ctx.memo, Journal)
    ctx.memo.jobs.receive([Received(Question.of(model, *PROMPTS[2]).key, 0, 0.0, None)])
    ask_ahead(model, PROMPTS, ctx)
    assert model.steps[1:] == ["taken up", "handed in: question 0, question 3"]
    ask_ahead(model, PROMPTS[1:3], ctx)
    assert model.steps[3:] == ["taken up"]
    ask_ahead(model, PROMPTS[1:3], ctx, again=1)  # a second answer is another question
    assert model.steps[5:] == ["handed in: question 1, question 2"]


def test_a_prompt_that_is_too_long_is_no_trial(ctx: Context) -> None:
    model = Noting()
    ask_ahead(model, [(Prompt("long"), ("yes", "no")), *PROMPTS[:3]], ctx)
    assert model.steps == ["taken up", "long", "question 0", "handed in: question 1, question 2"]


def test_one_question_alone_is_left_to_the_ordinary_way(ctx: Context) -> None:
    model = Noting()
    ask_ahead(model, PROMPTS[:1], ctx)
    assert model.steps == ["taken up"]


def test_nothing_is_asked_where_the_money_is_not_in_the_journal(ctx: Context) -> None:
    model = Noting()
    ask_ahead(model, PROMPTS, Context(memo=ctx.memo, budget=Budget(1.0)))
    assert model.steps == []


def test_a_model_that_is_not_used_so_only_takes_up_what_is_open(ctx: Context) -> None:
    model = Noting(batches=False)
    assert not batches(model)
    ask_ahead(model, PROMPTS, ctx)
    assert model.steps == ["taken up"]
    ask_ahead(model, PROMPTS, Context())
    ask_ahead(ScriptedModel({}, default="yes"), PROMPTS, ctx)


def test_without_a_journal_it_is_refused_in_a_sentence() -> None:
    with pytest.raises(ModelError, match=r"no journal keeps what would be handed in.*expected batch = false"):
        ask_ahead(Noting(), PROMPTS, Context())
