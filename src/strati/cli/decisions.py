"""`strati improve NAME.stack --decisions FILE`: what people decided, back into the stack."""

from __future__ import annotations

import json as json_module
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from strati.core.records import JSON, Example
    from strati.improve.decisions import Refit

SHOWN = 12  # changes listed


class Feedback(NamedTuple):
    """What the command line says of decisions."""

    decisions: Path | None
    recent: str | None
    label: str | None
    data: tuple[Path, ...]
    out: Path | None
    swap: bool
    rollback: bool
    runs: Path


def feed_back(path: Path, given: Feedback, catalogs: tuple[Path, ...], config: Path | None, *, as_json: bool) -> None:
    """Refit, swap or roll back, as asked."""
    from strati.core.errors import StackError, TaskError
    from strati.core.lock import RunLock
    from strati.improve.decisions import before_of, next_of, roll_back, swap

    if given.rollback and (given.swap or given.decisions):
        raise TaskError("--rollback was given with --swap or --decisions, expected it alone")
    there = (path / "stack.toml").is_file()
    if not there and not (given.rollback and before_of(path).exists()):
        is_ = "is not a stack" if path.exists() else "is not there"
        raise StackError(f"{path} {is_}, expected the folder of a stack that is in use, such as tickets.stack")
    new = given.out or next_of(path)
    if new.resolve() == path.resolve():
        raise TaskError(f"--out is {new}, the stack itself: expected another name; --swap puts it in place")
    with RunLock(path.with_name(f".{path.name}.lock")):
        if given.rollback:
            roll_back(path)
            _tell({"stack": str(path), "rolled_back": True}, [f"Back    {path} is the one before again"], as_json)
            return
        found: dict[str, JSON] = {"stack": str(path), "new": str(new)}
        lines: list[str] = []
        if given.decisions is not None:
            done, audit = _refitted(path, new, given, catalogs, config, as_json)
            found |= _as_json(done)
            lines += _told(done, audit, new)
        elif not given.swap:
            raise TaskError(f"{path} is a stack: expected --decisions FILE, --swap or --rollback")
        if given.swap:
            swap(path, new, before_of(path))
            found["swapped"] = True
            lines.append(f"Swapped {path} is the new one; --rollback puts the one before back ({before_of(path).name})")
            lines.append("        a server that runs goes on with the one it read: start it again")
        elif given.decisions is not None:
            lines.append(f"Swap    strati improve {path} --swap")
    _tell(found, lines, as_json)


def _refitted(
    path: Path, new: Path, given: Feedback, catalogs: tuple[Path, ...], config: Path | None, quiet: bool
) -> tuple[Refit, int]:
    from strati.certify.renew import remember_learned_by
    from strati.cli.show import Show
    from strati.cli.signals import stop_on_interrupt
    from strati.core.context import Context
    from strati.data import Ledger
    from strati.data.unlabelled import Unlabelled
    from strati.improve.decisions import read_decisions, refit
    from strati.models.open import open_weights
    from strati.serve.resources import resources_of
    from strati.stack.folder import load_stack, named_inputs, save_stack

    assert given.decisions is not None
    weights = {one.name: one for one in open_weights([], catalogs)}  # to train an encoder again
    stack, inputs = load_stack(path, resources_of(path, catalogs, config) | weights), named_inputs(path)
    decided = read_decisions(given.decisions, inputs, given.label)
    train = _train(path, given, inputs)
    recent = Unlabelled(given.recent, inputs) if given.recent is not None else ()
    with Show(0.0, quiet) as show:
        ctx = Context(begin=show.begin, advance=show.advance)
        with stop_on_interrupt(ctx.cancelled):
            done = refit(stack, train, decided, recent, ctx)
    remember_learned_by(Ledger(given.runs.parent / "ledger.db"), done.stack, [*train, *decided.rows])
    save_stack(done.stack, new, inputs)
    return done, decided.audit


def _train(path: Path, given: Feedback, inputs: tuple[str, ...]) -> list[Example]:
    """What the stack learned from: the rows outside calibrate of the run that made it, or the files that are named."""
    from strati.certify.certificate import Certificate
    from strati.core.errors import DataError
    from strati.data import guess_columns, peek, read
    from strati.improve.rows import rows_of
    from strati.measure.journal import Journal
    from strati.measure.results import load_results
    from strati.task.task import Task

    certificate = Certificate.read(path)
    journal = given.runs / f"{certificate.run}.db" if certificate is not None and certificate.run else None
    if journal is not None and journal.exists():
        with Journal(journal, read_only=True) as known:
            splits = rows_of(load_results(known), given.data)
        unit = splits.units[0]
        return [*unit.train, *unit.tune, *unit.test]
    if not given.data:
        raise DataError(
            f"{path} does not say which run it is of, so what it learned from is not known: name it with --data"
        )
    found: list[Example] = []
    for file in given.data:
        label = given.label if given.label in peek(file).columns else guess_columns(peek(file)).label
        found += read(file, Task(inputs=inputs or guess_columns(peek(file)).inputs, label=str(label))).examples
    return found


def _told(done: Refit, audit: int, new: Path) -> Iterator[str]:
    from strati.cli.console import hung
    from strati.core.figures import share

    rows = f"{done.train:,} rows and {done.decisions:,} decisions"
    yield f"Learned {', '.join(done.learned)}: {rows}" + (f" ({audit:,} audit labels left out)" if audit else "")
    if done.same:
        yield hung(f"        as before: {', '.join(done.same)}", 8)
    for one in done.unfitted:
        yield hung(f"        {one.name} was not refitted: {one.why}", 8)
    if done.strange:
        names = ", ".join(map(repr, done.strange[:SHOWN])) + (" ..." if len(done.strange) > SHOWN else "")
        yield hung(f"New     labels that no row had before: {names}; if one is a slip, correct the file and repeat", 8)
    if done.gain is None:
        yield f"Compare {done.held} decisions were held out: too few to say which stack is better"
    else:
        low, high = 100 * done.gain.low, 100 * done.gain.high
        gain = f"{100 * done.gain.value:+.1f} points ({low:+.1f} to {high:+.1f})"
        yield hung(f"Compare on {done.held} decisions held out: {gain}, what is left to people counted as right;", 8)
        yield f"        answers by itself: {share(done.before)} before, {share(done.after)} now"
    yield f"Changes {len(done.changes):,} rows would be answered differently"
    for change in done.changes[:SHOWN]:
        said = f" (people: {change.people})" if change.people is not None else ""
        words = f"{_word(change.before)} -> {_word(change.after)}{said}"
        yield f"        {words}: {textwrap.shorten(change.text, max(20, 70 - len(words)), placeholder=' ...')}"
    if len(done.changes) > SHOWN:
        yield f"        and {len(done.changes) - SHOWN:,} more; --json lists all"
    yield f"Stack   {new}"
    yield f"        it has no certificate: strati certify {new} --labels FILE tests it on labels that are fresh"


def _word(value: JSON) -> str:
    return "people" if value is None else value if isinstance(value, str) else json_module.dumps(value)


def _as_json(done: Refit) -> dict[str, JSON]:
    gain = None if done.gain is None else {"value": done.gain.value, "low": done.gain.low, "high": done.gain.high}
    return {
        "learned": list(done.learned),
        "same": list(done.same),
        "unfitted": [asdict(one) for one in done.unfitted],
        "train": done.train,
        "decisions": done.decisions,
        "held": done.held,
        "gain": gain,
        "automatic": {"before": done.before, "after": done.after},
        "changes": [asdict(change) for change in done.changes],
        "new_labels": list(done.strange),
    }


def _tell(found: dict[str, JSON], lines: list[str], as_json: bool) -> None:
    print(json_module.dumps(found, ensure_ascii=False) if as_json else "\n".join(lines))
