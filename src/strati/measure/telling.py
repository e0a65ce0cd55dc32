"""One batch in place of one for each fold: what a cross-fitted rung will ask in all of them is told ahead.

The rung's own code runs in rehearsal (`forecast.dry_run`), and what its models would be asked is handed in together. So
it waits once for the folds' tune rows and once for their test rows. Only where no answer decides what is asked next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from strati.core.context import Context
from strati.core.records import Case
from strati.data import Unit
from strati.measure.forecast.dry_run import Rehearsal
from strati.measure.tune import Tuner
from strati.models.ask_in_batches import ask_ahead
from strati.stack.candidate import Candidate
from strati.stack.models_of import in_batches
from strati.stack.stack import Stack


def tell_choosing(candidate: Candidate, tuner: Tuner, units: Sequence[Unit]) -> None:
    """Tell what choosing a candidate's form, and fitting it, will ask in all units."""

    def choose(stacks: Sequence[Stack], ctx: Context) -> None:
        forms = tuple(replace(form, stack=stack) for form, stack in zip(candidate.forms, stacks, strict=True))
        for unit in units:
            replace(tuner, ctx=ctx).choose(replace(candidate, forms=forms), unit)

    same = {form.asks or number for number, form in enumerate(candidate.forms)}
    if len(units) > 1 and len(same) == 1:
        _tell([form.stack for form in candidate.forms], choose, tuner.ctx)


def tell_answering(work: Sequence[tuple[Stack, Sequence[Case]]], ctx: Context) -> None:
    """Tell what fitted stacks, each of a unit, will ask about their cases."""

    def answer(rehearsed: Sequence[Stack], ctx: Context) -> None:
        for stack, (_, cases) in zip(rehearsed, work, strict=True):
            stack.run(cases, ctx)

    if len(work) > 1:
        _tell([stack for stack, _ in work], answer, ctx)


def _tell(stacks: Sequence[Stack], work: Callable[[Sequence[Stack], Context], None], ctx: Context) -> None:
    """Do some work in rehearsal and hand in what it would ask."""
    if not all(in_batches(stack) for stack in stacks) or any(
        stage.threshold > 0 for stack in stacks for stage in stack.stages
    ):
        return
    rehearsal = Rehearsal(ctx.memo, shown=None)
    quiet = Context(ctx.seed, ctx.deadline, ctx.cancelled, memo=rehearsal, vectors=ctx.vectors)
    work([rehearsal.stack(stack) for stack in stacks], quiet)
    again = max(getattr(stage.layer, "again", 0) for stack in stacks for stage in stack.stages)
    for questions in rehearsal.questions.values():
        ask_ahead(questions[0][0], [(prompt, options) for _, prompt, options in questions], ctx, again)
