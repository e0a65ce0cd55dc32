"""Cases of `strati run` in the same queue as those of the service: put there, and taken back when people decided."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from strati.core.identity import fingerprint
from strati.core.records import State
from strati.serve.people import OPEN, Decision, lines_of
from strati.serve.queue.reviews import Reviews
from strati.serve.records import Outcome, Request, StepRecord


def to_queue(out: Path, model: str, mark: str, reviews: Reviews) -> int:
    """Put the cases of a file of answers that wait for people into the queue; returns how many are new there.

    Args:
        out: the file of answers.
        model: the name of the stack.
        mark: its fingerprint.
        reviews: the queue.
    """
    known = {row[0] for row in reviews.database.db.execute("SELECT id FROM requests WHERE key = ?", (key_of(out),))}
    count, chunk = 0, list[Outcome]()
    for record in lines_of(out):
        ticket = ticket_of(out, record["id"])
        if record["state"] not in OPEN or ticket in known:
            continue
        steps = tuple(
            StepRecord(
                step["layer"],
                step["outcome"],
                step.get("reason", ""),
                step.get("proposed"),
                step.get("confidence"),
                failure=step.get("failure"),
            )
            for step in record["steps"]
        )
        request = Request(ticket, key_of(out), model, record["input"], time.time(), digest=record["id"])
        chunk.append(Outcome(request, State.PENDING, reason=record["reason"], steps=steps, fingerprint=mark))
        if len(chunk) == 500:
            count += sum(reviews.outcomes.put(chunk))
            chunk.clear()
    return count + sum(reviews.outcomes.put(chunk))


def from_queue(out: Path, reviews: Reviews) -> dict[str, Decision]:
    """What people decided on the cases of a file of answers, by case id; each is out, so it cannot change any more."""
    reviews.release()
    found: dict[str, Decision] = {}
    pending = {record["id"] for record in lines_of(out) if record["state"] in OPEN}
    rows = reviews.database.db.execute(
        "SELECT id FROM requests WHERE key = ? AND state = 'answered' ORDER BY id", (key_of(out),)
    ).fetchall()
    for (ticket,) in rows:
        outcome = reviews.outcomes.get(ticket)
        if outcome is not None and outcome.request.digest in pending:
            said = str(outcome.answer)
            found[outcome.request.digest] = Decision(((outcome.by or "somebody", said),))
    return found


def key_of(out: Path) -> str:
    """Under which key the cases of a file are kept: no client's."""
    return f"run:{out.resolve()}"


def ticket_of(out: Path, id: str) -> str:
    """The ticket of a case; the same file and id give the same."""
    return f"b-{fingerprint('batch.ticket.v1', out=str(out.resolve()), id=id)[:24]}"


def remember_labels(reviews: Reviews, model: str, labels: Sequence[str]) -> None:
    """Keep the answers that a model can give beside the queue, for who reviews without the stack."""
    if labels:
        reviews.database.write(f"labels:{model}", list(labels))


def labels_kept(reviews: Reviews, model: str) -> list[str]:
    """The answers kept by `remember_labels`; empty where there are none."""
    found = reviews.database.read(f"labels:{model}")
    return [str(label) for label in found] if isinstance(found, list) else []
