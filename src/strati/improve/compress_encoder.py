"""A fine-tuned encoder made smaller: its weights as bytes, and its first layers only, trained again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from strati.core.context import Context
from strati.core.errors import DataError, Stopped
from strati.core.records import Example
from strati.improve.experiment import Outcome, decide, measured, tune_examples
from strati.improve.students import taught
from strati.kinds.classify.encoder.layer import Encoder
from strati.measure.journal import Journal
from strati.measure.results import Results, group_names
from strati.models.weights import EncoderWeights
from strati.stack.candidate import Candidate, Form
from strati.stack.folder import load_stack
from strati.stack.stack import Stack

FIRST = (3, 2, 1)


@dataclass(frozen=True)
class EncoderPlan:
    """The rung, and what will be tried: bytes for what is saved, and how many first layers are trained again."""

    rung: str
    stack: Stack
    rows: int
    as_bytes: bool
    first: tuple[int, ...]
    weights: EncoderWeights | None

    @property
    def proposals(self) -> list[str]:
        """What will be tried, in words."""
        first = ["its first layer" if k == 1 else f"its first {k} layers" for k in self.first]
        return [*(["int8"] if self.as_bytes else []), *first]


def plan_encoder_sizes(
    journal: Journal, results: Results, name: str, folder: Path, weights: Sequence[EncoderWeights]
) -> EncoderPlan:
    """What will be tried. Fewer layers need weights to train from, and the packages to train.

    Raises:
        DataError: the run keeps too few tune rows, or nothing smaller can be made here.
    """
    rows = len(tune_examples(results, journal.examples("tune")))
    stack = load_stack(folder, {one.name: one for one in weights})
    layer = _encoder_of(stack)
    own = layer.weights
    first = tuple(k for k in FIRST if own is not None and (not layer.layers or k < layer.layers))
    if layer.int8 and not first:
        raise DataError(
            f"{name} is in bytes already and its layers cannot be trained again here, expected the extra [train] and "
            "pulled weights: strati models pull minilm-weights"
        )
    return EncoderPlan(name, stack, rows, not layer.int8, first, own)


def compress_encoder(
    journal: Journal, results: Results, plan: EncoderPlan, train: Sequence[Example], ctx: Context
) -> tuple[Outcome, Stack | None]:
    """Make each and put all before the gate on tune; the outcome and what was chosen.

    Once the time is over, what is there by then is judged; nothing there by then raises `Stopped`.
    """
    stored = tune_examples(results, journal.examples("tune"))
    figures = [measured(results, plan.stack, plan.rung, stored, ctx)]
    stacks: list[Stack] = []
    if plan.as_bytes:
        small = in_bytes(plan.stack)
        figures.append(measured(results, small, "int8", stored, ctx))
        stacks.append(small)
    for layers in plan.first:
        label = f"its first {layers} layer{'s' if layers > 1 else ''}, trained again, int8"
        candidate = Candidate(
            label,
            (Form({"layers": layers}, Stack.of(Encoder(plan.weights, layers, name=label), name=label)),),
            learns=True,
        )
        try:
            stack = taught(results, candidate, train, (), ctx)
        except Stopped:
            if not stacks:
                raise
            break
        figures.append(measured(results, stack, label, stored, ctx))
        stacks.append(stack)
    outcome = decide(results, "compress", figures[0], figures[1:], group_names(stored))
    return outcome, None if outcome.chosen is None else stacks[outcome.chosen]


def in_bytes(stack: Stack) -> Stack:
    """The stack with the weights of its encoders as bytes (int8)."""
    stages = [
        replace(stage, layer=stage.layer.in_bytes()) if isinstance(stage.layer, Encoder) else stage
        for stage in stack.stages
    ]
    return replace(stack, stages=tuple(stages))


def _encoder_of(stack: Stack) -> Encoder:
    return next(stage.layer for stage in stack.stages if isinstance(stage.layer, Encoder))
