from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.core.budget import Budget, MemoryBook, Reservation
from strati.core.errors import BudgetReached, Stopped, TaskError
from strati.measure.journal import Journal

dollars = st.floats(0, 10, allow_nan=False)
paid = st.one_of(st.none(), dollars)


@given(dollars, st.lists(st.tuples(dollars, paid, st.booleans()), max_size=30))
def test_a_budget_never_goes_over_its_limit(limit: float, moves: list[tuple[float, float | None, bool]]) -> None:
    book = MemoryBook()
    budget = Budget(limit, book)
    held: list[Reservation] = []
    for amount, cost, settle in moves:
        if settle and held:
            reservation = held.pop()
            booked = reservation.settle(cost)
            assert booked <= reservation.dollars
            assert reservation.settle(cost) == 0.0  # settling again books nothing
        else:
            try:
                held.append(budget.reserve(amount))
            except Stopped:
                assert budget.spent + budget.reserved + amount > budget.limit - 1e-8
        assert budget._spent + budget._reserved <= budget._limit
        assert book.totals() == (budget._spent, budget._reserved)
    after_a_crash = Budget(limit, book)
    assert after_a_crash.spent == pytest.approx(budget.spent + budget.reserved)
    assert after_a_crash.lost == budget.reserved


def test_a_budget_holds_among_threads() -> None:
    budget = Budget(10.0)
    refused = []

    def work() -> None:
        for _ in range(50):
            try:
                held = budget.reserve(0.25)
            except Stopped:
                refused.append(1)
                continue
            assert budget.spent + budget.reserved <= 10.0
            held.settle(0.125)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert budget.reserved == 0.0
    assert budget.spent == 0.125 * (200 - len(refused))
    assert budget.spent <= 10.0


def test_no_budget_allows_what_costs_nothing() -> None:
    budget = Budget()
    assert budget.reserve(0.0).settle(0.0) == 0.0
    with pytest.raises(Stopped, match="does not allow"):
        budget.reserve(0.0001)


@pytest.mark.parametrize("limit", [-1.0, float("inf"), float("nan")])
def test_a_budget_is_an_amount(limit: float) -> None:
    with pytest.raises(TaskError, match="expected a number of dollars"):
        Budget(limit)


def test_what_a_dead_process_reserved_counts_as_spent(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.db") as journal:
        first = Budget(1.0, journal)
        first.reserve(0.30, "gpt").settle(0.10)
        first.reserve(0.30, "gpt")  # the process dies here
    with Journal(tmp_path / "run.db") as journal:
        second = Budget(1.0, journal)
        assert (second.spent, second.lost) == (0.40, 0.30)
        second.reserve(0.60)
        with pytest.raises(Stopped):
            second.reserve(0.01)


def test_a_budget_tells_what_was_spent_and_what_for(tmp_path: Path) -> None:
    told: list[float] = []
    with Journal(tmp_path / "run.db") as journal:
        budget = Budget(1.0, journal, told.append)
        budget.purpose = "first rung"
        budget.reserve(0.3, "gpt").settle(0.1)
        budget.reserve(0.3, "gpt").settle(0.0)
        budget.purpose = ""
        budget.reserve(0.25, "gpt")
        assert told == [0.1]
        assert [tuple(row) for row in journal.spending()] == [
            ("first rung", 2, 100_000_000, 0),
            ("gpt", 1, 0, 250_000_000),
        ]
        Budget(1.0, journal, told.append)
    assert told == [0.1, 0.35]


def test_a_reservation_is_settled_by_what_keeps_what_it_bought() -> None:
    book = MemoryBook()
    budget = Budget(1.0, book)
    kept: list[tuple[int, int]] = []

    def close(number: int, paid: int) -> None:
        kept.append((number, paid))
        book.close_entry(number, paid)

    held = budget.reserve(0.5)
    assert held.settle(None, close) == 0.5
    assert held.settle(0.25, close) == 0.0
    budget.reserve(0.5).settle(0.125, close)
    budget.reserve(0.0).settle(0.0, close)  # in no book
    assert kept == [(0, 500_000_000), (1, 125_000_000)]
    assert budget.spent == 0.625


def test_what_costs_nothing_is_allowed_when_the_money_is_spent() -> None:
    book = MemoryBook()
    Budget(1.0, book).reserve(1.0).settle(1.0)
    less = Budget(0.5, book)
    assert less.reserve(0.0).settle(0.0) == 0.0
    with pytest.raises(BudgetReached, match=r"\$1.0000 is spent"):
        less.reserve(1e-9)


def test_what_an_earlier_process_reserved_can_be_taken_over(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.db") as journal:
        first = Budget(1.0, journal)
        first.reserve(0.50, "gpt")
        first.reserve(0.25, "gpt")  # the process dies here
        second = Budget(1.0, journal)
        assert (second.spent, second.lost, second.reserved, second.left) == (0.75, 0.75, 0.0, 0.25)
        held = second.adopt(1, 500_000_000)
        assert (second.spent, second.lost, second.reserved, second.left) == (0.25, 0.25, 0.5, 0.25)
        again = second.adopt(1, 500_000_000)
        assert second.reserved == 0.5  # it is the same money
        held.settle(0.125)
        again.settle(0.5)
        assert (second.spent, second.lost, second.reserved) == (0.375, 0.25, 0.0)
        assert journal.totals() == (125_000_000, 250_000_000)
        assert second.is_kept_in(journal)
        assert not Budget(1.0).is_kept_in(journal)
