"""The audit: a blind random share of all traffic, a bound that holds at every moment, and an alarm on change.

The draw is made at intake, before any layer saw the case. The labels give, for each stack as it is now (by its
fingerprint), a one-sided confidence sequence for its error rate, and a detector that may start anew at every label: a
bet against "the error rate is at most the promised one", begun at each label k with the share w_k of its capital. The
shares sum to one, so the capital is a nonnegative supermartingale while the promise holds, and by Ville's inequality
the alarm is ever false with probability at most 1 - confidence, however long the stream.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from strati.serve.records import Standing
from strati.serve.store.database import Database
from strati.statistics.sequential import lower_limit

DEFAULT_LIMIT = 0.05  # for stacks without a certificate
# What the players of the alarm stake: the best share to tell 8 % from 5 % is .03, to tell 30 % from 5 % it is .26.
SHARES = np.geomspace(0.015, 0.5, 8)


@dataclass
class Detector:
    """Watches right (0) and wrong (1) labels for an error rate above `limit`.

    >>> detector = Detector(0.05)
    >>> any(detector.add(0) for _ in range(500)), [detector.add(1) for _ in range(9)][-1]
    (False, True)
    """

    limit: float
    confidence: float = 0.95
    count: int = 0
    _capital: NDArray[np.float64] = field(default_factory=lambda: np.zeros(len(SHARES)))

    def add(self, wrong: int) -> bool:
        """Take one label in; true when the alarm goes off (from then on it stays on)."""
        self.count += 1
        begun = share_of(self.count)
        growth = 1.0 + SHARES * (wrong / self.limit - 1.0)
        self._capital = (self._capital + begun / len(SHARES)) * growth
        return bool(self._capital.sum() >= 1.0 / (1.0 - self.confidence))


def share_of(label: int) -> float:
    """The share of capital that begins at a label (counted from 1): 1/k - 1/(k+1) in blocks of 50, together 1.

    >>> round(sum(share_of(k) for k in range(1, 100001)), 3)
    1.0
    """
    block = (label - 1) // 50 + 1
    return (1.0 / block - 1.0 / (block + 1)) / 50


def upper_bound(wrong: Sequence[int], confidence: float) -> float | None:
    """The error rate is below this at every moment together, with this confidence; None without labels."""
    if not wrong:
        return None
    return -lower_limit(-np.asarray(wrong, dtype=float), 1 - confidence, -1.0, 0.0)


class Audit:
    """Draws, and judges the labels of the draw.

    Args:
        database: the service database.
        share: of the traffic that is drawn.
        confidence: of bound and alarm.
        limit: the promised error rate of a model, or None where there is no promise.
    """

    def __init__(
        self,
        database: Database,
        share: float,
        confidence: float = 0.95,
        limit: Callable[[str], float | None] = lambda model: None,
    ) -> None:
        self.database = database
        self.share = share
        self.confidence = confidence
        self.limit = limit
        self._known: dict[tuple[str, str], tuple[int, Standing]] = {}

    def draw(self) -> bool:
        """Whether the next request is audited; nobody can foresee it."""
        return self.share > 0 and secrets.randbelow(1_000_000) < self.share * 1_000_000

    def standing(self, model: str, fingerprint: str) -> Standing:
        """How a stack stands, from all its labels; an alarm that went off stays until somebody clears it."""
        rows = self.database.db.execute(
            "SELECT wrong FROM audit WHERE model = ? AND fingerprint = ? AND number > ? ORDER BY number",
            (model, fingerprint, self._cleared(model, fingerprint)),
        ).fetchall()
        wrong = [int(row[0]) for row in rows]
        known = self._known.get((model, fingerprint))
        alarm = self._alarm(model, fingerprint)
        if known is not None and known[0] == len(wrong) and known[1].alarm == alarm:
            return known[1]
        limit = self.limit(model)
        found = Standing(
            model,
            fingerprint,
            len(wrong),
            sum(wrong),
            upper_bound(wrong, self.confidence),
            limit,
            alarm or self._raised(model, fingerprint, wrong, limit or DEFAULT_LIMIT),
            tuple(wrong),
        )
        self._known[model, fingerprint] = (len(wrong), found)
        return found

    def clear(self, model: str, by: str) -> int:
        """End the alarms of a model after a person looked into it; returns how many there were. Labels before it are
        left aside from then on."""
        with self.database.writing() as db:
            done = db.execute(
                "UPDATE alarms SET cleared_at = ?, cleared_by = ? WHERE model = ? AND cleared_at IS NULL",
                (time.time(), by, model),
            )
        self._known = {key: value for key, value in self._known.items() if key[0] != model}
        return done.rowcount

    def _cleared(self, model: str, fingerprint: str) -> int:
        """The number of the last label before the last alarm that was cleared."""
        row = self.database.db.execute(
            "SELECT max(cleared_at) FROM alarms WHERE model = ? AND fingerprint = ?", (model, fingerprint)
        ).fetchone()
        if row[0] is None:
            return 0
        last = self.database.db.execute("SELECT max(number) FROM audit WHERE at <= ?", (row[0],)).fetchone()
        return int(last[0] or 0)

    def _alarm(self, model: str, fingerprint: str) -> str:
        row = self.database.db.execute(
            "SELECT reason FROM alarms WHERE model = ? AND fingerprint = ? AND cleared_at IS NULL", (model, fingerprint)
        ).fetchone()
        return "" if row is None else str(row[0])

    def _raised(self, model: str, fingerprint: str, wrong: Sequence[int], limit: float) -> str:
        detector = Detector(limit, self.confidence)
        if not any(detector.add(one) for one in wrong):
            return ""
        recent = wrong[-100:]
        sure, most = f"{100 * self.confidence:g} %", f"{100 * limit:g} %"
        reason = (
            f"the audit shows with {sure} confidence that more than {most} of automatic answers are wrong "
            f"({sum(recent)} of the last {len(recent)} labels)"
        )
        with self.database.writing() as db:
            db.execute(
                "INSERT INTO alarms (model, fingerprint, reason, at) VALUES (?, ?, ?, ?)",
                (model, fingerprint, reason, time.time()),
            )
        return reason
