"""Answering on several processor cores: each process loads the stack once, chunks come back in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.errors import StratiError
from strati.core.threads import threads

if TYPE_CHECKING:
    from strati.core.records import Case
    from strati.serve.batch.here import Answerer, Chunk
    from strati.stack.stack import Stack

AHEAD = 2  # chunks given out per process: bounds memory
_stack: list[Stack] = []  # of a worker process


def default_workers() -> int:
    """One process a core, up to eight."""
    return min(8, threads())


def answer_in_processes(folder: Path, workers: int) -> Answerer:
    """Answers in `workers` processes. For stacks that need no model: they share no engine and no budget."""

    def answer(chunks: Iterator[Sequence[Case]]) -> Iterator[Chunk]:
        waiting: deque[Future[Chunk]] = deque()
        with ProcessPoolExecutor(workers, get_context("spawn"), _load, (folder,)) as pool:
            try:
                for cases in chunks:
                    waiting.append(pool.submit(_answer, list(cases)))
                    if len(waiting) >= workers * AHEAD:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            except BrokenProcessPool as error:
                raise StratiError(
                    "a process that answered died (out of memory?); what was answered is kept, try --workers 1"
                ) from error
            finally:
                for future in waiting:
                    future.cancel()

    return answer


def _load(folder: Path) -> None:
    import signal

    from strati.stack.folder import load_stack

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the work
    _stack.append(load_stack(folder))


def _answer(cases: list[Case]) -> Chunk:
    from strati.core.context import Context
    from strati.serve.batch.here import answered

    return answered(_stack[0].run(cases, Context()))
