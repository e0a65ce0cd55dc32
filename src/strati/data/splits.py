"""Train, tune, calibrate and test: which examples serve what, decided once for a data set and a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from strati.core.errors import DataError
from strati.core.records import Example
from strati.data.blocks import Block, blocks_of
from strati.data.data import Dataset
from strati.data.normal import normal_text
from strati.data.stratify import stratify
from strati.task.kind import kind_of
from strati.task.task import ONCE, Task

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
        left_out: rows that repeat the input of another row, left out of everything but train. Repeats are no evidence:
            an answer to the same input is the same answer.
    """

    units: tuple[Unit, ...]
    calibrate: Examples
    sealed: Examples
    method: str
    notes: tuple[str, ...] = ()
    left_out: int = 0

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

    Groups stay whole. Rows with the same input stay together, and one row of each distinct input counts in tune,
    calibrate and test; with `task.repeats` "traffic" each row is dealt and counts by itself. Below `small` distinct
    inputs without a published test the splits are cross-fitted. Raises `DataError` where there are too few examples,
    or too few groups, to split.
    """
    if len(train) < 2 or (test is not None and not len(test)):
        raise DataError(f"{len(train)} labelled rows cannot be split, expected at least 2")
    once = task.repeats == ONCE
    if test is not None:
        found = _published(train.examples, test.examples, task, seed, small)
    elif task.time:
        found = _in_time(train.examples, SHARES, small, once)
    elif len(distinct(train.examples) if once else train) < small:
        found = _crossfit(train.examples, task, seed)
    else:
        found = _holdout(train.examples, task, seed)
    _refuse_empty(found, train.examples)
    return replace(found, notes=found.notes + _about_repeats(found, once))


def distinct(examples: Sequence[Example]) -> Examples:
    """The first row of each distinct input, after normalisation, in their order."""
    first: dict[str, Example] = {}
    for example in examples:
        first.setdefault(normal_text(example.text), example)
    return tuple(first.values())


def _refuse_empty(splits: Splits, examples: Examples) -> None:
    """Raise where groups or repeats leave nothing to learn from, or nothing to measure on."""
    for what, parts in (("train", [u.train for u in splits.units]), ("test", [u.test for u in splits.units])):
        if not all(parts):
            count = len(blocks_of(examples))
            groups = len({example.group for example in examples if example.group is not None})
            kind = f"{groups} group{'' if groups == 1 else 's'}" if groups else f"{count} distinct inputs"
            raise DataError(
                f"the {len(examples):,} rows come in {kind}, which stay whole: too few to split, no row is left for "
                f"{what}; expected groups (or inputs) in the dozens"
            )


def _about_repeats(splits: Splits, once: bool) -> tuple[str, ...]:
    if not once:
        return (
            "repeats are taken as traffic: each row counts, so figures hold for traffic that repeats inputs as these "
            "rows do",
        )
    if not splits.left_out:
        return ()
    rows = "1 row repeats" if splits.left_out == 1 else f"{splits.left_out:,} rows repeat"
    return (f"{rows} the input of another row and {_count(splits.left_out)} left out: one row of each input counts",)


def _count(rows: int) -> str:
    return "is" if rows == 1 else "are"


def _holdout(examples: Examples, task: Task, seed: int) -> Splits:
    dealt = _dealt(examples, _capped(SHARES, len(examples)), task, seed)
    train, tune, calibrate, test = dealt
    unit, left = Unit("holdout", train, tune, test), len(examples) - sum(map(len, dealt))
    return Splits((unit,), calibrate, (), "holdout", _about_groups(examples), left)


def _published(given: Examples, test: Examples, task: Task, seed: int, small: int) -> Splits:
    notes: tuple[str, ...] = ()
    if {example.id for example in given} & {example.id for example in test}:
        given = tuple(replace(example, id=f"train:{example.id}") for example in given)
        notes += ("ids of the train file begin with 'train:' because the test file has the same ones",)
    once = task.repeats == ONCE
    shares = dict(PUBLISHED_SHARES)
    if len(distinct(given) if once else given) < small:
        shares = {"train": 0.8, "tune": 0.2, "calibrate": 0.0}
        notes += (f"{len(given)} train labels are too few for a calibrate part",)
    shares = _capped(shares, len(given))
    if task.time:
        train, tune, calibrate = _in_order(given, shares, once)
        notes += ("tune and calibrate are the latest rows of the train file",)
    else:
        train, tune, calibrate = _dealt(given, shares, task, seed, keep_from=1)
        notes += _about_groups(given)
    counted = distinct(test) if once else test
    left = len(given) + len(test) - sum(map(len, (train, tune, calibrate, counted)))
    return Splits((Unit("published", train, tune, counted),), calibrate, (), "published", notes, left)


def _in_time(examples: Examples, shares: dict[str, float], small: int, once: bool) -> Splits:
    parts = _in_order(examples, _capped(shares, len(examples)), once)
    train, tune, calibrate, test = parts
    how = "inputs known from earlier parts do not count" if once else "texts may repeat in later parts as in use"
    notes: tuple[str, ...] = (f"rows are split in order of time; {how}",)
    if len(examples) < small:
        notes += (f"{len(examples)} labels in order of time: one split, no cross-fitting, so intervals are wide",)
    if any(example.group for example in examples):
        notes += ("groups stay whole and are placed by their latest row, so earlier rows of a group may come later",)
    unit, left = Unit("time", train, tune, test), len(examples) - sum(map(len, parts))
    return Splits((unit,), calibrate, (), "time", notes, left)


def _crossfit(examples: Examples, task: Task, seed: int) -> Splits:
    once = task.repeats == ONCE
    opened, sealed = _dealt(examples, {"open": 1 - SEALED_SHARE, "sealed": SEALED_SHARE}, task, seed)
    rows = distinct(opened) if once else opened
    blocks = _blocks(opened, rows, once)
    count = min(FOLDS, len(blocks))
    if count < 2:
        raise DataError(f"{len(examples)} labelled rows hold {len(blocks)} different group or text: too few to split")
    # Folds are dealt without regard to labels: a fold with just the label mix of the rows that were learned from is
    # easier than new examples are, which makes few labels look several points too good.
    folds = stratify([""] * len(rows), blocks, [1 / count] * count, seed, keep_from=0)
    units = []
    for number, places in enumerate(folds, 1):
        test = tuple(rows[place] for place in places)
        rest = _without(opened, test, once)
        shares = {"train": 1 - TUNE_SHARE_OF_FOLD, "tune": TUNE_SHARE_OF_FOLD}
        train, tune = _dealt(rest, shares, task, seed + number, keep_from=1)
        units.append(Unit(f"fold{number}", train, tune, test))
    notes = (f"{len(rows) + len(sealed)} labels are few: cross-fitted in {count} folds, {len(sealed)} examples sealed",)
    left = len(examples) - len(rows) - len(sealed)
    return Splits(tuple(units), (), sealed, "crossfit", notes + _about_groups(examples), left)


def _without(examples: Examples, test: Examples, once: bool) -> Examples:
    """The examples that are not in a test part, and do not repeat an input of it."""
    if not once:
        inside = {example.id for example in test}
        return tuple(example for example in examples if example.id not in inside)
    texts = {normal_text(example.text) for example in test}
    return tuple(example for example in examples if normal_text(example.text) not in texts)


def _dealt(examples: Examples, shares: dict[str, float], task: Task, seed: int, keep_from: int = 2) -> list[Examples]:
    """The parts; the first, which is learned from, keeps rows that repeat an input, the others hold each once."""
    once = task.repeats == ONCE
    rows = distinct(examples) if once else examples
    parts = stratify(_strata(rows, task), _blocks(examples, rows, once), list(shares.values()), seed, keep_from)
    first, *others = [tuple(rows[place] for place in part) for part in parts]
    if len(rows) < len(examples):
        learned = {normal_text(example.text) for example in first}
        first = tuple(example for example in examples if normal_text(example.text) in learned)
    return [first, *others]


def _blocks(examples: Examples, rows: Examples, once: bool) -> list[Block]:
    """What stays together, as places among `rows`: one row of each input, or all rows."""
    blocks = blocks_of(examples, same_text=once)
    if len(rows) == len(examples):
        return blocks
    place = {id(row): number for number, row in enumerate(rows)}
    return [[place[id(examples[each])] for each in block if id(examples[each]) in place] for block in blocks]


def _in_order(examples: Examples, shares: dict[str, float], once: bool) -> list[Examples]:
    """Whole groups by the time of their latest row, cut where each part has its share of the rows.

    With `once`, a later part holds no input of an earlier one, and each of its own once.
    """

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
    found = [tuple(examples[place] for place in sorted(part)) for part in parts]
    if not once:
        return found
    known = {normal_text(example.text) for example in found[0]}
    for number, later in enumerate(found[1:], 1):
        found[number] = tuple(e for e in distinct(later) if normal_text(e.text) not in known)
        known |= {normal_text(example.text) for example in later}
    return found


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
