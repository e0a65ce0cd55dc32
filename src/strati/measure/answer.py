"""A fitted stack answers examples, piece by piece, into the journal; what is there already is not asked again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from strati.core.budget import Budget
from strati.core.context import Context
from strati.core.errors import Stopped, StratiError
from strati.core.records import Case, Example, Usage
from strati.measure.journal import Journal
from strati.measure.tune import raise_if_down
from strati.stack.stack import Stack


def answer(stack: Stack, name: str, split: str, examples: Sequence[Example], journal: Journal, ctx: Context) -> None:
    """Write the answers of the candidate `name` on a split down.

    Raises:
        LayerDown: a layer cannot answer at all.
        Stopped: the run ended, or its budget does not allow a call; what was answered until then is written.
    """
    done = journal.answered(name, split)
    todo = [example for example in examples if example.id not in done]
    ctx.begin(f"{name}: {split}", len(examples))
    ctx.advance(len(examples) - len(todo), Usage())
    told: list[int] = []

    def tick(count: int, usage: Usage) -> None:
        told.append(count)
        ctx.advance(count, usage)

    ticking = replace(ctx, tick=tick)
    for chunk in _chunks(todo, stack.batch):
        ctx.check()
        told.clear()
        try:
            cases = stack.run([Case.of(example) for example in chunk], ticking)
        except Stopped:
            journal.write_answers(name, split, _known(stack, chunk, ctx))
            raise
        raise_if_down(cases)
        journal.write_answers(name, split, cases)
        usage = Usage() if told else sum((case.usage for case in cases), Usage())
        ctx.advance(len(cases) - min(len(cases), sum(told)), usage)


def _known(stack: Stack, chunk: Sequence[Example], ctx: Context) -> Iterator[Case]:
    """The cases of a piece of work that ended early for which all that was asked has been answered already."""
    broke = replace(ctx, budget=Budget())
    for example in chunk:
        try:
            cases = stack.run([Case.of(example)], broke)
            raise_if_down(cases)
        except StratiError:
            continue
        yield from cases


def _chunks(examples: Sequence[Example], size: int) -> Iterator[Sequence[Example]]:
    for start in range(0, len(examples), size):
        yield examples[start : start + size]
