"""`strati graph`: what the documents of a base speak of, and how it hangs together."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strati.cli.base import JsonOption, KbOption
from strati.cli.console import open_console
from strati.cli.graph_review import MOST, ask_each, line, print_json, read_decisions, short, show_queue, write_doubts
from strati.core.figures import several

if TYPE_CHECKING:
    from strati.knowledge.graph.find import Quote, View

app = typer.Typer(no_args_is_help=True, help="A knowledge graph of a base: entities, facts with quotes, paths.")
EntityArgument = Annotated[str, typer.Argument(metavar="ENTITY", help="A name, another name, or an id.")]


@app.command("build")
def build(
    kb: KbOption,
    config: Annotated[
        Path | None,
        typer.Option(help="A strati.toml with a table graph; by default the one here."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Find entities and facts in all documents; what is unchanged is not read again. No model, no download.

    Example: strati graph build --kb work
    """
    from strati.cli.base import told_in_bars
    from strati.cli.signals import stop_on_interrupt
    from strati.core.errors import Stopped
    from strati.knowledge.graph.build import build as built
    from strati.knowledge.graph.settings import load_settings
    from strati.knowledge.ingest.pipeline import Settings

    here = Path("strati.toml")
    made = load_settings(config or (here if here.is_file() else None))
    told = Settings()
    with _open(kb) as base, told_in_bars(told), stop_on_interrupt(told.cancelled):
        report = built(base, made, told.told, told.cancelled)
    if as_json:
        print_json(report.to_json())
    else:
        console = open_console()
        console.print(
            f"{report.read:,} documents read, {report.unchanged:,} unchanged, in {report.seconds:.1f} seconds, 0 tokens"
        )
        console.print(f"entities   {_counts(report.nodes)}", soft_wrap=True)
        console.print(f"relations  {_counts(report.edges)}", soft_wrap=True)
        console.print(f"{report.merges:,} merges of names, {report.doubts:,} doubts: strati graph review --kb {kb}")
        for name in report.empty[:MOST]:
            console.print(f"note: nothing was found in {name}", soft_wrap=True, markup=False)
        for name, why in report.failed.items():
            console.print(f"not read, a fault of ours: {name} ({why})", soft_wrap=True, markup=False)
    if report.stopped:
        raise Stopped("stopped; what was read is kept, and the same command goes on")


@app.command("show")
def show(entity: EntityArgument, kb: KbOption, as_json: JsonOption = False) -> None:
    """Show an entity: its names, facts with quote and place, timeline, documents.

    Example: strati graph show "Acme Ltd" --kb work
    """
    from strati.knowledge.graph.find import page_of

    with _view(kb) as view:
        node = view.find(entity)
        if as_json:
            print_json(page_of(view, node))
            return
        console = open_console()
        console.print(f"{line(node.name)}  ({node.type}, {node.id})", soft_wrap=True, markup=False, style="bold")
        if node.aliases:
            console.print(f"also: {line(', '.join(node.aliases))}", soft_wrap=True, markup=False)
        facts = view.facts(node)
        console.print("\nfacts" if facts else "\nno facts")
        for edge in facts[:MOST]:
            head, tail = view.nodes[edge.head], view.nodes[edge.tail]
            console.print(f"  {line(head.name)} - {edge.label} - {line(tail.name)}", soft_wrap=True, markup=False)
            _quoted(console, view.quote(edge.evidence[0]), len(edge.evidence) - 1)
        _more(console, len(facts))
        timeline = view.timeline(node)
        if timeline:
            console.print("\ntimeline")
        for when, quote in timeline[:MOST]:
            console.print(f"  {when}  {short(quote.quote)}  [{line(quote.place)}]", soft_wrap=True, markup=False)
        _more(console, len(timeline))
        beside = view.beside(node)
        if beside:
            names = ", ".join(line(view.other(edge, node).name) for edge in beside[:MOST])
            console.print(f"\nmentioned with (no fact): {names}", soft_wrap=True, markup=False)
        console.print("\ndocuments")
        documents = view.documents(node)
        for entry, count in documents[:MOST]:
            console.print(f"  {line(entry.name)}: {several(count, 'mention')}", soft_wrap=True, markup=False)
        _more(console, len(documents))


@app.command("path")
def path(
    a: Annotated[str, typer.Argument(metavar="A", help="An entity.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another.")],
    kb: KbOption,
    as_json: JsonOption = False,
) -> None:
    """Show why two entities are connected, step by step, each quoted. Exit code 1 when nothing connects them.

    Example: strati graph path "Acme Ltd" "Jane Smith" --kb work
    """
    from strati.knowledge.graph.paths import path as connected

    with _view(kb) as view:
        found = connected(view, view.find(a), view.find(b))
    if as_json:
        print_json(found.to_json())
    else:
        console = open_console()
        if found.start.id == found.end.id:
            console.print(f"{a} and {b} are one entity: {found.start.name}", soft_wrap=True, markup=False)
            return
        if not found.found:
            print(f"nothing connects {found.start.name} and {found.end.name}")
        elif found.weak:
            console.print("no chain of facts; they stand together:", soft_wrap=True)
        for number, step in enumerate(found.steps, 1):
            weak = "  (no fact)" if step.weak else ""
            told = f"{number}  {line(step.head.name)} - {step.label} - {line(step.tail.name)}{weak}"
            console.print(told, soft_wrap=True, markup=False)
            _quoted(console, step.quotes[0], len(step.quotes) - 1)
    if not found.found and found.start.id != found.end.id:
        raise typer.Exit(1)


@app.command("like")
def like(
    entity: EntityArgument,
    kb: KbOption,
    k: Annotated[int, typer.Option("-k", min=1, help="How many of each.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """Recommend entities, documents and passages close to one, each with the path that explains it.

    Example: strati graph like "Acme Ltd" --kb work
    """
    from strati.knowledge.graph.likeness import like as near

    with _view(kb) as view:
        found = near(view, view.find(entity), k)
    if as_json:
        print_json(found.to_json())
        return
    console = open_console()
    console.print(f"like {line(found.node.name)} ({found.node.type})", soft_wrap=True, markup=False, style="bold")
    console.print("\nentities" if found.entities else "\nno entities")
    for node, _, way in found.entities:
        console.print(f"  {line(node.name)} ({node.type})", soft_wrap=True, markup=False)
        for step in way.steps:
            console.print(
                f"     {line(step.head.name)} - {step.label} - {line(step.tail.name)}", soft_wrap=True, markup=False
            )
            _quoted(console, step.quotes[0], 0)
    console.print("\ndocuments" if found.documents else "\nno documents")
    for one in found.documents:
        names = ", ".join(line(node.name) for node, _ in one.shared)
        console.print(f"  {line(one.name)}: {names}", soft_wrap=True, markup=False)
    console.print("\npassages" if found.passages else "\nno passages")
    for quote, _, nodes in found.passages:
        console.print(f"  {', '.join(line(node.name) for node in nodes)}", soft_wrap=True, markup=False)
        _quoted(console, quote, 0)


@app.command("review")
def review(
    kb: KbOption,
    accept: Annotated[str | None, typer.Option("--accept", "--yes", metavar="DOUBT", help="Say yes.")] = None,
    refuse: Annotated[str | None, typer.Option("--split", "--no", metavar="DOUBT", help="Say no.")] = None,
    undo: Annotated[int | None, typer.Option(metavar="NUMBER", help="Take a decision back.")] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Ask about one after the other.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="Write all doubts to a CSV file with an empty column for decisions.")
    ] = None,
    decisions: Annotated[Path | None, typer.Option(help="Read that file, filled in with yes and no.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List doubtful merges and relations, most likely wrong first; decide, or take a decision back.

    Each is a question: are two names one, does a relation hold? Decisions are
    kept when documents are read again, and teach the scores.

    Example: strati graph review --kb work
    """
    from strati.core.errors import TaskError
    from strati.knowledge.graph import review as reviewing

    ways = {
        "--accept": accept, "--split": refuse, "--undo": undo, "--out": out, "--decisions": decisions,
        "--ask": ask or None,
    }  # fmt: skip
    given = [name for name, value in ways.items() if value is not None]
    if len(given) > 1:
        raise TaskError(f"found {' and '.join(given)}, expected one of {', '.join(ways)} at a time")
    with _view(kb) as view:
        if accept is not None:
            _told(reviewing.accept(view, accept), as_json)
        elif refuse is not None:
            _told(reviewing.refuse(view, refuse), as_json)
        elif undo is not None:
            found = reviewing.undo(view, undo)
            print_json({"undone": found.number}) if as_json else print(f"undone: {line(reviewing.said(found))}")
        elif out is not None:
            write_doubts(view, out, as_json)
        elif decisions is not None:
            read_decisions(view, decisions, as_json)
        elif ask:
            ask_each(view)
        else:
            show_queue(reviewing.queue(view), as_json)


@app.command("merge")
def merge(
    a: Annotated[str, typer.Argument(metavar="A", help="An entity.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another that is the same.")],
    kb: KbOption,
    as_json: JsonOption = False,
) -> None:
    """Say that two entities are one. `strati graph review --undo NUMBER` takes it back.

    Example: strati graph merge "Acme Ltd" "ACME Limited" --kb work
    """
    from strati.knowledge.graph import review as reviewing

    with _view(kb) as view:
        _told([reviewing.merge(view, a, b)], as_json)


@app.command("split")
def split(
    entity: EntityArgument,
    kb: KbOption,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The name of it that is somebody else.")] = None,
    document: Annotated[str | None, typer.Option(help="The document in which it is somebody else.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say that one entity is two: by one of its names, or in one document.

    Example: strati graph split "John Smith" --document letter.txt --kb work
    """
    from strati.knowledge.graph import review as reviewing

    with _view(kb) as view:
        _told(reviewing.split(view, entity, name, document), as_json)


@app.command("reject")
def reject(
    head: Annotated[str, typer.Argument(metavar="A", help="An entity.")],
    label: Annotated[str, typer.Argument(metavar="RELATION", help="As strati graph show has it.")],
    tail: Annotated[str, typer.Argument(metavar="B", help="Another.")],
    kb: KbOption,
    document: Annotated[str | None, typer.Option(help="Only what this document says.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say that a relation is wrong: the graph has it no more, also when the document is read again.

    Example: strati graph reject "Acme Ltd" acquired "Beta GmbH" --kb work
    """
    from strati.knowledge.graph import review as reviewing

    with _view(kb) as view:
        _told(reviewing.reject(view, head, label, tail, document), as_json)


@app.command("export")
def export(
    kb: KbOption,
    format: Annotated[str, typer.Option(help="json, graphml, csv or jsonld.")] = "json",
    out: Annotated[Path | None, typer.Option(help="A file; standard output by default.")] = None,
) -> None:
    """Write the whole graph, every edge with its quotes.

    Example: strati graph export --kb work --format graphml --out work.graphml
    """
    from strati.core.errors import TaskError
    from strati.knowledge.graph.export import FORMATS, exported, write_export

    if format not in FORMATS:
        raise TaskError(f"the format is {format!r}, expected one of {', '.join(FORMATS)}")
    with _view(kb) as view:
        if out is None:
            sys.stdout.write(exported(view, format))
        else:
            write_export(view, format, out)
            print(f"{len(view.graph.nodes):,} entities and {len(view.graph.edges):,} relations written to {out}")


def _told(numbers: Sequence[int], as_json: bool) -> None:
    if as_json:
        print_json({"decisions": list(numbers)})
    for number in () if as_json else numbers:
        print(f"decision {number} is kept; strati graph review --undo {number} takes it back")


def _open(kb: str) -> Any:
    from strati.knowledge.base import KnowledgeBase

    return KnowledgeBase.open(kb, create=False)


@contextmanager
def _view(kb: str) -> Iterator[View]:
    from strati.knowledge.graph.find import View

    with _open(kb) as base:
        view = View(base)
        missing = view.missing()
        if missing:
            print(
                f"strati: {missing} documents are not in the graph as they are now: strati graph build --kb {kb}",
                file=sys.stderr,
            )
        yield view


def _quoted(console: Any, quote: Quote, more: int) -> None:
    again = f" and {more} more" if more > 0 else ""
    console.print(f'     "{short(quote.quote)}"  [{line(quote.place)}{again}]', soft_wrap=True, markup=False)


def _more(console: Any, total: int) -> None:
    if total > MOST:
        console.print(f"  and {total - MOST:,} more; --json lists all")


def _counts(found: dict[str, int]) -> str:
    return ", ".join(f"{name} ({count:,})" for name, count in found.items()) or "none"
