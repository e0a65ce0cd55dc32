from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from strati.core.budget import Budget
from strati.core.context import Context
from strati.core.errors import Stopped
from strati.models.hosted.pacing import FIRST_WAIT, LONGEST_WAIT, Gate, RetryBudget, sleep, wait_before


def test_retries_run_out_and_are_refilled_by_successes() -> None:
    budget = RetryBudget(capacity=2, refill=0.5)
    assert [budget.take() for _ in range(3)] == [True, True, False]
    budget.succeeded()
    assert not budget.take()
    budget.succeeded()
    assert budget.take()


def test_a_run_has_one_store_of_retries() -> None:
    ctx = Context(budget=Budget(1))
    assert RetryBudget.of(ctx) is RetryBudget.of(replace(ctx, seed=3))
    assert RetryBudget.of(ctx) is not RetryBudget.of(Context())


def test_the_gate_halves_once_for_one_congestion_and_grows_back() -> None:
    gate, ctx = Gate(8), Context()
    with gate.passing(ctx) as first, gate.passing(ctx) as second:
        gate.overloaded(first)
        gate.overloaded(second)
    assert gate.limit == 4
    with gate.passing(ctx) as third:
        gate.overloaded(third)
    assert gate.limit == 2
    for _ in range(100):
        gate.succeeded()
    assert gate.limit == 8


def test_the_gate_lets_no_more_through_than_its_limit() -> None:
    gate, ctx = Gate(3), Context()
    inside, most, lock = 0, 0, threading.Lock()

    def call(_: int) -> None:
        nonlocal inside, most
        with gate.passing(ctx):
            with lock:
                inside += 1
                most = max(most, inside)
            time.sleep(0.005)
            with lock:
                inside -= 1

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(call, range(30)))
    assert most == 3


def test_waiting_ends_when_the_run_ends() -> None:
    ctx = Context(deadline=time.monotonic() + 0.05)
    with pytest.raises(Stopped, match="time limit"):
        sleep(60, ctx)
    gate = Gate(1)
    gate.shut(60)
    cancelled = Context()
    threading.Timer(0.05, cancelled.cancelled.set).start()
    with pytest.raises(Stopped, match="stopped by the user"), gate.passing(cancelled):
        pass


def test_waits_grow_are_bounded_and_heed_what_the_server_asks() -> None:
    assert all(0 <= wait_before(1, None) <= 2 * FIRST_WAIT for _ in range(50))
    assert all(0 <= wait_before(99, None) <= LONGEST_WAIT for _ in range(50))
    assert all(7 <= wait_before(1, 7.0) <= 8 for _ in range(50))
    assert len({wait_before(3, None) for _ in range(20)}) > 1
