"""`strati improve`: experiments on a finished run that one gate decides."""

from __future__ import annotations

import json as json_module
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from strati.improve.experiment import Outcome, Row
    from strati.measure.journal import Journal
    from strati.measure.results import Results
    from strati.stack.stack import Stack

EXPERIMENTS = ("compress", "ablate")


def improve(
    run: Annotated[str, typer.Argument(help="The id of a run, its journal, or `latest`.")],
    experiment: Annotated[str, typer.Argument(help="compress: fewer n-grams. ablate: the stack without each part.")],
    rung: Annotated[str | None, typer.Option(help="compress: the n-gram rung; default the best on tune.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write what was chosen to this stack folder.")] = None,
    runs_dir: Annotated[Path, typer.Option(help="Where journals are kept.")] = Path(".strati/runs"),
    catalog: Annotated[list[Path] | None, typer.Option(help="A further model catalog; repeatable.")] = None,
    config: Annotated[Path | None, typer.Option(help="A strati.toml whose [models.NAME] the stack uses.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Look for something smaller that is shown not to be worse; else keep what is there.

    Everything is measured on the run's tune rows, paired. Test and calibrate
    labels are not touched. What passes is not worse by the goal's margin, at
    the goal's alpha over all that was tried.

    Example: strati improve latest compress --out small.stack
    """
    from strati.cli.base import told_on_terminal
    from strati.cli.report import find_run
    from strati.core.errors import StackError, TaskError
    from strati.measure.journal import Journal
    from strati.measure.results import load_results
    from strati.stack.folder import save_stack

    if experiment not in EXPERIMENTS:
        raise TaskError(f"found the experiment {experiment!r}, expected one of: {', '.join(EXPERIMENTS)}")
    if rung is not None and experiment != "compress":
        raise TaskError(f"--rung was given with {experiment}, expected it with compress only")
    path = find_run(None if run == "latest" else run, runs_dir)
    if out is not None and out.exists() and not (out / "stack.toml").is_file():
        raise StackError(f"{out} exists and is not a stack, expected a new name or an older stack to replace")
    given = _Given(path.with_suffix(".stacks"), catalog or [], config, json, out is not None)
    with Journal(path, read_only=True) as journal, told_on_terminal() as told:
        results = load_results(journal)
        if experiment == "compress":
            outcome, stack = _compress(journal, results, rung, told, given)
        else:
            outcome, stack = _ablate(journal, results, told, given)
    written = out if out is not None and stack is not None else None
    if written is not None and stack is not None:
        save_stack(stack, written, results.task.inputs)
    if json:
        print(json_module.dumps({**outcome.to_json(), "stack": str(written) if written else None}, ensure_ascii=False))
    else:
        _show(outcome, written, out)


class _Given(NamedTuple):
    """Where saved rungs and their models are, and what is wanted besides the table."""

    stacks: Path
    catalogs: list[Path]
    config: Path | None
    quiet: bool
    stack_wanted: bool

    def say(self, *lines: str) -> None:
        """The plan: before anything is done; on standard error where JSON is wanted."""
        print("\n".join(lines), file=sys.stderr if self.quiet else sys.stdout, flush=True)


Told = Callable[[str, int, int], None]


def _compress(
    journal: Journal, results: Results, rung: str | None, told: Told, given: _Given
) -> tuple[Outcome, Stack | None]:
    from strati.improve.compress import SHARES, compress, ngram_rung, plan_compress
    from strati.serve.resources import resources_of
    from strati.stack.folder import load_stack

    name, folder = ngram_rung(results, given.stacks, rung)
    resources = resources_of(folder, given.catalogs, given.config)
    plan = plan_compress(journal, results, name, load_stack(folder, resources), folder)
    shares = ", ".join(f"{100 * share:g} %" for share in SHARES)
    given.say(
        f"Plan    {name}: keep {shares} of its {plan.features:,} n-grams, the heaviest; nothing is trained",
        f"        {plan.rows:,} tune rows answered {len(SHARES) + 1} times over; no model is paid; {_gate(results)}",
    )
    return compress(journal, results, plan, resources, told)


def _ablate(journal: Journal, results: Results, told: Told, given: _Given) -> tuple[Outcome, Stack | None]:
    from strati.improve.ablate import ablate, assembled, folders_of, plan_ablate
    from strati.serve.resources import resources_of

    plan = plan_ablate(journal, results)
    given.say(
        f"Plan    {plan.name}: the stack without each layer and without its check",
        f"        from the answers to {len(plan.part):,} tune rows; no model is asked; {_gate(results)}",
    )
    outcome, variant = ablate(results, plan, told)
    if variant is None or not given.stack_wanted:
        return outcome, None
    resources: dict[str, object] = {}
    for folder in folders_of(results, plan, variant, given.stacks):
        resources |= resources_of(folder, given.catalogs, given.config)
    return outcome, assembled(results, plan, variant, given.stacks, resources)


def _gate(results: Results) -> str:
    return f"margin {100 * results.goal.margin:g} points, alpha {results.goal.alpha:g}"


def _show(outcome: Outcome, written: Path | None, out: Path | None) -> None:
    """The table, the choice, and what to do with it."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False)
    table = Table(show_edge=False, pad_edge=False, box=None, header_style="dim")
    timed = outcome.kept.milliseconds is not None
    heads = [outcome.metric, f"difference ({100 * (1 - outcome.alpha):g} %)", "flips"]
    heads += ["a row", "size"] if timed else ["people"]
    table.add_column("tried", overflow="fold")
    for head in (*heads, "$/1,000"):
        table.add_column(head, justify="right", no_wrap=True)
    table.add_column("p", justify="right")
    table.add_column("", overflow="fold")
    for place, row in enumerate((outcome.kept, *outcome.tried)):
        chosen = outcome.chosen is not None and place == outcome.chosen + 1
        table.add_row(*map(Text, _cells(row, timed)), style="bold" if chosen else "")
    console.print()
    console.print(table)
    console.print()
    for line in _ending(outcome, written, out):
        console.print(Text(line))


def _cells(row: Row, timed: bool) -> Iterator[str]:
    from strati.core.figures import milliseconds, money, probability, share, size

    yield row.name
    yield share(row.quality)
    yield "" if row.difference is None else f"{_points(row.difference)} ({_points(row.low)} to {_points(row.high)})"
    yield "" if row.p is None else f"{row.flips:,}"
    if timed:
        yield milliseconds(row.milliseconds)
        yield size(None if row.megabytes is None else 1e6 * row.megabytes)
    else:
        yield share(row.people)
    yield money(row.cost_per_1000)
    yield "" if row.p is None else probability(row.p)
    yield "what you have" if row.p is None else row.reason


def _points(value: float | None) -> str:
    return "" if value is None else f"{100 * value:+.1f}".replace("-", "\N{MINUS SIGN}")


def _ending(outcome: Outcome, written: Path | None, out: Path | None) -> Iterator[str]:
    basis = f"Measured on {outcome.n:,} tune rows; p is Holm's over {len(outcome.tried)} proposals."
    if outcome.experiment == "ablate" and outcome.kept.people:
        basis += " People's answers count as right."
    yield basis
    if outcome.chosen is None:
        yield f"Kept what you had: {outcome.kept.name}. Nothing smaller was shown to be not worse."
        if out is not None:
            yield f"{out} was not written."
        return
    yield f"Chosen  {outcome.tried[outcome.chosen].name}: the smallest that is shown not to be worse."
    if written is None:
        yield "        --out NAME.stack writes it."
    else:
        yield f"Stack   {written} (it has no certificate)"
        yield f"Answer  strati run {written} FILE"
