"""`strati tables`: ask tables in plain words."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from strati.cli.base import JsonOption

if TYPE_CHECKING:
    from strati.tables import TableAnswer

app = typer.Typer(name="tables", help="Ask tables in plain words.", no_args_is_help=True)


@app.command("ask")
def ask(
    question: Annotated[str, typer.Argument(help="The question, in plain English.")],
    source: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="CSV, TSV, Excel, Parquet, JSON lines, SQLite or DuckDB.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Answer a question from tables by one query that you can read.

    Example: strati tables ask "How many orders are closed?" orders.csv
    """
    from strati.tables import Standing
    from strati.tables import ask as ask_tables

    answer = ask_tables(question, *source)
    if as_json:
        print(json.dumps(answer.to_json(), ensure_ascii=False, indent=1))
    else:
        _show(answer)
    if answer.state is not Standing.ANSWERED:
        raise typer.Exit(1)


def _show(answer: TableAnswer) -> None:
    from rich.console import Console
    from rich.text import Text

    from strati.tables import Standing
    from strati.tables.answer import said

    console = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
    if answer.state is Standing.REFUSED:
        console.print(Text(f"no answer: {_line(answer.reason)}"))
        return
    console.print(Text(_line(answer.text), "bold"))
    if answer.words and answer.state is Standing.ANSWERED:
        console.print(Text(f"{_line(answer.words)}  [{answer.badge.value}, {answer.confidence:.0%} sure]", "cyan"))
        if answer.reason:
            console.print(Text(_line(answer.reason), "yellow"))
    if len(answer.rows) > 1 or len(answer.columns) > 1:
        _rows(console, answer, said)
    console.print(Text(answer.sql, "dim"))


def _rows(console, answer: TableAnswer, said) -> None:  # type: ignore[no-untyped-def]
    from rich.table import Table
    from rich.text import Text

    table = Table(show_edge=False, pad_edge=False)
    for name in answer.columns:
        table.add_column(Text(_line(name)), overflow="fold")
    for row in answer.rows[:20]:
        table.add_row(*(Text(_line(said(cell))) for cell in row))
    console.print(table)
    if len(answer.rows) > 20:
        console.print(Text(f"{len(answer.rows) - 20:,} more rows", "dim"))


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
