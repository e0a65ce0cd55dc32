"""Sandlock (package `sandlock`): Landlock and a supervisor of system calls, for machines without bubblewrap."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from strati.code.interpreter import Interpreter
from strati.code.sandbox import Limits, NoSandbox, Ran


@dataclass(frozen=True, slots=True)
class Sandlock:
    """The sandbox, for one interpreter."""

    interpreter: Interpreter

    @property
    def name(self) -> str:
        return "sandlock"

    @classmethod
    def tried(cls, interpreter: Interpreter) -> Self:
        """Run an empty job; raises `NoSandbox` with the reason when that does not work."""
        del interpreter
        if find_spec("sandlock") is None:
            raise NoSandbox("the package is not installed")
        raise NoSandbox("not yet")

    def project(self, folder: Path) -> str:
        return str(folder)

    def run(self, folder: Path, job: bytes, limits: Limits) -> Ran:
        raise NotImplementedError
