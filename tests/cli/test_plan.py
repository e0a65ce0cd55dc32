"""`strati bench --plan` and its limits, against a server that counts what it is asked."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import corpus
from tests.command import Said, strati
from tests.models.fault_server import FaultServer

CONFIG = """
[data]
file = "tickets.csv"
[goal]
private = false
[bench]
models = ["fake"]
sample = 20
[models.fake]
url = "{url}"
model = "fake-1"
private = false
price_in = 1
price_out = 4
logprobs = true
concurrency = 4
"""


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path, server: FaultServer) -> Path:
    with (tmp_path / "tickets.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("text", "label"), *((row.input, row.reference) for row in corpus.examples())])
    (tmp_path / "strati.toml").write_text(CONFIG.format(url=server.url), encoding="utf-8")
    return tmp_path


def bench(folder: Path, *arguments: str) -> Said:
    return strati(folder, "bench", *arguments)


def said(done: Said) -> str:
    return done.stderr.splitlines()[-1]


def test_plan_refusal_limit_and_going_on(folder: Path, server: FaultServer) -> None:
    table = bench(folder, "--plan")
    assert (table.returncode, server.stats()["asked"]) == (0, 0)
    assert all(len(line) <= 80 for line in table.stdout.splitlines())
    assert "fake few-shot" in table.stdout
    assert not (folder / ".strati").exists()
    plan = json.loads(bench(folder, "--plan", "--json").stdout)
    assert 0 < plan["dollars"] < plan["most"]

    refused = bench(folder)
    assert refused.returncode == 2
    assert "fake zero-shot, fake few-shot would be paid for" in said(refused)
    assert "say --max-dollars 0." in said(refused)

    over = bench(folder, "--plan", "--max-dollars", "0.0001", "--max-minutes", "0.01")
    assert over.returncode == 3
    assert over.stdout.startswith("The plan of run")
    assert "the plan is over the limit: it costs $" in said(over)
    assert "; it takes " in said(over)
    assert server.stats()["asked"] == 0

    short = bench(folder, "--max-dollars", "0.005")
    assert short.returncode == 3
    assert "the same command with a larger --max-dollars goes on from here" in said(short)
    assert "not measured to the end for want of money" in " ".join(short.stdout.split())
    assert "Money spent on this run" in short.stdout
    report = next((folder / ".strati/runs").glob("*/report.html")).read_text(encoding="utf-8")
    assert "What this run has cost" in report

    rest = bench(folder, "--max-dollars", "9", "--json")
    assert rest.returncode == 0
    spent = json.loads(rest.stdout)["spending"]
    counted = server.stats()
    assert counted["asked"] == counted["billed"] == plan["calls"]
    assert max(counted["billed_by_prompt"].values()) == 2  # a part of the sample is asked twice, on purpose
    assert spent["spent"] == pytest.approx(counted["dollars"], abs=1e-7)
    assert spent["spent"] <= plan["most"]

    free = bench(folder)  # all is paid for
    assert free.returncode == 0
    assert server.stats()["asked"] == plan["calls"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--max-dollars", "-1"), "--max-dollars is -1, expected a number of dollars of at least 0"),
        (("--max-dollars", "nan"), "--max-dollars is nan, expected a number of dollars of at least 0"),
        (("--max-minutes", "0"), "--max-minutes is 0, expected a number above 0"),
    ],
)
def test_limits_that_are_no_amounts(folder: Path, arguments: tuple[str, ...], sentence: str) -> None:
    done = bench(folder, *arguments)
    assert (done.returncode, said(done)) == (2, f"strati: {sentence}")
    assert not (folder / ".strati").exists()


def test_limits_in_the_file(folder: Path, server: FaultServer) -> None:
    path = folder / "strati.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("[bench]", "[bench]\nmax_dollars = 0\nmax_minutes = 30"), encoding="utf-8")
    done = bench(folder)
    assert done.returncode == 3
    assert "the budget of $0.00 does not allow another" in said(done)
    assert server.stats()["asked"] == 0
    path.write_text(text.replace("[bench]", "[bench]\nmax_dollars = -2"), encoding="utf-8")
    assert said(bench(folder)).endswith("bench.max_dollars is -2, expected a number of dollars of at least 0")
