"""`strati write --interactive` by the keys of a terminal of 80 columns."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

pty = pytest.importorskip("pty")

TEXT = "I has an apple. She go to school in 2024.\nThe house was sold becouse it was late and nobody cared for it.\n"


@pytest.mark.process
def test_keys_of_a_terminal(tmp_path: Path) -> None:
    draft = tmp_path / "draft.md"
    draft.write_text(TEXT)
    keys = [b"\x1b[A", b"?", b"y\r", b"n", b"y"]  # an arrow and a strange key do nothing; a key and Enter is a key
    said = typed([sys.executable, "-m", "strati", "write", "draft.md", "--interactive"], tmp_path, keys)
    assert "2 edits applied" in said
    assert max(map(len, said.splitlines())) <= 80
    assert draft.read_text() == TEXT.replace("has", "have").replace("becouse", "because")
    subprocess.run([sys.executable, "-m", "strati", "write", "draft.md", "--undo"], cwd=tmp_path, check=True)
    assert draft.read_text() == TEXT


def typed(command: list[str], folder: Path, keys: list[bytes]) -> str:
    """What a command prints to a terminal of 80 columns that is given a key each time it asks."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "80", "LINES": "24", "TERM": "xterm-256color"}
    process = subprocess.Popen(command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    said, asked, waiting, end = b"", 0, list(keys), time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([ours], [], [], 0.5)[0]:
            continue
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux: the other side is closed
            break
        if not part:
            break
        said += part
        while waiting and said.count(b"take it?") > asked:
            asked += 1
            time.sleep(0.3)  # the terminal is set to single keys after the question is printed
            os.write(ours, waiting.pop(0))
    os.close(ours)
    assert process.wait(10) == 0, said
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", said.decode()).replace("\r", "")
