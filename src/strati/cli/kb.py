"""`strati kb`: what is in a knowledge base, is it right, forget, export."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strati.cli.base import CatalogOption, JsonOption, KbOption
from strati.cli.console import open_console
from strati.core.figures import several

if TYPE_CHECKING:
    from strati.knowledge.base import KnowledgeBase

_LONGEST = 200  # characters of what is left out that a line shows

app = typer.Typer(no_args_is_help=True, help="Knowledge bases: what is in them, is it right, forget, export.")


@app.command("status")
def status(
    kb: KbOption,
    documents: Annotated[bool, typer.Option("--documents", help="List the documents.")] = False,
    document: Annotated[
        str | None, typer.Option(metavar="DOC", help="Show one document, and what of its file no search finds.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a knowledge base holds, or what became of one document.

    Example: strati kb status --kb work
    """
    from dataclasses import asdict

    with _open(kb) as base:
        if document is not None:
            _document(base, document, as_json)
            return
        entries = base.documents()
        told = base.status()
    if as_json:
        _print({**told, "list": [asdict(entry) for entry in entries]} if documents else told)
        return
    console = open_console()
    held = f"{several(told['documents'], 'document')}, {several(told['passages'], 'passage')}"
    console.print(f"{told['folder']}: {held}, {_size(told)}")
    kinds = ", ".join(f"{name} ({count})" for name, count in told["types"].items())
    console.print(f"types      {kinds or 'none'}")
    console.print(f"languages  {', '.join(f'{name} ({n})' for name, n in told['languages'].items()) or 'none'}")
    indexed = f", {told['indexed']:,} of {told['vectors']:,} in an index" if told["indexed"] else ""
    vectors = f"{several(told['embedded'], 'document')} by {told['embedder']}{indexed}" if told["embedder"] else "none"
    console.print(f"vectors    {vectors}")
    if told["note"]:
        console.print(f"           {told['note']}", soft_wrap=True, markup=False)
    console.print(f"snapshot   {told['snapshot']}, format {told['schema']}")
    for entry in entries if documents else []:
        console.print(f"{entry.id}  {entry.name}  {several(entry.passages, 'passage')}", soft_wrap=True)


def _document(base: KnowledgeBase, name: str, as_json: bool) -> None:
    """One document: what was read, what the reader warns of, and what is left out of searches."""
    from collections import Counter
    from dataclasses import asdict

    entry = base.store.find(name)
    found = base.document(entry.id)
    listed = list(found.listed())
    if as_json:
        left = [{"what": one.what, "text": one.text, "place": str(one.locator)} for one in listed]
        _print({**asdict(entry), "warnings": list(found.warnings), "left_out": left})
        return
    console = open_console()
    words = f"{len(found.text.split()):,} words"
    console.print(f"{entry.name}: {words}, {several(entry.passages, 'passage')}, reader {entry.reader}", soft_wrap=True)
    for warning in found.warnings:
        console.print(f"note: {_shown(warning)}", soft_wrap=True, markup=False)
    if not listed:
        console.print("nothing of the file is left out")
        return
    counts = Counter(one.what for one in listed)
    console.print(
        f"left out of searches: {', '.join(f'{what} ({n})' for what, n in counts.most_common())}", soft_wrap=True
    )
    for one in listed:
        where = f", {one.locator}" if str(one.locator) else ""
        console.print(f"  {one.what}{where}: {_shown(one.text)}", soft_wrap=True, markup=False)


def _shown(text: str) -> str:
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."


@app.command("verify")
def verify(kb: KbOption, catalog: CatalogOption = None, as_json: JsonOption = False) -> None:
    """Check every stored span, and read every source again that can be reached.

    Example: strati kb verify --kb work
    """
    from strati.cli.base import told_in_bars, with_catalogs
    from strati.core.errors import DataError
    from strati.knowledge.ingest.pipeline import Settings

    settings = Settings()
    settings.environment = with_catalogs(catalog or [])
    with _open(kb) as base, told_in_bars(settings):
        found = base.verify(settings)
    if as_json:
        _print(found.to_json())
    else:
        console = open_console()
        console.print(f"{several(found.passages, 'passage')} of {several(found.documents, 'document')} checked")
        console.print(f"{found.same:,} read again and the same")
        for name in found.changed:
            console.print(f"changed since: {name}", soft_wrap=True, markup=False)
        for name in found.gone:
            console.print(f"no source any more: {name}", soft_wrap=True, markup=False)
        for problem in found.problems:
            console.print(f"wrong: {problem}", soft_wrap=True, markup=False)
    if found.problems:
        raise DataError(f"{len(found.problems)} problems were found: read the documents again with strati ingest")


@app.command("forget")
def forget(
    documents: Annotated[list[str], typer.Argument(metavar="DOC...", help="Ids, paths or names of documents.")],
    kb: KbOption,
    as_json: JsonOption = False,
) -> None:
    """Forget documents without a trace and print a receipt.

    Example: strati kb forget contracts/old.pdf --kb work
    """
    with _open(kb) as base:
        receipt = base.forget(documents)
    if as_json:
        _print(receipt.to_json())
        return
    console = open_console()
    for entry in receipt.forgotten:
        console.print(f"forgotten: {entry.name}, {several(entry.passages, 'passage')}", soft_wrap=True, markup=False)
        console.print(f"           sha256 {entry.sha256}", soft_wrap=True)
    console.print(f"at {receipt.at}: snapshot {receipt.before} became {receipt.after}")
    console.print("nothing is left of it in the base" if not receipt.left else f"left: {', '.join(receipt.left)}")


@app.command("export")
def export(
    kb: KbOption,
    out: Annotated[Path | None, typer.Option(help="A file; standard output by default.")] = None,
) -> None:
    """Write all documents and passages as JSON lines.

    Example: strati kb export --kb work --out work.jsonl
    """
    from strati.core.errors import UserError

    with _open(kb) as base:
        try:
            file = out.open("w", encoding="utf-8") if out else sys.stdout
        except OSError as error:
            raise UserError(f"{out} cannot be written: {error.strerror}") from error
        counts = {"document": 0, "passage": 0}
        for value in base.export():
            counts[value["record"]] = counts.get(value["record"], 0) + 1
            file.write(json.dumps(value, ensure_ascii=False) + "\n")
        if out:
            file.close()
            told = f"{several(counts['document'], 'document')} and {several(counts['passage'], 'passage')}"
            print(f"{told} written to {out}", file=sys.stderr)


def _open(kb: str) -> KnowledgeBase:
    from strati.knowledge.base import KnowledgeBase

    return KnowledgeBase.open(kb, create=False)


def _size(told: dict[str, Any]) -> str:
    return f"{told['bytes'] / 1e6:,.1f} MB"


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1))
