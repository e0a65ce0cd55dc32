"""One process from outside: fed, timed, listened to within a limit, and ended with all that it started."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from strati.code.sandbox import End, Limits, Ran

_LOOK = 0.1
"""Seconds between two looks at the memory of all processes together."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class _Heard:
    """What came out so far, and how much may still come."""

    left: int
    report: bytearray
    printed: bytearray

    def take(self, name: str, piece: bytes) -> bool:
        """Keep a piece; false when it is too much."""
        kept = piece[: self.left]
        (self.report if name == "report" else self.printed).extend(kept)
        self.left -= len(piece)
        return self.left >= 0


def run(
    command: Sequence[str],
    job: bytes,
    limits: Limits,
    *,
    environment: Mapping[str, str],
    keep_open: Sequence[int] = (),
    room: Path | None = None,
) -> Ran:
    """Run a command in a session of its own, its standard input being `job`.

    Its standard output is the driver's report, its standard error what the program printed. `room` is a folder on disk
    that it may write to; it is ended when that grows beyond the limit.
    """
    start = time.monotonic()
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            pass_fds=keep_open,
            start_new_session=True,
            cwd="/",
        )
    except OSError as error:
        return Ran(End.SANDBOX, -1, b"", str(error).encode(), time.monotonic() - start)
    heard = _Heard(limits.output, bytearray(), bytearray())
    try:
        end = _listen(process, job, limits, heard, start, room)
    finally:
        _kill(process)
    code = process.returncode
    return Ran(end, code, bytes(heard.report), bytes(heard.printed), time.monotonic() - start)


def _listen(
    process: subprocess.Popen[bytes], job: bytes, limits: Limits, heard: _Heard, start: float, room: Path | None
) -> End:
    """Feed and listen until both outputs are closed and the process is gone, or a limit is reached."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    waiting = memoryview(job)
    looked = start
    with selectors.DefaultSelector() as ready:
        for stream in (process.stdin, process.stdout, process.stderr):
            os.set_blocking(stream.fileno(), False)
        ready.register(process.stdin, selectors.EVENT_WRITE, "job")
        ready.register(process.stdout, selectors.EVENT_READ, "report")
        ready.register(process.stderr, selectors.EVENT_READ, "printed")
        while len(ready.get_map()):
            now = time.monotonic()
            if now - start > limits.seconds:
                return End.TIME
            if now - looked >= _LOOK:
                looked = now
                if _memory_of_all(process.pid) > limits.memory:
                    return End.MEMORY
                if room is not None and _size(room) > limits.disk:
                    return End.DISK
            if process.poll() is not None and not ready.select(0):
                break  # a process that was left behind may hold the outputs open: it ends now
            for key, _ in ready.select(_LOOK):
                if key.data == "job":
                    waiting = _feed(process, waiting)
                    if not waiting:
                        ready.unregister(key.fileobj)
                        process.stdin.close()
                    continue
                piece = _read(key.fd)
                if piece == b"":
                    ready.unregister(key.fileobj)
                elif piece is not None and not heard.take(key.data, piece):
                    return End.OUTPUT
    with suppress(subprocess.TimeoutExpired):
        process.wait(max(0.01, limits.seconds - (time.monotonic() - start)))
        return End.DONE
    return End.TIME


def _feed(process: subprocess.Popen[bytes], waiting: memoryview) -> memoryview:
    assert process.stdin is not None
    try:
        return waiting[os.write(process.stdin.fileno(), waiting[:65536]) :]
    except BlockingIOError:
        return waiting
    except OSError:
        return waiting[:0]


def _read(fd: int) -> bytes | None:
    try:
        return os.read(fd, 65536)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the session that was started, and whatever else descends from it: children first, so that none gets away."""
    for _ in range(5):
        below = _descendants(process.pid)[1:]
        if not below:
            break
        for pid in below:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
    with suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)
    with suppress(OSError):
        process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()


def _parents() -> dict[int, int]:
    found = {}
    for name in os.listdir("/proc") if Path("/proc").is_dir() else ():
        if name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                text = Path("/proc", name, "stat").read_text(encoding="utf-8", errors="replace")
                found[int(name)] = int(text.rpartition(")")[2].split()[1])
    return found


def _descendants(pid: int) -> list[int]:
    """A process and all that come from it, while their parents live."""
    parents = _parents()
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def _size(folder: Path) -> int:
    """Bytes that the files in a folder take."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(os.path.join(where, name)).st_blocks * 512 + 256
    return total


def _memory_of_all(pid: int) -> int:
    """Bytes of their own (not shared with a file) that a process and its descendants hold."""
    total = 0
    for one in _descendants(pid):
        with suppress(OSError, ValueError, IndexError):
            _, resident, shared, *_ = Path(f"/proc/{one}/statm").read_text(encoding="ascii").split()
            total += (int(resident) - int(shared)) * _PAGE
    return total
