"""A small encoder of your own: fine-tuned on the run's train rows in several sizes, beside the best trained rung."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from strati.core.context import Context
from strati.core.errors import DataError, ModelError, Stopped
from strati.data import Splits
from strati.improve.experiment import Outcome, decide, measured, tune_examples
from strati.improve.students import FEWEST_ROWS, best_trained, taught
from strati.kinds.classify.encoder.layer import Encoder
from strati.measure.journal import Journal
from strati.measure.results import Results, group_names
from strati.models.weights import EncoderWeights
from strati.stack.candidate import Candidate, Form
from strati.stack.stack import Stack

LAYERS = (2, 3, 0)  # the first so many; 0 is all


def plan_encoder(
    journal: Journal, results: Results, splits: Splits, stacks: Path, weights: Sequence[EncoderWeights]
) -> tuple[str, Path]:
    """What an encoder has to beat: the best trained rung of the run, with its folder.

    Raises:
        MissingExtra: the packages to train are not installed.
        ModelError: no weights to train from are pulled.
        DataError: the task has no labels to choose from, or the run too few rows or no trained rung.
    """
    from strati.kinds.classify.encoder.train import need_training

    need_training()
    if results.task.kind != "classify":
        raise DataError(
            f"run {results.run} is of kind {results.task.kind}, expected classify: an encoder chooses labels"
        )
    if not weights:
        raise ModelError("no weights to train an encoder from are pulled, expected minilm-weights: strati models pull")
    tune_examples(results, journal.examples("tune"))
    train = splits.units[0].train
    if len(train) < FEWEST_ROWS:
        raise DataError(f"run {results.run} has {len(train)} train rows, expected at least {FEWEST_ROWS} to train on")
    found = best_trained(results, stacks)
    if found is None:
        raise DataError(f"run {results.run} has no saved trained rung to compare with, expected one in {stacks}")
    return found


def encoders(weights: Sequence[EncoderWeights]) -> Iterator[Candidate]:
    """Each encoder in each size, as bytes (int8)."""
    for one in weights:
        for layers in LAYERS:
            name = f"{one.name.removesuffix('-weights')}, {f'first {layers}' if layers else 'all'} layers, int8"
            stack = Stack.of(Encoder(one, layers, name=name), name=name)
            yield Candidate(name, (Form({"layers": layers or "all"}, stack),), learns=True, licence=one.licence)


def improve_encoder(
    journal: Journal,
    results: Results,
    splits: Splits,
    kept: tuple[str, Stack],
    weights: Sequence[EncoderWeights],
    ctx: Context,
) -> tuple[Outcome, Stack | None]:
    """Train each size on train rows, and put all before the gate on tune; the outcome and what was chosen.

    Once the time is over, what is trained by then is judged; nothing trained by then raises `Stopped`.
    """
    stored = tune_examples(results, journal.examples("tune"))
    figures = [measured(results, kept[1], kept[0], stored, ctx)]
    stacks: list[Stack] = []
    for candidate in encoders(weights):
        try:
            stack = taught(results, candidate, splits.units[0].train, (), ctx)
        except Stopped:
            if not stacks:
                raise
            break
        figures.append(measured(results, stack, candidate.name, stored, ctx))
        stacks.append(stack)
    outcome = decide(results, "encoder", figures[0], figures[1:], group_names(stored))
    return outcome, None if outcome.chosen is None else stacks[outcome.chosen]
