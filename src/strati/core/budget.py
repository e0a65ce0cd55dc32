"""Money that may be spent: the worst case is set aside before a call and settled after it.

Amounts are kept as whole billionths of a dollar, so sums are exact. Every reservation is written to a book before the
call it pays for: after a crash, what was reserved and never settled counts as spent, because it may have been.
"""

from __future__ import annotations

import json
import math
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from strati.core.errors import BudgetReached, DataError, TaskError

NANO = 1_000_000_000
Enter = Callable[[str, int], int]
Close = Callable[[int, int], None]


class Book(Protocol):
    """Where money is written down; each call is on disk when it returns. Amounts are billionths of a dollar."""

    def enter(self, what: str, reserved: int) -> int:
        """A new reservation; returns its number."""
        ...

    def close_entry(self, number: int, paid: int) -> None:
        """What a reservation came to."""
        ...

    def totals(self) -> tuple[int, int]:
        """(paid, reserved and never settled) over all entries of earlier processes and this one."""
        ...


class MemoryBook:
    """A book that lives as long as the process."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, int | None]] = []

    def enter(self, what: str, reserved: int) -> int:  # noqa: ARG002
        self._entries.append((reserved, None))
        return len(self._entries) - 1

    def close_entry(self, number: int, paid: int) -> None:
        self._entries[number] = (self._entries[number][0], paid)

    def totals(self) -> tuple[int, int]:
        paid = sum(paid for _, paid in self._entries if paid is not None)
        return paid, sum(reserved for reserved, paid in self._entries if paid is None)


class FileBook(MemoryBook):
    """A book in a file of JSON lines, for work that goes on in another process. The file begins with the first entry.

    Raises `DataError` when the file is no book.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        try:
            lines = path.read_bytes().split(b"\n")[:-1]  # a line cut short by a kill has no end
            for number, value in map(json.loads, lines):
                if number == len(self._entries):
                    self._entries.append((int(value), None))
                else:
                    super().close_entry(number, int(value))
        except FileNotFoundError:
            return
        except (ValueError, TypeError, IndexError):
            raise DataError(f"{path} is damaged, expected what was spent, as pairs of numbers") from None

    def enter(self, what: str, reserved: int) -> int:
        number = super().enter(what, reserved)
        self._write(number, reserved)
        return number

    def close_entry(self, number: int, paid: int) -> None:
        super().close_entry(number, paid)
        self._write(number, paid)

    def _write(self, number: int, value: int) -> None:
        with self.path.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":  # cut short by a kill: that line never counted
                    file.truncate(self.path.read_bytes().rfind(b"\n") + 1)
            file.write(json.dumps([number, value]).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


class Budget:
    """At every moment `spent + reserved <= limit`. Thread safe.

    Args:
        dollars: the limit over the whole run, what earlier processes spent on it included.
        book: where reservations are kept; what it holds unsettled at the start counts as spent (`lost`).
        told: called with the dollars spent so far at the start and whenever a reservation is settled.

    `purpose` is what the money is for at present, such as the name of a candidate; it is written beside each amount.
    """

    def __init__(
        self, dollars: float = 0.0, book: Book | None = None, told: Callable[[float], None] = lambda dollars: None
    ) -> None:
        if not dollars >= 0 or math.isinf(dollars):
            raise TaskError(f"the budget is ${dollars}, expected a number of dollars of at least 0")
        self._limit = math.floor(dollars * NANO + 0.5)
        self._book: Book = book or MemoryBook()
        paid, lost = self._book.totals()
        self._spent, self._lost, self._reserved = paid + lost, lost, 0
        self._open: set[int] = set()  # numbers of reservations that this process holds
        self._lock = threading.Lock()
        self._told = told
        self.purpose = ""
        if self._spent:
            told(self.spent)

    @property
    def limit(self) -> float:
        return self._limit / NANO

    @property
    def spent(self) -> float:
        """Dollars paid, and those that may have been paid when a process died."""
        return self._spent / NANO

    @property
    def lost(self) -> float:
        """Dollars reserved by an earlier process that did not settle them: at most this much was paid."""
        return self._lost / NANO

    @property
    def reserved(self) -> float:
        return self._reserved / NANO

    @property
    def left(self) -> float:
        """Dollars that may be reserved now."""
        return max(0, self._limit - self._spent - self._reserved) / NANO

    def is_kept_in(self, book: object) -> bool:
        """Whether this is where its reservations are written."""
        return self._book is book

    def reserve(self, dollars: float, what: str = "", enter: Enter | None = None) -> Reservation:
        """Set the worst case of one call aside; raises `BudgetReached` when the limit does not allow it.

        `enter` takes the place of the book's own, to write down in the same moment what the money is for.
        """
        amount = math.ceil(dollars * NANO - 1e-6)
        with self._lock:
            if amount < 0 or (amount and self._spent + self._reserved + amount > self._limit):
                raise BudgetReached(
                    f"the budget of ${self.limit:.2f} does not allow another ${dollars:.4f}: "
                    f"${self.spent:.4f} is spent and ${self.reserved:.4f} is reserved"
                )
            number = (enter or self._book.enter)(self.purpose or what, amount) if amount else None
            if number is not None:
                self._open.add(number)
            self._reserved += amount
        return Reservation(self, amount, number)

    def adopt(self, number: int, amount: int) -> Reservation:
        """Take over a reservation that was never settled, of an earlier process or this one; `amount` in billionths.

        What an earlier process left counted as lost; from here on it is reserved, so the sum stays as it was.
        """
        with self._lock:
            if number not in self._open:
                self._open.add(number)
                self._spent -= amount
                self._lost -= amount
                self._reserved += amount
        return Reservation(self, amount, number)

    def _settle(self, number: int | None, reserved: int, paid: int, close: Close | None) -> None:
        with self._lock:
            if number is not None:
                if number not in self._open:  # two hold it, and the other one has settled it
                    return
                self._open.remove(number)
                (close or self._book.close_entry)(number, paid)
            self._reserved -= reserved
            self._spent += paid
        if paid:
            self._told(self.spent)


class Reservation:
    """Money set aside for one call. Settled once; settling again does nothing."""

    def __init__(self, budget: Budget, amount: int, number: int | None) -> None:
        self._budget = budget
        self._amount = amount
        self._number = number
        self._open = True

    @property
    def dollars(self) -> float:
        return self._amount / NANO

    def settle(self, paid: float | None, close: Close | None = None) -> float:
        """Give the reservation back and book what was paid, at most what was reserved; returns the dollars booked.

        None means that nobody knows (the answer was lost on its way): then the whole reservation counts as paid.
        `close` takes the place of the book's own `close_entry`, to write down in the same moment what the money bought;
        what costs nothing is in no book, so it is not called then.
        """
        if not self._open:
            return 0.0
        self._open = False
        amount = self._amount if paid is None else min(self._amount, math.floor(paid * NANO + 0.5))
        self._budget._settle(self._number, self._amount, max(0, amount), close)
        return max(0, amount) / NANO
