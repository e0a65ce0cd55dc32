"""The queue for people: leases, decisions, undo, and the release of an answer, exactly once.

Everything is a transaction in the service database, so a reviewer in a browser, one in a terminal and a server that is
killed between two lines all see the same. A decision is released after a short time in which it can be undone; the
unique index on live decisions and the guarded UPDATE make that happen once, whoever does it.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence

from strati.core.errors import DataError
from strati.core.records import JSON, State
from strati.serve.records import Action, Decision, Item, ItemKind, Outcome, Released
from strati.serve.store.database import Database
from strati.serve.store.outcomes import Outcomes, decided, rewritten

_DECISION = "number, ticket, reviewer, action, answer, comment, seen, at, release_at, released_at, undone_at"
_FREE = "state = 'open' AND (until IS NULL OR until <= :now OR reviewer = :reviewer)"
_PRIORITY = "risk * uncertainty * (:now - created + 60)"


class Conflict(DataError):
    """Somebody else has the item, or it is decided already."""


class Reviews:
    """The queue for people.

    Args:
        database: the service database.
        lease: seconds that an item is one reviewer's.
        grace: seconds before a decision is released; until then it can be undone.
        labels: the answers allowed, by model; where there are none, any text is.
        clock: for tests.
    """

    def __init__(
        self,
        database: Database,
        lease: float = 300.0,
        grace: float = 4.0,
        labels: Callable[[str], Sequence[str]] = lambda model: (),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.database = database
        self.outcomes = Outcomes(database)
        self.lease_seconds = lease
        self.grace = grace
        self.labels = labels
        self.clock = clock

    def count(self, models: Sequence[str] | None = None) -> int:
        """How many items are not decided."""
        where, values = _among(models)
        row = self.database.db.execute(f"SELECT count(*) FROM items WHERE state = 'open'{where}", values).fetchone()
        return int(row[0])

    def lease(self, reviewer: str, models: Sequence[str] | None = None, ticket: str | None = None) -> Item | None:
        """The most urgent item that is free, now this reviewer's for a while; None when there is none.

        A reviewer who has a lease already gets the same item again, so a reload loses nothing. With `ticket`, that one.

        Raises:
            Conflict: another reviewer has the ticket, or it is decided.
        """
        now = self.clock()
        with self.database.writing() as db:
            found = self._free(db, reviewer, models, ticket, now)
            if found is None:
                return None
            id, kept, until = found
            token = kept or secrets.token_hex(8)
            until = until if kept else now + self.lease_seconds
            db.execute(
                "UPDATE items SET lease = ?, reviewer = ?, until = ? WHERE ticket = ?", (token, reviewer, until, id)
            )
            return self._item(db, id, now)

    def renew(self, ticket: str, lease: str) -> float:
        """More time for an item; returns the new end of the lease. Raises `Conflict` when it is another's now."""
        until = self.clock() + self.lease_seconds
        with self.database.writing() as db:
            done = db.execute(
                "UPDATE items SET until = ? WHERE ticket = ? AND lease = ? AND state = 'open'", (until, ticket, lease)
            )
            if not done.rowcount:
                raise Conflict(f"the item {ticket} is no longer yours: its lease ended, or it was decided")
        return until

    def skip(self, ticket: str, lease: str) -> None:
        """Give an item back; it comes later for everybody."""
        with self.database.writing() as db:
            db.execute(
                "UPDATE items SET lease = NULL, reviewer = NULL, until = NULL, skipped = skipped + 1 "
                "WHERE ticket = ? AND lease = ? AND state = 'open'",
                (ticket, lease),
            )

    def decide(
        self,
        ticket: str,
        lease: str,
        action: Action,
        answer: JSON = None,
        comment: str = "",
        seen: Mapping[str, JSON] | None = None,
    ) -> Decision:
        """Take a reviewer's decision down; it is released when the time to undo it is over.

        Raises:
            Conflict: the lease is another's, or the item is decided already.
            DataError: there is no such item, or the answer is not one of the labels.
        """
        now = self.clock()
        with self.database.writing() as db:
            row = db.execute(
                "SELECT kind, model, lease, reviewer, state FROM items WHERE ticket = ?", (ticket,)
            ).fetchone()
            if row is None:
                raise DataError(f"there is no item {ticket!r} in the queue")
            kind, model, held, reviewer, state = row
            if state != "open" or held != lease:
                raise Conflict(f"the item {ticket} is no longer yours: its lease ended, or it was decided")
            chosen = self._chosen(db, ticket, model, action, answer)
            release = now if kind == ItemKind.AUDIT else now + self.grace
            cursor = db.execute(
                "INSERT INTO decisions (ticket, reviewer, action, answer, comment, seen, at, release_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    ticket,
                    reviewer,
                    str(action),
                    json.dumps(chosen),
                    comment,
                    json.dumps(dict(seen or {})),
                    now,
                    release,
                ),
            )
            db.execute("UPDATE items SET state = 'decided' WHERE ticket = ?", (ticket,))
            return _decision(
                db.execute(f"SELECT {_DECISION} FROM decisions WHERE number = ?", (cursor.lastrowid,)).fetchone()
            )

    def undo(self, reviewer: str) -> str | None:
        """Take back this reviewer's last decision that is not out yet; returns its ticket, leased to them again."""
        now = self.clock()
        with self.database.writing() as db:
            row = db.execute(
                "SELECT number, ticket FROM decisions WHERE reviewer = ? AND released_at IS NULL AND undone_at IS NULL "
                "ORDER BY number DESC LIMIT 1",
                (reviewer,),
            ).fetchone()
            if row is None:
                return None
            db.execute("UPDATE decisions SET undone_at = ? WHERE number = ?", (now, row[0]))
            db.execute(
                "UPDATE items SET lease = NULL, reviewer = NULL, until = NULL WHERE reviewer = ? AND state = 'open'",
                (reviewer,),
            )
            db.execute(
                "UPDATE items SET state = 'open', lease = ?, reviewer = ?, until = ? WHERE ticket = ?",
                (secrets.token_hex(8), reviewer, now + self.lease_seconds, row[1]),
            )
            return str(row[1])

    def undoable(self, reviewer: str) -> Decision | None:
        """This reviewer's last decision, while it can be undone."""
        row = self.database.db.execute(
            f"SELECT {_DECISION} FROM decisions WHERE reviewer = ? AND released_at IS NULL AND undone_at IS NULL "
            "AND release_at > ? ORDER BY number DESC LIMIT 1",
            (reviewer, self.clock()),
        ).fetchone()
        return None if row is None else _decision(row)

    def release(self) -> list[Released]:
        """Let out what is due: each decision once, whatever process asks, and after a crash too."""
        now = self.clock()
        due = "release_at <= ? AND released_at IS NULL AND undone_at IS NULL"
        if self.database.db.execute(f"SELECT 1 FROM decisions WHERE {due} LIMIT 1", (now,)).fetchone() is None:
            return []
        found: list[Released] = []
        with self.database.writing() as db:
            for row in db.execute(f"SELECT {_DECISION} FROM decisions WHERE {due} ORDER BY number", (now,)).fetchall():
                released = self._release(db, _decision(row), now)
                if released is not None:
                    found.append(released)
        return found

    def decisions(self, ticket: str) -> list[Decision]:
        """Every decision on an item, undone ones too, in order."""
        rows = self.database.db.execute(
            f"SELECT {_DECISION} FROM decisions WHERE ticket = ? ORDER BY number", (ticket,)
        )
        return [_decision(row) for row in rows]

    def add(self, outcome: Outcome, source: str) -> bool:
        """Put a case of a batch into the queue; false where it is there already."""
        return self.outcomes.put([outcome])[0] and self._sourced(outcome.request.id, source)

    def _sourced(self, ticket: str, source: str) -> bool:
        with self.database.writing() as db:
            db.execute("UPDATE items SET source = ? WHERE ticket = ?", (source, ticket))
        return True

    def _free(
        self, db: sqlite3.Connection, reviewer: str, models: Sequence[str] | None, ticket: str | None, now: float
    ) -> tuple[str, str | None, float] | None:
        """(ticket, this reviewer's token if they have it already, its end) of the item to give out."""
        mine = db.execute(
            "SELECT ticket, lease, until FROM items WHERE state = 'open' AND reviewer = ? AND until > ?",
            (reviewer, now),
        ).fetchone()
        if ticket is None and mine is not None:
            return str(mine[0]), str(mine[1]), float(mine[2])
        if mine is not None and mine[0] == ticket:
            return str(mine[0]), str(mine[1]), float(mine[2])
        where, values = _among(models)
        named = dict(enumerate(values))
        clause = where
        for place in named:
            clause = clause.replace("?", f":m{place}", 1)
        bound: dict[str, JSON] = {"now": now, "reviewer": reviewer, **{f"m{k}": v for k, v in named.items()}}
        if ticket is not None:
            row = db.execute(
                f"SELECT ticket FROM items WHERE ticket = :ticket AND {_FREE}{clause}", {**bound, "ticket": ticket}
            ).fetchone()
            if row is None:
                raise Conflict(f"the item {ticket} is with another reviewer, is decided, or is not there")
        else:
            row = db.execute(
                f"SELECT ticket FROM items WHERE {_FREE}{clause} ORDER BY skipped, {_PRIORITY} DESC, ticket LIMIT 1",
                bound,
            ).fetchone()
        return None if row is None else (str(row[0]), None, 0.0)

    def _item(self, db: sqlite3.Connection, ticket: str, now: float) -> Item:
        kind, model, created, blind, lease, until, priority = db.execute(
            f"SELECT kind, model, created, blind, lease, until, {_PRIORITY} FROM items WHERE ticket = :ticket",
            {"now": now, "ticket": ticket},
        ).fetchone()
        outcome = self.outcomes.get(ticket)
        if outcome is None:
            raise DataError(f"the item {ticket} has no case: the service database was altered")
        value, sure = outcome.proposal
        hidden = bool(blind)
        return Item(
            ticket,
            ItemKind(kind),
            model,
            outcome.request.input,
            "drawn at random for the audit: please label it yourself" if hidden else outcome.reason,
            created,
            hidden,
            lease,
            until,
            priority,
            None if hidden else value,
            None if hidden else sure,
            () if hidden else outcome.alternatives,
            () if hidden else outcome.steps,
            () if hidden else outcome.evidence,
            tuple(self.labels(model)),
        )

    def _chosen(self, db: sqlite3.Connection, ticket: str, model: str, action: Action, answer: JSON) -> JSON:
        """The answer that an action comes to."""
        if action is Action.REJECT:
            return None
        outcome = self.outcomes.get(ticket)
        proposal = None if outcome is None else outcome.proposal[0]
        if action is Action.ACCEPT and answer is None:
            blind = db.execute("SELECT blind FROM items WHERE ticket = ?", (ticket,)).fetchone()[0]
            answer = None if blind else proposal
        if isinstance(answer, str) and proposal is not None and not isinstance(proposal, str):
            answer = _parsed(answer)
        if answer is None or answer == "":
            raise DataError("there is no answer to take: choose one, or reject the case")
        labels = tuple(self.labels(model))
        if labels and answer not in labels:
            shown = ", ".join(labels[:10]) + (", ..." if len(labels) > 10 else "")
            raise DataError(f"the answer {answer!r} is not in the answer space: {shown}")
        return answer

    def _release(self, db: sqlite3.Connection, decision: Decision, now: float) -> Released | None:
        done = db.execute(
            "UPDATE decisions SET released_at = ? WHERE number = ? AND released_at IS NULL AND undone_at IS NULL",
            (now, decision.number),
        )
        if not done.rowcount:
            return None
        kind = db.execute("SELECT kind FROM items WHERE ticket = ?", (decision.ticket,)).fetchone()[0]
        outcome = self.outcomes.get(decision.ticket)
        db.execute("UPDATE items SET state = 'released' WHERE ticket = ?", (decision.ticket,))
        if outcome is None or not outcome.request.input:  # forgotten meanwhile
            return None
        if kind == ItemKind.AUDIT:
            db.execute(
                "INSERT OR IGNORE INTO audit (ticket, model, fingerprint, wrong, at) VALUES (?, ?, ?, ?, ?)",
                (
                    decision.ticket,
                    outcome.request.model,
                    outcome.fingerprint,
                    int(outcome.answer != decision.answer),
                    now,
                ),
            )
            return None
        if outcome.state is not State.PENDING:
            return None
        final = decided(outcome, decision.answer, decision.reviewer)
        rewritten(db, final)
        return Released(decision.ticket, final.state, final.answer, decision.reviewer)


def _parsed(text: str) -> JSON:
    """What a person wrote where the answers are JSON values."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise DataError(f"the answer is not JSON ({error}), expected a value such as the proposal") from error


def _among(models: Sequence[str] | None) -> tuple[str, list[str]]:
    if models is None:
        return "", []
    return f" AND model IN ({', '.join('?' * len(models))})", list(models)


def _decision(row: Sequence[JSON]) -> Decision:
    number, ticket, reviewer, action, answer, comment, seen, at, release_at, released_at, undone_at = row
    return Decision(
        number,
        ticket,
        reviewer,
        Action(action),
        json.loads(answer),
        comment,
        json.loads(seen),
        at,
        release_at,
        released_at,
        undone_at,
    )
