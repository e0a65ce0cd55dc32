"""Edits and their undoing at scale: random changes come back byte for byte, malformed replies change nothing.

python benchmarks/code_edits.py --undo 1000 --malformed 10000
"""

from __future__ import annotations

import argparse
import random
import tempfile
from pathlib import Path

from strati.code.change import Change, FileChange, change_of
from strati.code.edits import DIVIDE, REPLACE, SEARCH, Malformed, read
from strati.code.journal import Journal
from strati.code.project import open_project

FILES = {"a.py": b"def f():\n    return 1\n", "in/b.py": b"\xef\xbb\xbfx = 1\r\n", "c.bin": bytes(range(256)), "d": b""}
MARKS = ("```", "```python", "~~~", SEARCH, DIVIDE, REPLACE, "FILE: a.py", "FILE: in/b.py", "FILE: c.bin", "FILE: ../x")
WORDS = ("def f():", "    return 1", "    return 2", "x = 1", "", "def g(:", "print(1)", "class A:", "    pass", "\0")
LINES = (*MARKS, *WORDS)


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Bytes and modes of all files but the journal's own."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mode)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".strati" not in path.parts
    }


def made(folder: Path) -> None:
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def undo(runs: int, draw: random.Random) -> int:
    """Each run applies one to five random changes and undoes them; how many runs came back byte for byte."""
    same = 0
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            made(folder)
            before, journal = snapshot(folder), Journal(folder)
            count = draw.randint(1, 5)
            for _ in range(count):
                change = _random_change(folder, draw)
                journal.propose(change)
                journal.apply(change.hash)
            for _ in range(count):
                journal.undo()
            same += snapshot(folder) == before
    return same


def _random_change(folder: Path, draw: random.Random) -> Change:
    files = []
    for name in draw.sample([*FILES, "new", "in/new"], draw.randint(1, 4)):
        path = folder / name
        before = path.read_bytes() if path.exists() else None
        after = None if before is not None and draw.random() < 0.2 else draw.randbytes(draw.randint(0, 200))
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        files.append(FileChange(name, before, after, mode))
    return Change(tuple(files))


def malformed(count: int, draw: random.Random) -> tuple[int, int, int]:
    """(replies refused, replies that were a change, replies after which any byte on disk was another)."""
    refused = changes = broken = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made(folder)
        (folder / "c.bin").write_bytes(b"x\ny\n")
        project, before = open_project(["a.py", "in/b.py", "c.bin"], [], folder), snapshot(folder)
        while refused < count:
            reply = "\n".join(draw.choices(LINES, k=draw.randint(0, 16)))
            try:
                change = change_of(project, read(reply, project).texts)
                changes += bool(change.files)
            except Malformed:
                refused += 1
            broken += snapshot(folder) != before
    return refused, changes, broken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--undo", type=int, default=1000)
    parser.add_argument("--malformed", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    draw = random.Random(options.seed)
    print(f"{undo(options.undo, draw)} of {options.undo} runs of edits and undoing came back byte for byte")
    refused, changes, broken = malformed(options.malformed, draw)
    print(
        f"{refused} malformed replies refused ({changes} others were changes); {broken} times a byte on disk differed"
    )


if __name__ == "__main__":
    main()
