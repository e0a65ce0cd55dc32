"""The lines of answers.jsonl: one per example and candidate."""

from __future__ import annotations

from collections.abc import Iterator

from strati.core.records import JSON
from strati.measure.columns import PAGE
from strati.measure.journal import Journal, StoredExample


def answer_lines(journal: Journal) -> Iterator[dict[str, JSON]]:
    """Test and refit answers of every candidate, in ladder order, then in the order of the examples."""
    test = journal.examples("test")
    for name in journal.candidates():
        for split in ("test", "refit"):
            for start in range(0, len(test), PAGE):
                page = test[start : start + PAGE]
                answers = journal.answers(name, split, [example.id for example in page])
                yield from (
                    _line(name, split, example, answers[example.id]) for example in page if example.id in answers
                )


def _line(name: str, split: str, example: StoredExample, answer: JSON) -> dict[str, JSON]:
    usage = answer["usage"]
    return {
        "candidate": name,
        "split": split,
        "id": example.id,
        "reference": example.reference,
        "value": answer["value"],
        "confidence": answer["confidence"],
        "seconds": usage["seconds"],
        "tokens_in": usage["tokens_in"],
        "tokens_out": usage["tokens_out"],
        "dollars": usage["dollars"],
        "failure": answer["failure"],
        "steps": answer["steps"],
    }
