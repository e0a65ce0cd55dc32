"""Changes on disk: what was proposed, what was applied, and the way back. Works without git, over any files.

A folder `.strati/code` beside the files holds the bytes of every file before and after, named by their SHA-256, and a
journal with one JSON line for each step. A change is written to the journal before the first file is touched, and each
file is replaced in one step; so a change that was cut short is taken back as a whole the next time.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from strati.code.change import Change, FileChange
from strati.code.project import digest
from strati.core.errors import BusyError, DataError, UserError
from strati.core.records import JSON

What = Literal["proposed", "begun", "applied", "undone", "taken back"]
FOLDER = Path(".strati", "code")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal."""

    what: What
    hash: str
    time: str
    note: str = ""


class Journal:
    """Proposals, applied changes and their undoing in one project's folder.

    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as name:
    ...     file = Path(name, "m.py")
    ...     _ = file.write_text("a = 1\\n")
    ...     change = Change((FileChange("m.py", b"a = 1\\n", b"a = 2\\n"),))
    ...     journal = Journal(Path(name))
    ...     journal.propose(change)
    ...     _ = journal.apply(change.hash), file.read_text()
    ...     _ = journal.undo()
    ...     file.read_text()
    'a = 1\\n'
    """

    def __init__(self, project: Path) -> None:
        self.project = project
        self.folder = project / FOLDER

    def propose(self, change: Change, note: str = "") -> None:
        """Keep a change, so that it can be applied by its hash later."""
        with self._writing():
            self._keep(change)
            self._add("proposed", change.hash, note)

    def apply(self, name: str) -> Change:
        """Apply the proposal of a hash, all of it or nothing.

        Raises:
            UserError: no proposal has that hash.
            DataError: a file is not as it was when the change was shown; nothing is touched.
        """
        with self._writing():
            if name not in {entry.hash for entry in self.entries() if entry.what == "proposed"}:
                raise UserError(f"no proposal here has the hash {name!r}, expected the hash of a diff that was shown")
            change = self._kept(name)
            self._must_be(change, "since the diff was shown; nothing was applied")
            self._do(change, "applied")
            return change

    def undo(self, name: str | None = None) -> Change:
        """Take back a change that was applied, the last one by default: files are as before, byte for byte.

        Raises:
            UserError: nothing is applied, or not that.
            DataError: a file was changed since; nothing is touched.
        """
        with self._writing():
            applied = self.applied()
            if name is not None and name not in applied:
                raise UserError(f"no change with the hash {name!r} is applied here")
            if not applied:
                raise UserError("nothing is applied here, so there is nothing to undo")
            chosen = name or applied[-1]
            change = self._kept(chosen)
            back = Change(tuple(file.reverse for file in change.files))
            self._must_be(back, "since the change was applied; nothing was undone")
            self._do(back, "undone", chosen)
            return back

    def entries(self) -> list[Entry]:
        """All whole lines of the journal, oldest first."""
        with suppress(FileNotFoundError):
            lines = (self.folder / "journal.jsonl").read_bytes().split(b"\n")
            return [Entry(**json.loads(line)) for line in lines[:-1]]
        return []

    def applied(self) -> list[str]:
        """Hashes of changes that are applied and not undone, in order."""
        found: list[str] = []
        for entry in self.entries():
            if entry.what == "applied":
                found.append(entry.hash)
            elif entry.what == "undone":  # a change may have been applied more than once: the last time is undone
                del found[len(found) - 1 - found[::-1].index(entry.hash)]
        return found

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Alone at work here; first, a change that was cut short is taken back."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "objects").mkdir(exist_ok=True)
        ignore = self.folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        with (self.folder / "lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BusyError(f"another process is at work in {self.folder}") from None
            self._mend()
            yield

    def _mend(self) -> None:
        """Drop a torn last line, and take back a change whose end is not in the journal."""
        file = self.folder / "journal.jsonl"
        with suppress(FileNotFoundError):
            content = file.read_bytes()
            if content and not content.endswith(b"\n"):
                os.truncate(file, content.rfind(b"\n") + 1)
        entries = self.entries()
        if entries and entries[-1].what == "begun":
            last = entries[-1]
            change = self._kept(last.hash, undoing=last.note == "undone")
            for part in change.files:
                if self._now(part.path) == digest(part.after):
                    self._write(part.reverse)
                with _parent(self.project, part.path) as (fd, name), suppress(FileNotFoundError):
                    os.unlink(f".{name}.strati", dir_fd=fd)
            self._add("taken back", last.hash, "it was cut short")

    def _do(self, change: Change, what: Literal["applied", "undone"], name: str | None = None) -> None:
        name = name or change.hash
        self._add("begun", name, what)
        try:
            for file in change.files:
                self._write(file)
        except OSError as error:
            self._mend()
            raise DataError(
                f"{error.filename or change.files[0].path} cannot be written: {error.strerror}; nothing was changed"
            ) from None
        self._add(what, name)

    def _must_be(self, change: Change, since: str) -> None:
        for file in change.files:
            if self._now(file.path) != digest(file.before):
                raise DataError(f"{file.path} was changed {since}")

    def _now(self, path: str) -> str | None:
        """The hash of a file as it is; of anything but a plain file, one that fits nothing."""
        with _parent(self.project, path) as (fd, name):
            try:
                file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=fd)
            except FileNotFoundError:
                return None
            except OSError:
                return "unreadable"
        with os.fdopen(file, "rb") as opened:
            return digest(opened.read()) if stat.S_ISREG(os.fstat(opened.fileno()).st_mode) else "no plain file"

    def _write(self, file: FileChange) -> None:
        """Bring one file to its state after, in one step. No link on the way is followed."""
        with _parent(self.project, file.path) as (fd, name):
            if file.after is None:
                os.unlink(name, dir_fd=fd)
            else:
                spare = f".{name}.strati"
                with suppress(FileNotFoundError):
                    os.unlink(spare, dir_fd=fd)
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                with os.fdopen(os.open(spare, flags, 0o600, dir_fd=fd), "wb") as out:
                    out.write(file.after)
                    out.flush()
                    os.fchmod(out.fileno(), file.mode)
                    os.fsync(out.fileno())
                os.replace(spare, name, src_dir_fd=fd, dst_dir_fd=fd)
            os.fsync(fd)

    def _keep(self, change: Change) -> None:
        rows = []
        for file in change.files:
            for content in (file.before, file.after):
                if content is not None:
                    self._object(content)
            rows.append([file.path, digest(file.before), digest(file.after), file.mode])
        text = json.dumps({"version": 1, "files": rows}).encode()
        _whole(self.folder / f"{change.hash}.json", text)

    def _object(self, content: bytes) -> None:
        path = self.folder / "objects" / str(digest(content))
        if not path.exists():
            _whole(path, content)

    def _kept(self, name: str, undoing: bool = False) -> Change:
        """The change of a hash, its bytes checked against their names."""
        try:
            rows: JSON = json.loads((self.folder / f"{name}.json").read_bytes())["files"]
            files = tuple(
                FileChange(path, self._content(before), self._content(after), mode)
                for path, before, after, mode in rows
            )
        except (OSError, ValueError, KeyError, TypeError):
            raise DataError(f"the record of {name} in {self.folder} is damaged: nothing was touched") from None
        change = Change(files)
        if change.hash != name:
            raise DataError(f"the record of {name} in {self.folder} was altered: nothing was touched")
        return Change(tuple(file.reverse for file in files)) if undoing else change

    def _content(self, name: str | None) -> bytes | None:
        if name is None:
            return None
        content = (self.folder / "objects" / name).read_bytes()
        if digest(content) != name:
            raise ValueError(name)
        return content

    def _add(self, what: What, name: str, note: str = "") -> None:
        line = json.dumps({"what": what, "hash": name, "time": datetime.now(UTC).isoformat(), "note": note})
        with (self.folder / "journal.jsonl").open("ab") as file:
            file.write(line.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def find_journal(start: Path) -> Journal:
    """The journal of a folder, or of the nearest one above it; raises `UserError` where there is none."""
    for folder in (start, *start.parents):
        if (folder / FOLDER / "journal.jsonl").is_file():
            return Journal(folder)
    raise UserError(f"nothing was proposed in {start}, nor above it: strati code TASK FILE... does that")


def _whole(path: Path, content: bytes) -> None:
    """Write a file of the journal's own in one step."""
    spare = path.with_name(f"{path.name}.new")
    with spare.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(spare, path)


@contextmanager
def _parent(project: Path, path: str) -> Iterator[tuple[int, str]]:
    """The folder of a file, opened part by part without following a link, and the file's name in it."""
    *folders, name = path.split("/")
    flags = os.O_RDONLY | os.O_DIRECTORY
    fd = os.open(project, flags)
    try:
        for folder in folders:
            try:
                inner = os.open(folder, flags | os.O_NOFOLLOW, dir_fd=fd)
            except OSError as error:
                raise DataError(f"{folder} in {path} is no folder any more: {error.strerror}") from None
            os.close(fd)
            fd = inner
        yield fd, name
    finally:
        os.close(fd)
