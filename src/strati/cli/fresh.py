"""Fresh labelled rows for `strati certify --labels`: read as the run's own were, answered by its saved rungs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from strati.certify.fresh_labels import Fresh, own_answers
from strati.cli.show import Show
from strati.cli.signals import stop_on_interrupt
from strati.core.budget import Budget
from strati.core.context import Context
from strati.core.lock import RunLock
from strati.core.records import Answer, Case
from strati.data import read
from strati.measure.journal import Journal
from strati.measure.results import load_results
from strati.serve.resources import resources_of
from strati.stack.folder import load_stack


@contextmanager
def fresh_rows(
    journal: Journal,
    source: str | None,
    catalogs: Sequence[Path],
    config: Path | None,
    dollars: float | None,
    quiet: bool,
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
    lock, path = journal.path.with_suffix(".fresh.lock"), journal.path.with_suffix(".fresh")
    with RunLock(lock), Journal(path) as replies, Show(0.0, quiet) as show:
        ctx = Context(
            int(results.meta["seed"]),
            budget=Budget(dollars or 0.0, replies),
            memo=replies,
            advance=show.advance,
            begin=show.begin,
            tick=show.advance,
        )

        def answer(name: str, cases: Sequence[Case]) -> list[Answer | None]:
            folder = stacks / str(results.result(name).record.delivered)
            stack = load_stack(folder, resources_of(folder, catalogs, config))
            ctx.begin(f"{name}: fresh labels", len(cases))
            return own_answers(stack, cases, ctx)

        with stop_on_interrupt(ctx.cancelled):
            yield Fresh(data.examples, answer)
