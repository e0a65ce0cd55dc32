"""`strati check`: the claims of a text, each held against a knowledge base or a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from strati.cli.base import CatalogOption, ClassifierOption, EmbedderOption, JsonOption, JudgeOption, OnlyKbOption
from strati.cli.console import open_console

if TYPE_CHECKING:
    from strati.knowledge.ask import CheckReport

_PLAIN = {".md", ".markdown", ".txt", ".text", ".rst", ""}
_COLOURS = {"supported": "green", "contradicted": "red", "not_found": "yellow", "not_checkable": "dim"}


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The text to check: any file that can be read, or -.")],
    kb: OnlyKbOption = None,
    against: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Check against this file instead of a knowledge base.")
    ] = None,
    source: Annotated[str | None, typer.Option(metavar="PATTERN", help="Only this document or pattern.")] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="Quote what is supported, and show what cannot be checked.")
    ] = False,
    classifier: ClassifierOption = None,
    judge: JudgeOption = None,
    embedder: EmbedderOption = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check each claim of a text: supported, contradicted (and where), or not found in the sources.

    Exit code 1 when a claim is contradicted or not found.

    Example: strati check draft.md --kb work
    """
    from strati.cli.base import checks_for, only_base, own_embedder
    from strati.knowledge.ask import check_text
    from strati.knowledge.ask.judge import All
    from strati.knowledge.base import KnowledgeBase

    text = _text(file)
    by = All(checks_for(classifier, judge, catalog or []))
    if against is not None:
        report = check_text(None, text, against=against, check=by)
    else:
        folder = only_base(kb)
        with KnowledgeBase.open(folder, own_embedder(folder, embedder, catalog or []), create=False) as base:
            report = check_text(base, text, source=source, check=by)
    if as_json:
        print(json.dumps(report.to_json(), ensure_ascii=False, indent=1))
    else:
        _show(report, text, file, all_)
    if not report.ok:
        raise typer.Exit(1)


def _text(file: str) -> str:
    """A plain file as it is, so that lines are counted as in an editor; of others what their reader gives."""
    from strati.core.errors import DataError
    from strati.knowledge.reader import Refused, read

    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror}") from error
    if file == "-" or Path(file).suffix.lower() in _PLAIN:
        try:
            text = data.decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            raise DataError(f"{file} is not UTF-8 text (byte {error.start}), expected plain text") from error
    else:
        try:
            text = read(data, Path(file).name).text
        except Refused as error:
            raise DataError(f"{file} cannot be read: {error}") from error
    if not text.strip():
        raise DataError(f"{file} holds no text, expected something to check")
    return text


def _show(report: CheckReport, text: str, file: str, every: bool) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from strati.cli.ask import line

    console = open_console()
    for one in report.claims:
        state = str(one.state)
        if not every and state == "not_checkable":
            continue
        where = f"{file}:{text.count(chr(10), 0, one.start) + 1}"
        console.print(Text.assemble((f"{where}  ", "cyan"), (state.replace("_", " "), _COLOURS[state])), soft_wrap=True)
        console.print(Padding(Text(line(one.text)), (0, 0, 0, 3)))
        if one.reason:
            console.print(Padding(Text(line(one.reason), "yellow"), (0, 0, 0, 3)))
        for found in one.citations:
            quote = f": “{line(found.quote)}”" if every or state == "contradicted" else ""
            console.print(Padding(Text.assemble((line(found.place), "cyan"), quote), (0, 0, 0, 3)))
        console.print()
    told = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in report.counts.items() if count)
    console.print(f"{len(report.claims)} claims: {told or 'none'}")
