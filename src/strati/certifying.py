"""From a finished run to a certified stack: design on tune, one walk over calibrate, a look at test.

The order of the code matters: what is tested is fixed on tune and booked in the ledger before the first calibrate
reference is used; test comes last and decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import strati
from strati.assembly import assemble
from strati.certificate import OUTCOMES, Certificate
from strati.certify import (
    Delivered,
    Economics,
    Promise,
    Scored,
    Setting,
    Walk,
    evaluate,
    walk,
)
from strati.certify.power import labels_needed_to_certify
from strati.composing import Design, design
from strati.dataset import Ledger, label_hash
from strati.dataset.attempts import Attempt, book
from strati.errors import DataError, TaskError
from strati.folder import save_stack
from strati.identity import fingerprint, sha256_of
from strati.journal import Journal, StoredExample
from strati.records import JSON, Example
from strati.results import Results, load_results
from strati.rung_answers import Part, read_part, rungs_to_compose
from strati.stack import Stack


@dataclass(frozen=True)
class Wanted:
    """What is to be certified: quality `at_least` on automatic answers with `confidence`; `tries` looks are planned.

    `per_class` asks it of every class by itself.
    """

    at_least: float = 0.95
    confidence: float = 0.95
    tries: int = 1
    per_class: bool = False

    def __post_init__(self) -> None:
        for name, value in (("at-least", self.at_least), ("confidence", self.confidence)):
            if not 0 < value < 1:
                raise TaskError(f"--{name} is {value:g}, expected a share above 0 and below 1")


@dataclass(frozen=True)
class Certified:
    """The outcome: what was designed on tune, the walk over calibrate, and what the setting did on each part."""

    run: str
    wanted: Wanted
    design: Design
    walk: Walk
    setting: Setting | None
    parts: Mapping[str, Delivered]
    scored: Mapping[str, Scored]
    economics: Economics
    labels: tuple[str, ...]
    more_labels: int | None
    left: int
    notes: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return self.design.composition.names


def certify(journal: Journal, ledger: Ledger, wanted: Wanted) -> Certified:
    """Design a stack on tune, test it on calibrate, look at it on test.

    Raises:
        DataError: the run has no calibrate part or none of its rungs can be a stage, or its labels are spent.
    """
    results = load_results(journal)
    names = [result.name for result in rungs_to_compose(journal, results)]
    if not names:
        raise DataError(
            f"run {results.run} has no rung that can be a stage: expected measured ones that can be saved and that "
            "give a confidence"
        )
    calibrate = journal.examples("calibrate")
    if not calibrate:
        raise DataError(
            f"run {results.run} has no calibrate part in its journal: it had too few labels, or an older version of "
            "strati made it; run strati bench again"
        )
    tune = read_part(journal, results, names, "tune")
    economics = Economics.of(results.goal)
    classes = tuple(range(len(results.labels))) if wanted.per_class else ()
    promise = Promise(wanted.at_least, round(1 - wanted.confidence, 12), classes=classes)
    asked = read_part(journal, results, names, "calibrate").available()
    seed = int(results.meta["seed"])
    found = design(tune, results.labels, promise, economics, asked, seed)
    if found.plan.path is None:
        raise DataError(f"no rung of run {results.run} answers anything on tune with a confidence: nothing to certify")
    attempt = _book(ledger, calibrate, results, found, wanted)
    if attempt.risk < promise.risk - 1e-12:
        promise = Promise(wanted.at_least, attempt.risk, classes=classes)
        found = design(tune, results.labels, promise, economics, asked, seed)
    return _walked(journal, results, names, found, wanted, economics, attempt.left)


def _book(
    ledger: Ledger, calibrate: Sequence[StoredExample], results: Results, found: Design, wanted: Wanted
) -> Attempt:
    examples = [Example(e.id, e.input, e.reference) for e in calibrate]
    path = fingerprint(
        "try.v1",
        path=None if found.plan.path is None else found.plan.path.to_json(),
        stages=[combiner.to_json() for combiner in found.composition.combiners],
    )
    return book(ledger, examples, results.run, path, wanted.confidence, wanted.tries)


def _walked(
    journal: Journal,
    results: Results,
    names: Sequence[str],
    found: Design,
    wanted: Wanted,
    economics: Economics,
    left: int,
) -> Certified:
    assert found.plan.path is not None
    parts = {name: read_part(journal, results, names, name).only(found.order) for name in ("tune", "calibrate", "test")}
    scored = {name: found.composition.scored(part, results.labels) for name, part in parts.items()}
    walked = walk(found.plan.path, scored["calibrate"])
    setting = walked.setting
    shown = setting or _nearest(found)
    delivered = {name: evaluate(shown, part) for name, part in scored.items()}
    more = None
    if setting is None:
        on_tune = delivered["tune"]
        more = labels_needed_to_certify(on_tune.error, on_tune.share, wanted.at_least, 1 - wanted.confidence)
    return Certified(
        results.run,
        wanted,
        found,
        walked,
        setting,
        delivered,
        scored,
        economics,
        results.labels,
        more,
        left,
        _notes(results, parts["calibrate"]),
    )


def _nearest(found: Design) -> Setting:
    """The setting that tune predicted to be the easiest to certify."""
    place = int(found.plan.predicted.argmin())
    return found.plan.estimates[place].setting


def _notes(results: Results, calibrate: Part) -> tuple[str, ...]:
    notes = []
    used = int(results.meta["ledger"].get("calibrate_uses_before") or 0)
    if used:
        notes.append(
            f"{used} other runs used some of these labels before (as test labels, say): choices made after seeing "
            "their results are not covered"
        )
    if calibrate.groups is not None:
        notes.append("examples come in groups: the promise is about answers of new groups")
    return tuple(notes)


def write_certified(
    journal: Journal, done: Certified, stacks: Path, resources: Mapping[str, object], path: Path
) -> Stack:
    """Write the certified stack with its certificate and the outcomes it rests on; returns the stack.

    Raises:
        StackError, ModelError: a rung's saved stack is damaged, or its model is not at hand.
    """
    if done.setting is None or done.walk.step is None:
        raise ValueError("nothing was certified, so there is nothing to write")
    results = load_results(journal)
    folders = [stacks / str(results.result(name).record["stack"]) for name in done.names]
    stack = assemble(done.design.composition, done.setting.thresholds, folders, resources, path.stem)
    save_stack(stack, path)
    outcomes = _write_outcomes(journal, done, path / OUTCOMES)
    Certificate(
        stack=stack.fingerprint(),
        promise={
            "at_least": done.wanted.at_least,
            "confidence": done.wanted.confidence,
            "per_class": done.wanted.per_class,
            "loss": "1 for a wrong automatic answer, 0 for a right one",
            "over": "automatic answers on traffic like the calibrate data",
        },
        result={
            "n": done.walk.step.n,
            "errors": done.walk.step.errors,
            "p": done.walk.step.p,
            "level": done.walk.step.level,
            "thresholds": dict(zip(done.names, done.setting.thresholds, strict=True)),
            **{name: figures(delivered) for name, delivered in done.parts.items()},
        },
        walk=done.walk.to_json(),
        data=_data(journal, results),
        resources=_fingerprints(resources),
        outcomes=outcomes,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        strati=strati.__version__,
        run=done.run,
    ).write(path)
    return stack


def figures(delivered: Delivered) -> dict[str, JSON]:
    """What a setting did on one part, JSON-ready."""
    return {
        "examples": len(delivered.rung),
        "automatic": delivered.count,
        "share": delivered.share,
        "errors": delivered.errors,
        "error": delivered.error if delivered.count else None,
        "cost_per_1000": 1000 * delivered.cost_each,
    }


def _write_outcomes(journal: Journal, done: Certified, path: Path) -> str:
    """The calibrate outcomes of every stage: what n, errors and p are computed from. Returns the file's SHA-256."""
    scored = done.scored["calibrate"]
    ids = [example.id for example in journal.examples("calibrate")]
    with path.open("w", encoding="utf-8") as file:
        for row, key in enumerate(ids):
            stages = [
                [float(scored.confidence[row, k]), float(scored.loss[row, k]), int(scored.labels[row, k])]
                if scored.answered[row, k] and scored.labels is not None
                else (None if scored.available is not None and scored.available[row, k] else "not asked")
                for k in range(len(scored.names))
            ]
            record: dict[str, JSON] = {"id": key, "stages": stages}
            if scored.groups is not None:
                record["group"] = scored.groups[row]
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    return sha256_of(path)


def _data(journal: Journal, results: Results) -> dict[str, JSON]:
    parts: dict[str, JSON] = {}
    for name in ("tune", "calibrate"):
        examples = journal.examples(name)
        parts[name] = {
            "examples": len(examples),
            "labels": label_hash(Example(e.id, e.input, e.reference) for e in examples),
        }
    data = results.meta["data"]
    return {**parts, "test": results.meta["ledger"]["test_hash"], "sha256": data["sha256"], "files": data["files"]}


def _fingerprints(resources: Mapping[str, object]) -> dict[str, str]:
    """The models and snapshots that the stack was given, by name."""
    return {name: str(part.fingerprint()) for name, part in resources.items() if hasattr(part, "fingerprint")}
