"""Sandlock (package `sandlock`): Landlock and a supervisor of system calls, for machines without bubblewrap.

Needs no namespaces and no rights. Files are the machine's own, but only those that are named can be opened; the one
folder to write to is on disk, so its size is watched from outside. `landlock_child` is the process that holds it.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from strati.code import driver, landlock_child, process
from strati.code.interpreter import Interpreter
from strati.code.sandbox import End, Limits, NoSandbox, Ran

_SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives")
_DEVICES = ("/dev/zero", "/dev/urandom", "/dev/random")


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
        if find_spec("sandlock") is None:
            raise NoSandbox("the package is not installed")
        found = cls(interpreter)
        with tempfile.TemporaryDirectory(prefix="strati-") as folder:
            ran = found.run(Path(folder), driver.job("nothing"), Limits(seconds=20))
        if ran.end is not End.DONE or b'"ready"' not in ran.report:
            lines = ran.printed.decode("utf-8", "replace").strip().splitlines() or [f"it ended with {ran.code}"]
            raise NoSandbox(f"a first run failed ({lines[-1][:200]})")
        return found

    def project(self, folder: Path) -> str:
        return str(folder)

    def run(self, folder: Path, job: bytes, limits: Limits) -> Ran:
        with tempfile.TemporaryDirectory(prefix="strati-", ignore_cleanup_errors=True) as name:
            room = Path(name, "tmp")
            room.mkdir(mode=0o777)
            script = Path(driver.__file__)
            readable = [path for path in (*_SYSTEM, *_DEVICES, *self.interpreter.folders) if os.path.exists(path)]
            environment = {
                key: value.replace(driver.PLACE, str(folder)) if value != "/tmp" else str(room)
                for key, value in driver.ENVIRONMENT.items()
            }
            settings = {
                "readable": [*readable, str(script), str(folder)],
                "writable": [str(room), "/dev/null"],
                "memory": limits.memory,
                "processes": limits.processes,
                "environment": environment,
                "folder": str(folder),
                "command": [self.interpreter.command, "-I", "-B", "-X", "utf8", str(script)],
            }
            command = [sys.executable, "-I", "-W", "ignore", landlock_child.__file__, json.dumps(settings)]
            task = driver.with_limits(job, replace(limits, processes=1 << 20), None)  # the supervisor counts them
            return process.run(command, task, limits, environment={"PATH": "/usr/bin:/bin"}, room=room)
