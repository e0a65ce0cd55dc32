"""From logs to a verdict, in Python and through the command."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest

from strati.cli import main
from strati.core.context import Context
from strati.measure.imports import load
from strati.prove.imported import measure
from strati.task.task import Goal
from tests.measure.imports import logs


def two_logs(folder: Path, n: int = 120) -> list[Path]:
    """big is right on 9 of 10, small on every second; one sample of big failed."""
    big = [logs.inspect_sample(i, None if i == 3 else i % 10 != 0) for i in range(n)]
    small = [logs.inspect_sample(i, i % 2 == 0) for i in range(n)]
    return [logs.inspect_eval(folder / "big.eval", big), logs.inspect_eval(folder / "small.eval", small, "small")]


def test_a_paired_verdict_over_two_logs(tmp_path: Path) -> None:
    paths = two_logs(tmp_path)
    imported = load("inspect", paths)
    outcome = measure(imported, Goal(at_least=0.75), paths, tmp_path / "runs", Context())
    verdict = outcome.verdict
    big, small = verdict["candidates"]
    assert (big["quality"]["value"], small["quality"]["value"]) == (107 / 120, 0.5)
    assert (big["status"], big["uses_llm"], big["failures"]) == ("recorded", True, {"unusable_reply": 1})
    assert big["cost_per_1000"] == pytest.approx(1.0)
    assert big["latency_ms"]["p50"] == pytest.approx(1500)
    assert (verdict["choice"]["decision"], verdict["choice"]["name"]) == ("use", "big")
    assert verdict["comparisons"][0]["n"] == 120
    assert (verdict["data"]["method"], verdict["data"]["splits"]["test"]) == ("imported", 120)
    again = measure(imported, Goal(at_least=0.75), paths, tmp_path / "runs", Context())
    assert (again.run, again.verdict) == (outcome.run, verdict)


def test_one_system_is_measured_against_the_bar_alone(tmp_path: Path) -> None:
    paths = two_logs(tmp_path)[:1]
    imported = load("inspect", paths)
    choices = [
        measure(imported, Goal(at_least=bar), paths, tmp_path / "runs", Context()).verdict["choice"]
        for bar in (0.75, 0.97, None)
    ]
    assert [choice["decision"] for choice in choices] == ["use", "none", "undecided"]


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["strati", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    return int(caught.value.code or 0)


def test_one_command_gives_report_and_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [logs.promptfoo_row(p, n, p == "a" or n % 3 > 0) for n in range(150) for p in ("a", "b")]
    logs.promptfoo(tmp_path / "results.json", rows)
    assert command(monkeypatch, "import", "promptfoo", "results.json", "--out", "out", "--json") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["choice"]["name"] == "a"
    assert "an answer is right when it equals the target" in printed.err
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [
        *("answers-a.csv", "answers-b.csv", "answers.jsonl"),
        *("examples.jsonl", "report.html", "verdict.json"),
    ]
    with (tmp_path / "out" / "answers-b.csv").open(newline="") as file:
        first = next(csv.DictReader(file))
    assert (first["answer"], first["right"], first["cost"], first["seconds"]) == ("c", "0", "0.002", "0.5")
    assert f"strati bench {Path('out') / 'examples.jsonl'}" in printed.err


def test_the_files_go_into_a_bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from strati.data import read
    from strati.measure.recorded_answers import read_answers
    from strati.task.task import Task

    monkeypatch.chdir(tmp_path)
    rows = [logs.promptfoo_row("a", n, n % 3 > 0) for n in range(60)]
    logs.promptfoo(tmp_path / "results.json", rows)
    assert command(monkeypatch, "import", "promptfoo", "results.json", "--out", "out") == 0
    data = read(tmp_path / "out/examples.jsonl", Task(inputs=("input",), label="reference", id="id"))
    recorded = read_answers(tmp_path / "out/answers-a.csv")
    right = [recorded[example.id].value == example.reference for example in data.examples]
    assert right == [n % 3 > 0 for n in range(60)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ragas", "big.eval"], "the tool 'ragas' is not known"),
        (["inspect", "none.eval"], "there is no file"),
        (["inspect", "big.eval", "other.eval"], "no sample was given to all 2 systems"),
        (["inspect", "big.eval", "--margin", "7"], "goal.margin is 7"),
        (["inspect", "big.eval", "--out", "big.eval"], "cannot be written"),
    ],
)
def test_what_a_user_can_get_wrong(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    two_logs(tmp_path, 40)
    logs.inspect_eval(tmp_path / "other.eval", [logs.inspect_sample(99, True)], "other")
    assert command(monkeypatch, "import", *arguments) == 2
    printed = capsys.readouterr()
    assert words in printed.err.splitlines()[-1]
    assert "Traceback" not in printed.err
