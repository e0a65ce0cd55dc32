"""`strati draft`: a document from sources, every sentence cited and checked."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from strati.cli.base import CatalogOption, EmbedderOption, JsonOption, KbOption
from strati.core.figures import several

if TYPE_CHECKING:
    from strati.write.draft import DraftRecord, Refreshed


def draft(
    kb: KbOption,
    out: Annotated[Path, typer.Option("-o", "--out", metavar="FILE", help="The document, in Markdown.")],
    outline: Annotated[Path | None, typer.Argument(help="Headings, and under each the points to cover.")] = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="Tell what lost its source; propose new text.")] = False,
    per_point: Annotated[int, typer.Option(min=1, help="Sentences for each point.")] = 2,
    per_section: Annotated[int, typer.Option(min=1, help="Sentences for a section without points.")] = 5,
    model: Annotated[str | None, typer.Option(help="An LLM that writes from the evidence.")] = None,
    max_dollars: Annotated[float, typer.Option(min=0, help="Most dollars, earlier runs included.")] = 0.0,
    config: Annotated[Path | None, typer.Option(help="A strati.toml with models behind servers.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    max_minutes: Annotated[float | None, typer.Option(help="Stop after so long; the same command goes on.")] = None,
    embedder: EmbedderOption = None,
    catalog: CatalogOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a document from the sources of a knowledge base, section by section.

    Example: strati draft OUTLINE.md --kb work -o brief.md
    """
    from strati.cli.base import embedder_for, language_model
    from strati.core.budget import Budget, FileBook
    from strati.core.context import Context
    from strati.core.errors import TaskError
    from strati.knowledge.base import KnowledgeBase, folder_of

    if outline is None and not refresh:
        raise TaskError("expected an outline to write from, or --refresh for a draft that is there")
    writer = None
    if model is not None and not refresh:
        from strati.write.draft.writer import ModelWriter

        writer = ModelWriter(language_model(model, catalog or [], config))
    meaning = embedder_for(folder_of(kb), embedder, catalog or [])
    with KnowledgeBase.open(kb, meaning, create=False) as base:
        if refresh:
            from strati.write.draft.refresh import refreshed

            _show_refreshed(refreshed(base, out), out, as_json)
            return
        from strati.write.draft.compose import Settings, compose_file
        from strati.write.draft.record import spent_path

        assert outline is not None
        settings = Settings(per_point, per_section)
        ctx = Context(budget=Budget(max_dollars, FileBook(spent_path(out))))
        record = compose_file(
            outline, base, out, settings, minutes=max_minutes, again=force, writer=writer, ctx=ctx, told=_told
        )
    _show(record, out, as_json)


_LONGEST = 200  # characters of a point that a line shows


def _told(heading: str, number: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"section {number} of {total}: {heading}", file=sys.stderr)


def _show(record: DraftRecord, out: Path, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"file": str(out), **record.to_json()}, ensure_ascii=False, indent=1))
        return
    sentences = sum(len(one.sentences) for one in record.sections)
    counts = {"section": len(record.sections), "sentence": sentences, "source": len(record.places)}
    print(f"{out}: {', '.join(several(count, noun) for noun, count in counts.items())} cited")
    dropped = sum(one.dropped for one in record.sections)
    if dropped:
        were = "was" if dropped == 1 else "were"
        print(f"{several(dropped, 'sentence')} of the model {were} dropped: the sources do not support what is said")
    for section in record.sections:
        for point in section.missing:
            print(f"nothing in the sources on: {point if len(point) <= _LONGEST else point[:_LONGEST] + ' ...'}")


def _show_refreshed(found: Refreshed, out: Path, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"file": str(out), **found.to_json()}, ensure_ascii=False, indent=1))
        return
    for edit in found.proposal.edits:
        if edit.before:
            print(f"- {edit.before}\n+ {edit.after}\n    {edit.reason}")
    total = found.kept + len(found.lost)
    print(f"{out}: {found.kept} of {total:,} sentences still have their source")
    if found.rewritten:
        print(f"{several(found.rewritten, 'sentence')} rewritten or taken out by people: left alone, not looked at")
    if found.proposal.edits:
        print(f"To make exactly these edits: strati write {out} --apply {found.proposal.hash}")
