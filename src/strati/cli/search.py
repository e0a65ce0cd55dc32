"""`strati search`: passages of a knowledge base, with the place they come from."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strati.cli.base import CatalogOption, EmbedderOption, JsonOption, KbOption

if TYPE_CHECKING:
    from strati.knowledge.search.hits import Hit

_AROUND = 240  # characters of a passage that are shown


def search(
    query: Annotated[str, typer.Argument(help='Words, "phrases", title:word, heading:word, -word.')],
    kb: KbOption,
    k: Annotated[int, typer.Option("-k", min=1, help="How many passages.")] = 10,
    mode: Annotated[str, typer.Option(help="auto, bm25 (words), embeddings (meaning) or fusion (both).")] = "auto",
    document: Annotated[list[str] | None, typer.Option(help="Only this document or pattern. May be repeated.")] = None,
    type_: Annotated[list[str] | None, typer.Option("--type", help="Only this type: pdf. May be repeated.")] = None,
    language: Annotated[list[str] | None, typer.Option(help="Only this language: en. May be repeated.")] = None,
    since: Annotated[str | None, typer.Option(help="Only documents of this date (2024-01-31) or later.")] = None,
    until: Annotated[str | None, typer.Option(help="Only documents of this date or earlier.")] = None,
    per_document: Annotated[int | None, typer.Option(min=1, help="At most this many passages of one document.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Show passages whole.")] = False,
    embedder: EmbedderOption = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find passages and the exact place each comes from.

    Example: strati search "termination for convenience" --kb work
    """
    from strati.cli.base import embedder_for
    from strati.knowledge.base import KnowledgeBase, folder_of
    from strati.knowledge.store.contract import Filter

    languages = tuple(language or ())
    filters = Filter(tuple(document or ()), tuple(type_ or ()), _date(since), _date(until), languages)
    model = None if mode == "bm25" else embedder_for(folder_of(kb), embedder, catalog or [])
    with KnowledgeBase.open(kb, model, create=False) as base:
        hits = base.search(query, k, mode, filters, per_document=per_document)
        note = base.stale_vectors()
        snapshot = base.snapshot() if as_json else ""
    if note:
        print(f"strati: {note}", file=sys.stderr)
    if as_json:
        found = {"query": query, "snapshot": snapshot, "hits": [hit.to_json() for hit in hits]}
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    _show(hits, full)


def _date(value: str | None) -> str | None:
    from datetime import date

    from strati.core.errors import TaskError

    try:
        return date.fromisoformat(value).isoformat() if value else None
    except ValueError:
        raise TaskError(f"{value!r} is no date, expected one such as 2024-01-31") from None


def _show(hits: list[Hit], full: bool) -> None:
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else 80, highlight=False)
    if not hits:
        console.print("nothing found")
    for number, hit in enumerate(hits, 1):
        console.print(Text.assemble((f"{number}  ", "bold"), (_line(hit.place), "cyan")))
        console.print(Padding(_text(hit, full), (0, 0, 0 if hit.same else 1, 3)))
        if hit.same:
            more = f" and {len(hit.same) - 1} more" if len(hit.same) > 1 else ""
            console.print(Padding(Text(f"nearly the same: {_line(hit.same[0])}{more}", "dim"), (0, 0, 1, 3)))


def _text(hit: Hit, full: bool) -> Any:
    from rich.text import Text

    spans = [(one.start - hit.start, one.end - hit.start) for one in hit.highlights]
    first, last = (0, len(hit.text)) if full else _window(hit.text, spans)
    shown = Text("".join(" " if c.isspace() else c if c.isprintable() else "\ufffd" for c in hit.text[first:last]))
    for start, end in spans:
        if end > first and start < last:
            shown.stylize("bold yellow", max(start - first, 0), min(end, last) - first)
    return Text.assemble("... " if first else "", shown, " ..." if last < len(hit.text) else "")


def _window(text: str, spans: list[tuple[int, int]]) -> tuple[int, int]:
    """The piece to show: the one with most matches, from a blank to a blank."""
    if len(text) <= _AROUND:
        return 0, len(text)
    starts = [max(0, start - 40) for start, _ in spans] or [0]
    first = max(starts, key=lambda at: (sum(at <= start < at + _AROUND for start, _ in spans), -at))
    first = min(first, len(text) - _AROUND)
    if first:
        first = text.find(" ", first, first + 40) + 1 or first
    last = first + _AROUND
    if last < len(text):
        last = max(text.rfind(" ", first, last), first + _AROUND // 2)
    return first, last


def _line(text: str) -> str:
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
