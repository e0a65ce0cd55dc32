"""The command line in this process: what `strati ARGUMENTS` prints and the code it ends with."""

from __future__ import annotations

import contextlib
import io
import os
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from strati.cli import main


class Said(NamedTuple):
    """As `subprocess.CompletedProcess` names it."""

    returncode: int
    stdout: str
    stderr: str


def strati(folder: Path, *arguments: object, **environment: str) -> Said:
    """What the command does in a folder, at 80 columns, without a process of its own."""
    out, err = io.StringIO(), io.StringIO()
    settings = {"STRATI_MODELS": str(folder / "models"), "COLUMNS": "80", **environment}
    code: object = 0
    with (
        patch.dict(os.environ, settings),
        patch("sys.argv", ["strati", *map(str, arguments)]),
        contextlib.chdir(folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    return Said(code if isinstance(code, int) else 0, out.getvalue(), err.getvalue())
