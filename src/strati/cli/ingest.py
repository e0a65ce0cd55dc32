"""`strati ingest`: documents into a knowledge base."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strati.cli.base import CatalogOption, EmbedderOption, JsonOption, KbOption
from strati.cli.console import open_console
from strati.core.figures import several

if TYPE_CHECKING:
    from strati.knowledge.ingest.report import IngestReport, Status

_MOST_LISTED = 20


def ingest(
    paths: Annotated[list[str], typer.Argument(metavar="PATHS...", help="Files, folders, patterns, zip archives.")],
    kb: KbOption,
    prune: Annotated[bool, typer.Option("--prune", help="Forget documents in these folders that are gone.")] = False,
    full_pages: Annotated[
        bool, typer.Option("--full-pages", help="Read web pages whole, not their main content only.")
    ] = False,
    embedder: EmbedderOption = None,
    catalog: CatalogOption = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes that read; all cores by default.")] = None,
    max_seconds: Annotated[float, typer.Option(min=0.1, help="Most processor time for one document.")] = 120.0,
    max_megabytes: Annotated[float, typer.Option(min=0.001, help="Largest file to read.")] = 200.0,
    max_memory: Annotated[int, typer.Option(min=200, help="Most memory of a reading process, in megabytes.")] = 2000,
    as_json: JsonOption = False,
) -> None:
    """Read documents into a knowledge base; what is unchanged is not read again.

    Example: strati ingest contracts/ talk.vtt page.html --kb work
    """
    from strati.cli.base import embedder_for, told_in_bars, with_catalogs
    from strati.cli.signals import stop_on_interrupt
    from strati.core.errors import DataError, Stopped
    from strati.knowledge.base import KnowledgeBase, folder_of
    from strati.knowledge.ingest.pipeline import Settings
    from strati.knowledge.reader import Limits

    limits = Limits(size=int(max_megabytes * 1e6), seconds=max_seconds, memory=max_memory * 1_000_000)
    settings = Settings(limits=limits, prune=prune, full_pages=full_pages)
    settings.workers = workers or settings.workers
    settings.environment = with_catalogs(catalog or [])
    model = embedder_for(folder_of(kb), embedder, catalog or [])
    with KnowledgeBase.open(kb, model) as base, told_in_bars(settings), stop_on_interrupt(settings.cancelled):
        report = base.ingest(paths, settings)
    if as_json:
        print(json.dumps(report.to_json(), ensure_ascii=False, indent=1))
    else:
        _show(report, folder_of(kb), model.card.name if model else None)
    if report.stopped:
        raise Stopped("stopped; what was read is kept, and the same command goes on")
    from strati.knowledge.ingest.report import Status

    failed = report.count(Status.FAILED)
    if failed and failed == len(report.outcomes):
        raise DataError(f"none of the {failed} documents could be read")


def _show(report: IngestReport, folder: Path, model: str | None) -> None:
    from rich.table import Table

    from strati.knowledge.ingest.report import Status

    console = open_console()
    table: Any = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    table.add_column("documents", justify="right")
    table.add_column("why")
    for status in Status:
        count = report.count(status)
        if count or status in (Status.READ, Status.UNCHANGED, Status.SKIPPED, Status.FAILED):
            why = ", ".join(f"{reason} ({n})" if n > 1 else reason for reason, n in _reasons(report, status).items())
            table.add_row(str(status), f"{count:,}", why)
    console.print(table)
    _list(report, Status.FAILED, console)
    _list(report, Status.SKIPPED, console)
    for outcome in report.outcomes:
        for warning in outcome.warnings[:3]:
            console.print(f"[yellow]note[/] {_plain(outcome.name)}: {_plain(warning)}")
    by = f", {report.embedded:,} embedded by {model}" if model else ""
    console.print(f"{several(report.passages, 'passage')} read{by} in {report.seconds:.1f} seconds")
    if report.graph is not None and (report.graph.read or report.graph.failed or report.graph.note):
        console.print(f"{report.graph.read:,} of them read into the graph")
        for name, why in report.graph.failed.items():
            console.print(f"[yellow]note[/] {_plain(name)} is not in the graph, a fault of ours: {_plain(why)}")
        if report.graph.note:
            console.print(f"[yellow]note[/] {_plain(report.graph.note)}")
    if report.note:
        console.print(f"[yellow]note[/] {_plain(report.note)}")
    console.print(f"{folder} is at snapshot {report.snapshot}")


def _reasons(report: IngestReport, status: Status) -> dict[str, int]:
    return {reason: count for reason, count in report.reasons(status).items() if reason}


def _list(report: IngestReport, status: Status, console: Any) -> None:
    found = [outcome for outcome in report.outcomes if outcome.status is status]
    for outcome in found[:_MOST_LISTED]:
        console.print(f"[bold]{status}[/] {_plain(outcome.name)}: {_plain(outcome.reason)}")
    if len(found) > _MOST_LISTED:
        console.print(f"... and {len(found) - _MOST_LISTED:,} more {status}; --json lists all")


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape("".join(c if c.isprintable() else "\ufffd" for c in text))
