"""What people said, as labelled lines, each with where it comes from and what it may be used for."""

from __future__ import annotations

import json
from collections.abc import Iterator

from strati.core.records import JSON
from strati.serve.store.database import Database

_QUERIES = {
    # Drawn at random before anybody saw the case: the only labels that may certify, for the stack of their fingerprint.
    "audit": (
        "SELECT r.id, r.model, r.input, d.answer, d.reviewer, d.at, r.fingerprint FROM decisions d "
        "JOIN requests r ON r.id = d.ticket WHERE r.audited = 1 AND d.released_at IS NOT NULL AND r.input IS NOT NULL"
    ),
    "review": (
        "SELECT r.id, r.model, r.input, d.answer, d.reviewer, d.at, r.fingerprint FROM decisions d "
        "JOIN requests r ON r.id = d.ticket WHERE r.audited = 0 AND d.released_at IS NOT NULL AND r.input IS NOT NULL"
    ),
    "feedback": (
        "SELECT r.id, r.model, r.input, f.answer, f.key, f.at, r.fingerprint FROM feedback f "
        "JOIN requests r ON r.id = f.request WHERE f.answer != 'null' AND r.input IS NOT NULL"
    ),
    "examples": "SELECT 'e-' || number, model, input, json_quote(label), by, at, '' FROM examples",
}


def label_lines(database: Database, source: str) -> Iterator[str]:
    """One JSON line a label: id, model, input, answer, by, at, source, and whether it may certify."""
    for id, model, input, answer, by, at, fingerprint in database.db.execute(_QUERIES[source]):
        value = json.loads(answer)
        if value is None:
            continue
        line: dict[str, JSON] = {
            "id": id,
            "model": model,
            "input": json.loads(input),
            "answer": value,
            "by": by,
            "at": at,
            "source": source,
            "stack": fingerprint,
            "may_certify": source == "audit",
        }
        yield json.dumps(line, ensure_ascii=False) + "\n"
