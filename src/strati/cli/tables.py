"""`strati tables`: look at tables, and ask them in plain words."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from strati.cli.base import CatalogOption, JsonOption

if TYPE_CHECKING:
    from rich.console import Console

    from strati.models.contract import LanguageModel
    from strati.tables import Profile, TableAnswer
    from strati.tables.approved import Approved

app = typer.Typer(name="tables", help="Look at tables, and ask them in plain words.", no_args_is_help=True)
SourceArgument = Annotated[
    list[str], typer.Argument(metavar="SOURCE...", help="CSV, TSV, Excel, Parquet, JSON lines, SQLite or DuckDB.")
]
ApprovedOption = Annotated[
    Path | None,
    typer.Option("--approved", metavar="FILE", help="Approved queries; by default .strati/approved_queries.jsonl."),
]
_SHOWN = 20  # rows
_WHOLE = 24  # characters of a column's name and type that are never folded


@app.command("look")
def look(source: SourceArgument, as_json: JsonOption = False) -> None:
    """Show what is in tables: columns, what they hold, keys, gaps, joins, and five questions that they answer.

    Example: strati tables look orders.csv customers.xlsx
    """
    from strati.tables import look as look_at

    profile = look_at(*source)
    if as_json:
        print(json.dumps(profile.to_json(), ensure_ascii=False, indent=1))
    else:
        _show_profile(profile)


@app.command("ask")
def ask(
    question: Annotated[str, typer.Argument(help="The question, in plain English.")],
    source: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE]...",
            help="CSV, TSV, Excel, Parquet, JSON lines, SQLite or DuckDB; a stack knows its own.",
        ),
    ] = None,
    stack: Annotated[
        Path | None, typer.Option(metavar="NAME.stack", help="Answer with this stack, else leave it to a person.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="A pulled model, for what needs one.")] = None,
    sql: Annotated[str | None, typer.Option(help="Run this query of yours instead, checked the same.")] = None,
    approve: Annotated[bool, typer.Option("--approve", help="Keep the query as approved by you.")] = False,
    who: Annotated[str, typer.Option(help="Your name, for --approve; by default that of the account.")] = "",
    approved: ApprovedOption = None,
    chart: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Draw it: FILE.svg, or FILE.json for Vega-Lite; - prints Vega-Lite alone."),
    ] = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer a question from tables by one query that you can read, or say which word was not found.

    Example: strati tables ask "How many orders are closed?" orders.csv
    """
    from strati.core.errors import TaskError
    from strati.tables import Standing
    from strati.tables import ask as ask_tables
    from strati.tables.approved import FILE
    from strati.tables.approved import approve as keep
    from strati.tables.chart import form_of

    if chart not in (None, "-"):
        form_of(Path(chart))
    if stack is not None:
        if model or sql is not None or approve or approved:
            raise TaskError("--stack answers as it was measured: leave out --model, --sql, --approve and --approved")
        answer = _by_stack(question, stack, source or [], catalog or [])
    elif source:
        answer = ask_tables(question, *source, model=_model(model, catalog or []), sql=sql, approved=approved)
    else:
        raise TaskError("no tables to ask: name one or more files, or a stack with --stack NAME.stack")
    if as_json:
        print(json.dumps(answer.to_json(), ensure_ascii=False, indent=1))
    elif chart != "-" or not answer.chart:
        _show(answer)
    if answer.state is not Standing.ANSWERED:
        raise typer.Exit(1)
    if approve:
        made = keep(question, answer.sql, who, approved or FILE)
        print(f"strati: approved by {made.who}, kept in {approved or FILE}", file=sys.stderr)
    if chart is not None:
        _draw(answer, chart)


def _by_stack(question: str, folder: Path, sources: list[str], catalogs: list[Path]) -> TableAnswer:
    from dataclasses import replace

    from strati.cli.run import loaded_stack
    from strati.core.errors import StackError
    from strati.tables.stacked import by_stack

    if not folder.is_dir():
        raise StackError(f"{folder} is not there, expected a stack folder: strati certify writes one")
    found, _, reason = loaded_stack(folder, catalogs, None)
    if found is None:
        raise StackError(reason or f"{folder} cannot be loaded")
    answer = by_stack(question, found, sources, reason or "")
    if (folder / "certificate.json").exists():
        return answer
    told = "the stack has no certificate: nobody has promised how often it is wrong"
    return replace(answer, reason="; ".join(filter(None, (answer.reason, told))))


@app.command("approved")
def approved(
    withdraw: Annotated[
        int | None, typer.Option(metavar="N", help="Take back the query with this number; it is never used again.")
    ] = None,
    who: Annotated[str, typer.Option(help="Your name, for --withdraw; by default that of the account.")] = "",
    file: ApprovedOption = None,
    as_json: JsonOption = False,
) -> None:
    """List approved queries with who and when, or take one back; the list keeps it, marked.

    Example: strati tables approved --withdraw 3
    """
    from strati.core.errors import DataError
    from strati.tables.approved import FILE, all_in
    from strati.tables.approved import withdraw as take_back

    path = file or FILE
    kept = all_in(path)
    if withdraw is not None:
        if not 0 < withdraw <= len(kept):
            raise DataError(f"{path}: there is no query {withdraw}, it holds {len(kept)}")
        one = kept[withdraw - 1]
        if one.withdrawn:
            raise DataError(f"{path}: the query {withdraw} was withdrawn by {one.withdrawn_by} on {one.withdrawn[:10]}")
        rest = take_back(one.question, one.sql, who, path)
        kept = all_in(path)
        told = f"strati: withdrawn by {kept[withdraw - 1].withdrawn_by}, marked in {path}"
        if rest:
            told += f"; {one.question!r} is now answered by the query {kept.index(rest[-1]) + 1}"
        print(told, file=sys.stderr)
    if as_json:
        lines = [{"number": number, **asdict(one)} for number, one in enumerate(kept, 1)]
        print(json.dumps(lines, ensure_ascii=False, indent=1))
    elif withdraw is None:
        _show_approved(kept, path)


def _show_approved(kept: Sequence[Approved], path: Path) -> None:
    from rich.text import Text

    console = _console()
    if not kept:
        console.print(Text(f"No query is approved in {path}: strati tables ask QUESTION SOURCE --approve keeps one."))
    for number, one in enumerate(kept, 1):
        console.print(Text(f"{number}. {_line(one.question)}", "dim" if one.withdrawn else "bold"))
        told = f"approved by {_line(one.who or 'someone')} on {_line(one.when[:10])}"
        if one.withdrawn:
            told += f", withdrawn by {_line(one.withdrawn_by)} on {_line(one.withdrawn[:10])}"
        console.print(Text(f"   {told}", "yellow" if one.withdrawn else "cyan"))
        for line in one.sql.splitlines():
            console.print(Text(f"   {_line(line)}", "dim"))


def _draw(answer: TableAnswer, place: str) -> None:
    from strati.tables.chart import spec, written

    if answer.chart is None:
        print("strati: no chart fits this answer, expected two to 30 names with one number each", file=sys.stderr)
        raise typer.Exit(1)
    if place == "-":
        print(spec(answer.chart, answer.question))
    else:
        written(answer.chart, answer.question, Path(place))
        print(f"strati: drawn in {place}", file=sys.stderr)


def _model(name: str | None, catalogs: list[Path]) -> LanguageModel | None:
    from strati.core.errors import ModelError
    from strati.models.contract import LanguageModel
    from strati.models.open import open_models

    if name is None:
        return None
    found = open_models([name], catalogs, llms=True)[0]
    if not found or not isinstance(found[0], LanguageModel):
        raise ModelError(f"the model {name} does not write text")
    return found[0]


def _console() -> Console:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else 80, highlight=False)


def _show(answer: TableAnswer) -> None:
    from rich.text import Text

    from strati.tables import Standing

    console = _console()
    if answer.state is Standing.REFUSED:
        console.print(Text(f"no answer: {_line(answer.reason)}"))
        return
    if answer.state is Standing.PENDING:
        console.print(Text(f"waits for a person: {_line(answer.reason)}", "bold"))
        if answer.sql:
            console.print(Text(f"proposed, {answer.confidence:.0%} sure: {_line(answer.words)}", "cyan"))
            _rows(console, answer.columns, answer.rows)
            console.print(Text(_line(answer.sql), "dim"))
        return
    console.print(Text(_line(answer.text), "bold"))
    if answer.state is Standing.ANSWERED:
        console.print(Text(f"{_line(answer.words)}  [{answer.badge.value}, {answer.confidence:.0%} sure]", "cyan"))
        if answer.reason:
            console.print(Text(_line(answer.reason), "yellow"))
        if len(answer.rows) > 1 or len(answer.columns) > 1:
            _rows(console, answer.columns, answer.rows)
    console.print(Text("\n".join(map(_line, answer.sql.splitlines())), "dim"))


def _rows(console: Console, columns: tuple[str, ...], rows: tuple[tuple[object, ...], ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    from strati.tables.answer import said

    table = Table(show_edge=False, pad_edge=False)
    for name in columns:
        table.add_column(Text(_line(name)), overflow="fold")
    for row in rows[:_SHOWN]:
        table.add_row(*(Text(_line(said(cell))) for cell in row))
    console.print(table)
    if len(rows) > _SHOWN:
        console.print(Text(f"{len(rows) - _SHOWN:,} more rows", "dim"))


def _show_profile(profile: Profile) -> None:
    from rich.table import Table
    from rich.text import Text

    from strati.tables.profile import HEADS, cells

    console = _console()
    for one in profile.schema.tables:
        console.print(Text(f"{_line(one.name)}: {one.rows:,} rows from {_line(one.source)}", "bold"))
        table = Table(show_edge=False, pad_edge=False)
        rows = [cells(one, column) for column in one.columns]
        used = [place for place in range(len(HEADS)) if place < 2 or any(row[place] for row in rows)]
        for place in used:
            longest = max((len(_line(row[place])) for row in rows), default=0)
            whole = min(longest, _WHOLE) if place < 2 else None  # a name that is cut in pieces can't be copied
            table.add_column(HEADS[place], overflow="fold", min_width=whole)
        for row in rows:
            table.add_row(*(Text(_line(row[place])) for place in used))
        console.print(table)
    for link in profile.schema.links:
        console.print(Text(_line(f"joins: {link.table}.{link.column} = {link.to_table}.{link.to_column}")))
    if profile.questions:
        console.print(Text("\nIt can answer, for example:"))
        for question in profile.questions:
            console.print(Text(f"  {_line(question)}"))


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
