"""One benchmark from data to verdict: check, split, measure, judge. `bench` is what the command line calls too."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import strati
from strati.benchmark import Bench
from strati.candidate import Candidate
from strati.config import check_seed
from strati.context import Context
from strati.dataset import Dataset, Ledger, Splits, dataset_fingerprint, examine, label_hash, plan, stop
from strati.effort import Effort, sample_ids
from strati.errors import DataError, Stopped, TaskError
from strati.identity import fingerprint
from strati.journal import Journal, RunLock, StoredExample
from strati.ladder import ladder
from strati.metrics import get_metric
from strati.model import Embedder, LanguageModel
from strati.probe import Prober, probe_here
from strati.records import JSON, Example
from strati.studies import Studies, Study
from strati.task import Task
from strati.verdict import judge

PACKAGES = ("numpy", "scipy", "scikit-learn", "xllamacpp", "onnxruntime", "tokenizers")


@dataclass(frozen=True)
class Outcome:
    """A finished or interrupted benchmark.

    `verdict` is the mapping described in docs/decision-and-verdict.md; `stopped` says why the run ended early, if so.
    """

    run: str
    journal: Path
    verdict: dict[str, JSON]
    stopped: str | None = None


@dataclass(frozen=True)
class Plan:
    """What a benchmark is about to do, before anything is measured."""

    run: str
    task: Task
    labels: tuple[str, ...]
    splits: Splits
    candidates: tuple[Candidate, ...]
    data: dict[str, JSON]
    effort: Effort
    seed: int
    not_allowed: tuple[tuple[str, str], ...] = field(default=())


def bench(
    data: Dataset,
    task: Task,
    *,
    test: Dataset | None = None,
    models: Sequence[LanguageModel] = (),
    embedders: Sequence[Embedder] = (),
    candidates: Sequence[Candidate] | None = None,
    also: Sequence[Candidate] = (),
    effort: Effort | None = None,
    seed: int = 0,
    runs: Path = Path(".strati/runs"),
    ctx: Context | None = None,
    prober: Prober = probe_here,
    studies: Studies | None = None,
) -> Outcome:
    """Measure candidates on labelled data and judge them.

    Args:
        data: labelled examples, or the training part when `test` is given.
        task: what the data are and what is good enough.
        test: a published test part; otherwise one is split off.
        models, embedders: the models that the default ladder may use; none is picked behind your back.
        candidates: takes the place of the default ladder.
        also: candidates beside the ladder: your own layers, recorded answers.
        effort: how many examples slow rungs answer.
        seed: of splits, samples and fits.
        runs: where journals are kept; the same call goes on where an earlier one was stopped.
        ctx: deadline, cancellation and progress.
        prober: how latency is measured.
        studies: what is looked into afterwards: learning curves, twins, second answers.

    Returns:
        The outcome; `outcome.verdict["choice"]` is the decision.

    Raises:
        DataError: the data check found something that would make the result meaningless.
        BusyError: the same run is being computed by another process.
    """
    context = replace(ctx or Context(), seed=seed)
    planned = prepare(data, task, test, models, embedders, candidates, also, effort or Effort(), seed, context)
    return execute(planned, runs, context, prober, studies)


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
    found = sorted({str(e.reference) for part in parts.values() for e in part.examples})
    unknown = [label for label in found if task.labels and label not in task.labels]
    if unknown:
        raise DataError(
            f"the data hold the labels {', '.join(map(repr, unknown[:5]))}, which task.labels does not list: "
            f"expected one of {', '.join(task.labels)}"
        )
    labels = task.labels or tuple(found)
    lined_up = [*(ladder(task, labels, models, embedders) if candidates is None else candidates), *also]
    refused = [(c.name, "its inputs would leave this machine") for c in lined_up if _leaks(c, task)]
    allowed = tuple(candidate for candidate in lined_up if not _leaks(candidate, task))
    names = [candidate.name for candidate in allowed]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise TaskError(
            f"two candidates are called {twice[0]!r}, expected names that differ: rename the file or the function"
            if twice
            else "there is no candidate to measure"
        )
    described = _describe(data, test, splits, [asdict(finding) for finding in findings])
    run = fingerprint(
        "run.v1",
        task=_task_json(task),
        data=described["sha256"],
        candidates=[[candidate.name, candidate.fingerprint()] for candidate in allowed],
        effort=asdict(effort),
        seed=seed,
        version=strati.__version__,
    )[:12]
    return Plan(run, task, labels, splits, allowed, described, effort, seed, tuple(refused))


def execute(
    planned: Plan, runs: Path, ctx: Context, prober: Prober = probe_here, studies: Studies | None = None
) -> Outcome:
    """Measure what was planned, into `runs/<id>.db`, and judge it."""
    path = runs / f"{planned.run}.db"
    stopped = None
    with RunLock(runs / f"{planned.run}.lock"), Journal(path) as journal:
        metric = get_metric(planned.task.metric, planned.labels)
        _write_run(journal, planned, _ledger(planned, runs))
        context = replace(ctx, memo=journal)
        bench_ = Bench(planned.splits, metric, journal, context, planned.effort, runs / f"{planned.run}.stacks", prober)
        try:
            bench_.run(planned.candidates)
            Study(bench_, planned.labels, studies or Studies()).run(planned.candidates)
        except Stopped as reason:
            stopped = str(reason)
        ctx.begin("comparing the candidates", 0)
        return Outcome(planned.run, path, judge(journal), stopped)


def _leaks(candidate: Candidate, task: Task) -> bool:
    return task.goal.private and not candidate.private and not candidate.recorded


def _write_run(journal: Journal, planned: Plan, ledger: dict[str, JSON]) -> None:
    splits = planned.splits
    known = journal.read("run")
    sample = len(sample_ids(splits, planned.effort.sample, planned.seed))
    total = splits.sizes()["test"]
    slow = [candidate.name for candidate in planned.candidates if candidate.slow]
    note = "every rung answered all test examples"
    if slow and sample < total:
        note = f"slow rungs ({', '.join(slow)}) answered one common random subset of {sample} of {total} test examples"
    if planned.not_allowed:
        refused = "; ".join(f"{name}: {why}" for name, why in planned.not_allowed)
        note += f"; not allowed by the goal: {refused}"
    journal.write(
        "run",
        {
            "id": planned.run,
            "strati": strati.__version__,
            "created": known["created"] if known else datetime.now(UTC).isoformat(timespec="seconds"),
            "seed": planned.seed,
            "task": _task_json(planned.task),
            "labels": list(planned.labels),
            "candidates": [[candidate.name, candidate.uses_llm] for candidate in planned.candidates],
            "data": planned.data,
            "units": [unit.name for unit in splits.units],
            "environment": environment(),
            "ledger": known["ledger"] if known else ledger,
            "limits": {"sample": planned.effort.sample, "note": note, **asdict(planned.effort)},
        },
    )
    test = [example for unit in splits.units for example in unit.test]
    tune = {example.id: example for unit in splits.units for example in unit.tune}
    journal.write_examples("test", [_stored(example, keep_input=False) for example in test])
    journal.write_examples("tune", [_stored(example, keep_input=True) for example in list(tune.values())[:3000]])


def _stored(example: Example, *, keep_input: bool) -> StoredExample:
    return StoredExample(example.id, str(example.reference), example.group, example.text if keep_input else None)


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


def _describe(data: Dataset, test: Dataset | None, splits: Splits, findings: list[JSON]) -> dict[str, JSON]:
    files = [data] if test is None else [data, test]
    return {
        "name": " + ".join(part.source or "memory" for part in files),
        "rows": sum(len(part) for part in files),
        "splits": splits.sizes(),
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


def environment() -> dict[str, JSON]:
    """The machine and the versions that matter for repeating a run."""
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "packages": packages,
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
