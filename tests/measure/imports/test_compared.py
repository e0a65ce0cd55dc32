"""From runs to what is compared: pairing, failures, repeats, and how right and wrong are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strati.core.errors import DataError, TaskError
from strati.measure.imports import Imported, load
from strati.measure.imports.compared import compare
from strati.measure.imports.sample import Mark, Run, Sample
from strati.measure.imports.scoring import ANSWERS, SCORES
from strati.measure.imports.systems import systems_of
from tests.measure.imports import logs


def run(name: str, *samples: Sample, **more: Any) -> Run:
    return Run(name, f"{name}.log", samples, **more)


def scored(id: str, score: float, **more: object) -> Sample:
    return Sample(id, marks={"s": Mark(score)}, **more)  # type: ignore[arg-type]


def of(*runs: Run, threshold: float | None = None, score: str | None = None, by: str = "auto") -> Imported:
    return compare(systems_of(runs), score, threshold, by)


def values(imported: Imported, name: str) -> list[str | None]:
    return [imported.answers[name][example.id].value for example in imported.examples]


def test_a_sample_that_failed_is_wrong_and_one_never_asked_is_left_out() -> None:
    a = run("a", scored("1", 1), scored("2", 0), Sample("3", failure="error: 500\n    at the server"), scored("4", 1))
    b = run("b", scored("3", 1), scored("2", 1), scored("1", 0))
    imported = of(a, b)
    assert [example.id for example in imported.examples] == ["1", "2", "3"]
    assert (values(imported, "a"), values(imported, "b")) == (["right", "wrong", None], ["wrong", "right", "right"])
    assert {example.reference for example in imported.examples} == {"right"}
    notes = " | ".join(imported.notes)
    assert "different samples (a 4, b 3): compared on the 3 common ones" in notes
    assert "a: 1 of 3 failed and count as wrong (error: 500)" in notes


def test_the_first_repeat_counts_and_flips_are_told() -> None:
    first = [scored("1", 0, repeat=2), scored("1", 1, repeat=1), scored("2", 1), scored("2", 1, repeat=2)]
    imported = of(run("a", *first))
    assert values(imported, "a") == ["right", "right"]
    assert "repeats differ on 50.0%" in " ".join(imported.notes)


def test_a_retry_completes_its_run_and_the_same_model_again_is_another_system() -> None:
    failed = run("a", Sample("1", failure="error"), scored("2", 0), key="t", created="2026-01-01")
    retry = run("a", scored("1", 1), key="t", created="2026-01-02")
    assert values(of(retry, failed), "a") == values(of(failed, retry), "a") == ["right", "wrong"]
    again = of(failed, run("a", scored("1", 1), scored("2", 1), key="u"))
    assert list(again.answers) == ["a", "a #2"]
    assert "a #2 is a.log" in again.notes


def test_tasks_are_pooled_or_one_is_taken() -> None:
    runs = [run("a", scored("1", 1, task="x")), run("a", scored("1", 0, task="y"))]
    imported = of(*runs)
    assert [example.id for example in imported.examples] == ["x:1", "y:1"]
    assert "2 tasks are pooled (x, y)" in " ".join(imported.notes)
    assert list(compare(systems_of(runs, "y")).answers["a"]) == ["1"]
    with pytest.raises(DataError, match="no sample belongs to the task 'z', expected one of: x, y"):
        systems_of(runs, "z")


def labelled(n: int, answer: str | None, right: float) -> Sample:
    return Sample(str(n), "", f"text {n}", "ab"[n % 2], answer, {"s": Mark(right)})


def test_answers_are_compared_where_they_say_what_the_score_says() -> None:
    exact = of(run("a", *(labelled(n, "a", float(n % 2 == 0)) for n in range(6))))
    assert (exact.rule.kind, values(exact, "a")[:2]) == (ANSWERS, ["a", "a"])
    assert [example.reference for example in exact.examples][:2] == ["a", "b"]
    loose = run("a", *(labelled(n, "It is a.", float(n % 2 == 0)) for n in range(6)))
    assert (of(loose).rule.kind, values(of(loose), "a")[:2]) == (SCORES, ["right", "wrong"])
    assert values(of(loose, by="answers"), "a")[0] == "It is a."
    assert of(run("a", *(labelled(n, "a", float(n % 2 == 0)) for n in range(6))), by="scores").rule.kind == SCORES


def test_targets_that_are_no_labels_leave_it_to_the_score() -> None:
    free = run("a", *(Sample(str(n), reference=f"t{n}", answer=f"t{n}", marks={"s": Mark(1)}) for n in range(6)))
    assert of(free).rule.kind == SCORES


def test_graded_scores_need_a_threshold() -> None:
    graded = run("a", scored("1", 0.4), scored("2", 0.8))
    with pytest.raises(DataError, match=r"the score 's' is graded, with values such as 0.8.*--threshold"):
        of(graded)
    assert values(of(graded, threshold=0.8), "a") == ["wrong", "right"]
    assert "right from 0.8 on" in of(graded, threshold=0.8).notes[0]


def test_the_score_can_be_chosen_and_the_others_are_named() -> None:
    both = run("a", Sample("1", marks={"s": Mark(1), "t": Mark(0)}), Sample("2", marks={"s": Mark(1)}))
    assert "other scores there: t; --score NAME takes one" in of(both).notes[0]
    assert values(of(both, score="t"), "a") == ["wrong", None]
    with pytest.raises(DataError, match="no sample has the score 'u', expected one of: s, t"):
        of(both, score="u")
    with pytest.raises(DataError, match="no sample has the score 'u', nor any other: leave --score out"):
        of(run("a", Sample("1", answer="x", reference="x"), Sample("2", answer="y", reference="x")), score="u")


def test_costs_come_along_and_nothing_but_zeros_is_no_price() -> None:
    paid = [scored("1", 1, dollars=0.5), Sample("2", failure="error"), scored("3", 1)]
    answers = of(run("a", *paid)).answers["a"]
    assert [row.dollars for row in answers.values()] == [0.5, 0.0, None]
    free = of(run("a", scored("1", 1, dollars=0.0), scored("2", 0, dollars=0.0))).answers["a"]
    assert [row.dollars for row in free.values()] == [None, None]


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (scored("1", 1), scored("2", 1), "no sample was given to all 2 systems"),
        (scored("1", 1, input="x"), scored("1", 1, input="y"), "another input for b than for a"),
        (Sample("1", failure="error: 500"), Sample("1", failure="error: 401"), "all 2 samples failed"),
        (Sample("1", answer="x"), Sample("1", answer="y"), "no score either"),
    ],
)
def test_what_cannot_be_compared(a: Sample, b: Sample, words: str) -> None:
    with pytest.raises(DataError) as caught:
        of(run("a", a), run("b", b))
    assert words in str(caught.value)


def test_an_unknown_way_to_compare(tmp_path: Path) -> None:
    path = logs.openai_evals(tmp_path / "a.jsonl", "a", [True, False])
    with pytest.raises(TaskError, match="--by is 'both'"):
        load("openai-evals", [path], by="both")


def test_each_task_is_judged_by_its_own_first_score() -> None:
    """As lm-eval writes them: a generation task with exact_match, and one of choices with acc."""

    def sample(number: int, task: str, **marks: float) -> Sample:
        return Sample(
            str(number), task, f"{task} {number}", None, "x", {key: Mark(mark) for key, mark in marks.items()}
        )

    samples = [sample(n, "gen", exact_match=float(n % 2), other=0.0) for n in range(4)]
    samples += [sample(n, "choice", acc=1.0, acc_norm=0.0) for n in range(4)]
    imported = of(run("a", *samples), run("b", *samples))
    assert values(imported, "a") == ["wrong", "right", "wrong", "right", *["right"] * 4]
    assert imported.rule.by_task == {"gen": "exact_match", "choice": "acc"}
    assert '"exact_match" for gen, "acc" for choice' in imported.rule.words
    assert of(run("a", *samples), score="acc").rule.by_task == {}


def test_samples_with_the_same_input_count_once() -> None:
    samples = [scored(str(n), float(n % 2), input=f"Question {n // 2}") for n in range(6)]
    once = of(run("a", *samples))
    assert [example.id for example in once.examples] == ["0", "2", "4"]
    assert once.left_out == 3
    assert "3 samples repeat the input of another one: left out" in " ".join(once.notes)
    traffic = compare(systems_of([run("a", *samples)]), repeats="traffic")
    assert (len(traffic.examples), traffic.left_out) == (6, 0)
    assert "count as traffic" in " ".join(traffic.notes)
