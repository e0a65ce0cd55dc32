"""The files that may change, and the copy of the project around them that the sandbox is shown."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from strati.core.errors import DataError, TaskError

LARGEST = 1 << 20
"""Bytes of a file that may be changed."""
LARGEST_SHOWN = 8 << 20
"""Bytes of a file that the sandbox is shown; a larger one is left out."""
MOST_FILES = 20_000
MOST_BYTES = 256 << 20
MARKS = ("pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "pytest.ini", ".git", ".hg")
STEERING = ("conftest.py", "pytest.ini", "pytest.toml", "tox.ini", "setup.cfg", "pyproject.toml")
"""Files that decide how tests are run: changing one could make any test pass."""
_STARTING = ("sitecustomize.py", "usercustomize.py")
_SKIPPED = ("__pycache__", "node_modules", "venv", "env", "site-packages")


@dataclass(frozen=True, slots=True)
class Named:
    """A file that the user named: its bytes and mode, or None for one that is to be made."""

    path: str
    content: bytes | None
    mode: int = 0o644

    @property
    def text(self) -> str:
        """Its text with plain line ends and without a byte order mark; empty for a new file."""
        text = (self.content or b"").decode("utf-8").removeprefix("\ufeff")
        return text.replace("\r\n", "\n")

    def encoded(self, text: str) -> bytes:
        """A new text in the file's own manner: its byte order mark, its line ends."""
        content = self.content or b""
        if b"\r\n" in content and content.count(b"\n") == content.count(b"\r\n"):
            text = text.replace("\n", "\r\n")
        elif b"\r\n" in content:
            raise DataError(f"{self.path} mixes two kinds of line ends, expected one: a change would touch every line")
        return (b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b"") + text.encode("utf-8")


@dataclass(frozen=True, slots=True)
class Project:
    """A folder, the files in it that may change, and the tests that judge them; all paths relative to the folder."""

    folder: Path
    files: tuple[Named, ...]
    tests: tuple[str, ...] = ()

    def file(self, path: str) -> Named:
        """The named file of a path; raises `KeyError` for a file that was not named."""
        for named in self.files:
            if named.path == path:
                return named
        raise KeyError(path)

    def copy(self, to: Path, changed: Mapping[str, bytes] = {}) -> None:
        """Write the project's files to a folder, `changed` ones with their new bytes. Links are not followed.

        Hidden files, environments, and files of more than 8 MB are left out.

        Raises:
            DataError: there are too many files, or too many bytes.
        """
        files, size = 0, 0
        for path, status in _walk(self.folder):
            files, size = files + 1, size + status.st_size
            if files > MOST_FILES or size > MOST_BYTES:
                raise DataError(
                    f"{self.folder} holds more than {MOST_FILES:,} files or {MOST_BYTES >> 20} MB, "
                    "expected a project's own folder: run the command there"
                )
            target = to / path
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
            if path.as_posix() not in changed:
                shutil.copyfile(self.folder / path, target)
                target.chmod(0o755 if status.st_mode & 0o100 else 0o644)
        for name, content in changed.items():
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
            target.write_bytes(content)
            target.chmod(0o644)


def open_project(files: Sequence[str], tests: Sequence[str] = (), start: Path | None = None) -> Project:
    """Read the files that were named, and find the project around them.

    Args:
        files: what may be changed or made; relative to `start`.
        tests: test files, which may not.
        start: where paths begin; the working folder by default.

    Raises:
        DataError: a file is no text, too large, a link or a folder, or lies outside the project.
        TaskError: a test file, or one that decides how tests run, was named to be changed; or nothing was named.
    """
    start = Path(os.path.abspath(start or Path.cwd()))
    if not files:
        raise TaskError("no file is named, expected the files that may be changed or made")
    paths = [Path(os.path.abspath(start / file)) for file in dict.fromkeys(files)]
    judges = [Path(os.path.abspath(start / file)) for file in dict.fromkeys(tests)]
    for file in paths:
        _must_be_changeable(file, judges)
    for file in judges:
        if not file.is_file():
            raise DataError(f"{file} is no file, expected a file of tests")
    root = _root([*paths, *judges], start)
    named = tuple(_read(root, path) for path in dict.fromkeys(paths))
    return Project(root, named, tuple(path.relative_to(root).as_posix() for path in judges))


def read_file(path: Path, shown: str) -> tuple[bytes, int]:
    """A plain file's bytes and mode; a link is not followed. Raises `DataError` for anything else."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        kind = "a symbolic link, expected the file itself" if path.is_symlink() else f"not readable: {error.strerror}"
        raise DataError(f"{shown} is {kind}") from None
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
        os.close(fd)
        if stat.S_ISREG(status.st_mode):
            raise DataError(f"{shown} has {status.st_size:,} bytes, expected at most {LARGEST:,}")
        raise DataError(f"{shown} is no plain file")
    with os.fdopen(fd, "rb") as file:
        return file.read(), stat.S_IMODE(status.st_mode)


def digest(content: bytes | None) -> str | None:
    """The SHA-256 of a file's bytes; None for no file."""
    return None if content is None else sha256(content).hexdigest()


def _must_be_changeable(file: Path, judges: Sequence[Path]) -> None:
    if file in judges or any(file.exists() and judge.exists() and file.samefile(judge) for judge in judges):
        raise TaskError(f"{file.name} is both to be changed and a test, expected tests to stay as they are")
    if file.name in (*STEERING, *_STARTING) or file.suffix == ".pth":
        raise TaskError(f"{file.name} decides how Python or the tests run, expected a file of the program")


def _root(paths: Sequence[Path], start: Path) -> Path:
    """The nearest folder above all files that looks like a project; else the one that holds them all."""
    common = Path(os.path.commonpath([path.parent for path in paths]))
    home = Path.home()
    for folder in (common, *common.parents):
        if folder in (home, Path(folder.anchor)):
            break
        if any((folder / mark).exists() for mark in MARKS):
            return folder
    around = start if common.is_relative_to(start) and start != home else common
    if around in (home, Path(around.anchor)):
        raise TaskError(f"the files lie in {around} itself, expected a folder of their own: others must not be shown")
    return around


def _read(root: Path, path: Path) -> Named:
    name = path.relative_to(root).as_posix()
    for part in path.relative_to(root).parents:
        if (root / part).is_symlink():
            raise DataError(f"{root / part} is a symbolic link, expected the folder itself")
    if not path.exists() and not path.is_symlink():
        if not path.parent.is_dir():
            raise DataError(f"{path.parent} is no folder, expected one to make {path.name} in")
        return Named(name, None)
    content, mode = read_file(path, name)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise DataError(f"{name} is no text in UTF-8, expected a program's source")
    return Named(name, content, mode)


def _walk(folder: Path) -> Iterator[tuple[PurePosixPath, os.stat_result]]:
    """Plain files that a sandbox may be shown, with relative paths, in order."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f not in _SKIPPED)
        folders[:] = [f for f in folders if not Path(where, f, "pyvenv.cfg").exists()]
        for name in sorted(names):
            path = Path(where, name)
            if name.startswith("."):
                continue
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and status.st_size <= LARGEST_SHOWN and os.access(path, os.R_OK):
                yield PurePosixPath(path.relative_to(folder).as_posix()), status
