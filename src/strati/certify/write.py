"""A certified setting as a stack on disk, with its certificate and the outcomes it rests on."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import strati
from strati.certify.certificate import OUTCOMES, Certificate
from strati.certify.certify import Certified
from strati.certify.compose.assembly import assemble
from strati.certify.method import Delivered, Promise, Row, class_table, group_table, outcome_rows, upper_bound
from strati.certify.traffic import LEVEL, Sketch
from strati.core.environment import receipt
from strati.core.errors import StackError
from strati.core.identity import sha256_of
from strati.core.lock import in_words
from strati.core.records import JSON, Example
from strati.data import label_hash
from strati.measure.journal import Journal
from strati.measure.results import Results, load_results
from strati.stack.folder import put_folder, save_stack
from strati.stack.stack import Stack
from strati.task.task import ONCE, TRAFFIC

OVER = {
    ONCE: "automatic answers to inputs like the calibrate inputs, of which each counts once",
    TRAFFIC: "automatic answers on traffic that repeats inputs as the calibrate rows do",
}
MOST_GROUPS = 100  # rows of the table of groups, those with most errors


def write_certified(
    journal: Journal, done: Certified, stacks: Path, resources: Mapping[str, object], path: Path
) -> Stack:
    """Write the certified stack with its certificate and the outcomes it rests on, whole or not at all.

    Raises:
        StackError, ModelError: a rung's saved stack is damaged, or its model is not at hand.
        UserError: the folder cannot be written.
    """
    if done.setting is None:
        raise ValueError("nothing was certified, so there is nothing to write")
    if path.exists() and not (path / "stack.toml").is_file():
        raise StackError(f"{path} exists and is not a stack, expected a new name or an older stack to replace")
    results = load_results(journal)
    folders = [stacks / str(results.result(name).record.delivered) for name in done.names]
    stack = assemble(done.design.composition, done.setting.thresholds, folders, resources, path.stem)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as temporary:
            folder = Path(temporary) / "new"
            save_stack(stack, folder, results.task.inputs)
            outcomes = _write_outcomes(done, folder / OUTCOMES)
            data = _data(journal, results, done)
            data["traffic"] = {"sha256": _sketch(done).write(folder), "level": LEVEL}
            data["receipt"] = {**receipt(folder), "p95_ms": _times(results, done)}
            _certificate(done, stack, resources, outcomes, data).write(folder)
            put_folder(folder, path, Path(temporary) / "old")
    except OSError as error:
        raise in_words(error, path) from error
    return stack


def _times(results: Results, done: Certified) -> dict[str, float | None]:
    """Milliseconds within which 95 % of the answers of each rung came, on the machine of the run."""
    found = {name: results.result(name).latency_ms for name in done.names}
    return {name: None if one is None else one["p95"] for name, one in found.items()}


def _sketch(done: Certified) -> Sketch:
    """What is kept of the calibrate inputs, to tell later whether traffic is like them."""
    delivered = done.parts["calibrate"]
    return Sketch.of((example.text for example in done.calibrate), delivered.count, len(delivered.rung))


def _write_outcomes(done: Certified, file: Path) -> str:
    """Write what n, errors and p are computed from; returns the SHA-256."""
    rows = outcome_rows(done.scored["calibrate"], [example.id for example in done.calibrate])
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    file.write_text(lines, encoding="utf-8", newline="\n")
    return sha256_of(file)


def _certificate(
    done: Certified, stack: Stack, resources: Mapping[str, object], outcomes: str, data: dict[str, JSON]
) -> Certificate:
    return Certificate(
        stack=stack.fingerprint(),
        promise=promise_json(done),
        result=result_json(done),
        walk=done.walk.to_json(),
        data=data,
        resources=_fingerprints(resources),
        outcomes=outcomes,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        strati=strati.__version__,
        run=done.run,
    )


def promise_json(done: Certified) -> dict[str, JSON]:
    """What is promised, in the terms of whoever asked for it."""
    wanted, promise = done.wanted, done.walk.path.promise
    found: dict[str, JSON] = {
        "at_least": wanted.bar,
        "confidence": wanted.confidence,
        "risk": promise.risk,
        "per_class": wanted.per_class,
        "loss": done.rule.words,
        **({"rule": done.rule.name} if done.rule.name else {}),
        "over": OVER[done.repeats],
        "repeats": done.repeats,
    }
    if wanted.error_costs is not None:
        found["loss"] = "dollars that an automatic answer loses, as a share of the dearest error"
        found["max_error_cost_per_1000"] = wanted.max_error_cost
        found["dearest_error"] = wanted.error_costs.dearest
        found["error_costs"] = wanted.error_costs.to_json()
    return found


def result_json(done: Certified) -> dict[str, JSON]:
    """What was found on each part: n, errors and p of the certified setting, figures, tables per class and group."""
    found: dict[str, JSON] = {}
    if done.setting is not None and done.walk.step is not None:
        step = done.walk.step
        found = {"n": step.n, "errors": step.errors, "p": step.p, "level": step.level}
        found["thresholds"] = dict(zip(done.names, done.setting.thresholds, strict=True))
    found |= {name: figures(done, delivered) for name, delivered in done.parts.items()}
    found["classes"] = {part: [_row("class", row) for row in class_rows(done, part)] for part in ("calibrate", "test")}
    groups = group_rows(done)
    found["groups"] = {"count": len(groups), "rows": [_row("group", row) for row in groups[:MOST_GROUPS]]}
    found["notes"] = list(done.notes)
    found["chance"] = done.chance
    return found


def figures(done: Certified, delivered: Delivered) -> dict[str, JSON]:
    """What a setting did on one part; `upper` is a bound of the error by itself (see `strati.certify.method.table`)."""
    found: dict[str, JSON] = {
        "examples": len(delivered.rung),
        "automatic": delivered.count,
        "share": delivered.share if len(delivered.rung) else None,
        "errors": delivered.errors,
        "error": delivered.error if delivered.count else None,
        "upper": upper(done, delivered),
        "cost_per_1000": 1000 * delivered.cost_each if len(delivered.rung) else None,
    }
    costs = done.wanted.error_costs
    if costs is not None:
        found["error_cost_per_1000"] = 1000 * costs.dearest * delivered.error if delivered.count else None
        found["upper_error_cost_per_1000"] = 1000 * costs.dearest * upper(done, delivered)
    return found


def upper(done: Certified, delivered: Delivered) -> float:
    """The one-sided upper bound of the mean loss that these answers give by themselves."""
    promise = done.walk.path.promise
    return upper_bound(delivered, delivered.automatic, promise, round(1 - done.wanted.confidence, 12))


def class_rows(done: Certified, part: str) -> Sequence[Row]:
    """The table per class of the answer, most errors first."""
    return _worst(class_table(done.parts[part], done.labels, _promise(done)))


def group_rows(done: Certified) -> Sequence[Row]:
    """The table per group of calibrate, most errors first; empty where examples come in no groups."""
    scored, delivered = done.scored["calibrate"], done.parts["calibrate"]
    if scored.groups is None:
        return ()
    keys = [str(scored.groups[row]).removeprefix("group ") for row in delivered.rows]
    return _worst(group_table(delivered, keys, _promise(done)))


def _promise(done: Certified) -> Promise:
    return done.walk.path.promise


def _worst(rows: Sequence[Row]) -> Sequence[Row]:
    return sorted((row for row in rows if row.n), key=lambda row: (-row.errors, -row.n, str(row.key)))


def _row(name: str, row: Row) -> dict[str, JSON]:
    return {
        name: str(row.key),
        "automatic": row.n,
        "errors": row.errors,
        "error": row.error,
        "upper": row.upper,
        "upper_together": row.upper_together,
    }


def _data(journal: Journal, results: Results, done: Certified) -> dict[str, JSON]:
    tune = [Example(e.id, e.input, e.reference) for e in journal.examples("tune")]
    parts: dict[str, JSON] = {
        name: {"examples": len(examples), "labels": label_hash(examples)}
        for name, examples in (("tune", tune), ("calibrate", done.calibrate))
    }
    data = results.meta["data"]
    records = {name: results.result(name).record for name in done.names}
    taught = {name: record.taught_rows for name, record in records.items() if record.taught_rows}
    if taught:
        parts["learned"] = {"rows": taught, "from": "train, tune and test"}
    return {**parts, "test": results.meta["ledger"]["test_hash"], "sha256": data["sha256"], "files": data["files"]}


def _fingerprints(resources: Mapping[str, object]) -> dict[str, str]:
    """The models and snapshots that the stack was given, by name."""
    return {name: str(part.fingerprint()) for name, part in resources.items() if hasattr(part, "fingerprint")}
