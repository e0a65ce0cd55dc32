"""A draft and its sources later on: which sentences have lost their ground, and what could stand there now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.write.draft.evidence import Sources, alike
from strati.write.draft.record import Cited, DraftRecord, SectionRecord, Written, load, path_of, save
from strati.write.draft.render import Numbers, cited_text
from strati.write.files import read_bytes
from strati.write.journal import remember
from strati.write.proposal import Edit, Proposal, sha256
from strati.write.words import telling

if TYPE_CHECKING:
    from strati.knowledge.base import KnowledgeBase

_STRUCK = "~~"


class Ground(StrEnum):
    """What became of the source of a sentence."""

    SAME = "same"
    MOVED = "moved"
    CHANGED = "changed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The record of a draft brought up to date, and the proposal for its file.

    `lost` are the sentences whose sources changed or went, each with what became of them. `rewritten` counts those that
    stand in the file no more as they were drafted: they are people's.
    """

    record: DraftRecord
    proposal: Proposal
    lost: tuple[tuple[Written, Ground], ...]
    kept: int
    rewritten: int = 0

    def to_json(self) -> dict[str, JSON]:
        lost = [{"text": one.text, "source": str(ground), "place": one.cited[0].place} for one, ground in self.lost]
        return {**self.proposal.to_json(), "lost": lost, "kept": self.kept, "rewritten": self.rewritten}


def refresh(base: KnowledgeBase, out: Path, passages: int = 8) -> Refreshed:
    """Hold a draft against the base as it is now.

    Sentences that people changed in the file are theirs: only sentences that still stand there are looked at.

    Raises `DataError` when there is no draft at `out` that strati made.
    """
    record = load(out)
    if record is None:
        raise DataError(f"there is no draft to refresh: {path_of(out)} is not there")
    data = read_bytes(out)
    text = data.decode("utf-8", "replace")
    sources = Sources(base, passages)
    numbers = Numbers(record.places)
    shown = {one: cited_text(one, numbers) for section in record.sections for one in section.sentences}
    edits: list[Edit] = []
    lost: list[tuple[Written, Ground]] = []
    sections: list[SectionRecord] = []
    kept = rewritten = 0
    for section in record.sections:
        renewed: list[Written] = []
        standing = [one for one in section.sentences if shown[one] in text]  # the others a person has rewritten
        rewritten += len(section.sentences) - len(standing)
        for one in standing:
            at = text.index(shown[one])
            if _struck(text, at, len(shown[one])):
                renewed.append(one)
                continue
            ground, cited = _ground(one.cited, sources)
            if ground in (Ground.SAME, Ground.MOVED):
                kept += 1
                renewed.append(replace(one, cited=cited))
                continue
            lost.append((one, ground))
            new = _instead(one, section, [*renewed, *standing], sources)
            edits.append(_edit(one, shown[one], at, ground, new, numbers))
            renewed += [one, new] if new else [one]  # the one that is in the file next time is the one that counts
        sections.append(replace(section, sentences=tuple(renewed)))
    edits += _sources(text, numbers, len(record.places))
    new_record = replace(record, sections=tuple(sections), places=tuple(numbers.places))
    proposal = Proposal(sha256(data), tuple(sorted(edits, key=_start)))
    return Refreshed(new_record, proposal, tuple(lost), kept, rewritten)


def _struck(text: str, at: int, length: int) -> bool:
    """An earlier refresh has struck the sentence out: its loss was told."""
    return text[max(0, at - 2) : at] == _STRUCK and text[at + length : at + length + 2] == _STRUCK


def _start(edit: Edit) -> int:
    return edit.start


def _ground(cited: Sequence[Cited], sources: Sources) -> tuple[Ground, tuple[Cited, ...]]:
    """The worst that happened to the sources of one sentence, and where they stand now."""
    found = [_one_ground(one, sources) for one in cited]
    worst = max((ground for ground, _ in found), key=list(Ground).index)
    return worst, tuple(one for _, one in found)


def _one_ground(cited: Cited, sources: Sources) -> tuple[Ground, Cited]:
    entry = next((one for one in sources.base.documents() if one.id == cited.document), None)
    entry = entry or next((one for one in sources.base.documents() if one.name == cited.name), None)
    if entry is None:
        return Ground.GONE, cited
    text = sources.document(entry.id).text
    if text[cited.start : cited.end] == cited.quote:
        return Ground.SAME, replace(cited, document=entry.id, sha256=entry.sha256)
    at = text.find(cited.quote)
    if at < 0:
        return Ground.CHANGED, cited
    return Ground.MOVED, replace(cited, document=entry.id, sha256=entry.sha256, start=at, end=at + len(cited.quote))


def _instead(old: Written, section: SectionRecord, there: Sequence[Written], sources: Sources) -> Written | None:
    """The sentence of the sources that is nearest to the lost one, else the next best for its point."""
    words = frozenset(telling(old.text))
    taken = [frozenset(telling(one.text)) for one in there if one is not old]
    found = sources.candidates(old.point, [section.heading])
    found = [one for one in found if not any(alike(one.words, other) for other in taken)]
    if not found:
        return None
    best = max(found, key=lambda one: (len(one.words & words) / (len(one.words | words) or 1), one.score))
    return Written(best.text, old.point, (best.cited,))


def _edit(old: Written, shown: str, at: int, ground: Ground, new: Written | None, numbers: Numbers) -> Edit:
    """The new sentence in the place of the old one; with none, the old one is struck out."""
    why = {Ground.GONE: "its source went", Ground.CHANGED: "its source does not say so any more"}[ground]
    after = cited_text(new, numbers) if new else f"{_STRUCK}{shown}{_STRUCK}"
    reason = f"{why} ({old.cited[0].place})" + ("" if new else "; nothing else was found")
    return Edit(at, at + len(shown), shown, after, reason, rule="draft.refresh")


def _sources(text: str, numbers: Numbers, before: int) -> list[Edit]:
    """New places at the end of the list of sources."""
    new = [(number, place) for place, number in numbers.places.items() if number > before]
    if not new:
        return []
    end = len(text.rstrip("\n"))
    lines = "".join(f"\n{number}. {place}" for number, place in new)
    return [Edit(end, end, "", lines, "new sources", rule="draft.refresh")]


def refreshed(base: KnowledgeBase, out: Path) -> Refreshed:
    """`refresh`, with the proposal kept so that its hash applies it, and the record so that the next one knows."""
    found = refresh(base, out)
    if found.proposal.edits:
        remember(out, found.proposal)
    save(out, found.record)
    return found
