"""What was shown, and what was applied: files beside the draft, so that a hash applies it and undo gives it back.

In the draft's folder, under `.strati/write/`: `shown/` holds proposals by hash, `undo/` one list for each draft,
`kept/` the bytes of drafts before an edit, by their SHA-256. Nothing is kept in memory between commands.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from strati.core.errors import BusyError, DataError, TaskError
from strati.core.lock import RunLock
from strati.core.records import JSON
from strati.write.files import read_bytes, read_draft
from strati.write.proposal import Edit, Proposal, sha256


@dataclass(frozen=True, slots=True)
class Applied:
    """A draft before and after, by the SHA-256 of its bytes, and how many edits were made."""

    path: Path
    before: str
    after: str
    edits: int

    def to_json(self) -> dict[str, JSON]:
        return {"file": str(self.path), "before": self.before, "after": self.after, "edits": self.edits}


def remember(path: Path, proposal: Proposal) -> None:
    """Keep a proposal that is shown, so that its hash applies it.

    Raises `DataError` when the folder cannot be written.
    """
    record = {"of": proposal.of, "file": path.name, "edits": [edit.to_json() for edit in proposal.edits]}
    _write(_folder(path) / "shown" / f"{proposal.hash}.json", json.dumps(record, ensure_ascii=False).encode())


def apply(path: Path, hash: str) -> Applied:
    """Make exactly the edits that were shown under a hash.

    Raises:
        TaskError: no proposal for this draft was shown under that hash.
        DataError: the draft has changed since.
        BusyError: another process is changing it.
    """
    with _alone(path):
        data = read_bytes(path)
        proposal = _shown(path, hash)
        if sha256(data) != proposal.of:
            raise DataError(
                f"{path} has changed since the proposal {hash} was shown: nothing was applied; "
                f"strati write {path} shows a new one"
            )
        new = read_draft(path, data).with_edits(proposal.edits)
        before, after = sha256(data), sha256(new)
        _write(_folder(path) / "kept" / before, data)
        _push(path, before, after)
        _replace(path, new)
    return Applied(path, before, after, len(proposal.edits))


def undo(path: Path) -> Applied:
    """Give the draft back as it was before the last edits, byte for byte.

    Raises:
        TaskError: nothing was applied to it.
        DataError: it has changed since, or what was kept is damaged.
        BusyError: another process is changing it.
    """
    with _alone(path):
        data = read_bytes(path)
        entries = _entries(path)
        while entries and entries[-1]["after"] != sha256(data) and entries[-1]["before"] == sha256(data):
            entries.pop()  # it was written down, and the process died before it was done
        if not entries:
            raise TaskError(f"there is nothing to undo: no edits were applied to {path}")
        last = entries.pop()
        if last["after"] != sha256(data):
            raise DataError(f"{path} has changed since the edits were applied: undo would lose that, nothing was done")
        old = _kept(path, last["before"])
        _replace(path, old)
        _store(path, entries)
    return Applied(path, last["after"], last["before"], 0)


def _kept(path: Path, key: str) -> bytes:
    kept = _folder(path) / "kept" / key
    try:
        data = kept.read_bytes()
    except OSError:
        raise DataError(f"the bytes of {path} before its edits are not there any more ({kept})") from None
    if sha256(data) != key:
        raise DataError(f"the bytes kept of {path} are damaged ({kept}): nothing was done")
    return data


def _shown(path: Path, hash: str) -> Proposal:
    file = _folder(path) / "shown" / f"{hash}.json"
    if not hash.isalnum() or not file.is_file():
        raise TaskError(
            f"no proposal for {path} was shown under the hash {hash!r}: nothing was applied; "
            f"strati write {path} shows one with its hash"
        )
    try:
        record = json.loads(file.read_bytes())
        proposal = Proposal(record["of"], tuple(Edit.of_json(edit) for edit in record["edits"]))
        sound = proposal.hash == hash
    except (ValueError, KeyError, TypeError):
        sound = False
    if not sound:
        raise DataError(f"the proposal {hash} is damaged ({file}): nothing was applied")
    if record["file"] != path.name:
        raise TaskError(f"the proposal {hash} is for {record['file']}, not for {path.name}: nothing was applied")
    return proposal


def _folder(path: Path) -> Path:
    return path.resolve().parent / ".strati" / "write"


def _list(path: Path) -> Path:
    return _folder(path) / "undo" / f"{path.resolve().name}.json"


def _entries(path: Path) -> list[dict[str, str]]:
    file = _list(path)
    if not file.is_file():
        return []
    try:
        entries: list[dict[str, str]] = json.loads(file.read_bytes())
    except ValueError:
        raise DataError(f"the list of what can be undone is damaged ({file})") from None
    return entries


def _push(path: Path, before: str, after: str) -> None:
    _store(path, [*_entries(path), {"before": before, "after": after}])


def _store(path: Path, entries: list[dict[str, str]]) -> None:
    _write(_list(path), json.dumps(entries).encode())


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    lock = RunLock(_folder(path) / "lock")
    try:
        lock.__enter__()
    except BusyError:
        raise BusyError(f"another process is changing {path} or a draft beside it: try again") from None
    try:
        yield
    finally:
        lock.__exit__()


def _replace(path: Path, data: bytes) -> None:
    target = path.resolve()
    mode = target.stat().st_mode
    _write(target, data, mode)


def _write(path: Path, data: bytes, mode: int | None = None) -> None:
    """All of it or nothing: a new file takes the place of the old one once it is on disk."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".strati-")
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(name, mode & 0o7777)
        os.replace(name, path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise DataError(f"{path} cannot be written: {error.strerror or error}; it is as it was") from None


def forget(folder: Path) -> None:
    """Delete what is kept for the drafts in a folder: proposals, undo lists, old bytes."""
    shutil.rmtree(folder / ".strati" / "write", ignore_errors=True)
