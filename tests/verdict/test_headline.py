"""Headline and first screen say what was measured, and no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strati.core.records import Example
from strati.kinds.classify.linear import Linear
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.majority import Majority
from strati.measure.effort import Effort
from strati.models.scripted import ScriptedModel
from strati.prove.bench import bench
from strati.stack.candidate import Candidate
from strati.task.task import Goal, Task
from tests import corpus

EFFORT = Effort(sample=60, form_rows=6, tune_rows=8, fast_tune_rows=30, probes=2)


def verdict(folder: Path, *candidates: Candidate, task: Task | None = None, rows: list[Example] | None = None) -> Any:
    found = bench(
        corpus.dataset(rows), task or Task(), candidates=list(candidates), effort=EFFORT, runs=folder / "runs"
    )
    return found.verdict


def majority() -> Candidate:
    return Candidate.of(Majority(), "majority")


def linear() -> Candidate:
    return Candidate.of(Linear(name="linear"), "linear")


def short(found: Any) -> dict[str, str]:
    return {row["question"]: row["answer"] for row in found["summary"]}


def test_no_llm_tried_and_no_bar_is_the_best_so_far(tmp_path: Path) -> None:
    found = verdict(tmp_path, majority(), linear())
    choice = found["choice"]
    assert choice["headline"].startswith("Best so far: linear, ")
    assert choice["headline"].endswith(
        "Whether an LLM would do better is not known: strati models pull NAME, then the same command again."
    )
    assert (choice["needs_llm"], choice["best_so_far"]) == ("undecided", True)
    assert "need an LLM" not in choice["headline"]
    needed = next(row for row in found["questions"] if row["question"] == "Do I need one?")
    assert needed["answer"].startswith("Not known")
    assert list(short(found)) == ["What to use", "How good", "How sure", "What it costs", "What next"]
    assert short(found)["What to use"].startswith("linear, until something better is tried")
    assert "always answering" in short(found)["How good"]
    assert "strati models pull" in short(found)["What next"]


def test_use_needs_the_bar_where_there_is_one(tmp_path: Path) -> None:
    above = verdict(tmp_path, majority(), linear(), task=Task(goal=Goal(at_least=0.7)))["choice"]
    assert above["headline"].startswith("Use linear: ")
    assert "shown to reach your bar of 70.0 %" in above["headline"]
    assert above["needs_llm"] == "undecided"
    below = verdict(tmp_path, majority(), linear(), task=Task(goal=Goal(at_least=0.999)))["choice"]
    assert not below["headline"].startswith("Use")


def test_with_an_llm_tried_the_need_is_told(tmp_path: Path) -> None:
    weak = Candidate.of(LLM(ScriptedModel(lambda prompt: "delivery"), corpus.LABELS, name="weak"), "weak")
    choice = verdict(tmp_path, majority(), linear(), weak)["choice"]
    assert choice["headline"] == "Use linear. You do not need an LLM for this task, among the LLMs tried."
    assert (choice["needs_llm"], choice["best_so_far"]) == ("no", False)


@pytest.mark.parametrize("rare", [2, 60])
def test_a_rare_answer_is_never_lost_in_the_margin(tmp_path: Path, rare: int) -> None:
    texts = [f"{example.text} again" for example in corpus.examples()]
    many = [Example(f"m{n}", f"{texts[n % 120]} {n}", "ok") for n in range(400 - rare)]
    few = [Example(f"f{n}", f"stolen card {n} {texts[n]}", "fraud") for n in range(rare)]
    found = verdict(tmp_path, majority(), linear(), rows=[*many, *few])
    choice = found["choice"]
    if rare == 2:
        assert choice["headline"].startswith("Undecided: always answering 'ok' is right on 98")
        assert "Compare macro-F1, or say what each error costs" in choice["headline"]
        assert "--metric macro_f1" in short(found)["What next"]
    else:
        assert choice["name"] == "linear"
        assert "of 9 'fraud' it finds" in short(found)["How good"] or "'fraud' it finds" in short(found)["How good"]
