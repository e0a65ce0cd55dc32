"""The process that opens documents: `python -m strati.knowledge.ingest.worker`, told what to do on standard input.

It may die of any document without harm: it holds nothing that is not sent yet. Its memory and time are limited by the
operating system, it dies with its parent, and connections to a network are refused while it lives.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from strati.core.errors import MissingExtra
from strati.core.records import JSON
from strati.knowledge.builder import clean
from strati.knowledge.document import Attachment
from strati.knowledge.ingest.archive import is_archive, leaves, members
from strati.knowledge.ingest.wire import receive, send
from strati.knowledge.passages import Sizes
from strati.knowledge.reader import Limits, Reason, Refused, label, reader_for
from strati.knowledge.record import Record, record_of, to_message

_NETWORK = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "socket.bind"}


Inside = Iterator[Attachment | tuple[str, Refused]]


class Item(NamedTuple):
    """A file, or a file inside a file."""

    path: str
    name: str
    container: str
    data: bytes
    modified: str
    depth: int


class Worker:
    """Reads one file at a time, with everything inside it, and sends what it finds as it goes.

    A job is `{path, name, known, skip, dead, limits, sizes, full_pages}`: `known` maps paths to [sha256, reader, sizes]
    of what is kept already, `skip` lists paths that are done, `dead` those that killed a worker. It sends, for each
    document, `begin` and then `record`, `same` or `refused`; and `done` at the end of the job.
    """

    def __init__(self, output: BinaryIO) -> None:
        self.output = output
        self.limits = Limits()
        self.sizes = Sizes()
        self.full_pages = False
        self.known: dict[str, list[str]] = {}
        self.skip: set[str] = set()
        self.dead: set[str] = set()
        self.members = 0

    def run(self, job: dict[str, JSON]) -> None:
        self.limits, self.sizes = Limits(**job["limits"]), Sizes(**job["sizes"])
        self.full_pages = job["full_pages"]
        self.known, self.skip, self.dead = job["known"], set(job["skip"]), set(job["dead"])
        self.members = 0
        path = Path(job["path"])
        try:
            size = path.stat().st_size
            if size > self.limits.size:
                raise Refused(Reason.TOO_LARGE, f"it has {size:,} bytes, the limit is {self.limits.size:,}")
            data = path.read_bytes()
            modified = datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
        except Refused as refusal:
            self._refused(str(path), job["name"], refusal)
        except OSError as error:
            self._refused(str(path), job["name"], Refused(Reason.UNREADABLE, (error.strerror or str(error)).lower()))
        else:
            self._item(Item(str(path), job["name"], "", data, modified, 0))
        send(self.output, {"done": True})

    def _item(self, item: Item) -> None:
        if item.path in self.dead:
            return
        if item.path not in self.skip:
            send(self.output, {"begin": item.path, "name": item.name, "container": item.container})
            try:
                record, inside = self._read(item)
            except Refused as refusal:
                self._refused(item.path, item.name, refusal)
                return
            except MissingExtra as error:
                self._refused(item.path, item.name, Refused(Reason.MISSING_EXTRA, str(error)))
                return
            except MemoryError:
                self._refused(
                    item.path, item.name, Refused(Reason.MEMORY, f"it needs more than {self.limits.memory:,} bytes")
                )
                os._exit(3)  # what is left of the memory is in pieces
            except RecursionError:
                self._refused(item.path, item.name, Refused(Reason.MALFORMED, "it is nested too deeply"))
                return
            except Exception as error:
                told = f"{type(error).__name__}: {error}".splitlines()[0][:200]
                self._refused(item.path, item.name, Refused(Reason.CRASHED, told))
                return
        else:
            record, inside = None, self._again(item)
        self._inside(item, inside)
        if record is not None:  # last: when it is kept, so is all that is inside
            value, parts = to_message(record)
            send(self.output, {"begin": item.path, "name": item.name})
            send(self.output, {"record": item.path, **value}, parts)

    def _read(self, item: Item) -> tuple[Record | None, Inside]:
        """The document, unless it is unchanged or an archive; and what is inside of it."""
        digest = hashlib.sha256(item.data).hexdigest()
        if is_archive(item.data):
            send(self.output, {"archive": item.path, "name": item.name})
            return None, members(item.data, self.limits)
        reader = reader_for(item.data, item.name, full_pages=self.full_pages)
        if self.known.get(item.path) == [digest, label(reader), self.sizes.version]:
            send(self.output, {"same": item.path, "name": item.name})
            opened = any(path.startswith(item.path + "!/") for path in self.known)
            return None, self._again(item) if opened else iter(())
        document = reader.read(item.data, item.name, self.limits)
        if not document.blocks:
            return None, iter(document.attachments)
        record = record_of(
            document, path=item.path, name=item.name, container=item.container, data=item.data,
            modified=item.modified, sizes=self.sizes,
        )  # fmt: skip
        return record, iter(document.attachments)

    def _again(self, item: Item) -> Inside:
        """What is inside of a file that was read before."""
        if is_archive(item.data):
            return members(item.data, self.limits)
        with suppress(Refused, MissingExtra):
            return iter(reader_for(item.data, item.name).read(item.data, item.name, self.limits).attachments)
        return iter(())

    def _inside(self, item: Item, found: Inside) -> None:
        seen: dict[str, int] = {}
        try:
            for one in found:
                inner = clean(one.name if isinstance(one, Attachment) else one[0])
                seen[inner] = seen.get(inner, 0) + 1
                unique = inner if seen[inner] == 1 else f"{inner} ({seen[inner]})"
                self._member(item, f"{item.path}!/{unique}", f"{item.name}!/{unique}", one)
        except Refused as refusal:
            self._refused(item.path, item.name, refusal)

    def _member(self, item: Item, path: str, name: str, one: Attachment | tuple[str, Refused]) -> None:
        self.members += 1
        refusal = one[1] if isinstance(one, tuple) else None
        if self.members > self.limits.members:
            raise Refused(Reason.TOO_LARGE, f"more than {self.limits.members:,} files are inside it")
        if item.depth + 1 >= self.limits.depth:
            refusal = Refused(Reason.TOO_LARGE, f"it lies more than {self.limits.depth - 1} containers deep")
        if isinstance(one, Attachment) and leaves(one.name):
            refusal = Refused(Reason.UNSAFE, "its path leads out of the container")
        if refusal is not None or not isinstance(one, Attachment):
            if path not in self.skip and refusal is not None:
                self._refused(path, name, refusal)
            return
        self._item(Item(path, name, item.path, one.data, item.modified, item.depth + 1))

    def _refused(self, path: str, name: str, refusal: Refused) -> None:
        value = {"refused": path, "name": name, "reason": refusal.reason.name, "detail": refusal.detail}
        send(self.output, value)


def confine(memory: int) -> None:
    """Limits of the operating system, where it has them."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    if sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    sys.addaudithook(_no_network)


def _no_network(event: str, _: tuple[Any, ...]) -> None:
    if event in _NETWORK:
        raise PermissionError(f"{event}: documents are read without a network")


def main() -> None:
    """Work until the parent closes the pipe."""
    orders, output = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the messages
    first = receive(orders)
    if first is None:
        return
    confine(int(first[0]["limits"]["memory"]))
    worker = Worker(output)
    while first is not None:
        worker.run(first[0])
        first = receive(orders)


if __name__ == "__main__":
    main()
