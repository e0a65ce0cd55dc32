"""`strati certify NAME.stack --labels FILE`: one test of a stack as it is."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path


def renew_stack(
    path: Path,
    labels: str,
    at_least: float,
    confidence: float,
    runs: Path,
    catalogs: Sequence[Path],
    config: Path | None,
    *,
    as_json: bool,
) -> None:
    """Test the stack on fresh labels, and put the certificate into its folder where the promise is shown.

    Raises:
        AnswerIsNo: it was not shown.
        TaskError, DataError: the promise or the labels make no sense.
    """
    from strati.certify.renew import renew, write_renewed
    from strati.cli.certified import wrapped
    from strati.cli.show import Show
    from strati.cli.signals import stop_on_interrupt
    from strati.core.context import Context
    from strati.core.errors import AnswerIsNo, TaskError
    from strati.core.figures import share
    from strati.data import Ledger, guess_columns, peek, read
    from strati.prove.inputs import usual_inputs
    from strati.serve.resources import resources_of
    from strati.stack.folder import load_stack, named_inputs
    from strati.stack.uses import kind_of_stack
    from strati.statistics.metric import is_graded, rule_of, wrong
    from strati.task.kind import Space, kind_of
    from strati.task.task import Task

    for name, value in (("--at-least", at_least), ("--confidence", confidence)):
        if not 0 < value < 1:
            raise TaskError(f"{name} is {value:g}, expected a number above 0 and below 1")
    resources = resources_of(path, catalogs, config)
    stack, inputs = load_stack(path, resources), named_inputs(path)
    kind = kind_of(kind_of_stack(stack))
    if kind.name == "classify":
        guess = guess_columns(peek(Path(labels)))
        task = Task(inputs=inputs or guess.inputs, label=guess.label)
    else:
        columns = usual_inputs(kind, peek(Path(labels)).columns, labels)
        task = Task(kind=kind.name, inputs=inputs or tuple(columns))
    rows = read(Path(labels), task).examples
    metric = kind.metric(kind.metrics[0], Space())
    loss, graded, rule = wrong if kind.name == "classify" else metric.loss, is_graded(metric), rule_of(metric)
    with Show(0.0, as_json) as show:
        ctx = Context(begin=show.begin, advance=show.advance)
        with stop_on_interrupt(ctx.cancelled):
            done = renew(stack, rows, Ledger(runs.parent / "ledger.db"), loss, at_least, confidence, ctx, graded=graded)
    step = done.walk.steps[0]
    if done.certified:
        write_renewed(path, stack, done, resources, rule)
    found = {"stack": str(path), "certified": done.certified, "n": step.n, "errors": step.errors, "p": step.p}
    found |= {"examples": len(done.examples), "left_out": done.left_out, "at_least": at_least, "confidence": confidence}
    sure = f"with {100 * confidence:g} % confidence"
    promised = f"automatic answers are right at least {share(at_least)} of the time"
    told = f"{int(step.errors):,} of {step.n:,} automatic answers were wrong, of {len(done.examples):,} fresh rows"
    if graded:
        promised = f"automatic answers lose at most {share(round(1 - at_least, 12))} on average"
        mean = step.errors / step.n if step.n else None
        told = f"{step.n:,} automatic answers to {len(done.examples):,} fresh rows lost {share(mean)} on average"
    if as_json:
        print(json.dumps(found))
    elif done.certified:
        print("\n".join(wrapped(f"Certified: {promised}, {sure}.")))
        print("\n".join(wrapped(f"{told}; p {step.p:.3g}.")))
        if graded:
            print("\n".join(wrapped(f"Lost is, {rule.words}.")))
        print(f"Check   strati certify --check {path}")
    if not done.certified:
        raise AnswerIsNo(
            f"not yet: it could not be shown, {sure}, that {promised}: {told}; these labels are used up"
            + (f" (lost is, {rule.words})" if graded else "")
        )
