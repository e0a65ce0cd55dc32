"""A whole benchmark with a paid model on the fault server: rungs measured, money right, nothing sent unasked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from strati.core.errors import ModelError
from strati.core.records import Example
from strati.data import Dataset
from strati.kinds.classify.ladder import ladder
from strati.measure.effort import Effort
from strati.models.hosted import pacing
from strati.models.hosted.openai_compatible import OpenAICompatible
from strati.prove.bench import bench
from strati.prove.studies import Studies
from strati.task.task import Goal, Task

from .fault_server import Behaviour, FaultServer

LABELS = ("delivery", "invoice", "refund", "repair")
FAULTS = {"429": 0.05, "500": 0.03, "503": 0.03, "filtered": 0.02, "null": 0.02}
BASE = ("majority", "keyword rules", "n-grams")
LOST = {"cut": 0.02, "hang-up": 0.02, "malformed": 0.02}


def data() -> Dataset:
    """200 rows; half name their label, so that the server's model knows those."""
    rows = [
        Example(str(n), f"about {'the ' + label if n % 2 else 'thing'} {n} {'xyz'[n % 3] * (k + 1)}", label, row=n + 1)
        for n, (k, label) in enumerate((k, LABELS[k]) for _ in range(50) for k in range(4))
    ]
    return Dataset(tuple(rows), "tickets.csv", "csv", "utf-8", "0" * 64)


@pytest.mark.parametrize("faults", [FAULTS, FAULTS | LOST])
def test_a_bench_outlasts_faults_and_its_ledger_is_right(
    faults: dict[str, float], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "FIRST_WAIT", 0.005)
    monkeypatch.setattr(pacing, "LONGEST_WAIT", 0.02)
    task = Task(goal=Goal(private=False))
    with FaultServer(faults, Behaviour(certainty=0.9)) as server:
        values = {"url": server.url, "model": "fake-1", "price_in": 1.0, "price_out": 4.0, "private": False}
        model = OpenAICompatible.of("fake", {**values, "concurrency": 4, "retries": 8})
        once = Studies(curve=False, repeats=False)
        more: dict[str, Any] = {"runs": tmp_path / "runs", "max_dollars": 5.0, "studies": once}
        outcome = bench(data(), task, models=[model], effort=Effort.of(40), **more)
        stats = server.stats()
    rungs = {row["name"]: row for row in outcome.verdict["candidates"]}
    for name in ("fake zero-shot", "fake few-shot"):
        assert rungs[name]["status"] == "measured"
        assert rungs[name]["quality"]["n"] == 40
        assert rungs[name]["private"] is False
        assert rungs[name]["cost_parts"]["paid"] > 0
    assert outcome.stopped is None
    assert outcome.verdict["spending"]["lost"] == 0
    booked = round(outcome.verdict["spending"]["spent"] * 1e9)
    if "cut" in faults:
        assert booked >= stats["nanodollars"]
    else:
        assert booked == stats["nanodollars"]
        assert set(stats["billed_by_prompt"].values()) == {1}  # and nothing is paid twice


def test_what_a_model_noted_about_its_calls_is_in_the_verdict(tmp_path: Path) -> None:
    task = Task(goal=Goal(private=False))
    with FaultServer({"other-model": 0.2, "no-usage": 0.2}) as server:
        values = {"url": server.url, "model": "fake-1", "price_in": 1.0, "price_out": 4.0, "private": False}
        named = {"fake1": {"concurrency": 4}, "fake2": {"concurrency": 4, "reasoning_tokens": 1}}  # two models, not one
        models = [OpenAICompatible.of(name, {**values, **more}) for name, more in named.items()]
        more: dict[str, Any] = {
            "runs": tmp_path / "runs",
            "max_dollars": 5.0,
            "studies": Studies(curve=False, repeats=False),
        }
        note = bench(data(), task, models=models, effort=Effort.of(40), **more).verdict["limits"]["note"]
    for name in named:
        assert note.count(f"{name}: asked for fake-1, the server answered as fake-2") == 1
    assert note.count("of its replies came without a count of tokens") == 2


def test_rungs_behind_a_server_come_last_by_price_and_have_few_forms() -> None:
    def hosted(name: str, price: float) -> OpenAICompatible:
        values = {"url": "https://api.example.com/v1", "model": name, "price_in": price, "price_out": price}
        return OpenAICompatible.of(name, values)

    rungs = ladder(Task(), LABELS, [hosted("dear", 9.0), hosted("cheap", 1.0)])
    assert [rung.name for rung in rungs[-4:]] == [
        "cheap zero-shot",
        "dear zero-shot",
        "cheap few-shot",
        "dear few-shot",
    ]
    for rung in rungs[-4:]:
        assert len({form.settings["prompt"] for form in rung.forms}) == 1
        assert (rung.paid, rung.remote, rung.private) == (True, True, False)
        assert rung.cards[0].licence == "closed"


def test_a_private_goal_refuses_the_model_before_anything_is_sent(tmp_path: Path) -> None:
    rows = "\n".join(f"{example.text},{example.reference}" for example in data().examples)
    (tmp_path / "tickets.csv").write_text(f"text,label\n{rows}\n", encoding="utf-8")
    with FaultServer() as server:
        (tmp_path / "strati.toml").write_text(
            '[data]\nfile = "tickets.csv"\ninput = "text"\nlabel = "label"\n[models.gpt]\n'
            f'url = "{server.url}"\nmodel = "fake-1"\nprivate = false\nprice_in = 1\nprice_out = 4\n',
            encoding="utf-8",
        )
        command = [sys.executable, "-m", "strati", "bench"]
        environment = {**os.environ, "STRATI_MODELS": str(tmp_path / "models"), "COLUMNS": "300"}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "the model gpt would send the texts to 127.0.0.1" in done.stderr
        assert "private = false in [goal]" in done.stderr
        assert server.stats()["asked"] == 0


def test_a_server_that_is_not_there_costs_its_rungs_only(tmp_path: Path) -> None:
    """All other rungs are measured and reported; one sentence says what is missing, and the exit code is 3."""
    rows = "\n".join(f"{example.text},{example.reference}" for example in data().examples)
    (tmp_path / "tickets.csv").write_text(f"text,label\n{rows}\n", encoding="utf-8")
    with FaultServer() as server:
        url = server.url
    (tmp_path / "strati.toml").write_text(
        f'[data]\nfile = "tickets.csv"\ninput = "text"\nlabel = "label"\n[models.own]\nurl = "{url}"\nmodel = "m"\n',
        encoding="utf-8",
    )
    environment = {**os.environ, "STRATI_MODELS": str(tmp_path / "models"), "COLUMNS": "300"}
    command = [sys.executable, "-m", "strati", "bench", "--json"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "own zero-shot was not measured: no server answers at 127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr
    status = {row["name"]: row["status"] for row in json.loads(done.stdout)["candidates"]}
    assert status == {"own zero-shot": "failed", "own few-shot": "failed", **dict.fromkeys(BASE, "measured")}


def test_a_key_that_is_missing_is_noticed_before_the_work(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from strati.models.open import open_models

    monkeypatch.setenv("STRATI_MODELS", str(tmp_path))
    hosted = {"gpt": {"url": "https://api.openai.com/v1", "model": "gpt-4o-mini", "key_env": "STRATI_NO_SUCH_KEY"}}
    with pytest.raises(ModelError, match="STRATI_NO_SUCH_KEY is not set"):
        open_models([], [], llms=True, hosted=hosted)
    assert open_models([], [], llms=False, hosted=hosted) == ([], [])
    monkeypatch.setenv("STRATI_NO_SUCH_KEY", "sk-1")
    models, _ = open_models(["gpt"], [], llms=True, hosted=hosted)
    assert [model.card.name for model in models] == ["gpt"]
    with pytest.raises(ModelError, match=r"no catalog has a model .gtp."):
        open_models(["gtp"], [], llms=True, hosted=hosted)
