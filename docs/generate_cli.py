"""Writes docs/command-line.md from the commands themselves.

    python docs/generate_cli.py

Run it by hand after a change of a command; tests/test_docs.py fails while the page is out of date. What is written here
by hand stands in `BEFORE` and `AFTER`; usage lines and tables come from the commands.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from strati.cli.app import app

PAGE = Path(__file__).parent / "command-line.md"

BEFORE = """\
# Command line

*Written by `python docs/generate_cli.py` from the commands themselves; do not edit this page.*

Every command prints its own help with `-h` or `--help`; `strati --version` prints the version. Results go to standard
output, progress and messages to standard error: bars where a terminal is attached, one line per step otherwise.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | checked, and the answer is no: `doctor` (a result would be meaningless), `certify` (not yet, not valid), `check` |
| 2 | something the user can put right, told in one sentence; a full disk and a damaged file are such |
| 3 | stopped by Ctrl-C or a limit; everything so far is kept and the same command goes on; for `--plan`: over a limit |
| 70 | a fault of strati itself: please report it |

| environment variable | meaning |
|---|---|
| `STRATI_CATALOG` | further model catalogs, joined as in `PATH` |
| `STRATI_THREADS` | threads that engines, linear algebra and workers share; default: the cores this process may use |
| `STRATI_MODELS` | where pulled models are kept; default `strati/models` in the user's cache folder |
| `HF_ENDPOINT` | a mirror of the Hugging Face hub |

Options of `bench` and `doctor` win over `strati.toml`. That file is read when it is named with `--config`, or from the
current folder when no data are named. A relative path in it starts at its own folder; the paths of `answers` and
`layers` in `[bench]` start at the current folder.
"""

AFTER = """
## What `bench` leaves behind

| path | what |
|---|---|
| `.strati/runs/ID.db` | the journal (with `-wal` and `-shm` beside it): copy all of them |
| `.strati/runs/ID.stacks/` | the fitted stacks |
| `.strati/runs/ID.lock` | held while the run is written; harmless when left over |
| `.strati/runs/ID/` or `--out` | `report.html`, `verdict.json`, `answers.jsonl`, `stacks/` |
| `.strati/ledger.db` | which labels were used by which run |

See [benchmark and journal](benchmark-and-journal.md) and [decision and verdict](decision-and-verdict.md).
"""


def page() -> str:
    """The whole page as it should be."""
    group: Any = typer.main.get_command(app)
    parts = [BEFORE, *(section(["strati", *path], command) for path, command in commands(group)), AFTER]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with its path, in the order of the help."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def section(path: list[str], command: Any) -> str:
    """One command: its help, and tables of its arguments and options."""
    hints = typing.get_type_hints(command.callback)
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if param.param_type_name == "option" and "--help" not in param.opts]
    called = [_placeholder(param) for param in arguments]
    lines = [f"## `{' '.join(path)}`", "", f"    {' '.join([*path, *called, '[OPTIONS]'])}", ""]
    lines += [re.sub(r"^Example: (.+)$", r"Example: `\1`", line) for line in command.help.splitlines()]
    if arguments:
        lines += ["", "| argument | meaning |", "|---|---|"]
        lines += [f"| `{_placeholder(param)}` | {_cell(param.help)} |" for param in arguments]
    lines += ["", "| option | value | default | meaning |", "|---|---|---|---|"]
    lines += [_option(param, hints[param.name]) for param in options]
    return "\n".join(lines)


def _placeholder(param: Any) -> str:
    name = str(param.metavar or param.name).upper().strip("[]. ").replace("...", "").strip("[]. ")
    name += "..." if param.nargs == -1 else ""
    return name if param.required else f"[{name}]"


def _option(param: Any, hint: Any) -> str:
    names = ", ".join(f"`{name}`" for name in [*param.opts, *param.secondary_opts])
    flag = bool(getattr(param, "is_flag", False))
    value = "" if flag else _value(hint)
    unset = param.default is None or param.default is False
    told = param.show_default if isinstance(getattr(param, "show_default", None), str) else ""
    default = told or ("" if unset else f"`{param.opts[0] if flag else param.default}`")
    return f"| {names} | {value} | {default} | {_cell(param.help)} |"


def _value(hint: Any) -> str:
    """What kind of value an option takes, in a word."""
    inside = [part for part in typing.get_args(hint) if part is not types.NoneType]
    if isinstance(hint, types.UnionType):
        return _value(inside[0])
    if typing.get_origin(hint) is list:
        return _value(inside[0]) + ", repeatable"
    return {str: "text", int: "whole number", float: "number", Path: "path"}[hint]


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE}")
