"""Tables as they are served: one contained process holds them, one thread asks it, question after question."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strati.models.contract import LanguageModel
    from strati.tables import Profile, TableAnswer
    from strati.tables.database import Database


class Desk:
    """The tables of a service.

    Args:
        paths: files of tables.
        model: for questions that the parser cannot read, or None.
        waiting: most questions in the queue.

    Raises:
        DataError: a file holds no table.
    """

    def __init__(self, paths: Sequence[Path], model: LanguageModel | None = None, waiting: int = 64) -> None:
        from strati.tables.database import Database

        self.paths = tuple(paths)
        self.model = model
        self.waiting = waiting
        self._database: Database = Database(*self.paths)
        self._profile: Profile | None = None
        self._pool = ThreadPoolExecutor(1, "tables")
        self._count = 0
        self._lock = threading.Lock()

    def ask(self, question: str) -> Future[TableAnswer] | None:
        """An answer with its query, or why there is none; None, and nothing is done, when too much waits."""
        with self._lock:
            if self._count >= self.waiting:
                return None
            self._count += 1

        def run() -> TableAnswer:
            from strati.tables.asking import by_all

            try:
                return by_all(question, self._database, model=self.model)
            finally:
                with self._lock:
                    self._count -= 1

        return self._pool.submit(run)

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
