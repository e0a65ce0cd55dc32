"""A small world of sources for the tests."""

from __future__ import annotations

from pathlib import Path

from strati.knowledge.base import KnowledgeBase
from tests.knowledge.small import record

LEASE = (
    "Either party may end the lease early with 30 days' notice. The rent is USD 1.5m a year.",
    "The lease began on 12 May 2023 in Bern. It was signed by Anna Meier and Paul Roth.",
    "The deposit is not refundable. Keys are handed over by the caretaker.",
)
MEMO = (
    "The board met in Oslo. The lease began on 14 May 2023 in Bern.",
    "The car is red. Nobody drives it on Sundays.",
)
TOWER = (
    "The tower of Ems was built in 1931 by Ida Brunner. It is 84 metres tall.",
    "Ems has 12,400 inhabitants. The harbour is closed in winter because of the ice.",
)


def base(folder: Path, **documents: tuple[str, ...]) -> KnowledgeBase:
    """A base of the given documents, or of the three above."""
    made = KnowledgeBase.open(folder / "world")
    for name, paragraphs in (documents or {"lease": LEASE, "memo": MEMO, "tower": TOWER}).items():
        made.store.put(record(f"{name}.txt", *paragraphs), {})
    return made
