"""From an outline to a draft: section by section, each sentence cited and checked; what is done is kept as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.identity import fingerprint
from strati.write.draft.evidence import Candidate, Sources, alike
from strati.write.draft.outline import Outline, Section, read_outline
from strati.write.draft.record import DraftRecord, SectionRecord, Written, load, save, write_whole
from strati.write.draft.render import Numbers, markdown
from strati.write.files import read_bytes, read_draft
from strati.write.proposal import sha256
from strati.write.words import telling

if TYPE_CHECKING:
    from strati.knowledge.base import KnowledgeBase


class Writer(Protocol):
    """Writes sentences for a point from sentences of the sources: an LLM. It returns none that is not supported."""

    @property
    def name(self) -> str: ...

    def fingerprint(self) -> str: ...

    def write(self, section: Section, point: str, found: Sequence[Candidate], most: int, ctx: Context) -> Wrote: ...


@dataclass(frozen=True, slots=True)
class Wrote:
    """The sentences that stood their check, and how many did not."""

    sentences: tuple[Written, ...]
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """How much is written: sentences for a point, and for a section that lists no points; passages read for each."""

    per_point: int = 2
    per_section: int = 5
    passages: int = 8


Told = Callable[[str, int, int], None]  # a section's heading, its number from 1, how many there are


def compose(
    outline: Outline,
    base: KnowledgeBase,
    out: Path,
    *,
    settings: Settings | None = None,
    writer: Writer | None = None,
    ctx: Context | None = None,
    again: bool = False,
    told: Told = lambda heading, number, total: None,
) -> DraftRecord:
    """Write the draft of an outline to `out` and its record beside it.

    A section that is done with the same base, settings and writer is not written again, so a draft that was stopped
    goes on where it was.

    Args:
        outline: what to write about.
        base: an open knowledge base.
        out: the Markdown file.
        settings: how much is written.
        writer: an LLM that writes from the evidence; without one, sentences of the sources are put in order.
        ctx: limits on time and money.
        again: write over a file at `out` that this did not make.
        told: hears of each section before it is written.

    Raises:
        DataError: `out` holds something else, or cannot be written.
        Stopped: time or money is over; the sections that are done are in `out`.
    """
    chosen, ctx = settings or Settings(), ctx or Context()
    old = load(out)
    if not again:
        _ours(out, old)
    record = _begun(outline, base, old, chosen, writer)
    sources = Sources(base, chosen.passages)
    used = [words for one in record.sections for words in _used(one)]
    for number, section in enumerate(outline.sections, 1):
        if record.section(section.key) is None:
            ctx.check()
            told(section.heading, number, len(outline.sections))
            done = _section(section, sources, chosen, writer, used, ctx)
            used += _used(done)
            record = _kept(out, _in_order(record.with_section(done), outline))
    return _kept(out, _in_order(record, outline))


def _ours(out: Path, old: DraftRecord | None) -> None:
    """Nothing that a person wrote is written over."""
    if not out.exists():
        return
    if old is None:
        raise DataError(f"{out} is there and was not drafted by strati: give another name, or --force to replace it")
    if sha256(read_bytes(out)) not in old.written:
        raise DataError(
            f"{out} was changed since it was drafted: --refresh brings it up to date, --force writes it anew"
        )


def _kept(out: Path, record: DraftRecord) -> DraftRecord:
    """The record on disk, and then the document; a process that dies between the two leaves nothing that is lost."""
    numbers = Numbers()
    text = markdown(record, numbers)
    new = sha256(text.encode())
    record = replace(record, places=tuple(numbers.places))
    if record.written[-1:] == (new,) and out.exists() and sha256(read_bytes(out)) == new:
        save(out, record)
        return record
    record = replace(record, written=(*record.written[-1:], new))
    save(out, record)
    write_whole(out, text)
    return record


def _begun(
    outline: Outline, base: KnowledgeBase, old: DraftRecord | None, settings: Settings, writer: Writer | None
) -> DraftRecord:
    by = fingerprint("draft.v1", settings=repr(settings), writer=writer.fingerprint() if writer else "")[:16]
    fresh = DraftRecord(outline.title, str(base.store.folder), base.snapshot(), by, written=old.written if old else ())
    if old is None or (old.snapshot, old.settings) != (fresh.snapshot, fresh.settings):
        return fresh
    wanted = {section.key for section in outline.sections}
    kept = tuple(one for one in old.sections if one.key in wanted)
    return replace(fresh, sections=kept)


def _in_order(record: DraftRecord, outline: Outline) -> DraftRecord:
    found = (record.section(section.key) for section in outline.sections)
    return replace(record, sections=tuple(one for one in found if one is not None))


def _section(
    section: Section, sources: Sources, settings: Settings, writer: Writer | None, used: list[frozenset[str]],
    ctx: Context,
) -> SectionRecord:  # fmt: skip
    most = settings.per_point if section.points else settings.per_section
    sentences: list[Written] = []
    missing: list[str] = []
    dropped = 0
    seen = list(used)
    for point in section.questions:
        about = [*section.path, section.heading] if section.points else section.path
        found = _fresh(sources.candidates(point, about), seen, max(most * 2, 4))
        wrote = _wrote(section, point, found, most, sources, writer, ctx)
        dropped += wrote.dropped
        if not wrote.sentences:
            missing.append(point)
        sentences += wrote.sentences
        seen += [frozenset(telling(one.text)) for one in wrote.sentences]
    return SectionRecord(section.key, section.heading, section.level, tuple(sentences), tuple(missing), dropped)


def _fresh(found: Sequence[Candidate], seen: Sequence[frozenset[str]], most: int) -> list[Candidate]:
    """The best that say neither the same as one another nor what the draft says already."""
    chosen: list[Candidate] = []
    for one in found:
        if len(chosen) == most:
            break
        if not any(alike(one.words, other) for other in (*seen, *(c.words for c in chosen))):
            chosen.append(one)
    return chosen


def _wrote(
    section: Section, point: str, found: Sequence[Candidate], most: int, sources: Sources, writer: Writer | None,
    ctx: Context,
) -> Wrote:  # fmt: skip
    sound = [one for one in found if sources.quoted(one.cited)]
    if not sound:
        return Wrote(())
    if writer is not None:
        wrote = writer.write(section, point, sound, most, ctx)
        if wrote.sentences:
            return wrote
    chosen = _together(sound[:most])
    extracted = tuple(Written(one.text, point, (one.cited,)) for one in chosen)
    return Wrote(extracted, wrote.dropped if writer is not None else 0)


def _together(chosen: Sequence[Candidate]) -> list[Candidate]:
    """Sentences of one document in its order, the document of the best one first."""
    order = list(dict.fromkeys(one.cited.document for one in chosen))
    return sorted(chosen, key=lambda one: (order.index(one.cited.document), one.cited.start))


def _used(section: SectionRecord) -> list[frozenset[str]]:
    return [frozenset(telling(one.text)) for one in section.sentences]


def compose_file(
    outline: Path, base: KnowledgeBase, out: Path, settings: Settings, *, minutes: float | None = None,
    again: bool = False, writer: Writer | None = None, ctx: Context | None = None,
    told: Told = lambda heading, number, total: None,
) -> DraftRecord:  # fmt: skip
    """`compose` for an outline in a file; `minutes` is the time after which it stops.

    Raises `DataError` when `out` is the outline itself, a folder or a Word document, or its folder is not there.
    """
    if out.exists() and outline.exists() and out.samefile(outline):
        raise DataError(f"{out} is the outline itself: expected another name for the document")
    if out.is_dir():
        raise DataError(f"{out} is a folder, expected the name of a Markdown file")
    if not out.parent.is_dir():
        raise DataError(f"{out} cannot be written: there is no folder {out.parent}")
    if out.suffix.lower() in (".docx", ".pdf"):
        raise DataError(f"{out} was asked for, and a draft is Markdown: expected a name such as {out.stem}.md")
    draft = read_draft(outline, read_bytes(outline))
    read = read_outline(draft.text, str(outline))
    ctx = ctx or Context()
    if minutes is not None:
        ctx.deadline = time.monotonic() + 60 * minutes
    return compose(read, base, out, settings=settings, writer=writer, ctx=ctx, again=again, told=told)
