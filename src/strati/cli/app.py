"""All commands, put together."""

from __future__ import annotations

from importlib import import_module
from typing import NamedTuple

import typer


class Command(NamedTuple):
    """One command, or a group of them: where it is, and what it is called."""

    name: str
    place: str  # module of this package, and the function or the `typer.Typer` in it


PANELS: dict[str, tuple[Command, ...]] = {
    "Decide": (
        Command("init", "init:init"),
        Command("doctor", "doctor:doctor"),
        Command("bench", "bench:bench"),
        Command("import", "importing:import_"),
        Command("certify", "certify:certify"),
        Command("improve", "improve:improve"),
        Command("report", "report:report"),
    ),
    "Documents and tables": (
        Command("ingest", "ingest:ingest"),
        Command("search", "search:search"),
        Command("ask", "ask:ask"),
        Command("check", "check:check"),
        Command("graph", "graph:app"),
        Command("tables", "tables:app"),
        Command("kb", "kb:app"),
    ),
    "Write and code": (
        Command("write", "write:write"),
        Command("draft", "draft:draft"),
        Command("code", "code:code"),
    ),
    "In production": (
        Command("agent", "agent:agent"),
        Command("run", "run:run"),
        Command("serve", "serve:serve"),
        Command("review", "review:review"),
        Command("mcp", "mcp:mcp"),
    ),
    "Set up": (
        Command("demo", "demo:demo"),
        Command("models", "models:app"),
    ),
}
START = """strati: do you need an LLM, which one, is it good enough to ship, and what does it cost?

What do you hold?
  labelled rows    strati bench tickets.csv                       a verdict, and a stack you can ship
  documents        strati ingest contracts/ --kb work             then: strati ask "..." --kb work
  a text           strati check draft.md --kb work                is what it says in your sources?
  nothing yet      strati demo                                    the whole story in three minutes

strati --help lists all commands.
"""

app = typer.Typer(
    name="strati",
    help="Ask your sources and see it refuse; prove what you need on your own data; ship it with people in the loop.",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _add(command: Command, panel: str) -> None:
    module, _, attribute = command.place.partition(":")
    part = getattr(import_module(f"strati.cli.{module}"), attribute)
    if isinstance(part, typer.Typer):
        app.add_typer(part, name=command.name, rich_help_panel=panel)
    else:
        app.command(command.name, rich_help_panel=panel)(part)


for _panel, _commands in PANELS.items():
    for _command in _commands:
        _add(_command, _panel)


@app.callback(invoke_without_command=True)
def start(
    ctx: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version and stop.", is_eager=True),
) -> None:
    if version:
        from strati import __version__

        typer.echo(f"strati {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(START, nl=False)
