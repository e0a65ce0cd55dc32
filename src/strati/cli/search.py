"""`strati search`: passages of a knowledge base, with the place they come from."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strati.cli.base import CatalogOption, EmbedderOption, JsonOption, KbOption
from strati.cli.console import open_console

if TYPE_CHECKING:
    from strati.knowledge.base import KnowledgeBase
    from strati.knowledge.search.hits import Hit

_ROWS = 5  # rows of a table that are shown
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
        note = base.stale_vectors() or _by_words_alone(base, mode, embedder)
        near = [] if hits else base.near_words(query)
        outside = 0 if hits or filters.empty else len(base.search(query, k, mode))
        snapshot = base.snapshot() if as_json else ""
    if note:
        print(f"strati: {note}", file=sys.stderr)
    if as_json:
        found = {"query": query, "snapshot": snapshot, "note": note, "near": near, "hits": [h.to_json() for h in hits]}
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    if hits:
        _show(hits, full)
        return
    print("nothing found" + (" in the documents asked for; other documents have it" if outside else ""))
    if near:
        print(f"near words in this base: {', '.join(near)}")


def _by_words_alone(base: KnowledgeBase, mode: str, embedder: str | None) -> str:
    """A sentence when a search that could go by meaning too went by words alone, and what to do about it."""
    if base.embedder is not None and base.store.vector_count(base.embedder.fingerprint()):
        return ""
    if mode != "auto" or embedder == "none":
        return ""
    if base.embedder is not None:
        return "searched by words alone: strati ingest the documents again, and searches go by meaning, too"
    return (
        "searched by words alone: strati models list shows embedding models; pull one with strati models pull NAME and "
        "ingest the documents again, then searches go by meaning, too"
    )


def _date(value: str | None) -> str | None:
    from datetime import date

    from strati.core.errors import TaskError

    try:
        return date.fromisoformat(value).isoformat() if value else None
    except ValueError:
        raise TaskError(f"{value!r} is no date, expected one such as 2024-01-31") from None


def _show(hits: list[Hit], full: bool) -> None:
    from rich.padding import Padding
    from rich.text import Text

    console = open_console()
    for number, hit in enumerate(hits, 1):
        place = hit.place if full else hit.match_place
        console.print(Text.assemble((f"{number}  ", "bold"), (_line(place), "cyan")), soft_wrap=True)
        shown = _table(hit, full) if hit.kind == "table" else _text(hit, full)
        console.print(Padding(shown, (0, 0, 0 if hit.same else 1, 3)))
        if hit.same:
            more = f" and {len(hit.same) - 1} more" if len(hit.same) > 1 else ""
            told = Text(f"   nearly the same: {_line(hit.same[0])}{more}\n", "dim")
            console.print(told, soft_wrap=True)


def _table(hit: Hit, full: bool) -> Any:
    """The rows that match, under the names of their columns."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from strati.knowledge.readers.sheet_tables import names_columns

    rows = [(start, text.split("\t")) for start, text in _rows(hit) if "\t" in text]
    above = [text for _, text in _rows(hit) if "\t" not in text and text.strip()]
    names = hit.header.split("\t") if hit.header else []
    if not names and rows and names_columns([cells for _, cells in rows]):
        names = rows.pop(0)[1]
    marks = [(one.start - hit.start, one.end - hit.start) for one in hit.highlights]
    matched = [
        (start, cells) for start, cells in rows if any(start <= a < start + len("\t".join(cells)) for a, _ in marks)
    ]
    rows = rows if full else (matched or rows)[:_ROWS]
    if not rows:
        return _text(hit, full)
    width = max(len(names), *(len(cells) for _, cells in rows))
    table = Table(box=box.SQUARE, show_header=bool(names), header_style="bold")
    for column in range(width):
        table.add_column(_line(names[column]) if column < len(names) else "", overflow="fold")
    for start, cells in rows:
        shown = []
        for cell in cells:
            text = Text(_line(cell))
            for a, b in marks:
                if a < start + len(cell) and b > start:
                    text.stylize("bold yellow", max(a - start, 0), b - start)
            shown.append(text)
            start += len(cell) + 1
        table.add_row(*shown, *[""] * (width - len(shown)))
    return Group(*[Text(_line(text)) for text in above[-1:]], table)


def _rows(hit: Hit) -> list[tuple[int, str]]:
    """The lines of a passage with where they start in it."""
    found, start = [], 0
    for text in hit.text.split("\n"):
        found.append((start, text))
        start += len(text) + 1
    return found


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
