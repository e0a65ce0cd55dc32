"""One benchmark from data to verdict: check, split, measure, judge. `bench` is what the command line calls too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import strati
from strati.certify.compose.composed import add_composed, worth_asking
from strati.certify.fresh_labels import remember_learned
from strati.core.budget import Budget
from strati.core.context import Context
from strati.core.environment import environment
from strati.core.errors import BudgetReached, DataError, Stopped, TaskError
from strati.core.identity import fingerprint
from strati.core.lock import RunLock
from strati.core.records import JSON, Example
from strati.data import Dataset, Ledger, Splits, dataset_fingerprint, examine, label_hash, plan, stop
from strati.measure.effort import Effort
from strati.measure.journal import Journal, StoredExample
from strati.measure.plan import Outcome as Outcome
from strati.measure.plan import Plan as Plan
from strati.measure.runner import Bench
from strati.measure.scored_once import scored_once
from strati.models.contract import Embedder, LanguageModel
from strati.prove.allowance import refuse_unasked_spending
from strati.prove.studies import Studies, Study
from strati.stack.candidate import Candidate
from strati.stack.models_of import in_batches
from strati.stack.probe import Prober, probe_here
from strati.stack.uses import refuse_sending
from strati.task.config import check_seed
from strati.task.kind import Resources, kind_of
from strati.task.task import Task
from strati.verdict.limits import chosen_so_far
from strati.verdict.verdict import judge


def bench(
    data: Dataset,
    task: Task,
    *,
    test: Dataset | None = None,
    models: Sequence[LanguageModel] = (),
    embedders: Sequence[Embedder] = (),
    bases: Sequence[Path] = (),
    tables: Sequence[Path] = (),
    candidates: Sequence[Candidate] | None = None,
    also: Sequence[Candidate] = (),
    effort: Effort | None = None,
    seed: int = 0,
    runs: Path = Path(".strati/runs"),
    ctx: Context | None = None,
    prober: Prober = probe_here,
    max_dollars: float | None = None,
    studies: Studies | None = None,
) -> Outcome:
    """Measure candidates on labelled data and judge them.

    Args:
        data: labelled examples, or the training part when `test` is given.
        task: what the data are and what is good enough.
        test: a published test part; otherwise one is split off.
        bases, tables: knowledge bases and tables, for the kinds that answer from them.
        models, embedders: the models that the default ladder may use; none is picked behind your back.
        candidates: takes the place of the default ladder.
        also: candidates beside the ladder: your own layers, recorded answers.
        effort: how many examples slow rungs answer.
        seed: of splits, samples and fits.
        runs: where journals are kept; the same call goes on where an earlier one was stopped.
        ctx: deadline, cancellation and progress.
        prober: how latency is measured.
        max_dollars: what the run may cost in all, earlier calls with the same arguments included. Free rungs need none.
        studies: what is looked into afterwards: learning curves, twins, second answers.

    Returns:
        The outcome; `outcome.verdict["choice"]` is the decision.

    Raises:
        DataError: the data check found something that would make the result meaningless.
        BusyError: the same run is being computed by another process.
        TaskError: a rung costs money and `max_dollars` is not given; the sentence says how much is expected.
    """
    context = replace(ctx or Context(), seed=seed)
    planned = prepare(
        data, task, test, models, embedders, candidates, also, effort or Effort(), seed, context, bases, tables
    )
    return execute(planned, runs, context, prober, max_dollars, studies)


def prepare(
    data: Dataset,
    task: Task,
    test: Dataset | None,
    models: Sequence[LanguageModel],
    embedders: Sequence[Embedder],
    candidates: Sequence[Candidate] | None,
    also: Sequence[Candidate],
    effort: Effort,
    seed: int,
    ctx: Context,
    bases: Sequence[Path] = (),
    tables: Sequence[Path] = (),
    skip: Sequence[str] = (),
    weights: Sequence[object] = (),
    checks: Sequence[object] = (),
) -> Plan:
    """Check the data, split them, and line the candidates up. Reads no journal, spends nothing."""
    check_seed(seed)
    parts = {"all": data} if test is None else {"train": data, "test": test}
    ctx.begin("checking the data", 0)
    try:
        splits = plan(data, test, task, seed)
    except DataError:
        stop(examine(parts, task, seed))  # says it better, where it has something to say
        raise
    findings = examine(parts, task, seed, splits)
    stop(findings)
    kind = kind_of(task.kind)
    space = kind.space(task, (example.reference for part in parts.values() for example in part.examples))
    files = tuple(bases), tuple(tables)
    material = Resources(tuple(models), tuple(embedders), tuple(weights), *files, tuple(checks))
    lined_up = [*(kind.ladder(task, space, material) if candidates is None else candidates), *also]
    lined_up = [candidate for candidate in lined_up if not any(part in candidate.name for part in skip)]
    _refuse_leaks(lined_up, task)
    _refuse_untimed(lined_up, task)
    allowed = tuple(lined_up)
    names = [candidate.name for candidate in allowed]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise TaskError(
            f"two candidates are called {twice[0]!r}, expected names that differ: rename the file or the function"
            if twice
            else "there is no candidate to measure"
        )
    described = _describe(data, test, splits, [asdict(finding) for finding in findings], task.repeats)
    run = fingerprint(
        "run.v1",
        task=_task_json(task),
        data=described["sha256"],
        candidates=[[candidate.name, candidate.fingerprint()] for candidate in allowed],
        effort=asdict(effort),
        seed=seed,
        version=strati.__version__,
    )[:12]
    return Plan(run, task, space, splits, allowed, described, effort, seed, material)


def execute(
    planned: Plan,
    runs: Path,
    ctx: Context,
    prober: Prober = probe_here,
    max_dollars: float | None = None,
    studies: Studies | None = None,
) -> Outcome:
    """Measure what was planned, into `runs/<id>.db`, and judge it.

    The limit `max_dollars` (or else that of `ctx.budget`) is for the whole run, and the journal is the book of it.
    """
    if max_dollars is None and ctx.budget.limit:
        max_dollars = ctx.budget.limit
    Budget(max_dollars or 0.0)  # an amount that makes no sense is told first
    if max_dollars is None:
        refuse_unasked_spending(planned, runs, ctx, studies)
    path = runs / f"{planned.run}.db"
    stopped: Stopped | None = None
    with RunLock(runs / f"{planned.run}.lock"), Journal(path) as journal:
        metric = scored_once(
            planned.kind, planned.kind.metric(planned.task.metric, planned.space, planned.resources), journal
        )
        _write_run(journal, planned, _ledger(planned, runs))
        journal.write("budget", {"limit": max_dollars})
        context = replace(ctx, memo=journal, budget=Budget(max_dollars or 0.0, journal, ctx.paid))
        stacks, goal = runs / f"{planned.run}.stacks", planned.task.goal
        chosen = partial(chosen_so_far, journal)
        inputs = planned.task.inputs
        bench_ = Bench(planned.splits, metric, journal, context, planned.effort, stacks, prober, goal, chosen, inputs)
        try:
            try:
                bench_.run(planned.candidates)
            except BudgetReached as reached:  # what costs nothing is done all the same
                stopped = reached
            ctx.begin("composing stacks", 0)
            try:
                bench_.ask_retired(worth_asking(journal), planned.resources.named())
            except BudgetReached as reached:
                stopped = stopped or reached
            add_composed(journal, stacks, planned.resources.named())
            Study(bench_, planned.labels, studies or Studies()).run(planned.candidates)
        except Stopped as reason:
            stopped = stopped or reason
        ctx.begin("comparing the candidates", 0)
        why = None if stopped is None else str(stopped)
        return Outcome(planned.run, path, judge(journal).to_json(), why, isinstance(stopped, BudgetReached))


def _refuse_leaks(candidates: Sequence[Candidate], task: Task) -> None:
    """Raise before anything is sent when the goal is private and a model would send inputs elsewhere."""
    if not task.goal.private:
        return
    for candidate in candidates:
        if not candidate.recorded:
            for card in candidate.cards:
                refuse_sending(card, candidate.name)


def _refuse_untimed(candidates: Sequence[Candidate], task: Task) -> None:
    """Raise before anything is paid when a limit on latency could never be met, because answers come in batches."""
    if task.goal.max_p95_ms is None:
        return
    for candidate in candidates:
        if any(in_batches(form.stack) for form in candidate.forms):
            raise TaskError(
                f"{candidate.name} is asked in batches, which nobody can time, but the goal has max_p95_ms: expected "
                f"no batch = true in models.{candidate.cards[0].name}, or no such limit"
            )


def _write_run(journal: Journal, planned: Plan, ledger: dict[str, JSON]) -> None:
    splits = planned.splits
    known = journal.read("run")
    note = ""
    journal.write(
        "run",
        {
            "id": planned.run,
            "strati": strati.__version__,
            "created": known["created"] if known else datetime.now(UTC).isoformat(timespec="seconds"),
            "seed": planned.seed,
            "task": _task_json(planned.task),
            "labels": list(planned.labels),
            "schema": planned.space.schema,
            "bases": [str(path.absolute()) for path in planned.resources.bases],
            "tables": [str(path.absolute()) for path in planned.resources.tables],
            "candidates": [[candidate.name, candidate.uses_llm] for candidate in planned.candidates],
            "data": planned.data,
            "units": [unit.name for unit in splits.units],
            "environment": environment(),
            "ledger": known["ledger"] if known else ledger,
            "slow": [candidate.name for candidate in planned.candidates if candidate.slow],
            "limits": {"note": note, **asdict(planned.effort)},
        },
    )
    test = [example for unit in splits.units for example in unit.test]
    tune = {example.id: example for unit in splits.units for example in unit.tune}
    remember_learned(
        journal, [example for unit in splits.units for part in (unit.train, unit.tune) for example in part]
    )
    journal.write_examples("test", [_stored(example, keep_input=False) for example in test])
    journal.write_examples("calibrate", [_stored(example, keep_input=True) for example in splits.calibrate])
    journal.write_examples("tune", [_stored(example, keep_input=True) for example in list(tune.values())[:3000]])


def _stored(example: Example, *, keep_input: bool) -> StoredExample:
    return StoredExample(example.id, example.reference, example.group, example.text if keep_input else None)


def _ledger(planned: Plan, runs: Path) -> dict[str, JSON]:
    """Book the opening of the test labels; say how often labels were used before."""
    splits = planned.splits
    ledger = Ledger(runs.parent / "ledger.db")
    test = [example for unit in splits.units for example in unit.test]
    overlap = ledger.overlap(test, planned.run).share
    before = ledger.use("test", test, planned.run, "bench")
    sealed = splits.calibrate or splits.sealed
    used = len(ledger.overlap(sealed, planned.run).runs)
    note = "the test labels were opened for this run for the first time"
    if before:
        note = f"the test labels were used by {before} other run{'s' if before > 1 else ''} before: choices made after "
        note += "seeing those results make this one look better than it is"
    elif overlap:
        note = f"{overlap:.0%} of the test labels were used by other runs before"
    return {
        "test_uses_before": before,
        "test_overlap": overlap,
        "test_hash": label_hash(test),
        "calibrate_uses_before": used,
        "sealed": len(sealed),
        "note": note,
    }


def _describe(
    data: Dataset, test: Dataset | None, splits: Splits, findings: list[JSON], repeats: str
) -> dict[str, JSON]:
    files = [data] if test is None else [data, test]
    return {
        "name": " + ".join(part.source or "memory" for part in files),
        "rows": sum(len(part) for part in files),
        "splits": splits.sizes(),
        "repeats": repeats,
        "left_out": splits.left_out,
        "method": splits.method,
        "sha256": dataset_fingerprint([example for part in files for example in part.examples]),
        "files": [
            {"source": part.source, "format": part.format, "encoding": part.encoding, "sha256": part.sha256}
            for part in files
        ],
        "skipped": sum(len(part.skipped) for part in files),
        "notes": [splits.describe(), *splits.notes, *(note for part in files for note in part.notes)],
        "findings": findings,
    }


def _task_json(task: Task) -> dict[str, JSON]:
    return asdict(task)
