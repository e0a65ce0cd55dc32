"""A run of the agent on disk: the question, the plan, and each step as it was made; one JSON line each."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from strati.core.errors import BusyError, DataError, UserError
from strati.core.records import JSON
from strati.serve.agent.records import Plan, Step
from strati.serve.agent.tools import Given

FOLDER = Path(".strati", "agent")
VERSION = 2  # 1 had one text for each call, and no arguments


@dataclass(frozen=True, slots=True)
class Run:
    """What is on disk of a run."""

    id: str
    question: str
    given: Given
    plan: Plan
    steps: tuple[Step, ...]


class Journal:
    """The journals of a folder, one file a run."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder

    def begin(self, question: str, given: Given, plan: Plan) -> str:
        """Write down a new run; returns its id."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        first = {"version": VERSION, "question": question, "given": given.to_json(), "plan": plan.to_json()}
        self._add(name, first)
        return name

    def add(self, name: str, step: Step) -> None:
        """Write down a step; it is on disk when this returns."""
        self._add(name, step.to_json())

    def read(self, name: str) -> Run:
        """A run by its id, or the last one for "last".

        Raises:
            UserError: there is no such run.
            DataError: its file is damaged.
        """
        if name == "last":
            name = max((path.stem for path in self.folder.glob("*.jsonl")), default="last")
        path = self.folder / f"{name}.jsonl"
        if "/" in name or not path.is_file():
            raise UserError(f"there is no run {name!r} in {self.folder}, expected the id that a run was shown with")
        lines = path.read_bytes().split(b"\n")[:-1]  # a line cut short by a kill has no end
        try:
            first, *rest = [json.loads(line) for line in lines]
            if first["version"] != VERSION:
                raise DataError(f"{path} was written by another version of strati: ask the question again")
            given, plan = Given.of_json(first["given"]), Plan.of_json(first["plan"])
            steps: dict[int, Step] = {}
            for row in rest:
                steps[row["number"]] = Step.of_json(row)
        except (ValueError, KeyError, TypeError):
            raise DataError(f"{path} is damaged, expected the journal of a run") from None
        return Run(name, first["question"], given, plan, tuple(steps[number] for number in sorted(steps)))

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """One process at a time goes on with a run."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / f"{name}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise BusyError(f"another process is at work on the run {name}") from None
            try:
                yield
            finally:
                with suppress(OSError):
                    os.unlink(self.folder / f"{name}.lock")

    def _add(self, name: str, row: dict[str, JSON]) -> None:
        path = self.folder / f"{name}.jsonl"
        if path.exists():
            content = path.read_bytes()
            if content and not content.endswith(b"\n"):
                os.truncate(path, content.rfind(b"\n") + 1)
        with path.open("ab") as file:
            file.write(json.dumps(row, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
            file.flush()
            os.fsync(file.fileno())
