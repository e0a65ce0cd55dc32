"""Runs that die between paying a reply and remembering the answer: what was settled is not asked again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import strati
from strati.core.budget import Budget, MemoryBook
from strati.core.context import Context
from strati.core.errors import Stopped
from strati.core.records import Case, Usage
from strati.kinds.classify.llm import LLM
from strati.measure.journal import Journal
from strati.models.ask import choose
from strati.models.contract import Choice, ContextOverflow, Prompt
from strati.models.hosted.batches.lines import as_reply
from strati.models.hosted.kept_replies import KeptReplies, as_text, not_kept
from strati.models.hosted.openai_compatible import OpenAICompatible
from strati.models.hosted.transport import HttpReply

from .fault_server import Behaviour, FaultServer

LABELS = ("sport", "news", "trade")
PROMPT = Prompt("Text: the sport of kings\nLabel:", system="One of:\n- sport\n- news\n- trade")
KEY = "sk-live-0123456789abcdef"
CHILD = """
import os, signal, sys, threading
from pathlib import Path
from tests.models.test_kept_replies import run
from strati.models.jobs import Jobs
from strati.measure.journal import Journal

url, path, at_once, again, where, number = sys.argv[1:]
together = threading.Barrier(int(at_once))
owner, name = (Journal, "remember") if where == "remember" else (Jobs, "settle")
really, passed = getattr(owner, name), []

def dying(*given):
    if where == "settled":
        really(*given)
    passed.append(given)
    if len(passed) >= int(number):
        together.wait(20)
        os.kill(os.getpid(), signal.SIGKILL)
    if where != "settled":
        really(*given)

setattr(owner, name, dying)
run(url, Path(path), int(at_once), int(again))
"""

pytestmark = [
    pytest.mark.usefixtures("short_waits"),
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9"),
]


def model(url: str, **values: Any) -> OpenAICompatible:
    prices = {"price_in": 1.0, "price_out": 4.0, "price_cached": 0.5}
    return OpenAICompatible.of("fake", {"url": url, "model": "fake-1", **prices, **values})


def run(url: str, path: Path, at_once: int = 1, again: int = 0, count: int = 6) -> list[Case]:
    """Cases answered in this process, at least one for each call in flight."""
    cases = [Case(str(n), f"about {LABELS[n % 3]} number {n}") for n in range(max(count, at_once))]
    with Journal(path) as journal:
        layer = LLM(model(url, concurrency=at_once), LABELS, again=again)
        return list(layer.run(cases, Context(memo=journal, budget=Budget(1.0, journal))))


def run_killed(server: FaultServer, path: Path, where: str, number: int, at_once: int = 1, again: int = 0) -> None:
    """The same in a process that kills itself there at that call, when all others in flight are there, too."""
    folders = [str(Path(strati.__file__).parent.parent), str(Path(__file__).parent.parent.parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    given = [server.url, str(path), str(at_once), str(again), where, str(number)]
    done = subprocess.run([sys.executable, "-c", CHILD, *given], env=environment, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL


def unsettled(path: Path) -> int:
    with Journal(path, read_only=True) as journal:
        found: int = journal._db.execute("SELECT count(*) FROM spending WHERE paid IS NULL").fetchone()[0]
        return found


def ledger_is_right(path: Path, server: FaultServer, done: list[Case]) -> bool:
    """Settled is what was billed, the answers cost as much, and no reply is left."""
    with Journal(path, read_only=True) as journal:
        left = journal._db.execute("SELECT count(*) FROM replies").fetchone()[0]
        billed = server.stats()["nanodollars"]
        return (journal.totals(), left) == ((billed, 0), 0) and billed == round(
            sum(case.usage.dollars for case in done) * 1e9
        )


@pytest.mark.parametrize(("where", "number"), [("remember", 4), ("settled", 1)])
def test_killed_between_settling_and_remembering_nothing_is_asked_again(
    where: str, number: int, tmp_path: Path
) -> None:
    path = tmp_path / "run.db"
    with FaultServer() as server:
        run_killed(server, path, where, number)
        assert (server.stats()["asked"], unsettled(path)) == (number, 0)
        done = run(server.url, path)
        assert set(server.stats()["asked_by_prompt"].values()) == {1}
        assert ledger_is_right(path, server, done)
        assert all(case.answer is not None and case.answer.value in str(case.input) for case in done)
        assert [case.usage.calls for case in done] == [1] * 6


def test_killed_before_settling_that_call_alone_is_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with FaultServer() as server:
        run_killed(server, path, "settling", 3)
        assert unsettled(path) == 1
        run(server.url, path)
        assert sorted(server.stats()["billed_by_prompt"].values()) == [1] * 5 + [2]


def test_32_in_flight_all_settled_none_remembered(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with FaultServer() as server:
        run_killed(server, path, "remember", 1, at_once=32)
        assert (server.stats()["asked"], unsettled(path)) == (32, 0)
        done = run(server.url, path, 32)
        assert server.stats()["asked"] == 32
        assert ledger_is_right(path, server, done)


@pytest.mark.parametrize(("settled", "asked"), [(1, 19), (4, 19), (8, 20)])
def test_samples_that_were_paid_are_used(settled: int, asked: int, tmp_path: Path) -> None:
    """Six cases of three samples, and one call that shows that there are no log probabilities.

    A process that was not the one to see that asks it again at the first question that has no sample yet.
    """
    path = tmp_path / "run.db"
    with FaultServer(behaviour=Behaviour(logprobs="ignored")) as server:
        run_killed(server, path, "settled", settled)
        done = run(server.url, path)
        wanted = Counter((body["messages"][-1]["content"], body.get("seed")) for body in server.bodies)
        assert set(wanted.values()) == {1}
        assert sum(wanted.values()) == asked
        assert ledger_is_right(path, server, done)


def test_second_answers_are_asked_anew_and_each_paid_once(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with FaultServer() as server:
        run_killed(server, path, "remember", 3)
        run_killed(server, path, "remember", 3, again=1)
        assert server.stats()["asked"] == 6
        done = [*run(server.url, path, again=1), *run(server.url, path)]
        assert set(server.stats()["asked_by_prompt"].values()) == {2}
        assert ledger_is_right(path, server, done)


class Forgetful(Journal):
    """A journal whose process ends before the answer is remembered."""

    def remember(self, key: str, reply: Any, usage: Usage) -> None:  # noqa: ARG002
        raise KeyboardInterrupt


def forgotten(server: FaultServer, path: Path, **values: Any) -> None:
    with Forgetful(path) as journal, pytest.raises(KeyboardInterrupt):
        ask(server, journal, **values)


def ask(server: FaultServer, journal: Journal, dollars: float = 1.0, **values: Any) -> Choice:
    ctx = Context(memo=journal, budget=Budget(dollars, journal))
    return choose(model(server.url, **values), PROMPT, LABELS, ctx)


def test_the_answer_is_the_same_with_its_time_and_all_it_cost(tmp_path: Path) -> None:
    """The first attempt is billed and lost on its way; it counts with its worst case, in the ledger and the answer."""
    with FaultServer(["cut"], Behaviour(latency=0.05)) as server:
        forgotten(server, tmp_path / "run.db")
        with Journal(tmp_path / "run.db") as journal:
            found = ask(server, journal)
            assert server.stats()["asked"] == 2
            assert (found.usage.calls, found.usage.batched) == (2, 0)
            assert found.usage.dollars * 1e9 == pytest.approx(journal.totals()[0])
            assert 0.1 <= found.usage.seconds < 5
            assert ask(server, journal) == found


@pytest.mark.parametrize("fault", ["no-usage", "filtered", "length", "null", "other-model"])
def test_replies_with_a_flaw_come_back_with_it(fault: str, tmp_path: Path) -> None:
    with FaultServer([fault, fault]) as server:
        forgotten(server, tmp_path / "run.db")
        with Journal(tmp_path / "run.db") as journal, Journal(tmp_path / "straight.db") as another:
            found = ask(server, journal)
            assert server.stats()["asked"] == 1
            straight = ask(server, another)
    assert (found.probabilities, found.mass, found.reply) == (straight.probabilities, straight.mass, straight.reply)
    assert (found.usage.tokens_in, found.usage.dollars) == (straight.usage.tokens_in, straight.usage.dollars)


def test_a_prompt_that_was_cut_silently_is_paid_once(journal: Journal) -> None:
    """Its failure is remembered nowhere, so the reply stays."""
    with FaultServer(["truncated"]) as server:
        for _ in range(2):
            with pytest.raises(ContextOverflow) as caught:
                ask(server, journal)
            assert caught.value.usage.dollars == pytest.approx(server.stats()["dollars"])
        assert server.stats()["asked"] == 1


def test_samples_bought_before_the_money_was_spent_are_used_when_there_is_more(journal: Journal) -> None:
    with FaultServer(behaviour=Behaviour(logprobs="ignored")) as server:
        with pytest.raises(Stopped):
            ask(server, journal, 0.00045, logprobs=False)
        first = server.stats()["asked"]
        assert 0 < first < 3
        ask(server, journal, 1.0, logprobs=False)
        assert server.stats()["asked"] == 3
        assert journal.totals() == (server.stats()["nanodollars"], 0)


def test_another_occasion_is_not_served_from_a_kept_reply(tmp_path: Path) -> None:
    with FaultServer() as server:
        forgotten(server, tmp_path / "run.db")
        with Journal(tmp_path / "run.db") as journal:
            ctx = Context(memo=journal, budget=Budget(1.0, journal))
            choose(model(server.url), PROMPT, LABELS, ctx, again=1)
            assert server.stats()["asked"] == 2
            choose(model(server.url, reasoning_tokens=9), PROMPT, LABELS, ctx)  # another request
            assert server.stats()["asked"] == 3
            choose(model(server.url), PROMPT, LABELS, ctx)
            assert server.stats()["asked"] == 3


@pytest.mark.parametrize(("key", "reply"), [(KEY, "sport"), (KEY, f"my key is {KEY}"), ("x", "a box of x")])
def test_no_key_is_kept(key: str, reply: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_KEY", key)
    with FaultServer(behaviour=Behaviour(key=key, reply=reply)) as server:
        forgotten(server, tmp_path / "run.db", key_env="FAKE_KEY")
        with Journal(tmp_path / "run.db") as journal:
            (question,) = {row[0] for row in journal._db.execute("SELECT key FROM replies")} or {""}
            kept = json.dumps([found.reply for found in journal.jobs.replies(question).values()])
            assert (reply in kept, KEY in kept) == (KEY not in reply, False)
            files = [path.read_bytes() for path in tmp_path.iterdir()]
    assert not any(KEY.encode() in data for data in files)
    assert not any(b"Bearer" in data for data in files)


def test_a_key_that_is_written_otherwise_is_not_kept(journal: Journal) -> None:
    keep = KeptReplies("k", Context(memo=journal, budget=Budget(1.0, journal))).keep(0, "a/b+c/d=e")
    assert keep(HttpReply(200, {}, b'{"choices": ["a\\/b+c\\/d=e"]}'), Usage()) is None
    assert keep(HttpReply(200, {}, b'{"choices": ["a/b"]}'), Usage()) is not None


def test_without_one_journal_for_money_and_answers_nothing_is_kept(journal: Journal, tmp_path: Path) -> None:
    book = MemoryBook()
    ctx = Context(memo=journal, budget=Budget(1.0, book))
    with FaultServer() as server:
        choose(model(server.url), PROMPT, LABELS, ctx)
        assert book.totals() == (server.stats()["nanodollars"], 0)
    for apart in (ctx, Context(budget=Budget(1.0, book)), Context()):
        assert KeptReplies("k", apart).keep(0, None)(HttpReply(200, {}, b"{}"), Usage()) is None
    assert KeptReplies("k", Context()).found == {}
    with Journal(tmp_path / "other.db") as other:
        assert KeptReplies("k", Context(memo=other, budget=Budget(1.0, other))).keep(0, None) is not not_kept


BODY = {"model": "m", "choices": [{"finish_reason": "stop", "message": {"content": "é 😀"}, "logprobs": None}]}
THOUGHT = {**BODY, "choices": [{**BODY["choices"][0], "reasoning": "well, " * 5000}]}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(BODY, ensure_ascii=False).encode(),
        json.dumps(BODY, indent=2).encode("utf-8-sig"),
        json.dumps(BODY).encode("utf-16"),
        json.dumps(BODY).encode("utf-16-le"),
        json.dumps(THOUGHT).encode(),
    ],
)
def test_a_reply_in_any_encoding_is_kept_short(body: bytes) -> None:
    text = as_text(HttpReply(200, {"authorization": KEY}, body))
    assert as_reply(json.loads(text)).json == BODY
    assert len(text) < 300


def test_half_of_a_character_is_kept() -> None:
    body = json.dumps({"choices": [{"message": {"content": "é\ud83d"}}]}, ensure_ascii=False)
    reply = HttpReply(200, {}, body.encode("utf-8", "surrogatepass"))
    assert as_reply(json.loads(as_text(reply))).json["choices"][0]["message"] == {"content": "é\ud83d"}
    as_text(reply).encode()  # as SQLite does
