"""`strati import`: a verdict over what other tools have recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def import_(
    tool: Annotated[str, typer.Argument(help="inspect, lm-eval, promptfoo, openai-evals or table.")],
    paths: Annotated[list[Path], typer.Argument(help="Log files or folders of them, simplest system first.")],
    score: Annotated[str | None, typer.Option(help="Which of the tool's scores counts (default: the first).")] = None,
    threshold: Annotated[float | None, typer.Option(help="From which score on an answer is right.")] = None,
    task: Annotated[str | None, typer.Option(help="Take this task only.")] = None,
    by: Annotated[str, typer.Option(help="What is compared: answers, scores or auto.")] = "auto",
    repeats: Annotated[str, typer.Option(help="once: one sample of each input counts; traffic: each does.")] = "once",
    at_least: Annotated[float | None, typer.Option(help="The least quality that will do, e.g. .9.")] = None,
    margin: Annotated[float | None, typer.Option(help="How much worse than the best is still good enough.")] = None,
    alpha: Annotated[float | None, typer.Option(help="Accepted risk of a wrong statement.")] = None,
    max_cost: Annotated[float | None, typer.Option(help="Dollars per 1,000 answers.")] = None,
    max_p95: Annotated[float | None, typer.Option(help="Milliseconds for 95 % of the answers.")] = None,
    volume: Annotated[int | None, typer.Option(help="Answers wanted a month.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of resampling.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Folder for report and data (default .strati/runs/ID).")] = None,
    runs_dir: Annotated[Path, typer.Option(help="Where journals are kept.")] = Path(".strati/runs"),
    json: Annotated[bool, typer.Option("--json", help="Print verdict.json instead of the report.")] = False,
) -> None:
    """Judge what other evaluation tools have recorded: a paired verdict, in one go.

    Nothing is run again. Every system in the logs is a candidate; all are
    compared on the samples that all of them were given. Writes examples.jsonl
    and answers-NAME.csv beside the report, for strati bench.

    Example: strati import inspect logs/ --at-least .9
    """
    import sys

    from strati.cli.outputs import finish
    from strati.cli.show import Show
    from strati.core.context import Context
    from strati.core.errors import UserError
    from strati.measure.imports import load
    from strati.measure.imports.files import write_files
    from strati.measure.imports.scoring import ANSWERS
    from strati.prove.imported import measure
    from strati.task.config import check_seed
    from strati.task.task import Goal, check_repeats

    wanted = {
        "at_least": at_least,
        "margin": margin,
        "alpha": alpha,
        "max_cost_per_1000": max_cost,
        "max_p95_ms": max_p95,
        "volume_per_month": volume,
    }
    goal = Goal(**{key: value for key, value in wanted.items() if value is not None})  # type: ignore[arg-type]
    check_seed(seed, "--seed")
    check_repeats(repeats)
    with Show(goal.machine_per_hour, json) as show:
        show.begin(f"reading {', '.join(map(str, paths))}", 0)
        imported = load(tool, paths, score=score, threshold=threshold, task=task, by=by, repeats=repeats)
        show.begin("comparing the systems", 0)
        outcome = measure(imported, goal, paths, runs_dir, Context(seed=seed), seed)
    for note in imported.notes:
        print(f"strati: {note}", file=sys.stderr)
    folder = out or outcome.journal.with_suffix("")
    try:
        files = write_files(imported, folder)
    except OSError as error:
        raise UserError(f"the data cannot be written to {folder}: {error.strerror}") from error
    finish(outcome, folder, as_json=json)
    if imported.rule.kind == ANSWERS and any(example.text != example.id for example in imported.examples):
        more = " ".join(f"--answers {path}" for path in files[1:])
        print(
            f"strati: to add the ladder: strati bench {files[0]} --input input --label reference --id id {more}",
            file=sys.stderr,
        )
