"""Questions told ahead: a model that answers many together, later and cheaper, is handed them before they are asked.

Nothing here answers a question. What a batch brought is found when the question is asked in the ordinary way; what it
did not bring is asked then. So a layer's own code, its failures and its records are the same with batches and without.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Protocol, runtime_checkable

from strati.core.context import Context
from strati.core.errors import ModelError
from strati.models.ask import Question, choose
from strati.models.contract import ContextOverflow, LanguageModel, Prompt
from strati.models.jobs import Jobs, KeepsJobs

TRIALS = 3
"""Questions asked in the ordinary way, one after the other, until one is answered, before others are handed in."""
TOGETHER = 5000
"""Cases that a layer with such a model is best given at once."""


@runtime_checkable
class Batching(Protocol):
    """A model that may be handed many questions, to be answered together and cheaper than one by one."""

    @property
    def batches(self) -> bool:
        """Whether it is to be used so."""
        ...

    def take_up(self, ctx: Context) -> None:
        """Wait for what an earlier process handed in and did not see answered, also when it is not used so now."""
        ...

    def tried(self, ctx: Context) -> bool:
        """Whether it is known how to ask; if not, one question has to be asked in the ordinary way first.

        Raises `ModelError` when questions cannot be handed in at all.
        """
        ...

    def hand_in(self, questions: Sequence[Question], ctx: Context) -> None:
        """Hand questions in, as many as the budget allows, and wait until what they brought is kept in the memo."""
        ...


def batches(model: LanguageModel) -> bool:
    """Whether a model answers questions in batches."""
    return isinstance(model, Batching) and model.batches


def ask_ahead(
    model: LanguageModel, questions: Iterable[tuple[Prompt, Sequence[str]]], ctx: Context, again: int = 0
) -> None:
    """Have questions answered before they are asked, where the model takes them so; else nothing is done.

    Args:
        questions: prompts with their options, as `choose` is about to get them.
        again: as there.

    Raises:
        LayerDown: the model cannot be reached.
        ModelError: something the user has to put right.
        Stopped: the run ended; what was handed in is taken up by the next one.
    """
    if not isinstance(model, Batching):
        return
    if not isinstance(ctx.memo, KeepsJobs):
        if model.batches:
            raise ModelError(
                f"models.{model.card.name}.batch is true and no journal keeps what would be handed in, so it could be "
                "paid twice: expected batch = false, or a run of strati bench or strati run"
            )
        return
    if not ctx.budget.is_kept_in(ctx.memo):  # what is known already is looked at, nothing is asked
        return
    model.take_up(ctx)
    if not model.batches:
        return
    todo = _unknown(model, questions, ctx.memo.jobs, ctx, again)
    for _ in range(TRIALS):
        if len(todo) < 2 or model.tried(ctx):
            break
        with suppress(ContextOverflow):
            choose(model, todo[0].prompt, todo[0].options, ctx, again)
        todo = todo[1:]
    if len(todo) > 1:
        model.hand_in(todo, ctx)


def _unknown(
    model: LanguageModel, questions: Iterable[tuple[Prompt, Sequence[str]]], jobs: Jobs, ctx: Context, again: int
) -> list[Question]:
    """Those that no answer is remembered for and no batch brought a reply to, each once."""
    found = {}
    for prompt, options in questions:
        question = Question.of(model, prompt, options, again)
        if question.key not in found and ctx.memo.recall(question.key) is None and not jobs.knows(question.key):
            found[question.key] = question
    return list(found.values())
