"""A few documents about made-up companies, and a base that holds them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from strati.knowledge.base import KnowledgeBase
from strati.knowledge.graph.build import build
from strati.knowledge.graph.find import View
from strati.knowledge.graph.reading import read
from strati.knowledge.graph.records import Reading
from strati.knowledge.graph.settings import GraphSettings
from strati.knowledge.ingest.pipeline import Settings
from tests.knowledge import small

CONTRACT = """SUPPLY AGREEMENT

This Supply Agreement (the "Agreement") is made as of October 1, 2019 (the "Effective Date") by and between Acme Ltd. \
(the "Company"), a company organized under the laws of Delaware, and Beta GmbH ("Supplier").

The Company acquired Gamma Inc. for $5 million on 3 March 2021. Jane Smith, chief executive of Acme Ltd, said Beta did \
not buy Delta Corp.

The purchase price of $300,000 is due within thirty (30) days as set out in Section 4.2. "Product" means any golf club \
sold by the Company. This Agreement shall be governed by the laws of the State of New York.
"""
MINUTES = """# Minutes

Present: Jane Smith, Bob Miller (bob@gamma.example).

## Projects

Gamma Inc. hired Bob Miller in 2020. Acme and Gamma attended the fair in Berlin.
Invoice No. INV-2024-001 over €12,000 was paid by Beta GmbH.
"""
FILES = {"contract.txt": CONTRACT, "minutes.md": MINUTES}


def reading(*paragraphs: str, settings: GraphSettings | None = None, language: str = "en") -> tuple[Reading, str]:
    """What some paragraphs speak of, and their text."""
    made = small.document(*paragraphs)
    return read(made, "doc", "ab" * 32, settings or GraphSettings(), language), made.text


def facts(*paragraphs: str, weak: bool = False) -> set[tuple[str, str, str]]:
    """Head, label and tail of what some paragraphs say, by name."""
    found, _ = reading(*paragraphs)
    return {
        (found.atoms[f.head].name, f.label, found.atoms[f.tail].name)
        for f in found.facts
        if weak or f.label != "mentioned with"
    }


def names(type_: str, *paragraphs: str) -> set[str]:
    """The names of one type in some paragraphs."""
    found, _ = reading(*paragraphs)
    return {atom.name for atom in found.atoms if atom.type == type_}


@contextmanager
def base(folder: Path, files: dict[str, str], order: Sequence[str] | None = None) -> Iterator[KnowledgeBase]:
    """A base that holds these files, ingested one after the other, with its graph."""
    small.write(folder / "docs", files)
    with KnowledgeBase.open(folder / "work.kb") as made:
        for name in order or list(files):
            made.ingest([folder / "docs" / name], Settings(workers=1))
        build(made)
        yield made


def view(made: KnowledgeBase) -> View:
    return View(made)
