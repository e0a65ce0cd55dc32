"""`strati bench` and `strati report` from end to end, through the command itself."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import NoReturn

import pytest

from tests import corpus
from tests.command import strati

FILES = ("verdict.json", "answers.jsonl", "report.html")


def strict(text: str) -> dict[str, object]:
    """JSON as the standard has it: no NaN, no Infinity."""

    def refuse(word: str) -> NoReturn:
        raise ValueError(word)

    parsed: dict[str, object] = json.loads(text, parse_constant=refuse)
    return parsed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with (tmp_path / "tickets.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [(example.input, f"[bold]{example.reference}, <blink>") for example in corpus.examples()]
        csv.writer(file).writerows([("text", "label"), *rows])
    return tmp_path


def test_from_a_file_to_a_verdict_and_back_from_the_journal(folder: Path) -> None:
    first = strati(folder, "bench", "tickets.csv", "--no-llm", "--out", "first")
    assert (first.returncode, "Traceback" in first.stderr) == (0, False)
    assert all(len(line) <= 80 for line in first.stdout.splitlines())
    assert "n-grams: test" in first.stderr
    written = {name: (folder / "first" / name).read_text(encoding="utf-8") for name in FILES}
    verdict = strict(written["verdict.json"])
    asked = sum(row["quality"]["n"] for row in verdict["candidates"])  # type: ignore[attr-defined]
    assert len(written["answers.jsonl"].splitlines()) == asked > 0
    assert "<blink>" not in written["report.html"]
    assert "[bold]refund, <blink>" in verdict["task"]["labels"]  # type: ignore[index]

    again = strati(folder, "bench", "tickets.csv", "--no-llm", "--out", "again", "--json")
    assert again.returncode == 0
    assert strict(again.stdout) == verdict
    assert ": test (" not in again.stderr
    assert len(list((folder / ".strati/runs").glob("*.db"))) == 1

    rebuilt = strati(folder, "report", "--out", "rebuilt")
    assert rebuilt.returncode == 0
    assert rebuilt.stdout.splitlines()[:3] == first.stdout.splitlines()[:3]
    for name in FILES:
        assert (folder / "again" / name).read_text(encoding="utf-8") == written[name]
        assert (folder / "rebuilt" / name).read_text(encoding="utf-8") == written[name]


def test_curves_are_left_out_on_request_and_drawn_otherwise(folder: Path) -> None:
    without = strati(folder, "bench", "tickets.csv", "--no-llm", "--no-curve", "--json")
    assert without.returncode == 0
    assert strict(without.stdout)["learning_curves"] == []
    toml = '[data]\nfile = "tickets.csv"\n[goal]\nlabel_costs = 0.5\nwrong_answer_costs = 2\n[bench]\nllm = false\n'
    (folder / "strati.toml").write_text(toml, encoding="utf-8")
    found = strati(folder, "bench")
    assert found.returncode == 0
    assert "n-grams: learning curve" in found.stderr
    assert "Total cost: 10,000 answers a month for 12 months" in found.stdout
    assert all(len(line) <= 80 for line in found.stdout.splitlines())


def test_racing_can_be_switched_off_by_flag_and_by_file(folder: Path) -> None:
    by_flag = strati(folder, "bench", "tickets.csv", "--no-llm", "--no-racing", "--json")
    text = '[data]\nfile = "tickets.csv"\nlabel = "label"\ninput = ["text"]\n[bench]\nllm = false\nracing = false\n'
    (folder / "strati.toml").write_text(text, encoding="utf-8")
    by_file = strati(folder, "bench", "--json")
    for run in (by_flag, by_file):
        assert run.returncode == 0, run.stderr
        limits = strict(run.stdout)["limits"]
        assert isinstance(limits, dict)
        assert limits["racing"] is False
    again = strati(folder, "bench", "--racing", "--json")
    limits = strict(again.stdout)["limits"]
    assert isinstance(limits, dict)
    assert limits["racing"] is True
