"""`strati run` through the command itself; in processes of their own where they are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from strati.core.context import Context
from strati.core.records import Example
from strati.kinds.classify.linear import Linear
from strati.kinds.classify.rule import parse_rules
from strati.kinds.classify.rules import Rules
from strati.stack.calibration import Combiner
from strati.stack.folder import save_stack
from strati.stack.stack import Stack, Stage
from tests.command import Said, strati


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A saved stack of a rule and of n-grams that are never sure enough, and rows to answer."""
    path = tmp_path_factory.mktemp("run")
    things = ("sofa", "lamp", "desk", "chair", "shelf", "table")
    rules = Rules(parse_rules('when "broken" then repair\n'), "rules")
    examples = [Example(f"{word}{thing}", f"{word} {thing}", word) for word in ("refund", "repair") for thing in things]
    ngrams = Linear(name="n-grams").fit(examples, (), Context())
    unsure = Stage(ngrams, threshold=0.99, combiner=Combiner(slope=0.1))
    save_stack(Stack((Stage(rules), unsure), "tickets"), path / "tickets.stack", inputs=("text",))
    rows = [f"{n},the {things[n % 6]} is broken and number {n} says hello" for n in range(6000)]
    (path / "new.csv").write_text("id,text\n" + "\n".join([*rows, "odd,i want my money back"]) + "\n", encoding="utf-8")
    return path


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "strati", "run", "tickets.stack", *arguments]
    environment = {**os.environ, "COLUMNS": "80"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=environment, stdout=pipe, stderr=pipe, text=True)


def run(folder: Path, *arguments: str) -> Said:
    return strati(folder, "run", "tickets.stack", *arguments)


def test_answers_are_the_same_from_one_process_and_from_two(folder: Path) -> None:
    one = run(folder, "new.csv", "--id", "id", "--out", "one.jsonl", "--workers", "1")
    two = run(folder, "new.csv", "--id", "id", "--out", "two.jsonl", "--workers", "2")
    assert (one.returncode, two.returncode) == (0, 0), one.stderr + two.stderr
    assert "6,001 rows" in one.stdout
    assert "no certificate" in one.stdout
    assert (folder / "one.jsonl").read_bytes() == (folder / "two.jsonl").read_bytes()
    again = run(folder, "new.csv", "--id", "id", "--out", "one.jsonl", "--json")
    assert json.loads(again.stdout)["rows"] == 6001


def test_killed_again_and_again_it_ends_with_the_same_answers(folder: Path) -> None:
    run(folder, "new.csv", "--id", "id", "--out", "whole.jsonl", "--workers", "1")
    out = folder / "killed.jsonl"
    for size in (1, 400_000, 900_000):
        process = start(folder, "new.csv", "--id", "id", "--out", out.name, "--workers", "1")
        while process.poll() is None and (not out.exists() or out.stat().st_size < size):
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    done = run(folder, "new.csv", "--id", "id", "--out", out.name, "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == (folder / "whole.jsonl").read_bytes()


def test_people_decide_what_waits(folder: Path) -> None:
    arguments = ("new.csv", "--id", "id", "--out", "people.jsonl")
    first = run(folder, *arguments, "--pending", "for_people.csv")
    assert first.returncode == 0, first.stderr
    waiting = (folder / "for_people.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert waiting
    key = waiting[0].split(",")[0]
    (folder / "decided.csv").write_text(f"id,answer,by\n{key},refund,Ann\n", encoding="utf-8")
    second = run(folder, *arguments, "--decisions", "decided.csv")
    assert "decisions decided: 1" in second.stdout
    (folder / "decided.csv").write_text("id,answer\nnobody,refund\n", encoding="utf-8")
    third = run(folder, *arguments, "--decisions", "decided.csv")
    assert third.returncode == 2
    assert "such as 'nobody'" in third.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("none.csv",), "there is no file none.csv"),
        (("new.csv", "--input", "body"), "has no column 'body'"),
        (("new.csv", "--workers", "0"), "--workers is 0"),
        (("new.csv", "--out", "new.csv"), "has no journal beside it"),
    ],
)
def test_bad_input_is_one_sentence(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    done = run(folder, *arguments)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert words in done.stderr


def test_the_input_column_is_the_one_that_was_learned_from_and_never_a_guess(folder: Path) -> None:
    (folder / "notes.csv").write_text("id,message,notes\n1,it is broken,parcel courier\n", encoding="utf-8")
    refused = run(folder, "notes.csv", "--out", "notes.jsonl")
    assert refused.returncode == 2
    assert "has no column 'text'; its columns are: id, message, notes" in refused.stderr
    assert "tickets.stack learned from 'text': name the column to read with --input" in refused.stderr
    assert not (folder / "notes.jsonl").exists()
    named = run(folder, "notes.csv", "--input", "message", "--out", "notes.jsonl")
    assert named.returncode == 0, named.stderr
    assert "input: message" in named.stdout
    (folder / "both.csv").write_text("message,text\nparcel,it is broken\n", encoding="utf-8")
    both = run(folder, "both.csv", "--out", "both.jsonl", "--json")
    assert json.loads(both.stdout)["input"] == ["text"]
    assert json.loads((folder / "both.jsonl").read_text())["answer"] == "repair"
