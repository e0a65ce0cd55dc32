"""Worker processes and what comes out of them: a file that kills or stalls a worker costs that file only."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import BinaryIO, cast

from strati.core.records import JSON
from strati.knowledge.ingest.clock import Clock
from strati.knowledge.ingest.wire import receive, send
from strati.knowledge.passages import Sizes
from strati.knowledge.reader import Limits, Reason
from strati.knowledge.record import Record, from_message

_MOST_DEATHS = 3  # of workers in one container; then the rest of it is given up
_LOOK_EVERY = 0.2  # seconds


@dataclass(frozen=True, slots=True)
class Job:
    """A file to read; `known` maps the paths in it to [sha256, reader, sizes] of what is kept already."""

    path: str
    name: str
    known: Mapping[str, Sequence[str]] = field(default_factory=dict)
    full_pages: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """What became of one document: a record to keep, unchanged (`reason` None, no record), or refused.

    With `job_done` the file is finished; `seen` then lists all paths that were met in it, or that may still be in it.
    """

    job: Job
    path: str
    name: str
    record: Record | None = None
    reason: Reason | None = None
    detail: str = ""
    archive: bool = False
    job_done: bool = False
    seen: frozenset[str] = frozenset()


class Pool:
    """Reads jobs with `workers` processes; `events` gives what they find, in the order it is found.

    `environment` holds variables for the processes, on top of those of this one; `idle` is called while none has found
    anything.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        limits: Limits,
        sizes: Sizes,
        workers: int,
        environment: Mapping[str, str] = {},
        idle: Callable[[], None] = lambda: None,
    ) -> None:
        self.idle = idle
        self.limits, self.sizes, self.environment = limits, sizes, environment
        self.told = asdict(limits), asdict(sizes)
        self._jobs = iter(jobs)
        self._next = threading.Lock()
        self._events: queue.Queue[Event | BaseException | None] = queue.Queue(maxsize=2 * workers)
        self._stopped = threading.Event()
        self._hands = [_Hand(self) for _ in range(max(1, min(workers, len(jobs))))]

    def take(self) -> Job | None:
        with self._next:
            return None if self._stopped.is_set() else next(self._jobs, None)

    def tell(self, event: Event | BaseException | None) -> None:
        while not self._stopped.is_set():
            try:
                self._events.put(event, timeout=_LOOK_EVERY)
                return
            except queue.Full:
                continue

    def events(self) -> Iterator[Event]:
        """Everything that is found; leaving the loop early ends all workers."""
        for hand in self._hands:
            hand.thread.start()
        working, look = len(self._hands), 0.0
        try:
            while working:
                try:
                    event = self._events.get(timeout=_LOOK_EVERY)
                except queue.Empty:
                    self.idle()
                else:
                    if event is None:
                        working -= 1
                    elif isinstance(event, BaseException):
                        raise event
                    else:
                        yield event
                if time.monotonic() >= look:
                    look = time.monotonic() + _LOOK_EVERY
                    for hand in self._hands:
                        hand.watch()
        finally:
            self._stopped.set()
            for hand in self._hands:
                hand.kill()
            for hand in self._hands:
                hand.thread.join()


class _Hand:
    """One worker process and the thread that talks with it."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.process: subprocess.Popen[bytes] | None = None
        self.heard = 0.0  # when the worker last said something; 0 while it has nothing to do
        self.clock = Clock()
        self.late = False
        self.refused: set[str] = set()  # what could not be read: nothing is known of what is inside of it

    def watch(self) -> None:
        """End a worker that has worked on something for too long, or sleeps on it."""
        process, heard = self.process, self.heard
        if process is None or not heard or self.late:
            return
        if self.clock.passed(process.pid, heard) > self.pool.limits.seconds and heard == self.heard:
            self.late = True
            self.kill()

    def kill(self) -> None:
        process = self.process
        if process is not None:
            process.kill()

    def _work(self) -> None:
        try:
            while (job := self.pool.take()) is not None:
                self._job(job)
            self._close()
        except BaseException as error:  # told to the main thread
            self.pool.tell(error)
        finally:
            self.kill()
            self._reap()
            self.pool.tell(None)

    def _job(self, job: Job) -> None:
        seen: set[str] = set()
        dead: set[str] = set()
        self.refused = set()
        for _ in range(_MOST_DEATHS):
            current = self._attempt(job, seen, dead)
            if current is None or self.pool._stopped.is_set():
                break
            path, name = current
            seen.add(path)
            dead.add(path)
            self.refused.add(path)
            reason, detail = self._cause()
            self.pool.tell(Event(job, path, name, reason=reason, detail=detail))
            if path == job.path:
                break
        else:
            detail = f"reading it ended {_MOST_DEATHS} worker processes; the rest of it is left out"
            self.pool.tell(Event(job, job.path, job.name, reason=Reason.CRASHED, detail=detail))
            self.refused.add(job.path)
        unknown = {path for path in job.known if any(path.startswith(one + "!/") for one in self.refused)}
        self.pool.tell(Event(job, job.path, job.name, job_done=True, seen=frozenset(seen | unknown)))

    def _attempt(self, job: Job, seen: set[str], dead: set[str]) -> tuple[str, str] | None:
        """Read the file; None when it is finished, else (path, name) of what the worker died of."""
        process = self._started()
        output = cast("BinaryIO", process.stdout)
        order = {
            "path": job.path, "name": job.name, "known": {path: list(what) for path, what in job.known.items()},
            "skip": sorted(seen), "dead": sorted(dead),
            "limits": self.pool.told[0], "sizes": self.pool.told[1], "full_pages": job.full_pages,
        }  # fmt: skip
        current = (job.path, job.name)
        self.heard = time.monotonic()
        try:
            send(cast("BinaryIO", process.stdin), order)
            while (message := receive(output)) is not None:
                self.heard = time.monotonic()
                value, parts = message
                if "done" in value:
                    return None
                if "begin" in value:
                    current = (value["begin"], value["name"])
                    continue
                event = _event(job, value, parts)
                seen.add(event.path)
                if event.reason is not None:
                    self.refused.add(event.path)
                self.heard = 0.0  # from here on it is this process that takes its time
                self.pool.tell(event)
                self.heard = time.monotonic()
                if event.reason is Reason.MEMORY:
                    self._reap()
                    dead.add(event.path)
                    return self._attempt(job, seen, dead) if event.path != job.path else None
        except (OSError, EOFError, ValueError, LookupError, TypeError, zlib.error):
            self.kill()  # it is gone already, or what it says makes no sense
        finally:
            self.heard = 0.0
        return current

    def _cause(self) -> tuple[Reason, str]:
        code = self._reap()
        if self.late:
            self.late = False
            return Reason.TIME, f"it takes longer than {self.pool.limits.seconds:g} seconds of processor time"
        return Reason.CRASHED, _in_words(code, self.pool.limits.memory)

    def _started(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            command = [sys.executable, "-m", "strati.knowledge.ingest.worker"]
            alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}  # one core a worker
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env={**os.environ, **self.pool.environment, **alone},
            )  # fmt: skip
        return self.process

    def _close(self) -> None:
        """The worker ends by itself when its orders end."""
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            self._reap()

    def _reap(self) -> int:
        process, self.process = self.process, None
        if process is None:
            return 0
        try:
            code = process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue
        return code


def _in_words(code: int, memory: int) -> str:
    """Why a reading process ended, as far as its exit code tells."""
    if code >= 0:
        return f"its reader ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    if name == "SIGKILL":
        return "the system ended its reader (SIGKILL), most likely for lack of memory"
    return f"the library that reads it gave up ({name}): it is damaged, or needs more than {memory // 1_000_000:,} MB"


def _event(job: Job, value: dict[str, JSON], parts: list[bytes]) -> Event:
    if "record" in value:
        return Event(job, value["record"], value["name"], record=from_message(value, parts))
    if "refused" in value:
        return Event(job, value["refused"], value["name"], reason=Reason[value["reason"]], detail=value["detail"])
    if "archive" in value:
        return Event(job, value["archive"], value["name"], archive=True)
    return Event(job, value["same"], value["name"])
