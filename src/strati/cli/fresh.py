"""Fresh labelled rows for `strati certify --labels`: read as the run's own were, answered by its saved rungs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from strati.cli.available import resources_of
from strati.context import Context
from strati.dataset import read
from strati.folder import load_stack
from strati.fresh_labels import Fresh, own_answers
from strati.journal import Journal
from strati.records import Answer, Case
from strati.results import load_results
from strati.runlock import RunLock


@contextmanager
def fresh_rows(
    source: str | None, journal: Journal, catalogs: Sequence[Path], config: Path | None
) -> Iterator[Fresh | None]:
    """The rows of a file; None for no file. What models reply is kept beside the run, so that no call is made twice.

    Raises:
        DataError: the file cannot be read, or lacks a column of the run's.
        BusyError: another process is answering fresh rows for the same run.
    """
    if source is None:
        yield None
        return
    results = load_results(journal)
    data = read(source, results.task)
    stacks = journal.path.with_suffix(".stacks")
    with RunLock(journal.path.with_suffix(".fresh.lock")), Journal(journal.path.with_suffix(".fresh")) as replies:
        ctx = Context(memo=replies, seed=int(results.meta["seed"]))

        def answer(name: str, cases: Sequence[Case]) -> list[Answer | None]:
            folder = stacks / str(results.result(name).record["stack"])
            return own_answers(load_stack(folder, resources_of(folder, catalogs, config)), cases, ctx)

        yield Fresh(data.examples, answer)
