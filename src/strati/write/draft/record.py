"""What is known of a draft: every sentence with its sources, kept beside the document as JSON.

The document is for people, who may change it; the record is how a refresh knows what each sentence rested on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from strati.core.errors import DataError
from strati.core.records import JSON

VERSION = 1


@dataclass(frozen=True, slots=True)
class Cited:
    """A quote at its place in the base: `quote` is `text[start:end]` of the document."""

    document: str
    name: str
    sha256: str
    start: int
    end: int
    quote: str
    place: str


@dataclass(frozen=True, slots=True)
class Written:
    """One sentence of the draft, what it rests on, which point it serves, and who wrote it.

    `by` is "extract" for a sentence of the sources, or the name of the LLM that wrote it from them.
    """

    text: str
    point: str
    cited: tuple[Cited, ...]
    by: str = "extract"


@dataclass(frozen=True, slots=True)
class SectionRecord:
    """A section that is done: its key in the outline, its sentences, the points for which there was nothing.

    `dropped` counts sentences that an LLM wrote and the sources do not support.
    """

    key: str
    heading: str
    level: int
    sentences: tuple[Written, ...]
    missing: tuple[str, ...] = ()
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class DraftRecord:
    """A whole draft. `settings` and `snapshot` say by what it was made: other ones make it anew.

    `places` are the sources in the order of their numbers; `written` the SHA-256 of the document as it was written last
    and before that, so that a file that a person has changed is known.
    """

    title: str
    base: str
    snapshot: str
    settings: str
    sections: tuple[SectionRecord, ...] = ()
    places: tuple[str, ...] = ()
    written: tuple[str, ...] = ()

    def with_section(self, section: SectionRecord) -> DraftRecord:
        """The record with one more section, or with a new one in the place of the old."""
        others = tuple(one for one in self.sections if one.key != section.key)
        return replace(self, sections=(*others, section))

    def section(self, key: str) -> SectionRecord | None:
        return next((one for one in self.sections if one.key == key), None)

    def to_json(self) -> dict[str, JSON]:
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def of_json(cls, read: Mapping[str, JSON]) -> DraftRecord:
        return cls(
            read["title"],
            read["base"],
            read["snapshot"],
            read["settings"],
            tuple(_section(one) for one in read["sections"]),
            tuple(read["places"]),
            tuple(read["written"]),
        )


def path_of(out: Path) -> Path:
    """Where the record of a draft is kept: `brief.md` has `brief.md.sources.json`."""
    return out.with_name(out.name + ".sources.json")


def spent_path(out: Path) -> Path:
    """Where is kept what the writing of a draft has cost so far."""
    return out.with_name(out.name + ".spent.jsonl")


def load(out: Path) -> DraftRecord | None:
    """The record of a draft, or None where there is none.

    Raises `DataError` when it is damaged or was written by a newer version.
    """
    path = path_of(out)
    try:
        read = json.loads(path.read_bytes())
        if read["version"] > VERSION:
            raise DataError(f"{path} was written by a newer version of strati")
        return DraftRecord.of_json(read)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise DataError(f"{path} is no record of a draft: {error}; delete it to draft {out} from the start") from None


def save(out: Path, record: DraftRecord) -> None:
    """Keep the record; all of it or nothing.

    Raises `DataError` when the folder cannot be written.
    """
    write_whole(path_of(out), json.dumps(record.to_json(), ensure_ascii=False, indent=1) + "\n")


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that it is there whole or as it was. Raises `DataError`."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from None


def _section(read: Mapping[str, JSON]) -> SectionRecord:
    sentences = tuple(
        Written(one["text"], one["point"], tuple(Cited(**cited) for cited in one["cited"]), one["by"])
        for one in read["sentences"]
    )
    return SectionRecord(
        read["key"], read["heading"], read["level"], sentences, tuple(read["missing"]), read["dropped"]
    )
