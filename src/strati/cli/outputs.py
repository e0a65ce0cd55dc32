"""Writing a verdict: the folder with its files, and the report on the terminal."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from strati.cli.console import open_console
from strati.core.errors import UserError
from strati.core.records import JSON

if TYPE_CHECKING:
    from strati.prove.bench import Outcome


def finish(outcome: Outcome, out: Path | None, *, as_json: bool) -> None:
    """Write the files of a run and show its verdict."""
    write_and_show(outcome.journal, outcome.verdict, out or outcome.journal.with_suffix(""), as_json=as_json)


def write_and_show(journal: Path, verdict: dict[str, JSON], out: Path, *, as_json: bool) -> None:
    """Write verdict.json, answers.jsonl, report.html and the stacks to `out`; print the report or the JSON."""
    from strati.report import render_html, render_terminal

    try:
        out.mkdir(parents=True, exist_ok=True)
        _write(out / "verdict.json", json.dumps(verdict, ensure_ascii=False, indent=1) + "\n")
        _write_answers(journal, out / "answers.jsonl")
        _write(out / "report.html", render_html(verdict))
        _copy_stacks(journal.with_suffix(".stacks"), out / "stacks")
    except OSError as error:
        raise UserError(
            f"the report cannot be written to {out}: {error.strerror}; the run is kept in {journal}"
        ) from error
    if as_json:
        print(json.dumps(verdict, ensure_ascii=False, indent=1))
        return
    console = open_console()
    if console.width > 100:
        console.width = 100
    paths = {"report": str(out / "report.html"), "json": str(out / "verdict.json")}
    render_terminal(verdict, console, paths=paths)


def _write_answers(journal: Path, path: Path) -> None:
    from strati.measure.answers_file import answer_lines
    from strati.measure.journal import Journal

    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with Journal(journal, read_only=True) as opened, temporary.open("w", encoding="utf-8") as file:
        for line in answer_lines(opened):
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    os.replace(temporary, path)


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def _copy_stacks(source: Path, target: Path) -> None:
    if not source.is_dir():
        return
    for folder in sorted(source.glob("*.stack")):
        fresh = target / f".{folder.name}.{os.getpid()}"
        shutil.copytree(folder, fresh)
        shutil.rmtree(target / folder.name, ignore_errors=True)
        os.replace(fresh, target / folder.name)
