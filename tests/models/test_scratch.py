"""The engine's temporary folder: gone when closed, and after a kill gone with the next start."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from strati.models.local import scratch
from strati.models.local.scratch import Scratch

HOLD = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]
from strati.models.local.scratch import Scratch
folder = Scratch()
(folder.path / "head1").write_bytes(b"state")
print(folder.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_it_is_private_and_gone_when_closed(place: Path) -> None:
    folder = Scratch()
    assert folder.path.parent == place
    assert os.name != "posix" or folder.path.stat().st_mode & 0o77 == 0
    folder.close()
    assert not folder.path.exists()


def test_what_a_killed_process_left_goes_with_the_next_start(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", HOLD, str(place)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        monkeypatch.setattr(scratch, "YOUNG", -1.0)
        Scratch().close()
        assert (left / "head1").exists()  # its process lives
        process.kill()
    monkeypatch.undo()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    Scratch().close()
    assert left.exists()  # too young
    monkeypatch.setattr(scratch, "YOUNG", -1.0)
    Scratch().close()
    assert list(place.iterdir()) == []


def test_a_file_of_that_name_is_left_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "YOUNG", -1.0)
    (place / f"{scratch.PREFIX}note").write_text("mine")
    Scratch().close()
    assert (place / f"{scratch.PREFIX}note").read_text() == "mine"
