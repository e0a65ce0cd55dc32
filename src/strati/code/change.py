"""A change: the exact bytes of some files before and after, shown as a diff and known by a hash."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from strati.code.project import Project, digest
from strati.core.identity import fingerprint


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before (None: there was none) and after (None: there is none), and its mode."""

    path: str
    before: bytes | None
    after: bytes | None
    mode: int = 0o644

    @property
    def reverse(self) -> FileChange:
        return FileChange(self.path, self.after, self.before, self.mode)


@dataclass(frozen=True, slots=True)
class Change:
    """What is proposed, applied or taken back: whole files, all of them or none."""

    files: tuple[FileChange, ...]

    @property
    def hash(self) -> str:
        """Of the exact bytes before and after: another change has another hash."""
        parts = [[file.path, digest(file.before), digest(file.after), file.mode] for file in self.files]
        return fingerprint("change.v1", files=parts)[:16]

    @property
    def diff(self) -> str:
        """The change as a unified diff, for people."""
        return "".join(_diff(file) for file in self.files)

    @property
    def lines(self) -> int:
        """How many lines it adds or removes."""
        return sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in self.diff.split("\n") if line)


def change_of(project: Project, texts: Mapping[str, str]) -> Change:
    """The change that gives named files new texts, in the order they were named; what stays the same is left out."""
    files = []
    for named in project.files:
        if named.path in texts:
            after = named.encoded(texts[named.path])
            if after != named.content:
                files.append(FileChange(named.path, named.content, after, named.mode))
    return Change(tuple(files))


def _diff(file: FileChange) -> str:
    before, after = _lines(file.before), _lines(file.after)
    names = (f"a/{file.path}" if file.before is not None else "/dev/null", f"b/{file.path}")
    if file.after is None:
        names = (names[0], "/dev/null")
    shown = []
    for line in difflib.unified_diff(before, after, *names):
        shown.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(shown)


def _lines(content: bytes | None) -> list[str]:
    *whole, last = (content or b"").decode("utf-8").split("\n")
    return [f"{line}\n" for line in whole] + ([last] if last else [])
