"""`Database`: the user's tables behind a process that can do nothing but answer checked queries about them."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.tables.engine import Limits, QueryFailed, Result
from strati.tables.schema import Schema
from strati.tables.sources import found

if TYPE_CHECKING:
    from strati.tables.sources import Origin

LIMITS = Limits()
_LOADING = 600.0  # seconds
_GRACE = 5.0  # seconds after the deadline until the process is killed


class Tables(Protocol):
    """What holds tables and answers queries about them: a `Database`, or an `Engine` in this process."""

    schema: Schema

    def query(self, sql: str, seconds: float | None = None, rows: int | None = None) -> Result: ...

    def values(self, table: str, column: str, keys: Sequence[str]) -> list[str]: ...


class Database:
    """Tables in a contained process. Use it in a `with` block, or `close` it.

    Args:
        origins: paths and frames.
        limits: what one query may use.

    Raises `DataError` for a source that is no table.
    """

    def __init__(self, *origins: Origin, limits: Limits = LIMITS) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._scratch = Path(tempfile.mkdtemp(prefix="strati-tables-"))
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._sources = found(origins, self._scratch)
            self.schema = self._start()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def query(self, sql: str, seconds: float | None = None, rows: int | None = None) -> Result:
        """The result of one statement, which must have passed `check.validated`. Raises `QueryFailed`."""
        allowed = seconds or self.limits.seconds
        reply = self._ask({"do": "query", "sql": sql, "seconds": allowed, "rows": rows}, allowed + _GRACE)
        if "error" in reply:
            raise QueryFailed(reply["error"], bool(reply.get("limit")))
        found_rows = tuple(tuple(row) for row in reply["rows"])
        return Result(tuple(reply["columns"]), tuple(reply["types"]), found_rows, reply["seconds"], reply["cut"])

    def values(self, table: str, column: str, keys: Sequence[str]) -> list[str]:
        """The stored values of a column that read like one of `keys`."""
        order = {"do": "values", "table": table, "column": column, "keys": list(keys)}
        reply = self._ask(order, self.limits.seconds + _GRACE)
        return list(reply.get("values", []))

    def close(self) -> None:
        """End the process and remove its files."""
        self._end()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _start(self) -> Schema:
        command = [sys.executable, "-m", "strati.tables.worker"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=_environment()
        )
        (self._scratch / "tables.db").unlink(missing_ok=True)
        order: dict[str, JSON] = {
            "do": "load",
            "sources": [asdict(source) for source in self._sources],
            "scratch": str(self._scratch),
            "limits": asdict(self.limits),
        }
        try:
            reply = self._ask(order, _LOADING)
        except QueryFailed as failed:
            names = ", ".join(source.name for source in self._sources)
            raise DataError(f"{names}: {failed}") from None
        if "error" in reply:
            raise DataError(reply["error"])
        return Schema.from_json(reply["schema"])

    def _ask(self, order: dict[str, JSON], seconds: float) -> dict[str, JSON]:
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._end()
                self._start_again()
            process = self._process
            assert process is not None
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                process.stdin.write(json.dumps(order).encode() + b"\n")
                process.stdin.flush()
            except BrokenPipeError:
                self._end()
                raise QueryFailed("the process that holds the tables has died") from None
            line = _line(process, seconds)
            if line is None:
                self._end()
                raise QueryFailed(f"no answer within {seconds:g} seconds", limit=True)
            if not line.endswith(b"\n"):
                code = process.wait()
                self._end()
                how = f"signal {-code}" if code < 0 else f"exit code {code}"
                raise QueryFailed(
                    f"the process that holds the tables was ended by {how}: a limit was reached", limit=True
                )
        reply: dict[str, JSON] = json.loads(line)
        return reply

    def _start_again(self) -> None:
        """After a query that killed the process: the next one finds the tables again."""
        self._lock.release()
        try:
            self._start()
        finally:
            self._lock.acquire()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue


def _line(process: subprocess.Popen[bytes], seconds: float) -> bytes | None:
    """One reply, what came before the end of the pipe, or None when it took too long."""
    assert process.stdout is not None
    timer = threading.Event()
    handle = process.stdout.fileno()
    parts = []
    import time

    end = time.monotonic() + seconds
    while not timer.is_set():
        ready, _, _ = select.select([handle], [], [], max(0.0, end - time.monotonic()))
        if not ready:
            return None
        part = os.read(handle, 1 << 20)
        parts.append(part)
        if not part or part.endswith(b"\n"):
            return b"".join(parts)
    return None


def _environment() -> dict[str, str]:
    """Only what Python needs to start: no keys and no addresses."""
    kept = (
        "PATH",
        "PYTHONPATH",
        "PYTHONHOME",
        "VIRTUAL_ENV",
        "LANG",
        "LC_ALL",
        "LD_LIBRARY_PATH",
        "SYSTEMROOT",
        "TMPDIR",
        "HOME",
    )
    return {name: os.environ[name] for name in kept if name in os.environ}
