"""`kill -9` at random moments of an ingest: is any document half there, lost, or twice there?

    python benchmarks/ingest_kill.py [--kills 100] [--files 60] [--seed 0]

Files of text, Markdown and zip archives are ingested by the command in a process that is killed at a random moment,
with all its workers; after each kill the base is opened and checked: every document in it is whole (text, passages and
index fit each other) and there once. When the ingest gets to its end, the base must equal, to the last term of its
index, one that was never interrupted; then it starts over with an empty base.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from strati.core.records import JSON
from strati.knowledge.base import KnowledgeBase
from strati.knowledge.document import faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    dice = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        write(source, arguments.files, dice)
        start = time.perf_counter()
        whole = Path(folder) / "whole.kb"
        started(source, whole).wait()
        seconds = time.perf_counter() - start
        expected = dump(whole)
        with KnowledgeBase.open(whole) as base:
            count = len(base.documents())
        print(f"{count} documents from {arguments.files} files, {seconds:.1f} s without interruption")
        finished, amid = kill_often(source, Path(folder) / "killed.kb", expected, arguments.kills, seconds, dice)
    print(
        f"{arguments.kills} kills, {amid} of them with some of the documents kept; {finished} ingests came to their end"
    )
    print("no document was half there, lost, or twice there")


def kill_often(
    source: Path, target: Path, expected: list[JSON], kills: int, seconds: float, dice: random.Random
) -> tuple[int, int]:
    """How many ingests were finished, and how many kills came in the middle of one."""
    done = finished = amid = 0
    while done < kills:
        process = started(source, target)
        try:
            process.wait(timeout=dice.uniform(0.0, 1.2 * seconds))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            done += 1
            amid += 0 < check(target) < sum(value[0] == "document" for value in expected)
            continue
        if process.returncode != 0:
            sys.exit(f"the ingest ended with exit code {process.returncode}")
        if dump(target) != expected:
            sys.exit("the base is not the one that was never interrupted")
        finished += 1
        shutil.rmtree(target)
    started(source, target).wait()
    if dump(target) != expected:
        sys.exit("the base is not the one that was never interrupted")
    return finished + 1, amid


def started(source: Path, target: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "strati", "ingest", str(source), "--kb", str(target), "--embedder", "none"]
    return subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL)


def check(target: Path) -> int:
    """Ends the benchmark when a document is not whole; returns how many there are."""
    if not (target / "base.db").exists():
        return 0
    with KnowledgeBase.open(target) as base:
        entries = base.documents()
        for entry in entries:
            document = base.store.document(entry.id)
            rows = [kept.row for kept in base.store.passages_of(entry.id)]
            right = all(document.text[row.start : row.end] == row.text for row in rows)
            if [*faults(document)] or not right or [row.position for row in rows] != list(range(len(rows))) or not rows:
                sys.exit(f"{entry.name} is half there")
        if len({entry.path for entry in entries}) != len(entries):
            sys.exit("a document is there twice")
        problems = base.store.integrity()
        if problems:
            sys.exit("; ".join(problems))
    return len(entries)


def dump(target: Path) -> list[JSON]:
    with KnowledgeBase.open(target) as base:
        return list(base.store.dump())


def write(folder: Path, files: int, dice: random.Random) -> None:
    folder.mkdir()
    words = [f"word{number}" for number in range(2000)]
    for number in range(files):
        text = "\n\n".join(" ".join(dice.choices(words, k=60)).capitalize() + "." for _ in range(40))
        if number % 10 == 9:
            with zipfile.ZipFile(folder / f"{number}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                for part in range(3):
                    archive.writestr(f"{part}.txt", f"part {part}\n\n{text}")
        else:
            name, head = (f"{number}.md", f"# Title {number}\n\n") if number % 2 else (f"{number}.txt", "")
            (folder / name).write_text(head + text, encoding="utf-8")


if __name__ == "__main__":
    main()
