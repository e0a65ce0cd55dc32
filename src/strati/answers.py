"""The lines of answers.jsonl: one per example and candidate."""

from __future__ import annotations

from collections.abc import Iterator

from strati.journal import Journal
from strati.records import JSON


def answer_lines(journal: Journal) -> Iterator[dict[str, JSON]]:
    """Test and refit answers of every candidate, in ladder order, then in the order of the examples."""
    test = journal.examples("test")
    for name in journal.candidates():
        for split in ("test", "refit"):
            answers = journal.answers(name, split)
            for example in test:
                answer = answers.get(example.id)
                if answer is None:
                    continue
                usage = answer["usage"]
                yield {
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
