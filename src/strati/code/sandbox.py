"""Where programs that a model wrote may run: shut away from files, network and the rest of the machine, or not at all.

What runs inside sees the interpreter and a read-only copy of the project, has one small folder in memory to write to,
and ends with all of its processes. `strati.code.find` gives the best sandbox that works here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from strati.core.errors import TaskError, UserError

PROJECT = "/strati/project"
"""Where the copy of the project is seen from inside bubblewrap."""


class NoSandbox(UserError):
    """No sandbox works on this machine, so nothing is run."""


class End(StrEnum):
    """How a run ended."""

    DONE = "done"
    TIME = "time"
    MEMORY = "memory"
    OUTPUT = "output"
    DISK = "disk"
    SANDBOX = "sandbox"  # the sandbox itself could not be set up


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may take.

    Attributes:
        seconds: wall time; processor time is limited to the same.
        memory: bytes, for each process and for all together.
        processes: processes and threads.
        output: bytes written to its output and errors.
        disk: bytes in the folder it may write to, which is memory.

    Raises `TaskError` for limits below what an interpreter needs to start.
    """

    seconds: float = 30.0
    memory: int = 1 << 30
    processes: int = 64
    output: int = 1 << 20
    disk: int = 64 << 20

    def __post_init__(self) -> None:
        if not 0 < self.seconds <= 3600:
            raise TaskError(f"the time limit is {self.seconds:g} seconds, expected more than 0 and at most 3600")
        least = {"memory": 64 << 20, "processes": 4, "output": 1 << 10, "disk": 1 << 16}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise TaskError(f"the limit on {name} is {getattr(self, name)}, expected at least {low}")


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run: how it ended, its exit code, what the driver reported and what the program printed."""

    end: End
    code: int
    report: bytes
    printed: bytes
    seconds: float


class Sandbox(Protocol):
    """Runs the driver (`strati.code.driver`) with a job, shut away."""

    @property
    def name(self) -> str: ...

    def project(self, folder: Path) -> str:
        """The path by which what runs inside sees the project's copy."""
        ...

    def run(self, folder: Path, job: bytes, limits: Limits) -> Ran:
        """Run the driver on a job, with `folder` as the project. Never raises for what the program does."""
        ...
