"""The adapter against a server with the faults of real ones; what is paid is compared with what the server billed."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strati.core.budget import Budget, MemoryBook
from strati.core.context import Context
from strati.core.errors import LayerDown, ModelError, Stopped
from strati.models.ask import Remote
from strati.models.contract import ContextOverflow, LanguageModel, Prompt
from strati.models.hosted import pacing
from strati.models.hosted.openai_compatible import OpenAICompatible
from strati.testing import check_model

from .fault_server import OLLAMA, Behaviour, FaultServer

LABELS = ("sport", "world news", "trade")
SYSTEM = "Sort the text.\nAnswer with exactly one of these labels and nothing else:\n- sport\n- world news\n- trade"
PROMPT = Prompt("Text: the sport of kings\nLabel:", system=SYSTEM)
KEY = "sk-live-0123456789abcdef"


@pytest.fixture(autouse=True, scope="module")
def _short_waits() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pacing, "FIRST_WAIT", 0.002)
        patch.setattr(pacing, "LONGEST_WAIT", 0.01)
        yield


def model(server: FaultServer, **values: Any) -> OpenAICompatible:
    prices = {"price_in": 1.0, "price_out": 4.0, "price_cached": 0.5}
    return OpenAICompatible.of("fake", {"url": server.url, "model": "fake-1", **prices, **values})


def rich(dollars: float = 1.0) -> Context:
    return Context(budget=Budget(dollars))


def test_fills_the_protocols_and_keeps_the_contract() -> None:
    with FaultServer(behaviour=Behaviour(reply="card")) as server:
        free = OpenAICompatible.of("fake", {"url": server.url, "model": "fake-1"})
        assert isinstance(free, LanguageModel)
        assert isinstance(free, Remote)
        check_model(free)
    with FaultServer(behaviour=Behaviour(logprobs="ignored")) as server:
        prompt = Prompt("Text: refund\nLabel:", system="One of:\n- card\n- card payment\n- refund")
        check_model(OpenAICompatible.of("fake", {"url": server.url, "model": "fake-1"}), prompt=prompt)


def test_the_servers_own_distribution_comes_back() -> None:
    with FaultServer(behaviour=Behaviour(certainty=0.7)) as server:
        ctx = rich()
        choice = model(server).within(ctx).choose(PROMPT, LABELS)
        assert choice.probabilities == pytest.approx((0.7, 0.15, 0.15), abs=1e-5)
        assert (choice.basis, choice.reply, choice.usage.calls) == ("tokens", "sport", 1)
        stats = server.stats()
        assert (choice.usage.tokens_in, choice.usage.tokens_out) == (stats["tokens_in"], stats["tokens_out"])
        assert choice.usage.dollars == pytest.approx(stats["dollars"])
        assert ctx.budget.spent == pytest.approx(stats["dollars"], abs=1e-12)
        body = server.bodies[0]
        assert (body["stream"], body["temperature"], body["top_logprobs"]) == (False, 0.0, 20)


@pytest.mark.parametrize("logprobs", ["ignored", "refused"])
def test_without_log_probabilities_several_replies_have_to_agree(logprobs: str) -> None:
    """All three agree: (3 + 1/3) of (3 + 1). The reply that showed that there are none is paid and counted too."""
    with FaultServer(behaviour=Behaviour(logprobs=logprobs, certainty=1.0)) as server:
        ctx, asked = rich(), model(server)
        assert asked.card.details["confidence"] == "token log probabilities, if the server gives them"
        choice = asked.within(ctx).choose(PROMPT, LABELS)
        assert choice.probabilities == pytest.approx((10 / 12, 1 / 12, 1 / 12), abs=1e-4)
        assert choice.basis == "samples"
        assert [body["temperature"] for body in server.bodies] == [0.0, 0.7, 0.7, 0.7]
        assert ctx.budget.spent == pytest.approx(server.stats()["dollars"], abs=1e-12)
        assert choice.usage.dollars == pytest.approx(server.stats()["dollars"])
        asked.within(ctx).choose(PROMPT, LABELS)
        assert server.stats()["asked"] == 7  # known now: three more, not four
        assert asked.card.details["confidence"] == "agreement of 3 replies"


def test_what_the_user_says_of_log_probabilities_holds() -> None:
    with FaultServer() as server:
        assert model(server, logprobs=False, samples=2).within(rich()).choose(PROMPT, LABELS).basis == "samples"
        assert not any("logprobs" in body for body in server.bodies)
    with (
        FaultServer(behaviour=Behaviour(logprobs="ignored")) as server,
        pytest.raises(ModelError, match="gives no log"),
    ):
        model(server, logprobs=True).within(rich()).choose(PROMPT, LABELS)


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(limit_name="max_completion_tokens", seed="refused", temperature="refused"),
        Behaviour(limit_name="max_tokens", logprobs="refused"),
    ],
)
def test_fields_that_a_server_refuses_are_left_out_from_then_on(behaviour: Behaviour) -> None:
    with FaultServer(behaviour=behaviour) as server:
        asked, ctx = model(server), rich()
        asked.within(ctx).choose(PROMPT, LABELS)
        first = server.stats()["asked"]
        asked.within(ctx).choose(PROMPT, LABELS)
        again = server.stats()["asked"] - first
        assert again == (3 if behaviour.logprobs == "refused" else 1)
        assert ctx.budget.spent == pytest.approx(server.stats()["dollars"], abs=1e-12)


@pytest.mark.parametrize("fault", ["429", "500", "502", "503", "hang-up", "cut", "malformed", "html", "error200"])
def test_passing_faults_are_outlasted(fault: str) -> None:
    with FaultServer([fault, fault]) as server:
        ctx = rich()
        choice = model(server).within(ctx).choose(PROMPT, LABELS)
        assert choice.probabilities[0] > 0.5
        assert choice.usage.calls == 3
        assert choice.usage.dollars == pytest.approx(ctx.budget.spent)
        assert ctx.budget.reserved == 0
        if fault in ("429", "500", "502", "503"):
            assert ctx.budget.spent == pytest.approx(server.stats()["dollars"], abs=1e-12)
        else:  # nobody knows whether the lost ones were billed: they count as paid
            assert ctx.budget.spent > server.stats()["dollars"]


@pytest.mark.parametrize("fault", ["429-after", "429-date"])
def test_a_server_that_says_when_to_come_back_is_heeded(fault: str) -> None:
    with FaultServer([fault]) as server:
        start = time.monotonic()
        model(server).within(rich()).choose(PROMPT, LABELS)
        assert server.stats()["asked"] == 2
        if fault == "429-after":
            assert time.monotonic() - start >= 1


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ("429", LayerDown, r"status 429: Rate limit reached \(after 3 attempts\)"),
        ("503", LayerDown, r"answered with status 503"),
        ("hang-up", LayerDown, "the reply of .* was lost on its way"),
        ("html", LayerDown, "answered with text/html that is no JSON, expected a chat completion"),
        ("error200", LayerDown, "status 200 and an error: upstream is overloaded|answered with status 503"),
        ("forbidden", ModelError, r"refused the key in STRATI_TEST_KEY with status 403"),
        ("quota", ModelError, "has no money left"),
        ("redirect", ModelError, "redirects to another address"),
        ("bad", ModelError, "refused the request with status 400: Invalid value"),
        ("context", ContextOverflow, "the prompt has 321 tokens, the model's context holds 100"),
    ],
)
def test_faults_that_stay(fault: str, error: type[Exception], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATI_TEST_KEY", KEY)
    with FaultServer([fault] * 20) as server:
        ctx = rich()
        with pytest.raises(error, match=words):
            model(server, retries=2, key_env="STRATI_TEST_KEY").within(ctx).choose(PROMPT, LABELS)
        assert ctx.budget.reserved == 0
        assert server.stats()["asked"] == (3 if error is LayerDown else 1)


@pytest.mark.parametrize(
    ("fault", "reply"),
    [
        ("filtered", "(withheld by a content filter) "),
        ("null", ""),
        ("no-choices", ""),
        ("length", "(cut at the limit"),
    ],
)
def test_a_reply_that_is_none_of_the_options_is_never_guessed(fault: str, reply: str) -> None:
    labels = ("world news", "world trade")
    prompt = Prompt("Text: world news\nLabel:", system="One of:\n- world news\n- world trade")
    with FaultServer([fault]) as server:
        ctx = rich()
        choice = model(server).within(ctx).choose(prompt, labels)
        assert choice.probabilities == (0.0, 0.0)
        assert choice.reply is not None
        assert choice.reply.startswith(reply)
        assert ctx.budget.spent == pytest.approx(server.stats()["dollars"], abs=1e-12)
    with FaultServer(behaviour=Behaviour(reply="It is hard to say.")) as server:
        choice = model(server).within(rich()).choose(PROMPT, LABELS)
        assert (choice.probabilities, choice.reply) == ((0.0, 0.0, 0.0), "It is hard to say.")


def test_a_key_is_shown_nowhere(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("STRATI_TEST_KEY", KEY)
    with FaultServer(["ok", "key"]) as server:
        asked = model(server, key_env="STRATI_TEST_KEY")
        asked.within(rich()).choose(PROMPT, LABELS)
        with pytest.raises(ModelError) as caught:
            asked.within(rich()).choose(PROMPT, LABELS)
        assert server.keys == [f"Bearer {KEY}"] * 2
    shown = f"{caught.value} {caught.value.__cause__} {asked!r} {asked.card} {asked.settings} {asked.fingerprint()}"
    assert KEY not in shown + caplog.text + "".join(capfd.readouterr())
    assert "refused the key in STRATI_TEST_KEY with status 401: Incorrect API key provided: ***." in str(caught.value)


def test_a_redirect_takes_the_key_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATI_TEST_KEY", KEY)
    with FaultServer() as other, FaultServer(["redirect"], Behaviour(redirect=other.url)) as server:
        with pytest.raises(ModelError, match="redirects"):
            model(server, key_env="STRATI_TEST_KEY").within(rich()).choose(PROMPT, LABELS)
        assert other.stats()["asked"] == 0


def test_a_model_that_the_server_does_not_know() -> None:
    with FaultServer() as server, pytest.raises(ModelError, match=r"has no model 'fake-2'; it has: fake-1"):
        model(server, model="fake-2").within(rich()).choose(PROMPT, LABELS)
    with FaultServer() as server, pytest.raises(ModelError, match="there is no chat completion at"):
        model(server, url=server.url + "/x").within(rich()).choose(PROMPT, LABELS)


def test_no_server_at_all() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    absent = OpenAICompatible.of("fake", {"url": f"http://127.0.0.1:{port}", "model": "m"})
    with pytest.raises(ModelError, match=rf"no server answers at 127\.0\.0\.1:{port}.*models\.fake\.url"):
        absent.choose(PROMPT, LABELS)


def test_a_server_that_goes_away_and_is_down() -> None:
    server = FaultServer()
    ctx, asked = rich(), model(server, retries=1)
    asked.within(ctx).choose(PROMPT, LABELS)
    server.close()
    with pytest.raises(LayerDown, match="after 2 attempts"):
        asked.within(ctx).choose(PROMPT, LABELS)
    assert ctx.budget.reserved == 0


def test_a_slow_server_is_given_up_and_counts_as_paid() -> None:
    with FaultServer(["slow"] * 2, Behaviour(slow=0.5)) as server:
        ctx = rich()
        with pytest.raises(LayerDown, match="did not reply within"):
            model(server, timeout=0.1, retries=1).within(ctx).choose(PROMPT, LABELS)
        assert ctx.budget.spent > 0
        assert ctx.budget.reserved == 0


def test_a_run_that_ends_ends_the_calls() -> None:
    with FaultServer(["503"] * 1000) as server:
        with pytest.raises(Stopped, match="time limit"):
            model(server, retries=900).within(Context(budget=Budget(1), deadline=time.monotonic() + 0.2)).choose(
                PROMPT, LABELS
            )
        cancelled = rich()
        threading.Timer(0.1, cancelled.cancelled.set).start()
        with pytest.raises((Stopped, LayerDown)):
            model(server, retries=900).within(cancelled).choose(PROMPT, LABELS)


def test_a_run_repeats_only_so_many_attempts() -> None:
    """The store holds 100 retries for all calls of a run together; each call alone would repeat up to 90 times."""
    with FaultServer(["503"] * 2000) as server:
        ctx = rich()
        for words in ("after 91 attempts", "used up its retries"):
            with pytest.raises(LayerDown, match=words):
                model(server, retries=90).within(ctx).choose(PROMPT, LABELS)
        assert server.stats()["asked"] == 91 + 11


def test_silent_truncation_is_a_failure_with_its_price() -> None:
    long = Prompt(f"Text: {'some words of a long text ' * 2000}\nLabel:", system=SYSTEM)
    with FaultServer(behaviour=OLLAMA) as server:
        free = OpenAICompatible.of("ollama", {"url": server.url, "model": "fake-1"})
        assert free.choose(PROMPT, LABELS).basis == "samples"
        with pytest.raises(ContextOverflow, match=r"the server read 4096 tokens .* it dropped the rest") as caught:
            free.choose(long, LABELS)
        assert caught.value.limit == 4096
    with FaultServer(behaviour=Behaviour(drops_above=10_000, tokenize=True)) as server:  # told from an exact count
        exact = model(server, private=True)
        with pytest.raises(ContextOverflow, match="dropped the rest") as caught:
            exact.within(rich()).choose(long, LABELS)
        assert caught.value.usage.tokens_in == 10_000
        assert caught.value.usage.dollars == pytest.approx(server.stats()["dollars"])
    with FaultServer() as server, pytest.raises(ContextOverflow):  # known beforehand: nothing is sent
        model(server, context=4000).within(rich()).choose(long, LABELS)
    assert server.stats()["asked"] == 0


def test_what_readers_of_the_results_should_know() -> None:
    with FaultServer(["other-model", "no-usage"]) as server:
        asked, ctx = model(server), rich()
        asked.within(ctx).choose(PROMPT, LABELS)
        asked.within(ctx).choose(PROMPT, LABELS)
        served, uncounted = asked.notes.values()
        assert served == "fake: asked for fake-1, the server answered as fake-2"
        assert "1 of its replies came without a count of tokens" in uncounted
        assert ctx.budget.spent > server.stats()["dollars"]


def test_a_model_without_a_budget_spends_nothing() -> None:
    with FaultServer() as server, pytest.raises(Stopped, match=r"the budget of \$0\.00"):
        model(server).choose(PROMPT, LABELS)
    assert server.stats()["asked"] == 0


def test_texts_are_written_and_counted() -> None:
    with FaultServer(behaviour=Behaviour(reply="good day to you", tokenize=True)) as server:
        asked = model(server)
        found = asked.within(rich()).generate(Prompt("greet"), 20)
        assert (found.text, found.finished) == ("good day to you", True)
        assert asked.count_tokens("good day to you") == 4
        with pytest.raises(ModelError, match="takes no grammar"):
            asked.generate(Prompt("greet"), 20, grammar='root ::= "a"')


class Watched(MemoryBook):
    """A book that looks at the budget whenever it is written."""

    def __init__(self) -> None:
        super().__init__()
        self.most = 0

    def enter(self, what: str, reserved: int) -> int:
        number = super().enter(what, reserved)
        self.most = max(self.most, sum(self.totals()))
        return number

    def close_entry(self, number: int, paid: int) -> None:
        assert paid <= (self._entries[number][0])
        super().close_entry(number, paid)
        self.most = max(self.most, sum(self.totals()))


NOT_BILLED = ["ok", "429", "500", "503", "502", "context", "bad", "forbidden", "quota"]
BILLED = ["filtered", "length", "null", "no-choices", "truncated", "other-model"]
LOST = ["hang-up", "cut", "malformed", "html", "error200", "no-usage"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(NOT_BILLED + BILLED + LOST), max_size=25),
    st.integers(1, 6),
    st.sampled_from([0.0001, 0.0008, 0.01]),
    st.sampled_from(["yes", "ignored"]),
    st.integers(0, 3),
)
def test_money_on_every_path(faults: list[str], at_once: int, cap: float, logprobs: str, cached: int) -> None:
    """Reserved and settled never exceed the cap; what is booked is what was billed, or more where a reply was lost."""
    book = Watched()
    ctx = Context(budget=Budget(cap, book))
    behaviour = Behaviour(logprobs=logprobs, cached=10 * cached, reasoning=cached)
    with FaultServer(faults, behaviour) as server:
        asked = model(server, retries=2, concurrency=at_once, reasoning_tokens=8).within(ctx)

        def call(number: int) -> None:
            with suppress(Stopped, LayerDown, ModelError, ContextOverflow):
                asked.choose(Prompt(f"Text: {number}\nLabel:", system=SYSTEM), LABELS)

        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(call, range(10)))
        stats = server.stats()
    assert book.most <= round(cap * 1e9)
    assert ctx.budget.reserved == 0
    booked = round(ctx.budget.spent * 1e9)
    if any(stats["faults"].get(fault) for fault in LOST):
        assert booked >= stats["nanodollars"]
    else:
        assert booked == stats["nanodollars"]


def test_calls_are_in_flight_together() -> None:
    with FaultServer(behaviour=Behaviour(latency=0.05)) as server:
        asked = model(server, concurrency=16).within(rich())
        with ThreadPoolExecutor(16) as pool:
            found: Sequence[Any] = list(pool.map(lambda _: asked.choose(PROMPT, LABELS), range(48)))
        assert len({choice.probabilities for choice in found}) == 1
        assert 4 < server.stats()["most_in_flight"] <= 16
