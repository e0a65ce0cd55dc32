"""A whole benchmark with a model that answers in batches: measured, paid half, planned so, and private goals hold."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from strati.core.context import Context
from strati.core.errors import TaskError
from strati.core.records import Example
from strati.data import Dataset
from strati.kinds.classify.ladder import ladder
from strati.kinds.classify.llm import LLM
from strati.measure.effort import Effort
from strati.measure.journal import Journal
from strati.models.hosted.batches import batching
from strati.models.hosted.openai_compatible import OpenAICompatible
from strati.prove.allowance import foresee
from strati.prove.bench import bench, execute, prepare
from strati.prove.studies import Studies
from strati.stack.candidate import Candidate
from strati.stack.folder import save_stack
from strati.stack.stack import Stack
from strati.task.config import load_config
from strati.task.task import Goal, Task

from .batch_server import BatchServer
from .test_hosted_bench import LABELS, data

TASK = Task(goal=Goal(private=False))
ONCE = Studies(curve=False, repeats=False)
TWICE = Studies(curve=False, twins=5)


def model(url: str, **values: Any) -> OpenAICompatible:
    prices = {"price_in": 1.0, "price_out": 4.0, "price_cached": 0.5, "private": False, "concurrency": 4}
    return OpenAICompatible.of("fake", {"url": url, "model": "fake-1", "batch": True, **prices, **values})


def rungs_of(asked: OpenAICompatible) -> list[Candidate]:
    return [rung for rung in ladder(TASK, LABELS, [asked]) if rung.uses_llm]


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "FIRST_POLL", 0.01)
    monkeypatch.setattr(batching, "LOOK_AFTER", 0.01)


def test_a_bench_in_batches_costs_half_and_says_what_it_did_not_time(tmp_path: Path) -> None:
    with BatchServer() as server:
        more: dict[str, Any] = {"effort": Effort.of(40), "max_dollars": 5.0, "studies": ONCE}
        outcome = bench(data(), TASK, candidates=rungs_of(model(server.url)), runs=tmp_path / "batched", **more)
        stats, sizes = server.stats(), [len(batch) for batch in server.handed_in]
        ordinary = bench(
            data(), TASK, candidates=rungs_of(model(server.url, batch=False)), runs=tmp_path / "ordinary", **more
        )
    rungs = {row["name"]: row for row in outcome.verdict["candidates"]}
    others = {row["name"]: row for row in ordinary.verdict["candidates"]}
    for name in ("fake zero-shot", "fake few-shot"):
        assert rungs[name]["status"] == "measured"
        assert rungs[name]["quality"] == others[name]["quality"]
        assert (rungs[name]["latency_ms"], rungs[name]["seconds_per_answer"]) == (None, None)
        assert others[name]["latency_ms"] is not None
        assert (rungs[name]["batched"], others[name]["batched"]) == (True, False)
    assert stats["asked"] == 1  # the trial of the first rung; the second rung's server is known
    assert set(stats["billed_by_prompt"].values()) == {1}
    assert round(outcome.verdict["spending"]["spent"] * 1e9) == stats["nanodollars"]
    assert outcome.verdict["spending"]["lost"] == 0
    assert outcome.verdict["spending"]["spent"] < 0.52 * ordinary.verdict["spending"]["spent"]
    calls = {row["name"]: row["calls"] for row in outcome.verdict["spending"]["rungs"]}
    assert calls == {row["name"]: row["calls"] for row in ordinary.verdict["spending"]["rungs"]}
    assert sum(calls.values()) == stats["asked"] + sum(sizes)
    assert len(sizes) == 2 * 2 * 5  # of each rung: tune and test of each fold


def test_the_second_answers_go_in_batches_too_fold_by_fold(tmp_path: Path) -> None:
    with BatchServer() as server:
        more: dict[str, Any] = {"effort": Effort.of(40), "max_dollars": 5.0, "studies": TWICE}
        outcome = bench(data(), TASK, candidates=rungs_of(model(server.url))[:1], runs=tmp_path, **more)
        (row,) = outcome.verdict["candidates"]
        assert row["repeats"]["n"] == 20
        asked = server.stats()["asked"]  # the trial, and what is too little to hand in
        assert asked < row["repeats"]["n"]
        assert asked + sum(map(len, server.handed_in)) == outcome.verdict["spending"]["rungs"][0]["calls"]


def test_with_enough_labels_a_rung_takes_four_batches(tmp_path: Path) -> None:
    """One each for the rows its form is chosen on, the race, the test and calibrate."""
    rows = [
        Example(str(n), f"{'the ' + LABELS[n % 4] if n % 3 else 'a thing'} of {n}", LABELS[n % 4], row=n + 1)
        for n in range(480)
    ]
    with BatchServer() as server:
        given = Dataset(tuple(rows), "tickets.csv", "csv", "utf-8", "0" * 64)
        more: dict[str, Any] = {"effort": Effort.of(60), "max_dollars": 5.0, "studies": ONCE}
        outcome = bench(given, TASK, candidates=rungs_of(model(server.url))[:1], runs=tmp_path, **more)
        assert [row["status"] for row in outcome.verdict["candidates"]] == ["measured"]
        assert [len(batch) for batch in server.handed_in] == [11, 60, 60, 60]
        assert server.stats()["asked"] == 1


def test_a_limit_on_latency_that_could_never_be_met_is_refused() -> None:
    task = Task(goal=Goal(private=False, max_p95_ms=500.0))
    with pytest.raises(TaskError, match=r"fake zero-shot is asked in batches, .* no batch = true in models\.fake"):
        prepare(data(), task, None, (), (), rungs_of(model("http://x.example")), (), Effort(), 0, Context())


def test_a_plan_is_half_as_dear_and_promises_no_time(tmp_path: Path) -> None:
    url = "https://api.example.com/v1"
    forecasts = []
    for batch in (True, False):
        plan = prepare(data(), TASK, None, [model(url, batch=batch)], (), None, (), Effort.of(40), 0, Context())
        forecasts.append(foresee(plan, tmp_path / "runs", Context(), studies=ONCE))
    half, whole = forecasts
    assert half.run == whole.run  # how it is paid changes no answer
    assert half.calls == whole.calls
    assert half.dollars == pytest.approx(whole.dollars / 2)
    assert half.most == pytest.approx(whole.most / 2)
    assert [rung.seconds is None for rung in half.rungs[-2:]] == [True, True]
    assert "within 24 hours" in half.rungs[-1].basis


def test_a_run_that_waits_for_a_batch_is_taken_up_by_the_next(tmp_path: Path) -> None:
    ctx = Context()
    with BatchServer({"slow"}) as server:
        server.watch = lambda step: ctx.cancelled.set() if step == "polled" else None
        plan = prepare(data(), TASK, None, (), (), rungs_of(model(server.url)), (), Effort.of(40), 0, Context())
        first = execute(plan, tmp_path, ctx, max_dollars=5.0, studies=ONCE)
        assert first.stopped == "stopped by the user; everything so far is kept"
        assert first.verdict["spending"]["lost"] > 0
        server.watch = lambda step: None
        plan = prepare(data(), TASK, None, (), (), rungs_of(model(server.url)), (), Effort.of(40), 0, Context())
        second = execute(plan, tmp_path, Context(), max_dollars=5.0, studies=ONCE)
        stats = server.stats()
    assert second.stopped is None
    assert second.verdict["spending"]["lost"] == 0
    assert round(second.verdict["spending"]["spent"] * 1e9) == stats["nanodollars"]
    assert set(stats["billed_by_prompt"].values()) == {1}
    with Journal(tmp_path / f"{plan.run}.db", read_only=True) as journal:
        assert journal._db.execute("SELECT count(*) FROM replies").fetchone() == (0,)


def strati(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "STRATI_MODELS": str(folder / "models"), "COLUMNS": "300"}
    command = [sys.executable, "-m", "strati", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def write_project(folder: Path, url: str, goal: str) -> None:
    rows = "\n".join(f"{example.text},{example.reference}" for example in data().examples)
    (folder / "tickets.csv").write_text(f"text,label\n{rows}\n", encoding="utf-8")
    (folder / "strati.toml").write_text(
        f'[data]\nfile = "tickets.csv"\ninput = "text"\nlabel = "label"\n{goal}[models.gpt]\nurl = "{url}"\n'
        'model = "fake-1"\nprivate = false\nprice_in = 1\nprice_out = 4\nbatch = true\n',
        encoding="utf-8",
    )


def test_a_private_goal_refuses_before_anything_is_handed_in(tmp_path: Path) -> None:
    steps: list[str] = []
    with BatchServer(watch=steps.append) as server:
        write_project(tmp_path, server.url, "")
        done = strati(tmp_path, "bench")
        assert done.returncode == 2
        assert "the model gpt would send the texts to 127.0.0.1" in done.stderr
        assert (steps, server.stats()["asked"]) == ([], 0)


def test_a_server_without_batches_costs_its_rungs_only(tmp_path: Path) -> None:
    with BatchServer({"none"}) as server:
        more: dict[str, Any] = {"effort": Effort.of(40), "max_dollars": 5.0, "studies": ONCE}
        outcome = bench(data(), TASK, models=[model(server.url)], runs=tmp_path, **more)
        assert server.stats()["asked"] == 0
    rows = {row["name"]: row for row in outcome.verdict["candidates"]}
    assert rows["n-grams"]["status"] == "measured"
    assert rows["fake zero-shot"]["status"] == "failed"
    assert "has no batch endpoints" in rows["fake zero-shot"]["reason"]


def test_strati_run_ends_with_that_sentence(tmp_path: Path) -> None:
    with BatchServer() as server:
        write_project(tmp_path, server.url, "[goal]\nprivate = false\n")
        layer = LLM(load_model(tmp_path), LABELS)
        save_stack(Stack.of(layer, name="gpt"), tmp_path / "gpt.stack")
        more = ("run", "gpt.stack", "tickets.csv", "--input", "text", "--config", "strati.toml", "--max-dollars", "1")
        server.batch_faults.add("none")
        done = strati(tmp_path, *more)
        assert done.returncode == 2
        assert done.stderr.count("has no batch endpoints") == 1
        assert "Traceback" not in done.stderr
        server.batch_faults.clear()
        done = strati(tmp_path, *more)
        assert done.returncode == 0, done.stderr
        assert [len(batch) for batch in server.handed_in] == [199]
        assert len((tmp_path / "answers.jsonl").read_text().splitlines()) == 200


def load_model(folder: Path) -> OpenAICompatible:
    return OpenAICompatible.of("gpt", load_config(folder / "strati.toml").models["gpt"])
