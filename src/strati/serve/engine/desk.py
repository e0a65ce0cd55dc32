"""Tables as they are served: one contained process holds them, one thread asks it, question after question."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from strati.models.contract import LanguageModel
    from strati.tables import Profile, TableAnswer
    from strati.tables.approved import Approved
    from strati.tables.database import Database

T = TypeVar("T")


class Desk:
    """The tables of a service.

    What is asked is queued; a method gives None, and does nothing, when too much waits.

    Args:
        paths: files of tables.
        model: for questions that the parser cannot read, or None.
        waiting: most questions in the queue.
        approved: the file of approved queries, read at every question; by default the command line's.

    Raises:
        DataError: a file holds no table, or a line of `approved` is no approved query.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        model: LanguageModel | None = None,
        waiting: int = 64,
        approved: Path | None = None,
    ) -> None:
        from strati.tables.approved import FILE, approved_in
        from strati.tables.database import Database

        self.paths = tuple(paths)
        self.model = model
        self.waiting = waiting
        self.file = approved or FILE
        approved_in(self.file)
        self._database: Database = Database(*self.paths)
        self._profile: Profile | None = None
        self._pool = ThreadPoolExecutor(1, "tables")
        self._count = 0
        self._lock = threading.Lock()

    def ask(self, question: str, sql: str | None = None) -> Future[TableAnswer] | None:
        """An answer with its query, or why there is none; with `sql` that of the asker's own query.

        The future raises what `strati.tables.ask` raises.
        """

        def run() -> TableAnswer:
            from strati.tables.asking import by_all, by_sql

            if sql is not None:
                return by_sql(question, sql, self._database)
            return by_all(question, self._database, approved=self.approved(), model=self.model)

        return self._queued(run)

    def approve(self, question: str, sql: str, who: str) -> Future[TableAnswer] | None:
        """Keep a query as approved by `who`, now, and answer the question with it.

        It is run first, and kept as it was checked; the newest for a question counts, and the same is kept once. The
        future raises `Refused` and `OverLimit` for a query that may not run.
        """

        def run() -> TableAnswer:
            from strati.tables.approved import approve
            from strati.tables.asking import by_approved, by_sql

            answer = by_sql(question, sql, self._database)
            newest = next((one for one in reversed(self.approved()) if one.question == question), None)
            if newest is None or newest.sql != answer.sql:
                approve(question, answer.sql, who, self.file)
            return by_approved(question, self._database, self.approved()) or answer

        return self._queued(run)

    def withdraw(self, question: str, sql: str, who: str) -> Future[tuple[Approved, ...]] | None:
        """Take an approved query back, now; those still in use for the question. The future raises `DataError`."""

        def run() -> tuple[Approved, ...]:
            from strati.tables.approved import withdraw

            return withdraw(question, sql, who, self.file)

        return self._queued(run)

    def approved(self, *, withdrawn: bool = False) -> tuple[Approved, ...]:
        """The approved queries, the oldest first; those taken back only if asked for. Raises `DataError`."""
        from strati.tables.approved import all_in, approved_in

        return all_in(self.file) if withdrawn else approved_in(self.file)

    def profile(self) -> Future[Profile]:
        """What is in the tables, and questions that they answer; computed once."""

        def run() -> Profile:
            from strati.tables.profile import profiled

            if self._profile is None:
                self._profile = profiled(self._database)
            return self._profile

        return self._pool.submit(run)

    def close(self) -> None:
        self._pool.shutdown(wait=True)
        self._database.close()

    def _queued(self, work: Callable[[], T]) -> Future[T] | None:
        with self._lock:
            if self._count >= self.waiting:
                return None
            self._count += 1

        def run() -> T:
            try:
                return work()
            finally:
                with self._lock:
                    self._count -= 1

        return self._pool.submit(run)
