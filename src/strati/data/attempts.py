"""Certificates spend labels: how often calibrate labels were used for one, and how often they may be.

A certificate is right with confidence 1 - d over one look at its labels. Whoever wants several looks has to say so
before the first: each then gets an equal share of d (Bonferroni). Kept in the same file as the ledger.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from strati.core.errors import DataError, TaskError
from strati.core.figures import share
from strati.core.records import Example
from strati.data.ledger import Ledger, book_use, shared_with
from strati.data.normal import label_hash

_TABLE = """
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY, hash TEXT NOT NULL, run TEXT NOT NULL, path TEXT NOT NULL, confidence REAL NOT NULL,
    tries INTEGER NOT NULL, at TEXT NOT NULL, UNIQUE (hash, path))
"""


class Attempt(NamedTuple):
    """One look at calibrate labels: the risk it may spend, and how many looks are left after it."""

    risk: float
    left: int


class _Earlier(NamedTuple):
    hash: str
    run: str
    path: str
    confidence: float
    tries: int
    at: str


def book(ledger: Ledger, examples: Sequence[Example], run: str, path: str, confidence: float, tries: int) -> Attempt:
    """Book a look at these labels, before it is taken.

    Args:
        path: what will be tested, as a fingerprint; the very same test again is no further look.
        confidence: 1 - d.
        tries: how many looks are planned; counts at the first one.

    Raises:
        DataError: the labels, or some of them, were spent.
    """
    if tries < 1:
        raise TaskError(f"--tries is {tries}, expected a whole number of at least 1")
    name = label_hash(examples)
    with ledger.writing() as db:  # one transaction, so that of two at once the second sees the first
        db.execute(_TABLE)
        before = _earlier(db, examples, name)
        same = next((each for each in before if each.path == path), None)
        planned = before[0].tries if before else tries
        agreed = before[0].confidence if before else confidence
        if same is None:
            _refuse_spent(before, planned, agreed, confidence)
            book_use(db, "calibrate", examples, run, "certify")
            now = datetime.now(UTC).isoformat(timespec="seconds")
            row = (name, run, path, confidence, planned, now)
            db.execute("INSERT INTO attempts (hash, run, path, confidence, tries, at) VALUES (?, ?, ?, ?, ?, ?)", row)
    return Attempt(round(1 - agreed, 12) / planned, planned - len(before) - (same is None))


def _refuse_spent(before: Sequence[_Earlier], planned: int, agreed: float, confidence: float) -> None:
    if before and len(before) >= planned:
        raise DataError(
            f"these calibrate labels are spent: {len(before)} of {planned} planned certificates were tried, the "
            f"last for run {before[-1].run} on {before[-1].at[:10]}; label fresh examples (several tries have to "
            "be reserved before the first: --tries)"
        )
    if agreed != confidence:
        raise DataError(
            f"the confidence is {confidence:g}, but the first try on these labels reserved {agreed:g} in all: "
            f"expected --confidence {agreed:g}"
        )


def _earlier(db: sqlite3.Connection, examples: Sequence[Example], name: str) -> list[_Earlier]:
    """Looks at just these labels so far, oldest first; raises `DataError` where some were spent in another set."""
    shares = shared_with(db, examples)
    rows = db.execute("SELECT hash, run, path, confidence, tries, at FROM attempts ORDER BY id").fetchall()
    found = [each for each in map(_Earlier._make, rows) if each.hash in shares]
    others = [each for each in found if each.hash != name]
    if others:
        raise DataError(
            f"{share(shares[others[-1].hash])} of these calibrate labels were used for a certificate of run "
            f"{others[-1].run} on {others[-1].at[:10]}: a second one needs fresh labels"
        )
    return found
