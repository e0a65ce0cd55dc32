"""Money and rates: never more than allowed, whatever happens in whatever order, in whatever process."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.core.budget import Reservation
from strati.core.errors import BudgetReached
from strati.serve.engine.breaker import Breaker, Retries
from strati.serve.keys import Key
from strati.serve.limits import Money, Rates, tokens_of
from strati.serve.records import Role
from strati.serve.store.database import Database

CAP = 10.0
EVENTS = st.lists(
    st.tuples(st.sampled_from(("reserve", "settle", "lose", "crash")), st.floats(0, 6), st.floats(0, 1)), max_size=40
)


@given(EVENTS)
def test_reserved_and_settled_never_exceed_the_cap(events: list[tuple[str, float, float]]) -> None:
    """Calls that are paid, lost on their way, or cut off by the death of the process."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder))
        budget, open_ = Money(database, CAP).of("k"), list[Reservation]()
        for what, amount, share in events:
            if what == "reserve":
                try:
                    open_.append(budget.reserve(amount, "call"))
                except BudgetReached:
                    assert budget.spent + budget.reserved + amount > CAP - 1e-6
            elif what == "settle" and open_:
                open_.pop().settle(share * 3)
            elif what == "lose" and open_:
                open_.pop().settle(None)
            elif what == "crash":
                budget, open_ = Money(Database(Path(folder)), CAP).of("k"), []
            paid, held = database.db.execute(
                "SELECT coalesce(sum(paid), 0), coalesce(sum(CASE WHEN paid IS NULL THEN reserved END), 0) "
                "FROM spending"
            ).fetchone()
            assert paid + held <= CAP * 1e9
            assert budget.spent + budget.reserved <= CAP + 1e-9
        database.close()


def test_each_key_has_its_own_money(tmp_path: Path) -> None:
    money = Money(Database(tmp_path), 1.0)
    money.of("a").reserve(1.0).settle(1.0)
    with pytest.raises(BudgetReached):
        money.of("a").reserve(0.1)
    money.of("b").reserve(0.9)
    with pytest.raises(BudgetReached):
        money.of("c", 0.5).reserve(0.6)
    assert money.spent() == pytest.approx(1.9)  # what is reserved may have been paid


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_rates_fill_again_and_estimates_are_corrected() -> None:
    clock = Clock()
    rates = Rates(2, 100, clock)
    key = Key("k", "k", Role.READER)
    assert [rates.take(key, 10)[0] for _ in range(2)] == [0.0, 0.0]
    wait, which = rates.take(key, 10)
    assert (wait, which) == (30.0, "2 requests a minute")
    clock.now = 31.0
    assert rates.take(key, 10) == (0.0, "")
    clock.now = 200.0
    assert rates.take(key, 500) == (0.0, "")  # more than there ever is, when nobody else asked
    assert rates.take(key, 10) == (6.0, "100 tokens a minute")
    rates.settle(key, 100, 20)
    assert rates.take(key, 80)[0] == 0.0
    assert tokens_of("x" * 9) == 3


def test_the_breaker_lets_one_through_after_its_pause() -> None:
    clock = Clock()
    breaker = Breaker(after=2, pause=5.0, clock=clock)
    for _ in range(2):
        assert breaker.allows()
        breaker.failed("gone")
    assert not breaker.allows()
    clock.now = 6.0
    assert [breaker.allows(), breaker.allows()] == [True, False]
    breaker.failed("still gone")
    clock.now = 8.0
    assert not breaker.allows()
    clock.now = 12.0
    assert breaker.allows()
    breaker.worked()
    assert [breaker.allows() for _ in range(3)] == [True] * 3


def test_second_tries_have_one_budget() -> None:
    retries = Retries(share=0.1, most=1.0, _left=1.0)
    assert [retries.take(), retries.take()] == [True, False]
    for _ in range(11):
        retries.earned()
    assert [retries.take(), retries.take()] == [True, False]
