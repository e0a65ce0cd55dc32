"""A rung with a language model made smaller: fewer examples in its prompt, and its weights in fewer bits.

The gate looks at tune rows that set nothing: neither the rung's prior nor that of a proposal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.records import Example
from strati.data import Splits
from strati.improve.experiment import FEWEST, Figures, Outcome, decide, measured, stored_of
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.neighbours import Demonstrations, Shots
from strati.measure.effort import Effort, shuffled
from strati.measure.results import Results, group_names
from strati.models.contract import LanguageModel
from strati.stack.stack import Stack

MOST_JUDGED = 300

Smaller = Callable[[], LanguageModel]
"""Makes a smaller copy of the rung's model, or finds the one that was made before."""


@dataclass(frozen=True)
class ModelPlan:
    """The rung, the rows, the prompts with fewer examples, and the copies of its model in fewer bits, by name."""

    rung: str
    stack: Stack
    train: tuple[Example, ...]
    prior: tuple[Example, ...]
    judge: tuple[Example, ...]
    prompts: dict[str, Stack]
    copies: dict[str, Smaller]


def plan_model(
    results: Results, splits: Splits, rung: str, stack: Stack, copies: dict[str, Smaller], seed: int
) -> ModelPlan:
    """What will be tried.

    Raises:
        DataError: the rung has no language model that chooses a label, tune rows are too few, or nothing can be tried.
    """
    if model_of(stack) is None:
        raise DataError(f"the rung {rung} has no language model that chooses a label, expected one")
    order = shuffled(splits.units[0].tune, seed)
    prior, judge = order[: Effort().form_rows], order[Effort().form_rows :][:MOST_JUDGED]
    if len(judge) < FEWEST:
        raise DataError(
            f"run {results.run} has {len(order)} tune rows, expected at least {Effort().form_rows + FEWEST}: some to "
            f"set the prompt on, and {FEWEST} others to judge on"
        )
    prompts = dict(fewer_examples(stack))
    if not prompts and not copies:
        raise DataError(f"{rung} shows no examples that could be left out, and no smaller copy of its model was named")
    return ModelPlan(rung, stack, tuple(splits.units[0].train), tuple(prior), tuple(judge), prompts, copies)


def compress_model(results: Results, plan: ModelPlan, ctx: Context) -> tuple[Outcome, Stack | None]:
    """Measure the rung and each proposal; the outcome, and the stack that was chosen.

    Smaller means fewer megabytes, the model's included; among equals, fewer tokens.
    """
    stored = stored_of(plan.judge)
    asked = len(plan.prior) + len(stored)
    ctx.begin(f"{plan.rung}: as it is", len(stored))
    told = replace(ctx, tick=ctx.advance)
    kept = _by_size(measured(results, plan.stack, f"{plan.rung}, as it is", stored, told))
    figures: list[Figures] = []
    stacks: list[Stack] = []
    for name in (*plan.prompts, *plan.copies):
        ctx.check()
        made = plan.prompts[name] if name in plan.prompts else with_model(plan.stack, plan.copies[name]())
        ctx.begin(f"{plan.rung}: {name}", asked)
        stack, _ = made.fit_and_run(plan.train, plan.prior, told, results.metric.loss)
        figures.append(_by_size(measured(results, stack, name, stored, told)))
        stacks.append(stack)
    outcome = decide(results, "compress", kept, figures, group_names(stored))
    return outcome, None if outcome.chosen is None else stacks[outcome.chosen]


def fewer_examples(stack: Stack) -> Iterator[tuple[str, Stack]]:
    """The stack with half of the examples of its prompt, with one, and with none where no short-list hangs on them."""
    place = next((n for n, one in enumerate(stack.stages) if isinstance(one.layer, Shots | Demonstrations)), None)
    if place is None:
        return
    layer = stack.stages[place].layer
    assert isinstance(layer, Shots | Demonstrations)
    shown = layer.k if isinstance(layer, Shots) else len(layer.examples)
    for count in dict.fromkeys((shown // 2, 1)):
        if 0 < count < shown:
            small = (
                replace(layer, k=count) if isinstance(layer, Shots) else replace(layer, examples=layer.examples[:count])
            )
            stages = list(stack.stages)
            stages[place] = replace(stages[place], layer=small)
            yield f"{count} of its {shown} examples", replace(stack, stages=tuple(stages))
    if shown and not (isinstance(layer, Shots) and layer.labels):
        yield "no examples", replace(stack, stages=(*stack.stages[:place], *stack.stages[place + 1 :]))


def model_of(stack: Stack) -> LanguageModel | None:
    """The language model that chooses a label; None where there is none."""
    return next((stage.layer.model for stage in stack.stages if isinstance(stage.layer, LLM)), None)


def with_model(stack: Stack, model: LanguageModel) -> Stack:
    """The stack with another model in place of the one that chooses."""
    stages = [
        replace(stage, layer=replace(stage.layer, model=model)) if isinstance(stage.layer, LLM) else stage
        for stage in stack.stages
    ]
    return replace(stack, stages=tuple(stages))


def _by_size(one: Figures) -> Figures:
    return replace(one, size=(round(one.megabytes or 0.0, 1), round(one.tokens, 3)))
