"""Answering many rows with one stack: streamed, in order, journaled, going on where it was stopped.

Each chunk of answers is appended to the file of answers, then the journal beside it says how far the file counts. After
`kill -9` at any moment the file is cut back to that length and the same call goes on; no row is lost or answered twice.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple

from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.records import JSON, Case, State, Usage
from strati.measure.journal import Journal
from strati.stack.explain import Explanation, explain
from strati.stack.stack import Stack

CHUNK = 2000  # rows answered together; a slow layer asks for fewer


class Chunk(NamedTuple):
    """The lines of some answered rows, how many ended in which state, and which layer gave how many answers."""

    lines: bytes
    states: dict[str, int]
    layers: dict[str, int]
    dollars: float


Answerer = Callable[[Iterator[Sequence[Case]]], Iterator[Chunk]]
"""Turns chunks of cases into chunks of lines, in the same order; it may work on several at once."""


@dataclass
class Tally:
    """What a batch has come to."""

    rows: int = 0
    bytes: int = 0
    states: Counter[str] = field(default_factory=Counter)
    layers: Counter[str] = field(default_factory=Counter)
    dollars: float = 0.0
    complete: bool = False

    def add(self, chunk: Chunk) -> None:
        self.rows += sum(chunk.states.values())
        self.bytes += len(chunk.lines)
        self.states.update(chunk.states)
        self.layers.update(chunk.layers)
        self.dollars += chunk.dollars

    def to_json(self) -> dict[str, JSON]:
        return {**vars(self), "states": dict(self.states), "layers": dict(self.layers)}

    @classmethod
    def from_json(cls, data: dict[str, JSON]) -> Tally:
        return cls(**{**data, "states": Counter(data["states"]), "layers": Counter(data["layers"])})


def journal_of(out: Path) -> Path:
    """The journal that belongs to a file of answers."""
    return out.with_name(out.name + ".journal")


def check_new(out: Path) -> None:
    """Raise `DataError` where the file of answers is something else: nothing is written over."""
    if out.exists() and out.stat().st_size and not journal_of(out).exists():
        raise DataError(f"{out} exists and has no journal beside it, expected a new name or a file of strati run")


def open_batch(journal: Journal, out: Path, identity: dict[str, JSON]) -> Tally:
    """What was done before; `identity` says what is answered by what, and has to be the same as then.

    Raises:
        DataError: the file holds the answers of another stack or other rows, or has lost its journal.
    """
    known = journal.read("batch")
    if known is None:
        if out.exists() and out.stat().st_size:
            raise DataError(f"{out} has a journal that does not know it, expected a new name or a file of strati run")
        journal.write("batch", identity)
        return Tally()
    for key, value in identity.items():
        if known.get(key) != value:
            raise DataError(
                f"{out} was begun with another {key} ({known.get(key)}, now {value}): give --out a new name, or remove "
                f"it and {journal.path.name}"
            )
    return Tally.from_json(journal.read("progress") or Tally().to_json())


def answer_rows(
    cases: Iterable[Case], out: Path, journal: Journal, tally: Tally, answer: Answerer, size: int, ctx: Context
) -> None:
    """Answer the cases that are not yet in `out`, `size` together; `tally` grows as they are.

    `cases` are all of them in the order of the file; one that is not open (its row could not be read) stays as it is.
    Raises `Stopped` when the run ends.
    """
    if tally.complete:
        return
    with _opened(out, tally.bytes) as file:
        for chunk in answer(_chunks(cases, tally.rows, size, ctx)):
            file.write(chunk.lines)
            file.flush()
            tally.add(chunk)
            journal.write("progress", tally.to_json())
            ctx.advance(sum(chunk.states.values()), Usage(dollars=chunk.dollars))
        os.fsync(file.fileno())
    tally.complete = True
    journal.write("progress", tally.to_json())


def _opened(out: Path, length: int) -> IO[bytes]:
    """The file of answers, cut back to what counts."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.touch()
    if out.stat().st_size < length:
        raise DataError(f"{out} is shorter than its journal says ({length:,} bytes): it was changed; use a new name")
    file = out.open("r+b")
    file.truncate(length)
    file.seek(length)
    return file


def _chunks(cases: Iterable[Case], done: int, size: int, ctx: Context) -> Iterator[list[Case]]:
    remaining = islice(cases, done, None)
    while chunk := list(islice(remaining, size)):
        ctx.check()
        yield chunk


def answer_here(stack: Stack, ctx: Context, *, explained: bool = False) -> Answerer:
    """Answers in this process; `explained` adds to each line what its answer rests on."""

    def answer(chunks: Iterator[Sequence[Case]]) -> Iterator[Chunk]:
        for cases in chunks:
            done = stack.run(cases, ctx)
            yield answered(done, [explain(stack, case, ctx) for case in done] if explained else ())

    return answer


def hold_all(reason: str) -> Answerer:
    """Answers nothing: every case is pending, with the reason. For a stack whose certificate does not stand."""

    def answer(chunks: Iterator[Sequence[Case]]) -> Iterator[Chunk]:
        for cases in chunks:
            yield answered([case.pending("certificate", reason) for case in cases])

    return answer


def answered(cases: Sequence[Case], why: Sequence[Explanation] = ()) -> Chunk:
    """Finished cases as lines of the file of answers."""
    lines = b"".join(_line(case, why[place] if why else None) for place, case in enumerate(cases))
    states = Counter(str(case.state) for case in cases)
    layers = Counter(case.answer.layer for case in cases if case.answer)
    return Chunk(lines, dict(states), dict(layers), sum(case.usage.dollars for case in cases))


def _line(case: Case, why: Explanation | None = None) -> bytes:
    answer = case.answer
    last = case.steps[-1]
    steps = [
        {
            key: value
            for key, value in (
                ("layer", step.layer),
                ("outcome", str(step.outcome)),
                ("reason", step.reason),
                ("proposed", step.proposed),
                ("confidence", step.confidence),
                ("failure", str(step.failure) if step.failure else None),
            )
            if value not in (None, "")
        }
        for step in case.steps
    ]
    record: dict[str, JSON] = {
        "id": case.id,
        "state": str(case.state),
        "answer": answer.value if answer else None,
        "confidence": answer.confidence if answer else None,
        "layer": answer.layer if answer else None,
        "reason": last.reason,
        "steps": steps,
    }
    if why is not None:
        record["why"] = {"line": why.line, **why.data}
    if case.state is not State.ANSWERED:
        record["input"] = case.input if isinstance(case.input, str) else dict(case.input)
    return dump(record)


def dump(record: dict[str, JSON]) -> bytes:
    """A record as one line of JSON."""
    try:
        return (json.dumps(record, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return (json.dumps(record) + "\n").encode()
