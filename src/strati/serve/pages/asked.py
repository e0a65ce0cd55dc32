"""An answer in paragraphs, with numbers where it cites."""

from __future__ import annotations

from strati.serve.records import Outcome, Said

Piece = tuple[str, int | None]


def in_paragraphs(outcome: Outcome) -> list[list[Piece]]:
    """The text of an answer, each paragraph as (text, number of the source after it)."""
    if outcome.sentences:
        return [[piece for said in outcome.sentences for piece in _pieces(said)]]
    text = "" if outcome.answer is None else str(outcome.answer)
    return [[(part.strip(), None)] for part in text.split("\n\n") if part.strip()]


def _pieces(said: Said) -> list[Piece]:
    """A sentence and its numbers; one that the sources dispute says so."""
    text = f"{said.text} " if said.state != "disputed" else f"{said.text} (disputed) "
    first, *others = said.citations or (None,)
    return [(text, first), *((" ", other) for other in others)]
