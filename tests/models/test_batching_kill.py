"""A process that is killed at each step of a batch: nothing is handed in twice, and the ledger is right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import strati
from strati.core.budget import NANO, Budget
from strati.core.context import Context
from strati.core.errors import StratiError
from strati.core.records import Case
from strati.kinds.classify.llm import LLM
from strati.measure.journal import Journal
from strati.models.hosted import pacing
from strati.models.hosted.batches import batching
from strati.models.hosted.openai_compatible import OpenAICompatible

from .batch_server import FAULTS, BatchServer

LABELS = ("sport", "news", "trade")
CHILD = """
import sys
from pathlib import Path
from tests.models.test_batching_kill import batching, run
batching.FIRST_POLL = batching.LONGEST_POLL = 0.01
run(sys.argv[1], Path(sys.argv[2]))
"""
STEPS = ("upload", "uploaded", "create", "created", "poll", "polled", "content", "fetched", "delete", "deleted")


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pacing, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(pacing, "LONGEST_WAIT", 0.002)
    monkeypatch.setattr(batching, "FIRST_POLL", 0.002)
    monkeypatch.setattr(batching, "LONGEST_POLL", 0.002)
    monkeypatch.setattr(batching, "LOOK_AFTER", 0.002)


def model(url: str, samples: bool = False) -> OpenAICompatible:
    values = {"url": url, "model": "fake-1", "batch": True, "price_in": 1.0, "price_out": 4.0, "price_cached": 0.5}
    return OpenAICompatible.of("fake", {**values, **({"logprobs": False} if samples else {})})


def cases(count: int) -> list[Case]:
    return [Case(str(n), f"about {LABELS[n % 3]} number {n}") for n in range(count)]


def run(url: str, path: Path) -> list[Case]:
    """Twelve cases answered, in this process."""
    with Journal(path) as journal:
        return list(LLM(model(url), LABELS).run(cases(12), Context(memo=journal, budget=Budget(1.0, journal))))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_nothing_is_handed_in_twice(step: str, tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    folders = [str(Path(strati.__file__).parent.parent), str(Path(__file__).parent.parent.parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(folders)}
    child: subprocess.Popen[bytes] | None = None

    def watch(reached: str) -> None:
        if child is not None and reached == step:
            child.kill()
            child.wait()

    with BatchServer(watch=watch) as server:
        child = subprocess.Popen([sys.executable, "-c", CHILD, server.url, str(path)], env=environment)
        assert child.wait(60) == -signal.SIGKILL
        child = None
        time.sleep(0.1)  # what was on the wire at the kill arrives; in life the look comes `LOOK_AFTER` later
        done = run(server.url, path)
        stats, sizes = server.stats(), [len(batch) for batch in server.handed_in]
    assert all(case.answer is not None and case.answer.value in str(case.input) for case in done)
    assert set(stats["billed_by_prompt"].values()) == {1}
    assert sizes in ([10], [11])  # a process that has to hand in anew begins with a trial of its own
    with Journal(path) as journal:
        assert journal.totals() == (stats["nanodollars"], 0)
        assert journal.jobs.open(model(server.url).fingerprint()) == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sets(st.sampled_from(sorted(FAULTS)), max_size=3),
    st.integers(0, 8000),
    st.booleans(),
    st.sampled_from(["", *STEPS]),
    st.integers(1, 30),
)
def test_reserved_and_settled_never_exceed_the_cap(
    tmp_path_factory: pytest.TempPathFactory, faults: set[str], micro: int, samples: bool, ends: str, count: int
) -> None:
    """Whatever fails and whenever the run is stopped: at every step on the wire, and again after it is taken up."""
    path = tmp_path_factory.mktemp("cap") / "run.db"
    with BatchServer(faults) as server:
        for ending in (ends, ""):
            with Journal(path) as journal:
                _run_watched(server, journal, micro * 1000, model(server.url, samples), cases(count), ending)
        assert len({tuple(batch) for batch in server.handed_in}) == len(server.handed_in)


def _run_watched(
    server: BatchServer, journal: Journal, limit: int, asked: OpenAICompatible, given: list[Case], ending: str
) -> None:
    """One process's work, stopped at a step; `limit` in billionths of a dollar."""
    ctx = Context(memo=journal, budget=Budget(limit / NANO, journal))
    over: list[str] = []

    def watch(step: str) -> None:
        settled, unsettled = journal.totals()
        billed = server.stats()["nanodollars"]
        if settled + unsettled > limit or billed > settled + unsettled:
            over.append(f"{step}: {settled} settled, {unsettled} reserved, {billed} billed, {limit} allowed")
        if step == ending or (step == "polled" and server.looked.total() > 20):
            ctx.cancelled.set()

    server.watch = watch
    with suppress(StratiError):
        LLM(asked, LABELS).run(given, ctx)
    watch("")
    assert not over
    assert ctx.budget._spent + ctx.budget._reserved == sum(journal.totals()) <= limit
