from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strati.code.change import Change, FileChange
from strati.code.journal import Journal
from strati.core.errors import BusyError, DataError, UserError
from tests.code.small import write


def state(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".strati" not in path.parts
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path, {"a.py": "a\n", "in/b.py": b"b\r\n", "c.bin": b"\0\1"})


BOTH = Change((FileChange("a.py", b"a\n", b"A\n", 0o755), FileChange("in/new.py", None, b"new\n")))


def test_there_and_back(folder: Path) -> None:
    before = state(folder)
    journal = Journal(folder)
    journal.propose(BOTH, "a task")
    assert state(folder) == before
    journal.apply(BOTH.hash)
    assert state(folder) == before | {"a.py": b"A\n", "in/new.py": b"new\n"}
    assert (folder / "a.py").stat().st_mode & 0o777 == 0o755
    journal.undo()
    assert state(folder) == before
    assert [entry.what for entry in journal.entries()] == ["proposed", "begun", "applied", "begun", "undone"]


def test_another_hash_or_another_file_is_refused(folder: Path) -> None:
    journal = Journal(folder)
    journal.propose(BOTH)
    with pytest.raises(UserError, match="no proposal here has the hash"):
        journal.apply("0123456789abcdef")
    write(folder, {"in/new.py": "mine"})
    before = state(folder)
    with pytest.raises(DataError, match=r"in/new\.py was changed since the diff was shown; nothing was applied"):
        journal.apply(BOTH.hash)
    assert state(folder) == before


def test_nothing_is_undone_over_later_work(folder: Path) -> None:
    journal = Journal(folder)
    journal.propose(BOTH)
    journal.apply(BOTH.hash)
    write(folder, {"a.py": "mine"})
    before = state(folder)
    with pytest.raises(DataError, match=r"a\.py was changed since the change was applied; nothing was undone"):
        journal.undo()
    assert state(folder) == before
    with pytest.raises(UserError, match="no change with the hash"):
        journal.undo("0123456789abcdef")


@pytest.mark.parametrize("what", ["applied", "undone"])
def test_a_change_that_was_cut_short_is_taken_back(folder: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(folder)
    journal.propose(BOTH)
    if what == "undone":
        journal.apply(BOTH.hash)
    before = state(folder)
    real, calls = Journal._write, []

    def die_at_the_second(self: Journal, file: FileChange) -> None:
        calls.append(file)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(self, file)

    monkeypatch.setattr(Journal, "_write", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        journal.apply(BOTH.hash) if what == "applied" else journal.undo()
    assert state(folder) != before
    monkeypatch.undo()
    with (folder / ".strati/code/journal.jsonl").open("ab") as file:
        file.write(b'{"what": "app')  # as a kill in the middle of a line leaves it
    Journal(folder).propose(Change((FileChange("c.bin", b"\0\1", b"\0"),)))
    assert state(folder) == before
    assert "taken back" in [entry.what for entry in journal.entries()]
    assert journal.applied() == ([BOTH.hash] if what == "undone" else [])


@pytest.mark.parametrize("at", [1, 2])
def test_a_kill_in_the_middle_changes_nothing_for_good(folder: Path, at: int) -> None:
    """The process is really killed, after the first file was replaced or before it."""
    before = state(folder)
    Journal(folder).propose(BOTH)
    code = f"""
import os, signal
from pathlib import Path
from strati.code.journal import Journal
real, calls = Journal._write, []
def write(self, file):
    calls.append(file)
    if len(calls) == {at}:
        os.kill(os.getpid(), signal.SIGKILL)
    real(self, file)
Journal._write = write
Journal(Path({str(folder)!r})).apply({BOTH.hash!r})
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert (state(folder) == before) is (at == 1)
    assert Journal(folder).apply(BOTH.hash) == BOTH
    assert state(folder) == before | {"a.py": b"A\n", "in/new.py": b"new\n"}
    Journal(folder).undo()
    assert state(folder) == before


def test_a_link_that_takes_a_folders_place_is_not_followed(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = write(tmp_path_factory.mktemp("elsewhere"), {"b.py": b"b\r\n"})
    change = Change((FileChange("in/b.py", b"b\r\n", b"B\r\n"),))
    journal = Journal(folder)
    journal.propose(change)
    os.rename(folder / "in", folder / "was")
    os.symlink(elsewhere, folder / "in")
    with pytest.raises(DataError, match="no folder any more"):
        journal.apply(change.hash)
    assert state(elsewhere) == {"b.py": b"b\r\n"}


def test_a_link_that_takes_a_files_place_is_not_followed(folder: Path) -> None:
    journal = Journal(folder)
    journal.propose(BOTH)
    os.rename(folder / "a.py", folder / "real.py")
    os.symlink("real.py", folder / "a.py")
    with pytest.raises(DataError, match="was changed"):
        journal.apply(BOTH.hash)
    assert (folder / "real.py").read_bytes() == b"a\n"


def test_an_altered_record_is_refused(folder: Path) -> None:
    journal = Journal(folder)
    journal.propose(BOTH)
    record = folder / ".strati/code" / f"{BOTH.hash}.json"
    record.write_bytes(record.read_bytes().replace(b"a.py", b"z.py"))
    with pytest.raises(DataError, match="altered"):
        journal.apply(BOTH.hash)
    for file in (folder / ".strati/code/objects").iterdir():
        file.write_bytes(b"evil")
    with pytest.raises(DataError, match="damaged"):
        journal.apply(BOTH.hash)


def test_two_at_once_do_not_mix(folder: Path) -> None:
    journal = Journal(folder)
    with journal._writing(), pytest.raises(BusyError):
        Journal(folder).propose(BOTH)


NAMES = st.sampled_from(["a.py", "in/b.py", "c.bin", "new.txt", "in/new.py"])
CONTENTS = st.binary(max_size=40) | st.sampled_from([b"", b"a\n", b"a\r\n", b"\xef\xbb\xbfx"])


@settings(max_examples=50)
@given(st.lists(st.dictionaries(NAMES, CONTENTS | st.none(), min_size=1), min_size=1, max_size=4))
def test_edits_and_their_undoing_leave_every_byte(edits: list[dict[str, bytes | None]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = write(Path(name), {"a.py": "a\n", "in/b.py": b"b\r\n", "c.bin": b"\0\1"})
        journal, states = Journal(folder), [state(folder)]
        for edit in edits:
            before = states[-1]
            parts = [FileChange(path, before.get(path), new) for path, new in edit.items() if before.get(path) != new]
            change = Change(tuple(parts))
            journal.propose(change)
            journal.apply(change.hash)
            states.append(state(folder))
            assert states[-1] == {k: v for k, v in {**before, **edit}.items() if v is not None}
        for before in reversed(states[:-1]):
            journal.undo()
            assert state(folder) == before
