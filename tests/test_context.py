from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from strati.context import Budget, Context, MemoryMemo, VectorCache
from strati.errors import Stopped
from strati.models.scripted import ScriptedEmbedder
from strati.records import Usage

quarters = st.integers(0, 40).map(lambda n: n / 4)  # sums of quarters are exact


@given(quarters, st.lists(st.tuples(quarters, quarters, st.booleans()), max_size=30))
def test_a_budget_never_goes_over_its_limit(limit: float, moves: list[tuple[float, float, bool]]) -> None:
    budget = Budget(limit)
    held: list[float] = []
    booked = 0.0
    for amount, paid, settle in moves:
        if settle and held:
            reserved = held.pop()
            budget.settle(reserved, paid)
            booked += min(paid, reserved)
        elif amount + sum(held) + booked <= limit:
            budget.reserve(amount)
            held.append(amount)
        else:
            with pytest.raises(Stopped, match="does not allow"):
                budget.reserve(amount)
        assert budget.spent + budget.reserved <= limit
        assert (budget.spent, budget.reserved) == (booked, sum(held))


def test_a_budget_holds_among_threads() -> None:
    budget = Budget(10.0)
    refused = []

    def work() -> None:
        for _ in range(50):
            try:
                budget.reserve(0.25)
            except Stopped:
                refused.append(1)
                continue
            assert budget.spent + budget.reserved <= 10.0
            budget.settle(0.25, 0.125)

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
    budget.reserve(0.0)
    budget.settle(0.0, 0.0)
    with pytest.raises(Stopped):
        budget.reserve(0.0001)


def test_a_memo_keeps_the_first_reply() -> None:
    memo = MemoryMemo()
    assert memo.recall("a") is None
    memo.remember("a", {"x": 1}, Usage(calls=1))
    memo.remember("a", {"x": 2}, Usage(calls=5))
    assert memo.recall("a") == ({"x": 1}, Usage(calls=1))


def test_check_stops_for_the_user_and_for_the_deadline() -> None:
    Context().check()
    Context(deadline=time.monotonic() + 60).check()
    with pytest.raises(Stopped, match="time limit"):
        Context(deadline=time.monotonic() - 1).check()
    ctx = Context()
    thread = threading.Thread(target=ctx.cancelled.set)
    thread.start()
    thread.join()
    with pytest.raises(Stopped, match="by the user"):
        ctx.check()


def test_two_contexts_share_nothing() -> None:
    one, two = Context(), Context()
    one.cancelled.set()
    one.memo.remember("a", 1, Usage())
    two.check()
    assert two.memo.recall("a") is None


class Counting(ScriptedEmbedder):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += texts
        return super().embed(texts)


def test_a_text_is_embedded_once_while_fitting_and_every_time_when_fresh() -> None:
    embedder = Counting()
    ctx = Context(vectors=VectorCache())
    rows = ctx.embed(embedder, ["a cat", "a dog", "a cat"])
    assert np.array_equal(rows, ScriptedEmbedder().embed(["a cat", "a dog", "a cat"]))
    ctx.embed(embedder, ["a dog", "a fox"])
    assert embedder.texts == ["a cat", "a dog", "a fox"]
    ctx.fresh = True
    ctx.embed(embedder, ["a cat", "a cat"])
    assert embedder.texts[3:] == ["a cat", "a cat"]
    assert ctx.embed(embedder, []).shape == (0, 64)


def test_two_embedders_do_not_get_each_others_vectors() -> None:
    ctx = Context(vectors=VectorCache())
    assert ctx.embed(ScriptedEmbedder(8), ["x"]).shape == (1, 8)
    assert ctx.embed(ScriptedEmbedder(16), ["x"]).shape == (1, 16)
