"""`strati write`: edits for a draft that keep its facts; applied only by the hash of what was shown."""

from __future__ import annotations

import json
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from strati.cli.base import CatalogOption, EmbedderOption, JsonOption
from strati.cli.console import open_console
from strati.core.figures import several

if TYPE_CHECKING:
    from rich.console import Console

    from strati.core.context import Context
    from strati.knowledge.base import KnowledgeBase
    from strati.write import Edit, Proposal
    from strati.write.files import Draft
    from strati.write.review import Reply
    from strati.write.session import Session

_KEYS = "y yes, n no, a the rest, q quit"


def write(
    drafts: Annotated[list[Path], typer.Argument(metavar="DRAFT...", help="A Markdown, text or Word (.docx) file.")],
    kb: Annotated[str | None, typer.Option("--kb", metavar="NAME", help="Check its claims against this base.")] = None,
    style: Annotated[Path | None, typer.Option(metavar="FILE", help="Your style rules; style.toml beside it.")] = None,
    language: Annotated[str | None, typer.Option(help="The draft's language, such as en.")] = None,
    apply: Annotated[str | None, typer.Option("--apply", metavar="HASH", help="Make the edits shown.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Give the draft back as it was before.")] = False,
    interactive: Annotated[bool, typer.Option("--interactive", "-i", help="Decide edit by edit.")] = False,
    consistency: Annotated[
        bool, typer.Option("--consistency", help="Names, numbers, dates and terms that disagree across chapters.")
    ] = False,
    model: Annotated[str | None, typer.Option(help="An LLM that chooses words and corrects sentences.")] = None,
    max_dollars: Annotated[float, typer.Option(min=0, help="Most dollars for a model behind a server.")] = 0.0,
    config: Annotated[Path | None, typer.Option(help="A strati.toml with models behind servers.")] = None,
    embedder: EmbedderOption = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose edits for a draft: each with its reason, none that changes a fact.

    Exit code 1 when --kb finds a claim without support, or --consistency two places that disagree.

    Example: strati write draft.md, then strati write draft.md --apply HASH
    """
    from strati.cli.base import language_model
    from strati.core.errors import TaskError
    from strati.write.session import opened

    if sum((apply is not None, undo, interactive, consistency)) > 1:
        raise TaskError("--apply, --undo, --interactive and --consistency exclude one another: give one of them")
    if consistency:
        _compare(drafts, as_json)
        return
    if len(drafts) > 1:
        raise TaskError(f"expected one draft, found {len(drafts)}; several go with --consistency")
    draft = drafts[0]
    if apply is not None or undo:
        _done(draft, apply, as_json)
        return
    ctx = _context(max_dollars)
    llm = None if model is None else language_model(model, catalog or [], config)
    with _base(kb, embedder, catalog or []) as base:
        session = opened(draft, style, language, base, llm, ctx)
    if interactive:
        _interactive(session.draft, session.proposal, draft)
        return
    session.remember()
    if as_json:
        print(json.dumps({"file": str(draft), **session.to_json()}, ensure_ascii=False, indent=1))
    else:
        _show(session.draft, session.proposal, draft)
        _show_claims(session)
    if session.doubtful:
        raise typer.Exit(1)


def _context(dollars: float) -> Context:
    from strati.core.budget import Budget
    from strati.core.context import Context

    return Context(budget=Budget(dollars))


def _base(kb: str | None, embedder: str | None, catalogs: list[Path]) -> AbstractContextManager[KnowledgeBase | None]:
    if kb is None:
        return nullcontext()
    from strati.cli.base import embedder_for
    from strati.knowledge.base import KnowledgeBase, folder_of

    model = embedder_for(folder_of(kb), embedder, catalogs)
    return KnowledgeBase.open(kb, model, create=False)


def _show_claims(session: Session) -> None:
    from strati.write.show import Places

    if session.claims is None:
        return
    console, places = open_console(), Places(session.draft.text)
    for one in session.doubtful:
        state = "contradicted" if str(one.state) == "contradicted" else "not in the base"
        console.print(f"line {places.line(one.start)}  {' '.join(one.text.split())}", markup=False)
        console.print(f"    {state}: {one.reason}", style="yellow", markup=False)
        for cited in one.citations[:1]:
            console.print(f"    {cited.place}: {' '.join(cited.quote.split())}", style="dim", markup=False)
    counts = {name: count for name, count in session.claims.counts.items() if count}
    told = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in counts.items())
    console.print(f"claims checked: {told or 'none'}")


def _compare(drafts: list[Path], as_json: bool) -> None:
    from strati.write.session import compared

    found = compared(drafts)
    if as_json:
        print(json.dumps({"disagreements": [one.to_json() for one in found]}, ensure_ascii=False, indent=1))
    else:
        console = open_console()
        for one in found:
            console.print(f"{one.about}: {one.one} or {one.other}?", style="bold", markup=False)
            for place in one.places:
                console.print(f"    {place}: {' '.join(place.text.split())}", markup=False)
        console.print(f"{several(len(found), 'pair')} of places that disagree")
    if found:
        raise typer.Exit(1)


def _done(draft: Path, hash: str | None, as_json: bool) -> None:
    from strati.write.journal import apply, undo

    done = apply(draft, hash) if hash is not None else undo(draft)
    if as_json:
        print(json.dumps(done.to_json(), ensure_ascii=False))
    elif hash is not None:
        print(f"{draft}: {several(done.edits, 'edit')} applied; strati write {draft} --undo gives it back as it was")
    else:
        print(f"{draft} is as it was before, byte for byte")


def _show(draft: Draft, proposal: Proposal, path: Path) -> None:
    from strati.write.show import lines

    console = open_console()
    for line in lines(draft.text, proposal):
        console.print(line)
    dropped = f", {len(proposal.dropped)} not proposed" if proposal.dropped else ""
    console.print(f"{path}: {several(len(proposal.edits), 'edit')}{dropped}")
    if proposal.edits:
        console.print(f"To make exactly these edits: strati write {path} --apply {proposal.hash}", soft_wrap=True)


def _interactive(draft: Draft, proposal: Proposal, path: Path) -> None:
    from strati.write.journal import apply, remember
    from strati.write.review import review
    from strati.write.show import Places, one_edit, why

    console, places = open_console(), Places(draft.text)

    def ask(edit: Edit, number: int, total: int) -> Reply:
        console.print(f"\n{number} of {total}, line {places.line(edit.start)}", style="bold")
        console.print(one_edit(draft.text, edit, places))
        console.print(f"    {why(edit)}", style="dim", markup=False)
        for change in edit.facts:
            console.print(f"    this changes a fact: {change}", style="yellow", markup=False)
        return _key(console)

    chosen = review(proposal, ask)
    if not chosen.edits:
        console.print(f"\n{path}: nothing was changed")
        return
    remember(path, chosen)
    done = apply(path, chosen.hash)
    console.print(
        f"\n{path}: {several(done.edits, 'edit')} applied; strati write {path} --undo gives it back as it was"
    )


def _key(console: Console) -> Reply:
    from strati.write.review import Reply

    while True:
        console.print(f"take it? ({_KEYS}) ", end="")
        if sys.stdin.isatty():
            import click

            typed = click.getchar().lower()  # all that waits: two keys typed fast, or the three signs of an arrow
            pressed = "" if len(typed) > 1 and typed.startswith("\x1b") else typed[:1]
            console.print(pressed if pressed.isprintable() else "")
        else:
            line = sys.stdin.readline()
            pressed = line.strip().lower()[:1] if line else "q"
        if pressed in ("\x03", "\x04", "\x1b"):
            return Reply.QUIT
        if pressed in set(Reply):
            return Reply(pressed)
