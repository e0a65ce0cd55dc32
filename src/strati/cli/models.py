"""`strati models`: which models there are, fetch them, and how fast they are on this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strati.cli.console import open_console

if TYPE_CHECKING:
    from strati.models.catalog.catalog import Catalog, Entry
    from strati.models.catalog.store import Store
    from strati.models.local.gguf import GgufModel
    from strati.models.local.onnx_embedder import OnnxEmbedder
    from strati.models.local.speed import Rate, SpeedReport
    from strati.models.local.whisper import WhisperModel

app = typer.Typer(no_args_is_help=True, help="Models that can be used: list them, fetch them, measure them.")

CatalogOption = Annotated[
    list[Path] | None,
    typer.Option("--catalog", metavar="FILE", help="A catalog of your own, on top of strati's. May be repeated."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command("list")
def list_models(catalog: CatalogOption = None, as_json: JsonOption = False) -> None:
    """List the models of the catalog.

    Example: strati models list --catalog ours.toml
    """
    from strati.models.catalog.catalog import SPACY
    from strati.models.catalog.store import Store

    entries = list(_catalog(catalog))
    here = {entry.name for entry in Store().pulled(entries)}
    if as_json:
        _print_json([_entry_json(entry, entry.name in here) for entry in entries])
        return
    table = _table("model", "kind", ">size", "licence", "here")
    for entry in entries:
        state = ("yes" if entry.name in here else "no") if entry.usable else "not usable yet"
        if entry.kind == SPACY:
            state = "installed" if entry.installed else "with pip"
        table.add_row(entry.name, entry.kind, _size(entry.bytes), entry.licence, state)
    open_console().print(table)


@app.command("pull")
def pull(
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Names from `strati models list`.")],
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch models and check that their bytes are the expected ones.

    Example: strati models pull smollm2-135m
    """
    from strati.models.catalog.store import Store

    known, store = _catalog(catalog), Store()
    entries = [known[name] for name in names]
    with _progress("bytes") as bar:
        for entry in entries:
            task = bar.add_task(entry.name, total=entry.bytes)
            store.pull(entry, _teller(bar, task))
    if as_json:
        _print_json([_entry_json(entry, True) for entry in entries])
        return
    for entry in entries:
        typer.echo(f"{entry.name} is ready ({entry.licence})")


@app.command("bench")
def bench(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="All pulled ones by default.")] = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
    repetitions: Annotated[int, typer.Option(min=1, help="Measurements of each rate.")] = 5,
) -> None:
    """Measure how fast pulled models are on this machine.

    Example: strati models bench smollm2-135m
    """
    from strati.core.errors import ModelError
    from strati.models.catalog.store import Store
    from strati.models.local.speed import measure
    from strati.models.weights import KIND as WEIGHTS

    known, store = _catalog(catalog), Store()
    entries = [known[name] for name in names] if names else [e for e in store.pulled(known) if e.kind != WEIGHTS]
    if not entries:
        raise ModelError("no model of the catalog is on this machine: run `strati models pull NAME` first")
    models = [_open(entry, store) for entry in entries]
    reports = []
    with _progress("steps") as bar:
        for entry, model in zip(entries, models, strict=True):
            steps = repetitions * (2 if entry.kind == "gguf" else 1)
            task = bar.add_task(entry.name, total=steps)
            reports.append(measure(model, repetitions=repetitions, advance=partial(bar.advance, task)))
            model.close()
    if as_json:
        _print_json([_report_json(report) for report in reports])
        return
    _show(reports)


def _open(entry: Entry, store: Store) -> GgufModel | OnnxEmbedder | WhisperModel:
    from strati.core.errors import ModelError
    from strati.models.local.speech import pulled_model
    from strati.models.local.whisper import WhisperModel
    from strati.models.local.whisper_files import KIND
    from strati.models.weights import EncoderWeights

    if entry.kind != KIND:
        opened = store.open(entry)
        if isinstance(opened, EncoderWeights):
            raise ModelError(f"{entry.name} are weights to train from, expected a model that answers")
        return opened
    model = WhisperModel(pulled_model(entry, store))
    entry.check_packages()
    return model


def _teller(bar: Any, task: Any) -> Callable[[int, int | None], None]:
    return lambda done, total: bar.update(task, completed=done, total=total)


def _show(reports: list[SpeedReport]) -> None:
    columns = {
        "model": [report.name for report in reports],
        ">load s": [f"{report.load_seconds:.1f}" for report in reports],
        ">prompt tok/s": [_rate(report.prompt_tokens_per_second) for report in reports],
        ">written tok/s": [_rate(report.generated_tokens_per_second) for report in reports],
        ">texts/s": [_rate(report.texts_per_second) for report in reports],
        ">sound s/s": [_rate(report.sound_seconds_per_second) for report in reports],
        ">peak MB": ["" if one.peak_memory_mb is None else f"{one.peak_memory_mb:,.0f}" for one in reports],
    }
    shown = {name: cells for name, cells in columns.items() if any(cells)}
    table = _table(*shown)
    for row in zip(*shown.values(), strict=True):
        table.add_row(*row)
    open_console().print(table)
    typer.echo("Medians, the slowest in brackets. The peak is of this process with all models so far.")
    if ">sound s/s" in shown:
        typer.echo("sound s/s: seconds of speech that are written down in a second.")


def _rate(rate: Rate | None) -> str:
    return "" if rate is None else f"{rate.median:,.0f} ({rate.lowest:,.0f})"


def _catalog(extra: list[Path] | None) -> Catalog:
    from strati.models.catalog.catalog import Catalog

    return Catalog.load(extra or ())


def _size(count: int | None) -> str:
    return "" if count is None else f"{count / 1e6:,.0f} MB"


def _entry_json(entry: Entry, here: bool) -> dict[str, Any]:
    return {
        "name": entry.name,
        "kind": entry.kind,
        "licence": entry.licence,
        "bytes": entry.bytes,
        "sha256": entry.file.sha256 if entry.file else None,
        "files": {name: file.sha256 for name, file in entry.files.items()},
        "usable": entry.usable,
        "pulled": here,
    }


def _report_json(report: SpeedReport) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(report)


def _print_json(value: Any) -> None:
    typer.echo(json.dumps(value, indent=2))


def _table(*columns: str) -> Any:
    """A plain table; a column's `>` puts its numbers to the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left")
    return table


def _progress(unit: str) -> Any:
    """A progress bar on standard error, only where a person looks at it."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    amount = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=20), amount, TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty())
