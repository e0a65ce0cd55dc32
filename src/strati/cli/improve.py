"""`strati improve`: experiments on a finished run that one gate decides."""

from __future__ import annotations

import json as json_module
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from strati.cli.console import hung, open_console

if TYPE_CHECKING:
    from strati.improve.experiment import Outcome, Row


def improve(
    run: Annotated[str, typer.Argument(help="The id of a run, its journal, or `latest`; or a NAME.stack.")],
    experiment: Annotated[
        str | None, typer.Argument(help="Of a run: compress, ablate, encoder, prompts or distil; see below.")
    ] = None,
    rung: Annotated[
        str | None, typer.Option(help="The rung to improve, or the teacher; else the best of its kind on tune.")
    ] = None,
    instruction: Annotated[
        list[str] | None, typer.Option(help="prompts: an instruction of yours to try; repeatable.")
    ] = None,
    unlabelled: Annotated[str | None, typer.Option(help="distil: the rows that the teacher labels, or - .")] = None,
    student: Annotated[
        list[str] | None, typer.Option(help="distil: only students whose name holds this, e.g. n-grams; repeatable.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="distil: label the first N unlabelled rows only.")] = None,
    from_quantised: Annotated[
        bool, typer.Option("--from-quantised", help="compress: requantise a model that is quantised already.")
    ] = False,
    audit: Annotated[
        Path | None, typer.Option(help="distil: a sample of the teacher's labels for you to check, written or read.")
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="Where the run's file is now, if it moved; twice for train and test.")
    ] = None,
    decisions: Annotated[
        Path | None, typer.Option(help="Of a stack: what people decided, a table or the server's export.")
    ] = None,
    recent: Annotated[str | None, typer.Option(help="With it: rows of use, to list what would change.")] = None,
    label: Annotated[str | None, typer.Option("--label", "-l", help="With it: the column of the decision.")] = None,
    swap: Annotated[bool, typer.Option("--swap", help="Of a stack: put the refitted one in its place.")] = False,
    rollback: Annotated[bool, typer.Option("--rollback", help="Of a stack: put back the one before.")] = False,
    minutes: Annotated[float | None, typer.Option(help="Stop after this time; the same command goes on.")] = None,
    max_dollars: Annotated[float | None, typer.Option(help="What paid models may cost in all experiments.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write what was chosen to this stack folder.")] = None,
    runs_dir: Annotated[Path, typer.Option(help="Where journals are kept.")] = Path(".strati/runs"),
    catalog: Annotated[list[Path] | None, typer.Option(help="A further model catalog; repeatable.")] = None,
    config: Annotated[Path | None, typer.Option(help="A strati.toml with the models that the rungs use.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Look for something smaller that is shown not to be worse, or something that is shown to be better.

    compress: smaller n-grams or encoder; with --rung, fewer examples and bits
    for a language model. ablate: the stack without each part.
    encoder: a small encoder of your own, fine-tuned on your labels.
    prompts: another instruction, form or examples for a language model.
    distil: a language model labels rows for a small model to learn from.
    NAME.stack --decisions FILE: the stack learns from what people decided.

    Everything is judged on the run's tune rows, paired. Test and calibrate
    labels are not touched. What is not shown leaves what you have.

    Example: strati improve latest compress --out small.stack
    """
    from strati.cli.experiments import EXPERIMENTS, Given, working
    from strati.cli.limits import limits
    from strati.cli.report import find_run
    from strati.core.errors import StackError, TaskError
    from strati.measure.journal import Journal
    from strati.measure.results import load_results
    from strati.stack.folder import save_stack

    if decisions is not None or swap or rollback or Path(run, "stack.toml").is_file():
        from strati.cli.decisions import Feedback, feed_back

        if experiment is not None:
            raise TaskError(
                f"found the experiment {experiment!r} with a stack or its options, expected a run for it, or "
                "NAME.stack with --decisions, --swap or --rollback alone"
            )
        asked = Feedback(decisions, recent, label, tuple(data or ()), out, swap, rollback, runs_dir)
        feed_back(Path(run), asked, tuple(catalog or ()), config, as_json=json)
        return
    if experiment is None:
        expected = f"expected one of: {', '.join(EXPERIMENTS)}; a stack that is there takes --decisions FILE"
        raise TaskError(f"no experiment was named for {run}, {expected}")
    if experiment not in EXPERIMENTS:
        raise TaskError(f"found the experiment {experiment!r}, expected one of: {', '.join(EXPERIMENTS)}")
    given_options = {
        "--rung": rung,
        "--instruction": instruction,
        "--unlabelled": unlabelled,
        "--student": student,
        "--limit": limit,
        "--audit": audit,
        "--data": data,
        "--from-quantised": from_quantised,
    }
    does = EXPERIMENTS[experiment]
    for option, value in given_options.items():
        if value and option not in does.options:
            fit = [name for name, one in EXPERIMENTS.items() if option in one.options]
            raise TaskError(f"{option} was given with {experiment}, expected it with {' or '.join(fit)} only")
    if limit is not None and limit < 1:
        raise TaskError(f"--limit is {limit}, expected at least 1 row")
    dollars, _ = limits({"max_dollars": max_dollars, "max_minutes": minutes})
    path = find_run(None if run == "latest" else run, runs_dir)
    if out is not None and out.exists() and not (out / "stack.toml").is_file():
        raise StackError(f"{out} exists and is not a stack, expected a new name or an older stack to replace")
    with Journal(path, read_only=True) as journal:
        results = load_results(journal)
        with working(journal, results, minutes, dollars, quiet=json) as ctx:
            given = Given(
                journal,
                results,
                path.with_suffix(".stacks"),
                tuple(catalog or ()),
                config,
                ctx,
                quiet=json,
                wanted=out is not None,
                rung=rung,
                instructions=tuple(instruction or ()),
                unlabelled=unlabelled,
                students=tuple(student or ()),
                limit=limit,
                audit=audit,
                data=tuple(data or ()),
                dollars=dollars,
                from_quantised=from_quantised,
            )
            outcome, stack = does.run(given)
    written = out if out is not None and stack is not None else None
    if written is not None and stack is not None:
        save_stack(stack, written, results.task.inputs)
    if json:
        print(json_module.dumps({**outcome.to_json(), "stack": str(written) if written else None}, ensure_ascii=False))
    else:
        show(outcome, written, out)


def show(outcome: Outcome, written: Path | None, out: Path | None) -> None:
    """The table, what the gate says of each row, the choice, and what to do with it."""
    from rich.table import Table
    from rich.text import Text

    console = open_console()
    table = Table(show_edge=False, pad_edge=False, box=None, header_style="dim")
    timed = outcome.kept.milliseconds is not None
    table.add_column("tried", overflow="fold")
    table.add_column(outcome.metric, justify="right")
    for head in (f"difference ({100 * (1 - outcome.alpha):g} %)", *(("a row", "size") if timed else ("people",))):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("$/1,000", justify="right", no_wrap=True)
    rows = (outcome.kept, *outcome.tried)
    styles = ["bold" if place - 1 == outcome.chosen else "" for place in range(len(rows))]
    for row, style in zip(rows, styles, strict=True):
        table.add_row(*map(Text, _cells(row, timed)), style=style)
    console.print()
    console.print(table)
    console.print()
    for row, style in zip(rows, styles, strict=True):
        console.print(Text(hung(_ruling(row), 2, console.width), style=style))
    console.print()
    for line in _ending(outcome):
        console.print(Text(hung(line, 0, console.width)))
    for line in _next(outcome, written, out):
        console.print(Text(line), soft_wrap=True)


def _cells(row: Row, timed: bool) -> Iterator[str]:
    from strati.core.figures import difference, milliseconds, money, share, size

    yield row.name
    yield share(row.quality)
    found = {"difference": row.difference, "low": row.low, "high": row.high}
    yield "" if row.difference is None else difference(found)
    if timed:
        yield milliseconds(row.milliseconds)
        yield size(None if row.megabytes is None else 1e6 * row.megabytes)
    else:
        yield share(row.people)
    yield money(row.cost_per_1000)


def _ruling(row: Row) -> str:
    from strati.core.figures import probability, several

    if row.p is None:
        return f"{row.name}: what you have"
    return f"{row.name}: {row.reason} (p {probability(row.p)}, {several(row.flips, 'flip')})"


def _ending(outcome: Outcome) -> Iterator[str]:
    from strati.core.figures import several

    basis = f"Measured on {outcome.n:,} tune rows; p is Holm's over {several(len(outcome.tried), 'proposal')}; "
    basis += "flips are answers that changed."
    if outcome.experiment == "ablate" and outcome.kept.people:
        basis += " People's answers count as right."
    yield basis
    if outcome.chosen is None:
        yield f"Kept what you had: {outcome.kept.name}. Nothing else was shown to be as good and smaller, or better."
    else:
        yield f"Chosen  {outcome.tried[outcome.chosen].name}: the smallest that qualifies."


def _next(outcome: Outcome, written: Path | None, out: Path | None) -> Iterator[str]:
    """What was written, or would be: names and commands, to be copied as they are."""
    if outcome.chosen is None:
        if out is not None:
            yield f"{out} was not written."
    elif written is None:
        yield "        --out NAME.stack writes it."
    else:
        yield f"Stack   {written} (it has no certificate)"
        yield f"Answer  strati run {written} FILE"
