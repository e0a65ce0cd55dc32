"""Forgetting: what is removed reaches everything derived from it, and a receipt says what stays and why."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from strati.core.records import JSON
from strati.serve.store.database import Database


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many rows lost their content, and sentences on what stays."""

    answers: int
    items: int
    decisions: int
    feedback: int
    stays: tuple[str, ...]

    def to_json(self) -> dict[str, JSON]:
        return {
            "answers": self.answers,
            "items": self.items,
            "decisions": self.decisions,
            "feedback": self.feedback,
            "stays": list(self.stays),
        }


STAYS = (
    "that a request was made, when, by which key, and what it cost: the accounts have to add up",
    "whether an audited answer was right: a bare 0 or 1 that the bound rests on",
    "the log of the service, which never held content",
    "backups that you made of the service database or of documents",
)


def forget_document(database: Database, base: str, document: str) -> Forgotten:
    """Empty every answer that rests on a document, and what people said about it."""
    with database.writing() as db:
        rows = db.execute("SELECT request FROM cites WHERE base = ? AND document = ?", (base, document)).fetchall()
        found = _emptied(db, [str(row[0]) for row in rows])
        db.execute("DELETE FROM cites WHERE base = ? AND document = ?", (base, document))
    database.truncate_log()
    return found


def forget_request(database: Database, id: str) -> Forgotten:
    """Empty one request: what was asked, what was answered, what people said."""
    with database.writing() as db:
        found = _emptied(db, [id])
        db.execute("DELETE FROM cites WHERE request = ?", (id,))
    database.truncate_log()
    return found


def _emptied(db: sqlite3.Connection, ids: list[str]) -> Forgotten:
    counts = [0, 0, 0, 0]
    for id in ids:
        changes = (
            "UPDATE requests SET input = NULL, body = NULL, confidence = NULL, state = 'withheld' WHERE id = ?",
            "UPDATE items SET state = 'forgotten', lease = NULL WHERE ticket = ? AND state IN ('open', 'decided')",
            "UPDATE decisions SET answer = 'null', comment = '', seen = '{}' WHERE ticket = ?",
            "DELETE FROM feedback WHERE request = ?",
        )
        for place, change in enumerate(changes):
            counts[place] += db.execute(change, (id,)).rowcount
    answers, items, decisions, feedback = counts
    return Forgotten(answers, items, decisions, feedback, STAYS)
