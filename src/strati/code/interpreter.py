"""The Python that runs programs in the sandbox, and the folders it needs to be seen there."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from strati.core.errors import TaskError

_ASK = (
    "import json, os, sys; print(json.dumps([sys.executable, os.path.realpath(sys.executable), sys.prefix, "
    "sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix]))"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python: its command, and the folders outside /usr that hold it and its packages."""

    command: str
    folders: tuple[str, ...]

    @classmethod
    def of(cls, python: str) -> Self:
        """Ask an interpreter where it lives.

        Raises `TaskError` when it cannot be run, or when it fills a home folder or the whole disk: seeing it would be
        seeing everything.
        """
        try:
            done = subprocess.run([python, "-I", "-c", _ASK], capture_output=True, timeout=60, check=True)
            command, real, *prefixes = json.loads(done.stdout)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise TaskError(f"{python} cannot be run as a Python: {error}") from None
        wanted = {os.path.realpath(prefix) for prefix in prefixes} | {*prefixes, str(Path(real).parent.parent)}
        homes = {str(Path.home()), os.path.realpath(Path.home()), "/", "/root", "/home", "/tmp", "/etc", "/var"}
        for folder in wanted & homes:
            raise TaskError(f"{python} lives in {folder}, which a sandbox cannot show: expected a virtual environment")
        kept = [folder for folder in sorted(wanted) if not _inside(folder, "/usr")]
        return cls(command, tuple(f for f in kept if not any(_inside(f, other) for other in kept if other != f)))


def _inside(folder: str, outer: str) -> bool:
    return folder == outer or folder.startswith(outer + "/")
