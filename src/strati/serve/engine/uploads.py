"""Documents that come in over the network: kept in a folder of the service, read by ingest's contained workers."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from strati.core.errors import StratiError
from strati.core.threads import threads
from strati.serve.errors import Refused
from strati.serve.store.database import Database

if TYPE_CHECKING:
    from strati.models.contract import Embedder

_COLUMNS = "id, base, name, state, reason, passages, bytes, at, by"


@dataclass(frozen=True, slots=True)
class Upload:
    """One file: waiting, reading, read, skipped or failed, and why."""

    id: str
    base: str
    name: str
    state: str
    reason: str
    passages: int
    bytes: int
    at: float
    by: str
    progress: str = ""


def safe_name(name: str) -> str:
    """A file name from outside as one that is safe: no folders, no control characters, not hidden.

    >>> safe_name("../../etc/passwd"), safe_name("C:\\\\x\\\\report v2.pdf"), safe_name("..")
    ('passwd', 'report v2.pdf', 'file')
    """
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = re.sub(r"[^\w .()+,@=-]", "_", last).strip(" .")
    if len(kept) > 120:
        stem, dot, ending = kept.rpartition(".")
        kept = f"{(stem or ending)[:100]}{dot}{ending[:19]}"
    return kept or "file"


class Uploads:
    """Takes files in, one after the other; what is in the table says how far each has come.

    Args:
        database: the service database.
        folder: where files are kept.
        base_folder: the folder of a base by its name.
        embedder: opens the embedder of a base.
        limit: the largest file in bytes.
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        base_folder: Callable[[str], Path],
        embedder: Callable[[Path], Embedder | None],
        limit: int,
    ) -> None:
        self.database = database
        self.folder = folder
        self.base_folder = base_folder
        self.embedder = embedder
        self.limit = limit
        self._pool = ThreadPoolExecutor(1, "ingest")
        self._cancelled = threading.Event()
        self._progress: dict[str, str] = {}
        with database.writing() as db:
            db.execute(
                "UPDATE uploads SET state = 'failed', reason = 'the service stopped while it was read: send it again' "
                "WHERE state IN ('waiting', 'reading')"
            )

    async def take(self, base: str, name: str, pieces: AsyncIterator[bytes], by: str) -> Upload:
        """Keep a file and have it read. Raises `Refused` when it is too large or empty."""
        id = f"u-{secrets.token_hex(6)}"
        folder = self.folder / base / id
        folder.mkdir(parents=True, mode=0o700)
        path, size = folder / safe_name(name), 0
        try:
            with path.open("wb") as file:
                async for piece in pieces:
                    size += len(piece)
                    if size > self.limit:
                        raise Refused(413, "too_large", f"the file is larger than {self.limit:,} bytes", "file")
                    file.write(piece)
            if not size:
                raise Refused(400, "empty_file", f"the file {path.name!r} is empty", "file")
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        upload = Upload(id, base, path.name, "waiting", "", 0, size, time.time(), by)
        with self.database.writing() as db:
            values = (id, base, path.name, "waiting", "", 0, size, upload.at, by)
            db.execute(f"INSERT INTO uploads ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        self._pool.submit(self._read, upload, path)
        return upload

    def get(self, id: str) -> Upload | None:
        row = self.database.db.execute(f"SELECT {_COLUMNS} FROM uploads WHERE id = ?", (id,)).fetchone()
        return None if row is None else replace(Upload(*row), progress=self._progress.get(id, ""))

    def recent(self, base: str, limit: int = 20) -> list[Upload]:
        """The latest uploads of a base, newest first."""
        rows = self.database.db.execute(
            f"SELECT {_COLUMNS} FROM uploads WHERE base = ? ORDER BY at DESC LIMIT ?", (base, limit)
        )
        return [replace(Upload(*row), progress=self._progress.get(row[0], "")) for row in rows]

    def remove(self, path: Path) -> bool:
        """Delete the file behind a forgotten document, where it was uploaded; others are the user's own."""
        real = path.resolve()
        if not real.is_relative_to(self.folder.resolve()) or not real.is_file():
            return False
        id = real.parent.name
        with contextlib.suppress(OSError):
            shutil.rmtree(real.parent)
        with self.database.writing() as db:
            db.execute("DELETE FROM uploads WHERE id = ?", (id,))
        return not real.exists()

    def close(self) -> None:
        self._cancelled.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _read(self, upload: Upload, path: Path) -> None:
        """In the ingest thread."""
        self._note(upload.id, "reading")
        try:
            state, reason, passages = self._ingested(upload, path)
        except StratiError as error:
            state, reason, passages = "failed", str(error), 0
        except Exception as error:  # a fault of ours must not leave the file "reading" for ever
            state, reason, passages = "failed", f"{type(error).__name__}: {error}", 0
        self._note(upload.id, state, reason.replace(str(path), path.name), passages)
        self._progress.pop(upload.id, None)

    def _ingested(self, upload: Upload, path: Path) -> tuple[str, str, int]:
        from strati.knowledge.base import KnowledgeBase
        from strati.knowledge.ingest.pipeline import Settings

        def told(what: str, done: int, total: int) -> None:
            self._progress[upload.id] = f"{what} {done} of {total}"

        settings = Settings(workers=min(2, threads()), told=told, cancelled=self._cancelled)
        folder = self.base_folder(upload.base)
        with KnowledgeBase.open(folder, self.embedder(folder), create=False) as base:
            report = base.ingest([path], settings)
        outcomes = report.outcomes
        worst = next((one for one in outcomes if str(one.status) in ("failed", "skipped")), None)
        if worst is not None and report.passages == 0:
            return str(worst.status), worst.reason, 0
        return "read", worst.reason if worst else "", report.passages

    def _note(self, id: str, state: str, reason: str = "", passages: int = 0) -> None:
        with self.database.writing() as db:
            db.execute(
                "UPDATE uploads SET state = ?, reason = ?, passages = ? WHERE id = ?", (state, reason, passages, id)
            )
