"""`strati report`: the report of a run, rebuilt from its journal alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    run: Annotated[str | None, typer.Argument(help="The id of a run or a journal file; default: the latest.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the report (default .strati/runs/ID).")] = None,
    runs_dir: Annotated[Path, typer.Option(help="Where journals are kept.")] = Path(".strati/runs"),
    json: Annotated[bool, typer.Option("--json", help="Print verdict.json instead of the report.")] = False,
) -> None:
    """Rebuild the terminal, HTML and JSON report of a run from its journal. No model is needed.

    Example: strati report 3f2a9c
    """
    from strati.cli.outputs import write_and_show
    from strati.measure.journal import Journal
    from strati.verdict.verdict import judge

    path = find_run(run, runs_dir)
    with Journal(path, read_only=True) as journal:
        verdict = judge(journal).to_json()
    write_and_show(path, verdict, out or path.with_suffix(""), as_json=json)


def find_run(run: str | None, runs: Path) -> Path:
    """The journal of a run: named by path or by the beginning of its id, else the latest."""
    from strati.core.errors import DataError

    if run is not None and Path(run).is_file():
        return Path(run)
    journals = sorted(runs.glob("*.db"), key=lambda path: path.stat().st_mtime)
    if not journals:
        raise DataError(f"{runs} holds no runs, expected journals; strati bench FILE makes one")
    if run is None:
        return journals[-1]
    found = [path for path in journals if path.stem.startswith(run)]
    if len(found) != 1:
        names = ", ".join(path.stem for path in journals[-8:])
        raise DataError(f"{len(found)} runs in {runs} begin with {run!r}, expected one; runs there: {names}")
    return found[0]
