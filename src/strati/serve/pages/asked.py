"""An answer in paragraphs, with numbers where it cites."""

from __future__ import annotations

from strati.serve.records import Outcome

Piece = tuple[str, int | None]


def in_paragraphs(outcome: Outcome) -> list[list[Piece]]:
    """The text of an answer, each paragraph as (text, number of the source after it)."""
    text = "" if outcome.answer is None else str(outcome.answer)
    parts = [part.strip() for part in text.split("\n\n") if part.strip()]
    only = 1 if outcome.evidence else None
    return [[(part, only)] for part in parts]
