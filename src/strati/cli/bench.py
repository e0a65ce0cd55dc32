"""`strati bench`: from a labelled file to a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from strati.knowledge.ask.judge import SentenceCheck
    from strati.prove.bench import Outcome
    from strati.prove.inputs import Inputs
    from strati.stack.candidate import Candidate

EPILOG = "Example: strati bench tickets.csv --input text --label intent"


def bench(
    file: Annotated[
        str | None, typer.Argument(help="Labelled examples: CSV, TSV, JSONL, Parquet, .tab, or - .")
    ] = None,
    input: Annotated[list[str] | None, typer.Option("--input", "-i", help="Column with the text; repeatable.")] = None,
    label: Annotated[str | None, typer.Option("--label", "-l", help="Column with the label.")] = None,
    train: Annotated[str | None, typer.Option(help="Published training part, with --test.")] = None,
    test: Annotated[str | None, typer.Option(help="Published test part.")] = None,
    id: Annotated[str | None, typer.Option(help="Column that names an example.")] = None,
    group: Annotated[str | None, typer.Option(help="Column that ties examples together (customer, document).")] = None,
    time: Annotated[str | None, typer.Option(help="Column with dates: splits then go in order of time.")] = None,
    kind: Annotated[str | None, typer.Option(help="classify (default), answer, extract, query, write or code.")] = None,
    kb: Annotated[list[Path] | None, typer.Option(help="Knowledge base to answer from; repeatable.")] = None,
    tables: Annotated[list[Path] | None, typer.Option(help="Table or database to query; repeatable.")] = None,
    classifier: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="A pair classifier of yours as a check of answers, as in strati ask."),
    ] = None,
    repeats: Annotated[
        str | None, typer.Option(help="once (default): one row of each input counts; traffic: each row does.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="A strati.toml; ./strati.toml is read when no FILE is given.")
    ] = None,
    metric: Annotated[str | None, typer.Option(help="One of the kind's; for labels accuracy or macro_f1.")] = None,
    describe: Annotated[str | None, typer.Option(help="One sentence for language models: what is wanted.")] = None,
    at_least: Annotated[float | None, typer.Option(help="The least quality that will do, e.g. .9.")] = None,
    margin: Annotated[float | None, typer.Option(help="How much worse than the best is still good enough.")] = None,
    alpha: Annotated[float | None, typer.Option(help="Accepted risk of a wrong statement.")] = None,
    max_cost: Annotated[float | None, typer.Option(help="Dollars per 1,000 answers.")] = None,
    max_p95: Annotated[float | None, typer.Option(help="Milliseconds for 95 % of the answers.")] = None,
    licence: Annotated[list[str] | None, typer.Option(help="Allowed licence; repeatable.")] = None,
    volume: Annotated[int | None, typer.Option(help="Answers wanted a month.")] = None,
    machine_per_hour: Annotated[float | None, typer.Option(help="Dollars for an hour of this machine.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="A pulled model to use; repeatable. Default: all.")] = None,
    llm: Annotated[bool, typer.Option("--llm/--no-llm", help="Whether language models take part.")] = True,
    catalog: Annotated[list[Path] | None, typer.Option(help="A further model catalog; repeatable.")] = None,
    answers: Annotated[list[Path] | None, typer.Option(help="Recorded answers as a candidate; repeatable.")] = None,
    layer: Annotated[list[str] | None, typer.Option(help="Your own code as a candidate, FILE.py:NAME.")] = None,
    rules: Annotated[list[Path] | None, typer.Option(help="A file of keyword rules as a candidate.")] = None,
    sample: Annotated[int | None, typer.Option(help="Test examples that slow rungs answer. Default: by power.")] = None,
    skip: Annotated[
        list[str] | None, typer.Option(help="Leave out rungs whose name holds this, e.g. few-shot; repeatable.")
    ] = None,
    racing: Annotated[
        bool | None, typer.Option("--racing/--no-racing", help="Whether hopeless slow rungs are retired on tune.")
    ] = None,
    curve: Annotated[
        bool, typer.Option("--curve/--no-curve", help="Learning curves: what would more labels buy?")
    ] = True,
    twins: Annotated[
        int | None, typer.Option(help="Ask language models N test examples again, label names and their order changed.")
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Use the first N rows only.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of splits and samples.")] = None,
    max_minutes: Annotated[float | None, typer.Option(help="Stop after this time; the same command goes on.")] = None,
    max_dollars: Annotated[
        float | None, typer.Option(help="What paid models may cost in all, earlier runs of the same command included.")
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print what it would ask, cost and take; spend nothing.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the report (default .strati/runs/ID).")] = None,
    runs_dir: Annotated[Path, typer.Option(help="Where journals are kept.")] = Path(".strati/runs"),
    json: Annotated[bool, typer.Option("--json", help="Print verdict.json instead of the report.")] = False,
) -> None:
    """Measure a ladder of candidates on your own labelled examples and judge them.

    From a plain rule to language models: says which is the smallest that is
    good enough, whether you need an LLM, and what it costs. Nothing leaves this
    machine unless the goal allows it. Stopped by Ctrl-C, a limit or a crash, the same command goes on.

    Example: strati bench tickets.csv --input text --label intent
    """
    import sys

    from strati.cli.outputs import finish
    from strati.core.errors import Stopped
    from strati.models.open import raise_for_servers
    from strati.prove.inputs import gather

    inputs = gather(
        file,
        config,
        {
            "train": train,
            "test": test,
            "input": input,
            "label": label,
            "id": id,
            "group": group,
            "time": time,
            "repeats": repeats,
        },
        {"kind": kind, "metric": metric, "description": describe},
        {
            "at_least": at_least,
            "margin": margin,
            "alpha": alpha,
            "max_cost_per_1000": max_cost,
            "max_p95_ms": max_p95,
            "licences": licence,
            "volume_per_month": volume,
            "machine_per_hour": machine_per_hour,
        },
        limit,
    )
    settings = dict(inputs.config.bench)
    if "answers" in settings:
        settings["answers"] = [inputs.config.folder / str(path) for path in settings["answers"]]
    if "layers" in settings:
        settings["layers"] = [str(inputs.config.folder / str(spec)) for spec in settings["layers"]]
    limits = {"max_dollars": max_dollars, "max_minutes": max_minutes}
    given = {"models": model, "sample": sample, "racing": racing, "seed": seed, "answers": answers, "layers": layer}
    for key, value in {**given, **limits, "twins": twins}.items():
        if value is not None and value != []:
            settings[key] = value
    if not llm:
        settings["llm"] = False
    if not curve:
        settings["curve"] = False
    for note in inputs.notes:
        print(f"strati: {note}", file=sys.stderr)
    also = _also(settings, rules or [], inputs)
    resources = (kb or [], tables or [], skip or [], _checks(classifier, inputs.task.kind))
    outcome = _run(inputs, settings, also, catalog or [], runs_dir, plan, json, *resources)
    if outcome is None:
        return
    finish(outcome, out, as_json=json)
    if outcome.stopped:
        more = " with a larger --max-dollars" if outcome.out_of_money else ""
        raise Stopped(f"{outcome.stopped} (the same command{more} goes on from here)")
    raise_for_servers(outcome.verdict, inputs.config.models)


def _run(
    inputs: Inputs,
    settings: dict[str, object],
    also: list[Candidate],
    catalogs: list[Path],
    runs: Path,
    only_plan: bool,
    quiet: bool,
    bases: list[Path],
    tables: list[Path],
    skip: list[str],
    checks: list[SentenceCheck],
) -> Outcome | None:
    import time
    from dataclasses import replace

    from strati.cli.limits import limits
    from strati.cli.plan import show_plan
    from strati.cli.prober import ProcessProber
    from strati.cli.show import Show
    from strati.cli.signals import stop_on_interrupt
    from strati.core.context import Context
    from strati.measure.effort import Effort
    from strati.models.open import open_models, open_weights
    from strati.prove.allowance import foresee
    from strati.prove.bench import execute, prepare
    from strati.prove.studies import Studies
    from strati.task.config import check_seed

    seed = check_seed(settings.get("seed", 0), "--seed")
    dollars, minutes = limits(settings)
    names = [str(name) for name in settings.get("models", [])]  # type: ignore[attr-defined]
    llms, hosted = bool(settings.get("llm", True)), inputs.config.models
    models, embedders = open_models(names, catalogs, llms=llms, hosted=hosted)
    weights = open_weights(names, catalogs)
    sample = settings.get("sample")
    racing = bool(settings.get("racing", True))
    effort = replace(Effort() if sample is None else Effort.of(int(str(sample))), racing=racing)
    studies = Studies(bool(settings.get("curve", True)), int(str(settings.get("twins", 0))))
    with Show(inputs.task.goal.machine_per_hour, quiet) as show:
        deadline = None if minutes is None else time.monotonic() + 60 * minutes
        ctx = Context(seed=seed, deadline=deadline, begin=show.begin, advance=show.advance, paid=show.paid)
        with stop_on_interrupt(ctx.cancelled):
            given = (inputs.test, models, embedders, None, also, effort, seed, ctx, bases, tables, skip)
            plan = prepare(inputs.data, inputs.task, *given, weights=weights, checks=checks)
            if not only_plan:
                prober = ProcessProber((runs / f"{plan.run}.stacks").resolve(), [path.resolve() for path in catalogs])
                return execute(plan, runs, ctx, prober, dollars, studies)
            forecast = foresee(plan, runs, replace(ctx, deadline=None), studies=studies)
    show_plan(forecast, dollars, minutes, as_json=quiet)
    return None


def _checks(classifier: Path | None, kind: str) -> list[SentenceCheck]:
    from strati.core.errors import TaskError
    from strati.knowledge.ask.pair_classifier import PairClassifier

    if classifier is None:
        return []
    if kind != "answer":
        raise TaskError(f"--classifier checks answers from a knowledge base, and the kind is {kind}: leave it out")
    return [PairClassifier(classifier).opened()]


def _also(settings: dict[str, object], rules: list[Path], inputs: Inputs) -> list[Candidate]:
    from strati.core.errors import DataError
    from strati.kinds.classify.rules import Rules
    from strati.measure.recorded_answers import read_answers
    from strati.prove.own_code import own_layer
    from strati.stack.candidate import Candidate

    read = [Rules.from_file(path, path.stem) for path in rules]
    for path, layer in zip(rules, read, strict=True):
        if not layer.rules:
            raise DataError(f'{path} holds no rules, expected lines such as: when "phrase" then label')
    found = [Candidate.of(layer, slow=False) for layer in read]
    found += [own_layer(str(name)) for name in settings.get("layers", [])]  # type: ignore[attr-defined]
    ids = {example.id for example in (inputs.test or inputs.data).examples}
    for path in settings.get("answers", []):  # type: ignore[attr-defined]
        recorded = read_answers(Path(str(path)))
        unknown = [key for key in recorded if key not in ids]
        if unknown:
            raise DataError(
                f"{path} has answers for {len(unknown)} ids that the data do not have, such as {unknown[0]!r}: "
                "expected the ids of the id column, or row numbers counted from 1"
            )
        found.append(Candidate.from_answers(Path(str(path)).stem, recorded))
    return found
