from __future__ import annotations

import threading
import time

import pytest

from strati.core.context import Context
from strati.models.ask import choose, concurrency, each
from strati.models.contract import Prompt
from strati.models.scripted import ScriptedModel


def test_what_was_asked_is_remembered_and_asked_again_only_on_request() -> None:
    model = ScriptedModel({"a ball": "sport"})
    ctx = Context()
    first = choose(model, Prompt("a ball"), ["sport", "world"], ctx)
    assert choose(model, Prompt("a ball"), ["sport", "world"], ctx) == first
    assert model.calls == 1
    choose(model, Prompt("a ball"), ["sport", "world"], ctx, again=1)
    assert model.calls == 2
    assert concurrency(model) == 1


def test_each_keeps_the_order_and_has_several_in_flight() -> None:
    most = 0
    now = 0
    lock = threading.Lock()

    def square(n: int) -> int:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.01)
        with lock:
            now -= 1
        return n * n

    assert list(each(square, range(40), 8)) == [n * n for n in range(40)]
    assert 1 < most <= 8
    assert list(each(square, range(3), 1)) == [0, 1, 4]


def test_the_first_error_ends_it_and_later_items_are_not_begun() -> None:
    begun = []

    def fail(n: int) -> int:
        begun.append(n)
        time.sleep(0.002)
        if n == 5:
            raise ValueError("five")
        return n

    with pytest.raises(ValueError, match="five"):
        list(each(fail, range(1000), 4))
    assert len(begun) < 100


def test_the_same_question_of_several_threads_is_asked_once() -> None:
    def slowly(prompt: Prompt) -> str:  # noqa: ARG001
        time.sleep(0.02)
        return "sport"

    model = ScriptedModel(slowly)
    ctx = Context()
    found = list(each(lambda text: choose(model, Prompt(text), ["sport", "world"], ctx), ["a", "b"] * 10, 8))
    assert model.calls == 2
    assert {choice.probabilities for choice in found} == {(0.9, 0.1)}


def test_after_a_failed_call_the_next_thread_asks_itself() -> None:
    failures = iter([ValueError("first")])

    def fail(prompt: Prompt) -> None:  # noqa: ARG001
        time.sleep(0.02)
        for error in failures:
            raise error

    model = ScriptedModel({}, default="sport", fail=fail)
    ctx = Context()

    def ask(text: str) -> str:
        try:
            choose(model, Prompt(text), ["sport", "world"], ctx)
        except ValueError:
            return "failed"
        return "answered"

    assert sorted(each(ask, ["a"] * 4, 4)) == ["answered"] * 3 + ["failed"]
    assert model.calls == 2
