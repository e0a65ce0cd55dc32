"""Batches against a server with the faults of real ones: answered once, paid half, never handed in twice."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from strati.core.budget import NANO, Budget
from strati.core.context import Context
from strati.core.errors import LayerDown, ModelError, Stopped
from strati.core.records import Case
from strati.kinds.classify.llm import LLM
from strati.measure.journal import Journal
from strati.models.hosted.batches import batching
from strati.models.hosted.openai_compatible import OpenAICompatible

from .batch_server import BatchServer
from .fault_server import Behaviour

LABELS = ("sport", "news", "trade")
COUNT = 12

pytestmark = pytest.mark.usefixtures("short_waits")


def model(server: BatchServer, **values: Any) -> OpenAICompatible:
    prices = {"price_in": 1.0, "price_out": 4.0, "price_cached": 0.5}
    return OpenAICompatible.of("fake", {"url": server.url, "model": "fake-1", "batch": True, **prices, **values})


def context(journal: Journal, dollars: float = 1.0, **more: Any) -> Context:
    return Context(memo=journal, budget=Budget(dollars, journal), **more)


def cases(count: int = COUNT) -> list[Case]:
    return [Case(str(n), f"about {LABELS[n % 3]} number {n}") for n in range(count)]


def ask(asked: OpenAICompatible, ctx: Context, given: list[Case] | None = None) -> list[Case]:
    return list(LLM(asked, LABELS).run(cases() if given is None else given, ctx))


def right(done: list[Case]) -> bool:
    return all(case.answer is not None and case.answer.value in str(case.input) for case in done)


def booked(journal: Journal) -> tuple[int, int]:
    return journal.totals()


def test_one_ordinary_call_then_one_batch_at_half_price(journal: Journal) -> None:
    with BatchServer() as server:
        done = ask(model(server), context(journal))
        stats = server.stats()
        assert right(done)
        assert (stats["asked"], stats["billed"]) == (1, COUNT)
        assert [len(batch) for batch in server.handed_in] == [COUNT - 1]
        assert booked(journal) == (stats["nanodollars"], 0)
        assert [case.usage.batched for case in done] == [0] + [1] * (COUNT - 1)
        assert sum(case.usage.dollars for case in done) == pytest.approx(stats["dollars"])
        one, other = done[0].usage, done[3].usage  # of the same length
        assert other.dollars == pytest.approx(one.dollars / 2)
        assert server.files == {}  # nothing is left lying there
        assert ask(model(server), context(journal)) == done  # all of it is known now
        assert (server.stats()["asked"], len(server.batches)) == (1, 1)


def test_what_costs_nothing_goes_in_batches_too(journal: Journal) -> None:
    with BatchServer() as server:
        asked = OpenAICompatible.of("own", {"url": server.url, "model": "fake-1", "batch": True})
        ctx = context(journal, 0.0)
        server.watch = lambda step: ctx.cancelled.set() if step == "polled" else None
        with pytest.raises(Stopped):
            ask(asked, ctx)
        server.watch = lambda step: None
        assert right(ask(asked, context(journal, 0.0)))
        assert len(server.batches) == 1
        assert booked(journal) == (0, 0)


def test_half_of_a_character_fails_alone(journal: Journal) -> None:
    with BatchServer() as server:
        done = ask(model(server), context(journal), [*cases(6), Case("half", "about \ud83d")])
        assert [case.id for case in done if case.answer is None] == ["half"]
        assert [len(batch) for batch in server.handed_in] == [5]


def test_samples_of_a_question_go_together(journal: Journal) -> None:
    with BatchServer(behaviour=Behaviour(logprobs="refused", certainty=1.0)) as server:
        done = ask(model(server), context(journal), cases(4))
        assert right(done)
        assert server.stats()["asked"] == 1 + 3  # the one that was refused, and three samples
        assert [len(batch) for batch in server.handed_in] == [9]
        assert [case.usage.batched for case in done] == [0, 3, 3, 3]
        assert booked(journal) == (server.stats()["nanodollars"], 0)


UNHARMED = (
    "upload-500", "create-500", "create-500-made", "create-cut", "create-garbled", "slow", "poll-500", "content-500",
    "garbage", "upper",
)  # fmt: skip


@pytest.mark.parametrize("fault", UNHARMED)
def test_faults_that_change_nothing(fault: str, journal: Journal) -> None:
    with BatchServer({fault}) as server:
        done = ask(model(server), context(journal))
        assert right(done)
        assert len(server.batches) == 1
        assert server.stats()["asked"] == 1
        assert booked(journal) == (server.stats()["nanodollars"], 0)


def test_what_failed_in_a_batch_is_asked_in_the_ordinary_way(journal: Journal) -> None:
    """Of 11 requests every third one, 3, 6 and 9: surely not billed, so the ledger is exact."""
    with BatchServer({"error-lines"}) as server:
        done = ask(model(server), context(journal))
        assert right(done)
        assert (server.stats()["asked"], len(server.batches)) == (1 + 3, 1)
        assert booked(journal) == (server.stats()["nanodollars"], 0)


@pytest.mark.parametrize(("fault", "asked"), [("missing", 1 + 3), ("no-usage", 1)])
def test_what_may_have_been_billed_counts_with_its_most(fault: str, asked: int, journal: Journal) -> None:
    with BatchServer({fault}) as server:
        assert right(ask(model(server), context(journal)))
        assert server.stats()["asked"] == asked
        assert booked(journal)[0] > server.stats()["nanodollars"]
        assert booked(journal)[1] == 0


def test_what_an_expired_batch_left_is_handed_in_once_more(journal: Journal) -> None:
    with BatchServer({"expired"}) as server:
        done = ask(model(server), context(journal))
        assert right(done)
        assert [len(batch) for batch in server.handed_in] == [11, 6]
        assert server.stats()["asked"] == 1
        assert booked(journal) == (server.stats()["nanodollars"], 0)


def test_and_then_asked_in_the_ordinary_way(journal: Journal) -> None:
    with BatchServer({"always-expired"}) as server:
        assert right(ask(model(server), context(journal)))
        assert [len(batch) for batch in server.handed_in] == [11, 6]
        assert server.stats()["asked"] == 1 + 3
        assert booked(journal) == (server.stats()["nanodollars"], 0)


def test_a_full_queue_makes_batches_smaller(journal: Journal) -> None:
    with BatchServer({"queue"}, queue=3) as server:
        assert right(ask(model(server), context(journal)))
        sizes = [len(batch) for batch in server.handed_in]
        assert sizes == [11, 5, 2, 2, 2, 2, 2, 1]
        assert server.stats()["asked"] == 1
        assert booked(journal) == (server.stats()["nanodollars"], 0)


@pytest.mark.parametrize(
    ("fault", "words", "asked"),
    [
        ("none", r"has no batch endpoints \(none at http.*/v1/batches\): expected no batch = true in models.fake", 0),
        ("refused", r"refused a batch with status 400: The model does not support the Batch API", 1),
        ("rejected", r"did not accept the batch of models.fake: This line is not parseable", 1),
    ],
)
def test_a_server_that_takes_no_batches_is_one_sentence(fault: str, words: str, asked: int, journal: Journal) -> None:
    with BatchServer({fault}) as server:
        with pytest.raises(ModelError, match=words) as caught:
            ask(model(server), context(journal))
        assert "\n" not in str(caught.value)
        assert server.stats()["asked"] == asked
        assert booked(journal) == (server.stats()["nanodollars"], 0)
        assert journal.jobs.open(model(server).fingerprint()) == []
        assert server.files == {}


def test_a_batch_that_somebody_cancelled_ends_the_rung_and_what_it_brought_is_kept(journal: Journal) -> None:
    with BatchServer({"cancelled"}) as server:
        with pytest.raises(LayerDown, match="the batch batch_0 was cancelled at 127"):
            ask(model(server), context(journal))
        assert booked(journal) == (server.stats()["nanodollars"], 0)
        server.batch_faults.clear()
        assert right(ask(model(server), context(journal)))
        assert [len(batch) for batch in server.handed_in] == [11, 5]  # one of the 6 is the trial of a new process
        assert booked(journal) == (server.stats()["nanodollars"], 0)


@pytest.mark.parametrize("fault", ["gone", "content-gone"])
def test_a_batch_that_the_server_lost_counts_as_paid(fault: str, journal: Journal) -> None:
    with BatchServer({fault}) as server:
        assert right(ask(model(server), context(journal)))
        settled, lost = booked(journal)
        assert lost == 0
        assert settled > server.stats()["nanodollars"]


def test_an_outage_is_waited_out_for_a_while(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "OUTAGE", 0.05)
    with BatchServer({"away"}) as server:
        with pytest.raises(LayerDown, match="status 503: Try again later; the batch batch_0 was not seen for"):
            ask(model(server), context(journal))
        server.batch_faults.clear()
        assert right(ask(model(server), context(journal)))
        assert (len(server.batches), booked(journal)) == (1, (server.stats()["nanodollars"], 0))


def test_a_batch_of_days_ago_is_read_and_one_that_never_ends_is_not_waited_for(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "OVERDUE", 0.0)
    with BatchServer({"stuck"}) as server:
        for _ in range(2):
            with pytest.raises(LayerDown, match=r"has not ended after 0 hours: batch = false in models\.fake"):
                ask(model(server), context(journal))
        server.batch_faults.clear()
        assert right(ask(model(server), context(journal)))
        assert (len(server.batches), booked(journal)) == (1, (server.stats()["nanodollars"], 0))


def test_a_key_that_the_server_repeats_is_not_kept(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STRATI_TEST_KEY", "sk-0123456789")
    with BatchServer(behaviour=Behaviour(model="sk-0123456789", certainty=1.0)) as server:
        ask(model(server, model="sk-0123456789", key_env="STRATI_TEST_KEY"), context(journal))
        assert len(server.batches) == 1
        assert "sk-0123456789" in server.uploads[0].decode()
    assert not any(b"sk-0123456789" in file.read_bytes() for file in tmp_path.glob("run.db*"))


def test_without_a_journal_nothing_is_handed_in() -> None:
    with BatchServer() as server:
        with pytest.raises(ModelError, match=r"models\.fake\.batch is true and no journal keeps"):
            ask(model(server), Context(budget=Budget(1.0)))
        assert server.stats()["asked"] == 0


def test_a_budget_for_a_part_hands_in_what_it_allows(journal: Journal) -> None:
    """Each round reserves what is left; the rounds end when a batch is not worth it. The money is never exceeded."""
    with BatchServer() as server:
        asked, given = model(server), cases(200)
        ctx = context(journal, 0.03)
        done = ask(asked, ctx, given)
        assert right(done)
        assert len(server.batches) > 1
        assert booked(journal) == (server.stats()["nanodollars"], 0)
        assert booked(journal)[0] <= 0.03 * NANO


def test_batch_turned_off_takes_up_what_was_handed_in_before(journal: Journal) -> None:
    """What the batch had not done is cancelled, and asked in the ordinary way."""
    with BatchServer({"stuck"}) as server:
        ctx = context(journal)
        server.watch = lambda step: ctx.cancelled.set() if step == "polled" else None
        with pytest.raises(Stopped, match="by the user"):
            ask(model(server), ctx)
        server.watch = lambda step: None
        assert booked(journal)[1] > 0
        done = ask(model(server, batch=False), context(journal))
        assert right(done)
        assert len(server.batches) == 1
        assert server.stats()["asked"] == 1 + 6
        assert set(server.stats()["billed_by_prompt"].values()) == {1}
        assert booked(journal) == (server.stats()["nanodollars"], 0)


def test_a_prompt_over_the_context_is_left_out_and_fails_alone(journal: Journal) -> None:
    with BatchServer() as server:
        given = [*cases(5), Case("long", "word " * 2000), *cases(9)[5:]]
        done = ask(model(server, context=1000), context(journal), given)
        assert [case.id for case in done if case.answer is None] == ["long"]
        assert str(done[5].failure) == "context_overflow"
        assert [len(batch) for batch in server.handed_in] == [8]
    with BatchServer(behaviour=Behaviour(context=1000)) as server:
        other = [Case(f"n{case.id}", case.input) for case in given]
        done = ask(model(server), context(journal), other)
        assert [case.id for case in done if case.answer is None] == ["nlong"]
        assert server.stats()["asked"] == 1  # the batch's own line says so: it is not asked again


def test_the_reservation_is_the_worst_case_at_half_price(journal: Journal) -> None:
    with BatchServer({"stuck"}) as server:
        ctx, asked = context(journal), model(server)
        server.watch = lambda step: ctx.cancelled.set() if step == "polled" else None
        with pytest.raises(Stopped, match="by the user"):
            ask(asked, ctx)
        row = server.batches["batch_0"]["rows"][0]["body"]
        most_in = 256 + sum(16 + len(message["content"].encode()) for message in row["messages"])
        first = math.ceil((most_in * 1.0 + row["max_tokens"] * 4.0) / 2 * NANO / 1e6 - 1e-6)
        (job,) = journal.jobs.open(asked.fingerprint())
        assert journal.jobs.wanted(job.nonce)[0].most == first
        assert job.reserved == sum(want.most for want in journal.jobs.wanted(job.nonce))
        assert ctx.budget.reserved == pytest.approx(job.reserved / NANO)
