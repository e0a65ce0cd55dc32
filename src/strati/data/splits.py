"""Train, tune, calibrate and test: which examples serve what, decided once for a data set and a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from strati.core.errors import DataError
from strati.core.records import Example
from strati.data.blocks import Block, blocks_of
from strati.data.data import Dataset
from strati.data.stratify import stratify
from strati.task.kind import kind_of
from strati.task.task import Task

SHARES = {"train": 0.5, "tune": 0.15, "calibrate": 0.15, "test": 0.2}
PUBLISHED_SHARES = {"train": 0.75, "tune": 0.1, "calibrate": 0.15}
# More examples than these sharpen nothing that is read off these parts; train has a better use for them.
CAPS = {"tune": 2_000, "calibrate": 3_000, "test": 10_000}
FOLDS = 5
SEALED_SHARE = 0.2
TUNE_SHARE_OF_FOLD = 0.2

Examples = tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """One fit and its measurement: a candidate learns on train, is set on tune and measured on test."""

    name: str
    train: Examples
    tune: Examples
    test: Examples


@dataclass(frozen=True, slots=True)
class Splits:
    """The parts of a data set.

    Attributes:
        units: one for a plain split, one per fold when cross-fitting: then each open example is in one unit's test.
        calibrate: for thresholds with a guarantee; sealed by the ledger. Empty where labels are few.
        sealed: what nobody has looked at when cross-fitting; empty otherwise.
        method: `holdout`, `published`, `crossfit` or `time`.
        notes: what the reader of a result should know, in words.
    """

    units: tuple[Unit, ...]
    calibrate: Examples
    sealed: Examples
    method: str
    notes: tuple[str, ...] = ()

    def sizes(self) -> dict[str, int]:
        """Examples per part. For cross-fitting `test` counts all folds together, train and tune are per fold."""
        units = self.units
        return {
            "train": min(len(unit.train) for unit in units),
            "tune": min(len(unit.tune) for unit in units),
            "calibrate": len(self.calibrate),
            "test": sum(len(unit.test) for unit in units),
            "sealed": len(self.sealed),
        }

    def parts(self) -> dict[str, Examples]:
        """Parts without overlap: train, tune, calibrate and test; `open` and `sealed` when cross-fitting."""
        if self.method == "crossfit":
            return {"open": tuple(example for unit in self.units for example in unit.test), "sealed": self.sealed}
        unit = self.units[0]
        return {"train": unit.train, "tune": unit.tune, "calibrate": self.calibrate, "test": unit.test}

    def describe(self) -> str:
        """One sentence a report can print."""
        sizes = self.sizes()
        if self.method == "crossfit":
            return (
                f"few labels: {sizes['test']:,} examples in {len(self.units)} folds, each measured by a stack that did "
                f"not learn from it, and {sizes['sealed']:,} sealed"
            )
        how = {"time": "in order of time", "published": "test as given"}.get(self.method, "stratified by label")
        named = [f"{name} {size:,}" for name, size in sizes.items() if size and name != "sealed"]
        return f"{', '.join(named)} ({how})"


def plan(train: Dataset, test: Dataset | None, task: Task, seed: int, small: int = 400) -> Splits:
    """The splits of one file, or of a published train/test pair.

    Groups stay whole; so do examples with the same text, except in order of time, where repeats are part of the
    traffic. Below `small` labels without a published test the splits are cross-fitted. Raises `DataError` where there
    are too few examples to split.
    """
    if len(train) < 2 or (test is not None and not len(test)):
        raise DataError(f"{len(train)} labelled rows cannot be split, expected at least 2")
    if test is not None:
        return _published(train.examples, test.examples, task, seed, small)
    if task.time:
        return _in_time(train.examples, SHARES, small)
    if len(train) < small:
        return _crossfit(train.examples, task, seed)
    return _holdout(train.examples, task, seed)


def _holdout(examples: Examples, task: Task, seed: int) -> Splits:
    train, tune, calibrate, test = _dealt(examples, _capped(SHARES, len(examples)), task, seed)
    return Splits((Unit("holdout", train, tune, test),), calibrate, (), "holdout", _about_groups(examples))


def _published(given: Examples, test: Examples, task: Task, seed: int, small: int) -> Splits:
    notes: tuple[str, ...] = ()
    if {example.id for example in given} & {example.id for example in test}:
        given = tuple(replace(example, id=f"train:{example.id}") for example in given)
        notes += ("ids of the train file begin with 'train:' because the test file has the same ones",)
    shares = dict(PUBLISHED_SHARES)
    if len(given) < small:
        shares = {"train": 0.8, "tune": 0.2, "calibrate": 0.0}
        notes += (f"{len(given)} train labels are too few for a calibrate part",)
    shares = _capped(shares, len(given))
    if task.time:
        train, tune, calibrate = _in_order(given, shares)
        notes += ("tune and calibrate are the latest rows of the train file",)
    else:
        train, tune, calibrate = _dealt(given, shares, task, seed, keep_from=1)
        notes += _about_groups(given)
    return Splits((Unit("published", train, tune, test),), calibrate, (), "published", notes)


def _in_time(examples: Examples, shares: dict[str, float], small: int) -> Splits:
    train, tune, calibrate, test = _in_order(examples, _capped(shares, len(examples)))
    notes: tuple[str, ...] = ("rows are split in order of time; texts may repeat in later parts as they do in use",)
    if len(examples) < small:
        notes += (f"{len(examples)} labels in order of time: one split, no cross-fitting, so intervals are wide",)
    if any(example.group for example in examples):
        notes += ("groups stay whole and are placed by their latest row, so earlier rows of a group may come later",)
    return Splits((Unit("time", train, tune, test),), calibrate, (), "time", notes)


def _crossfit(examples: Examples, task: Task, seed: int) -> Splits:
    opened, sealed = _dealt(examples, {"open": 1 - SEALED_SHARE, "sealed": SEALED_SHARE}, task, seed)
    blocks = blocks_of(opened)
    count = min(FOLDS, len(blocks))
    if count < 2:
        raise DataError(f"{len(examples)} labelled rows hold {len(blocks)} different group or text: too few to split")
    folds = stratify(_strata(opened, task), blocks, [1 / count] * count, seed, keep_from=0)
    units = []
    for number, places in enumerate(folds, 1):
        inside = set(places)
        rest = tuple(example for place, example in enumerate(opened) if place not in inside)
        shares = {"train": 1 - TUNE_SHARE_OF_FOLD, "tune": TUNE_SHARE_OF_FOLD}
        train, tune = _dealt(rest, shares, task, seed + number, keep_from=1)
        units.append(Unit(f"fold{number}", train, tune, tuple(opened[place] for place in places)))
    notes = (f"{len(examples)} labels are few: cross-fitted in {count} folds, {len(sealed)} examples sealed",)
    return Splits(tuple(units), (), sealed, "crossfit", notes + _about_groups(examples))


def _dealt(examples: Examples, shares: dict[str, float], task: Task, seed: int, keep_from: int = 2) -> list[Examples]:
    parts = stratify(_strata(examples, task), blocks_of(examples), list(shares.values()), seed, keep_from)
    return [tuple(examples[place] for place in part) for part in parts]


def _in_order(examples: Examples, shares: dict[str, float]) -> list[Examples]:
    """Whole groups by the time of their latest row, cut where each part has its share of the rows."""

    def latest(block: Block) -> tuple[str, int]:
        return max(examples[place].time or "" for place in block), block[0]

    ordered = sorted(blocks_of(examples, same_text=False), key=latest)
    parts: list[list[int]] = [[] for _ in shares]
    bounds, total = [], 0.0
    for share in shares.values():
        total += share
        bounds.append(total * len(examples))
    part = dealt = 0
    for block in ordered:
        while part < len(parts) - 1 and dealt + len(block) / 2 > bounds[part]:
            part += 1
        parts[part].extend(block)
        dealt += len(block)
    return [tuple(examples[place] for place in sorted(part)) for part in parts]


def _capped(shares: dict[str, float], count: int) -> dict[str, float]:
    """The shares with the caps applied; train takes what the others leave."""
    kept = {name: min(share, CAPS.get(name, count) / max(1, count)) for name, share in shares.items()}
    kept["train"] += 1 - sum(kept.values())
    return kept


def _strata(examples: Sequence[Example], task: Task) -> list[str]:
    stratum = kind_of(task.kind).stratum
    return [stratum(example.reference) for example in examples]


def _about_groups(examples: Sequence[Example]) -> tuple[str, ...]:
    groups = {example.group for example in examples if example.group is not None}
    return (f"{len(groups):,} groups, each whole in one part",) if groups else ()
