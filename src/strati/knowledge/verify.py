"""Is every stored span still what its source says? The base is checked by itself, then against its sources."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from strati.core.records import JSON
from strati.knowledge.document import faults, joined
from strati.knowledge.ingest.pool import Event, Job, Pool
from strati.knowledge.reader import FULL

if TYPE_CHECKING:
    from strati.knowledge.ingest.pipeline import Settings
    from strati.knowledge.record import Record
    from strati.knowledge.store.contract import Entry
    from strati.knowledge.store.sqlite import SqliteStore


@dataclass
class Verification:
    """What was found. `passages` were checked in the base itself; of the documents, `same` were read again from their
    source and give the same text and spans, `changed` have another source by now, `gone` have none that can be read.
    `problems` are sentences about what is wrong in the base: there should be none.
    """

    documents: int = 0
    passages: int = 0
    same: int = 0
    changed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, JSON]:
        return {
            "documents": self.documents,
            "passages": self.passages,
            "same": self.same,
            "changed": self.changed,
            "gone": self.gone,
            "problems": self.problems,
        }


def verify(store: SqliteStore, settings: Settings) -> Verification:
    """Check every span, then read every source that can be reached again and compare."""
    found = Verification()
    entries = {entry.path: entry for entry in store.entries()}
    for number, entry in enumerate(entries.values()):
        settings.told("checking", number, len(entries))
        found.documents += 1
        found.passages += entry.passages
        found.problems += [f"{entry.name}: {problem}" for problem in _inside(store, entry)]
    _against_sources(store, entries, found, settings)
    found.problems += store.integrity()
    return found


def _inside(store: SqliteStore, entry: Entry) -> Iterator[str]:
    document = store.document(entry.id)
    yield from faults(replace(document, attachments=()))
    before = 0
    for at, kept in enumerate(store.passages_of(entry.id)):
        row = kept.row
        if row.position != at:
            yield f"passage {at} is missing"
        if document.text[row.start : row.end] != row.text:
            yield f"passage {row.position} is not the text at {row.start} to {row.end}"
        if row.start < before:
            yield f"passage {row.position} overlaps the one before it"
        before = row.end
        if joined(document.places(row.start, row.end), row.path) != row.locate(row.start, row.end):
            yield f"passage {row.position} has another place than the document gives"


def _against_sources(store: SqliteStore, entries: dict[str, Entry], found: Verification, settings: Settings) -> None:
    files = {path.split("!/")[0]: entry.name.split("!/")[0] for path, entry in entries.items()}
    reachable = {path: name for path, name in files.items() if os.path.isfile(path)}
    full = {path.split("!/")[0] for path, entry in entries.items() if entry.reader.endswith(FULL)}
    jobs = [Job(path, name, full_pages=path in full) for path, name in reachable.items()]
    seen: set[str] = set()
    done = 0
    for event in Pool(jobs, settings.limits, settings.sizes, settings.workers, settings.environment).events():
        done += event.job_done
        settings.told("reading", done, len(jobs))
        if event.record is not None and event.path in entries:
            seen.add(event.path)
            _compare(store, entries[event.path], event, event.record, found)
    found.gone += [entry.name for path, entry in entries.items() if path not in seen]


def _compare(store: SqliteStore, entry: Entry, event: Event, record: Record, found: Verification) -> None:
    if (record.sha256, record.reader, record.sizes) != (entry.sha256, entry.reader, entry.sizes):
        found.changed.append(event.name)
        return
    rows = [kept.row for kept in store.passages_of(entry.id)]
    if record.packed != store.packed(entry.id) or list(record.rows) != rows:
        found.problems.append(f"{entry.name}: reading its source again gives another text or other spans")
    else:
        found.same += 1
