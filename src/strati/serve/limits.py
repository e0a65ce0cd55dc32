"""Limits by key: requests and tokens a minute, and money, which is reserved before a call and settled after it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from strati.core.budget import Budget
from strati.serve.keys import Key
from strati.serve.store.database import Database


@dataclass
class Bucket:
    """A token bucket: `size` at most at once, `size` a minute."""

    size: float
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.size

    def take(self, amount: float, now: float) -> float:
        """Take from it; 0.0 when it was there, else seconds until it will be (nothing is taken then).

        More than it holds is there when it is full, and empties it: otherwise it would never be.

        >>> bucket = Bucket(60.0)
        >>> bucket.take(60, now=0.0), bucket.take(1, now=0.0), bucket.take(1, now=1.0)
        (0.0, 1.0, 0.0)
        """
        self.level = min(self.size, self.level + (now - self.at) * self.size / 60)
        self.at = now
        amount = min(amount, self.size)
        if amount > self.level:
            return (amount - self.level) * 60 / self.size
        self.level -= amount
        return 0.0

    def back(self, amount: float) -> None:
        """Give back what was not used, or take (negative) what was used beyond it."""
        self.level = min(self.size, self.level + amount)


class Rates:
    """Requests and tokens a minute, by key."""

    def __init__(self, rate: int, tokens: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.tokens = tokens
        self.clock = clock
        self._requests: dict[str, Bucket] = {}
        self._tokens: dict[str, Bucket] = {}

    def take(self, key: Key, tokens: int) -> tuple[float, str]:
        """(0.0, "") when the request may go on; else seconds to wait and which limit it is."""
        now = self.clock()
        requests = self._bucket(self._requests, key.id, key.rate or self.rate, now)
        words = self._bucket(self._tokens, key.id, key.tokens or self.tokens, now)
        wait = requests.take(1, now)
        if wait:
            return wait, f"{key.rate or self.rate:,} requests a minute"
        wait = words.take(tokens, now)
        if wait:
            requests.back(1)
            return wait, f"{key.tokens or self.tokens:,} tokens a minute"
        return 0.0, ""

    def settle(self, key: Key, estimated: int, used: int) -> None:
        """Correct the estimate by what was really used."""
        bucket = self._tokens.get(key.id)
        if bucket is not None:
            bucket.back(estimated - used)

    @staticmethod
    def _bucket(buckets: dict[str, Bucket], id: str, size: int, now: float) -> Bucket:
        bucket = buckets.get(id)
        if bucket is None or bucket.size != size:
            bucket = buckets[id] = Bucket(float(size))
            bucket.at = now
        return bucket


class KeyBook:
    """The book of one key's money, in the service database; see `strati.core.budget.Book`."""

    def __init__(self, database: Database, key: str) -> None:
        self.database = database
        self.key = key

    def enter(self, what: str, reserved: int) -> int:
        with self.database.writing() as db:
            cursor = db.execute(
                "INSERT INTO spending (key, what, reserved, at) VALUES (?, ?, ?, ?)",
                (self.key, what, reserved, time.time()),
            )
            return int(cursor.lastrowid or 0)

    def close_entry(self, number: int, paid: int) -> None:
        with self.database.writing() as db:
            db.execute("UPDATE spending SET paid = ? WHERE number = ?", (paid, number))

    def totals(self) -> tuple[int, int]:
        row = self.database.db.execute(
            "SELECT coalesce(sum(paid), 0), coalesce(sum(CASE WHEN paid IS NULL THEN reserved END), 0) "
            "FROM spending WHERE key = ?",
            (self.key,),
        ).fetchone()
        return int(row[0]), int(row[1])


class Money:
    """A budget for each key, over all models that are paid."""

    def __init__(self, database: Database, dollars: float) -> None:
        self.database = database
        self.dollars = dollars
        self._budgets: dict[tuple[str, float], Budget] = {}
        self._lock = threading.Lock()

    def of(self, key: str, dollars: float | None = None) -> Budget:
        """The budget of a key; what it spent in earlier processes is counted."""
        limit = self.dollars if dollars is None else dollars
        with self._lock:
            found = self._budgets.get((key, limit))
            if found is None:
                found = self._budgets[key, limit] = Budget(limit, KeyBook(self.database, key))
            return found

    def spent(self) -> float:
        """Dollars paid or lost, of all keys."""
        row = self.database.db.execute("SELECT coalesce(sum(coalesce(paid, reserved)), 0) FROM spending").fetchone()
        return float(row[0]) / 1_000_000_000


def tokens_of(text: str) -> int:
    """An estimate of the tokens of a text, before any model saw it: a quarter of its bytes."""
    return max(1, math.ceil(len(text.encode("utf-8", "replace")) / 4))
