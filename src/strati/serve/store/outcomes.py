"""Requests and what came of them, as rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, replace

from strati.core.records import JSON, State
from strati.serve.records import Cited, ItemKind, Outcome, Request, Said, StepRecord
from strati.serve.store.database import Database

_REQUEST = "id, at, key, model, fingerprint, input, audited, same_as, digest, risk"
_OUTCOME = "state, layer, confidence, seconds, dollars, tokens_in, tokens_out, by, body"
_ALL = f"{_REQUEST}, {_OUTCOME}"
_INSERT = f"INSERT OR IGNORE INTO requests ({_ALL}) VALUES ({', '.join('?' * 19)})"


class Outcomes:
    """Every acknowledged answer; a second outcome for the same request is not kept."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def put(self, outcomes: Sequence[Outcome]) -> list[bool]:
        """Keep outcomes, with items for people where a case needs one; on disk when this returns.

        Returns for each whether it is the one that counts: false where the request had one already.
        """
        with self.database.writing() as db:
            return [_put(db, outcome) for outcome in outcomes]

    def get(self, id: str) -> Outcome | None:
        row = self.database.db.execute(f"SELECT {_ALL} FROM requests WHERE id = ?", (id,)).fetchone()
        return None if row is None else outcome_of(row)

    def same(self, key: str, same_as: str) -> Outcome | None:
        """The outcome of an earlier request of this key with the same idempotency key."""
        row = self.database.db.execute(
            f"SELECT {_ALL} FROM requests WHERE key = ? AND same_as = ?", (key, same_as)
        ).fetchone()
        return None if row is None else outcome_of(row)

    def recent(self, limit: int = 50, model: str | None = None) -> list[Outcome]:
        """The latest outcomes, newest first."""
        where, values = ("WHERE model = ?", [model]) if model else ("", [])
        rows = self.database.db.execute(f"SELECT {_ALL} FROM requests {where} ORDER BY at DESC LIMIT {limit}", values)
        return [outcome_of(row) for row in rows]


def outcome_of(row: Sequence[JSON]) -> Outcome:
    """An outcome from a row of the table."""
    (id, at, key, model, fingerprint, input, audited, same_as, digest, risk) = row[:10]
    (state, layer, confidence, seconds, dollars, tokens_in, tokens_out, by, body) = row[10:]
    request = Request(
        id, key, model, "" if input is None else json.loads(input), at, bool(audited), same_as, digest, risk
    )
    more = json.loads(body) if body else {}
    return Outcome(
        request,
        State(state),
        more.get("answer"),
        confidence,
        layer,
        more.get("reason", "it was forgotten on request" if input is None else ""),
        tuple((value, share) for value, share in more.get("alternatives", ())),
        tuple(StepRecord(**step) for step in more.get("steps", ())),
        tuple(Cited(**cited) for cited in more.get("evidence", ())),
        tuple(Said(text, said, tuple(places)) for text, said, places in more.get("sentences", ())),
        seconds,
        dollars,
        tokens_in,
        tokens_out,
        fingerprint,
        by,
    )


def row_of(outcome: Outcome) -> tuple[JSON, ...]:
    """The row for an outcome."""
    request = outcome.request
    return (
        request.id,
        request.at,
        request.key,
        request.model,
        outcome.fingerprint,
        _dump(request.input if isinstance(request.input, str) else dict(request.input)),
        int(request.audited),
        request.same_as,
        request.digest,
        request.risk,
        str(outcome.state),
        outcome.layer,
        outcome.confidence,
        outcome.seconds,
        outcome.dollars,
        outcome.tokens_in,
        outcome.tokens_out,
        outcome.by,
        body_of(outcome),
    )


def body_of(outcome: Outcome) -> str:
    """What is no column, as JSON."""
    body: dict[str, JSON] = {"answer": outcome.answer, "reason": outcome.reason}
    if outcome.alternatives:
        body["alternatives"] = [list(pair) for pair in outcome.alternatives]
    body["steps"] = [step.to_json() for step in outcome.steps]
    if outcome.evidence:
        body["evidence"] = [asdict(cited) for cited in outcome.evidence]
    if outcome.sentences:
        body["sentences"] = [[said.text, said.state, list(said.citations)] for said in outcome.sentences]
    return _dump(body)


def rewritten(db: sqlite3.Connection, outcome: Outcome) -> None:
    """Put a person's answer in the place of none."""
    db.execute(
        "UPDATE requests SET state = ?, layer = ?, confidence = NULL, by = ?, body = ? WHERE id = ?",
        (str(outcome.state), outcome.layer, outcome.by, body_of(outcome), outcome.request.id),
    )


def decided(outcome: Outcome, answer: JSON, reviewer: str) -> Outcome:
    """The outcome with a person's answer; None means that the person gave none."""
    state = State.WITHHELD if answer is None else State.ANSWERED
    reason = f"decided by {reviewer}" if answer is not None else f"{reviewer} found no right answer"
    step = StepRecord("person", "answered" if answer is not None else "vetoed", reason, answer)
    return replace(
        outcome,
        state=state,
        answer=answer,
        confidence=None,
        layer="person",
        reason=reason,
        steps=(*outcome.steps, step),
        by=reviewer,
    )


def _put(db: sqlite3.Connection, outcome: Outcome) -> bool:
    if not db.execute(_INSERT, row_of(outcome)).rowcount:
        return False
    request = outcome.request
    for base, document in {(cited.base, cited.document) for cited in outcome.evidence if cited.document}:
        db.execute("INSERT OR IGNORE INTO cites VALUES (?, ?, ?)", (base, document, request.id))
    pending = outcome.state is State.PENDING
    if pending or (request.audited and outcome.state is State.ANSWERED):
        add_item(db, outcome, ItemKind.PENDING if pending else ItemKind.AUDIT, blind=request.audited)
    return True


def add_item(
    db: sqlite3.Connection, outcome: Outcome, kind: ItemKind, *, blind: bool = False, source: str = "serve"
) -> None:
    """Put a case into the queue for people."""
    _, sure = outcome.proposal
    uncertainty = 1.0 if sure is None else max(0.05, 1.0 - sure)
    request = outcome.request
    db.execute(
        "INSERT OR IGNORE INTO items (ticket, kind, model, created, risk, uncertainty, blind, state, source) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 'open', ?)",
        (request.id, str(kind), request.model, request.at, request.risk, uncertainty, int(blind), source),
    )


def _dump(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
