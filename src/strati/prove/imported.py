"""From imported systems to a verdict, with the same journal, statistics and report as a benchmark's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import strati
from strati.core.context import Context
from strati.core.identity import fingerprint, sha256_of
from strati.data import Splits, Unit, dataset_fingerprint
from strati.measure.effort import Effort
from strati.measure.imports.compared import Imported
from strati.measure.imports.scoring import SCORES
from strati.measure.imports.values import files_in
from strati.prove.bench import Outcome, Plan, execute
from strati.stack.candidate import Candidate
from strati.task.kind import Space
from strati.task.task import Goal, Task

METHOD = "imported"


def measure(
    imported: Imported, goal: Goal, sources: Sequence[Path], runs: Path, ctx: Context, seed: int = 0
) -> Outcome:
    """The paired verdict over what was recorded. Nothing is fitted: all examples are test."""
    planned = plan_import(imported, goal, sources, seed)
    return execute(planned, runs, ctx)


def plan_import(imported: Imported, goal: Goal, sources: Sequence[Path], seed: int = 0) -> Plan:
    """The plan of a run whose candidates are all recorded."""
    scored = imported.rule.kind == SCORES
    task = Task(
        inputs=("input",),
        label="reference",
        id="id",
        description=imported.rule.words,
        repeats=imported.repeats,
        goal=goal,
    )
    found = {str(example.reference) for example in imported.examples}
    labels = ("right", "wrong") if scored else tuple(sorted(found))
    candidates = tuple(Candidate.from_answers(name, rows) for name, rows in imported.answers.items())
    splits = Splits((Unit(METHOD, (), (), imported.examples),), (), (), METHOD)
    files = [file for source in sources for file in files_in(source, ("*.eval", "*.json", "*.jsonl"))]
    data = {
        "name": " + ".join(str(source) for source in sources),
        "rows": len(imported.examples),
        "splits": splits.sizes(),
        "repeats": imported.repeats,
        "left_out": imported.left_out,
        "method": METHOD,
        "sha256": dataset_fingerprint(imported.examples),
        "files": [
            {"source": str(file), "format": file.suffix[1:], "encoding": "", "sha256": sha256_of(file)}
            for file in files
        ],
        "skipped": 0,
        "notes": list(imported.notes),
        "findings": [],
    }
    run = fingerprint(
        "import.v1",
        data=data["sha256"],
        candidates=[[candidate.name, candidate.fingerprint()] for candidate in candidates],
        goal=asdict(goal),
        rule=asdict(imported.rule),
        notes=list(imported.notes),
        seed=seed,
        version=strati.__version__,
    )[:12]
    return Plan(run, task, Space(labels), splits, candidates, data, Effort(), seed)
