"""Replies that come piece by piece from a server: the same text and price as whole ones, and every fault on the way."""

from __future__ import annotations

import time
from typing import Any

import pytest

from strati.core.budget import Budget
from strati.core.context import Context
from strati.core.errors import LayerDown, ModelError, Stopped
from strati.models.contract import Generation, Prompt, Streaming
from strati.models.hosted.openai_compatible import OpenAICompatible

from .fault_server import Behaviour, FaultServer

PROMPT = Prompt("Say something")
SAID = "The deposit – 1.200 € – is returned within 30 days."


pytestmark = pytest.mark.usefixtures("short_waits")


def model(server: FaultServer, budget: Budget | None = None, **values: Any) -> OpenAICompatible:
    given = {"url": server.url, "model": "fake-1", "price_in": 1.0, "price_out": 4.0, "price_cached": 0.5, **values}
    bound = OpenAICompatible.of("fake", given).within(Context(budget=budget or Budget(1.0)))
    assert isinstance(bound, OpenAICompatible)
    return bound


def read(asked: OpenAICompatible) -> tuple[list[str], Generation]:
    pieces, found = asked.stream(PROMPT, 64), []
    while True:
        try:
            found.append(next(pieces))
        except StopIteration as end:
            return found, end.value


def test_a_stream_says_and_costs_what_a_whole_reply_does() -> None:
    with FaultServer(behaviour=Behaviour(reply=SAID)) as server:
        asked = model(server)
        assert isinstance(asked, Streaming)
        whole = asked.generate(PROMPT, 64)
        pieces, streamed = read(asked)
        assert len(pieces) > 5
        assert "".join(pieces) == streamed.text == whole.text == SAID
        assert streamed.finished
        assert streamed.usage.dollars == pytest.approx(whole.usage.dollars)
        assert streamed.usage.tokens_out == whole.usage.tokens_out
        assert [body["stream"] for body in server.bodies] == [False, True]


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(reply=SAID, stream="ignored"),
        Behaviour(reply=SAID, stream="refused"),
        Behaviour(reply=SAID, stream_options="refused"),
    ],
)
def test_servers_that_cannot_stream_or_count(behaviour: Behaviour) -> None:
    with FaultServer(behaviour=behaviour) as server:
        budget = Budget(1.0)
        pieces, streamed = read(model(server, budget))
        assert "".join(pieces) == streamed.text == SAID
        assert budget.spent >= server.stats()["dollars"]  # without the server's count the most is booked


@pytest.mark.parametrize("fault", ["429", "500", "502", "hang-up", "cut", "malformed", "error200"])
def test_before_the_first_piece_it_is_asked_again(fault: str) -> None:
    with FaultServer([fault], Behaviour(reply=SAID)) as server:
        budget = Budget(1.0)
        pieces, _ = read(model(server, budget))
        assert "".join(pieces) == SAID
        assert server.stats()["asked"] == 2
        assert budget.spent >= server.stats()["dollars"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("broken-stream", "broke off after 3 characters"),
        ("garbage-stream", "no JSON object"),
        ("error-stream", "the engine died"),
    ],
)
def test_after_the_first_piece_it_is_not(fault: str, words: str) -> None:
    with FaultServer([fault], Behaviour(reply=SAID)) as server:
        budget = Budget(1.0)
        pieces, said = model(server, budget).stream(PROMPT, 64), list[str]()
        with pytest.raises(LayerDown, match=words):
            said.extend(pieces)
        assert said == ["The"]
        assert server.stats()["asked"] == 1
        assert budget.spent >= server.stats()["dollars"]
        assert budget.reserved == 0


def test_a_stream_that_stalls_ends_with_its_time() -> None:
    with FaultServer(["stalled-stream"], Behaviour(reply=SAID, slow=5.0)) as server:
        start = time.monotonic()
        with pytest.raises(LayerDown, match="did not reply within"):
            read(model(server, timeout=0.5))
        assert time.monotonic() - start < 4


def test_closing_it_hangs_up_and_books_the_most() -> None:
    with FaultServer(["stalled-stream"], Behaviour(reply=" ".join(["word"] * 500), slow=0.3)) as server:
        budget = Budget(1.0)
        pieces = model(server, budget).stream(PROMPT, 1000)
        assert next(pieces)
        pieces.close()
        assert budget.reserved == 0
        assert budget.spent >= server.stats()["dollars"]
        time.sleep(0.6)
        assert server.events < 500


def test_a_stream_that_the_budget_does_not_allow_is_not_asked() -> None:
    with FaultServer(behaviour=Behaviour(reply=SAID)) as server:
        with pytest.raises(Stopped):
            read(model(server, Budget(1e-9)))
        assert server.stats()["asked"] == 0


def test_no_room_for_a_reply() -> None:
    with FaultServer() as server, pytest.raises(ModelError, match="expected at least 1"):
        next(model(server).stream(PROMPT, 0))
