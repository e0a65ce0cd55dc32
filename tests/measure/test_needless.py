"""Rungs that are dearer than the one chosen without them and not better by the margin: let go, and called back."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from strati.core.context import Context
from strati.core.records import Example
from strati.data import Dataset
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.metrics import Accuracy, get_metric
from strati.measure.effort import Effort, shuffled
from strati.measure.entry import Entry
from strati.measure.journal import Journal
from strati.measure.race.needless import dearer, gain_together
from strati.measure.race.racing import Race, race_rows
from strati.measure.records import CandidateRecord, RaceRecord, Status
from strati.measure.runner import Bench
from strati.models.contract import Prompt
from strati.models.scripted import ScriptedModel
from strati.prove.bench import Outcome, bench
from strati.stack.candidate import Candidate, Form
from strati.stack.stack import Stack
from strati.task.task import Goal, Task
from tests.measure.test_racing import EFFORT, LABELS, ROWS, fast, guess, llm, splits

GOAL = Goal(margin=0.1)
SIX = [Example(str(n), f"text {n}", "a") for n in range(6)]


def answers(values: str, sure: Sequence[float] = (), seconds: float = 1.0) -> dict[str, Any]:
    """One answer a row: a is right, b wrong."""
    usage = {"seconds": seconds, "dollars": 0.0}
    return {
        str(n): {"value": value, "confidence": sure[n] if sure else 0.5, "usage": usage}
        for n, value in enumerate(values)
    }


def slow(share: float, name: str, salt: str, moment: int = 0, end: Callable[[], None] = lambda: None) -> Candidate:
    """A model that takes its time; with the salt of another rung it is wrong where that one is, and more or less.

    `end` is called at the call of number `moment`, counted from 1.
    """
    calls = [0]

    def wait(_: Prompt) -> None:
        time.sleep(0.002)
        calls[0] += 1
        if calls[0] == moment:
            end()

    def reply(prompt: Prompt) -> str:
        return guess(prompt.user.removeprefix("Text: ").rsplit("\n", 1)[0], share, salt)

    return llm(share, name, ScriptedModel(reply, name=name, fail=wait))


def four(moment: int = 0, end: Callable[[], None] = lambda: None) -> list[Candidate]:
    """A race in which `level` is not needed beside `fast`, and is called back as `good` is chosen."""
    return [fast(0.75), fast(0.5, "poor"), slow(0.74, "level", "fast", moment, end), slow(0.98, "good", "fast")]


def run(
    candidates: Sequence[Candidate],
    folder: Path,
    goal: Goal = GOAL,
    ctx: Context | None = None,
    effort: Effort = EFFORT,
) -> Outcome:
    data = Dataset(tuple(ROWS), "rows.csv")
    return bench(data, Task(goal=goal), candidates=candidates, effort=effort, runs=folder / "runs", ctx=ctx)


def row_of(verdict: dict[str, Any], name: str) -> dict[str, Any]:
    return next(row for row in verdict["candidates"] if row["name"] == name)


def test_a_dearer_rung_that_is_no_better_by_the_margin_never_sees_test(tmp_path: Path) -> None:
    outcome = run([fast(0.9), fast(0.6, "poor"), slow(0.9, "llm", "fast")], tmp_path)
    verdict = outcome.verdict
    row = row_of(verdict, "llm")
    assert (row["status"], row["quality"], row["race"]["needless"], row["race"]["against"]) == (
        "retired",
        None,
        True,
        "fast",
    )
    assert row["reason"].startswith(
        "not needed beside fast, which costs less: not better by the margin of 10.0 points, 0.0 ("
    )
    assert (verdict["choice"]["name"], verdict["choice"]["needs_llm"]) == ("fast", "no")
    said = {row["question"]: row["answer"] for row in verdict["questions"]}
    assert said["Does an LLM solve my problem?"].startswith("No better than fast by the margin, as far as tried: ")
    with Journal(outcome.journal, read_only=True) as journal:
        assert journal.answered("llm", "test") == journal.answered("llm", "calibrate") == set()


def test_a_rung_that_may_be_better_by_the_margin_is_measured(tmp_path: Path) -> None:
    verdict = run([fast(0.75), fast(0.5, "poor"), slow(0.98, "llm", "fast")], tmp_path).verdict
    assert row_of(verdict, "llm")["status"] == "measured"
    assert (verdict["choice"]["name"], verdict["choice"]["needs_llm"]) == ("llm", "yes")


def test_who_is_not_needed_beside_one_that_is_not_chosen_is_called_back(tmp_path: Path) -> None:
    rungs = four()
    verdict = run(rungs, tmp_path).verdict
    assert verdict["choice"]["name"] == "good"
    row = row_of(verdict, "level")
    assert (row["status"], row["race"]["called_back"]) == ("measured", True)
    assert 0 < row["race"]["rows"] < EFFORT.race_rows
    assert row["quality"]["n"] == row_of(verdict, "good")["quality"]["n"]
    again = run(rungs, tmp_path).verdict
    assert [row["status"] for row in again["candidates"]] == [row["status"] for row in verdict["candidates"]]
    assert again["comparisons"] == verdict["comparisons"]
    assert {(pair["a"], pair["b"]) for pair in verdict["comparisons"]} >= {("level", "good")}


def test_a_rung_that_looks_hopeless_races_sooner_and_is_asked_nothing_twice(tmp_path: Path) -> None:
    """It is wrong on the very rows on which its form is chosen, so nothing but the race can tell that it is good."""
    unlucky = {row.text for row in shuffled(splits().units[0].tune, 0)[:8]}

    def reply(prompt: Prompt) -> str:
        text = prompt.user.removeprefix("Text: ").rsplit("\n", 1)[0]
        return guess(text, 0.0 if text in unlucky else 1.0, "one")

    scripted = ScriptedModel(reply, name="one", fail=lambda _: time.sleep(0.002))
    forms = [Form({"task": task}, Stack.of(LLM(scripted, LABELS, task=task), name=task)) for task in ("x", "y", "z")]
    one = Candidate("one", tuple(forms), uses_llm=True, slow=True, cards=(scripted.card,))
    rungs = [fast(0.75), fast(0.5, "poor"), one]
    effort = replace(EFFORT, form_rows=32)
    outcome = run(rungs, tmp_path, effort=effort)
    verdict, row = outcome.verdict, row_of(outcome.verdict, "one")
    assert (verdict["choice"]["name"], row["status"]) == ("one", "measured")
    assert [form["n"] for form in row["forms"]] == [8, 8, 8]  # and not 16
    calls = scripted.calls
    again = run(rungs, tmp_path, effort=effort).verdict
    assert (again["comparisons"], scripted.calls) == (verdict["comparisons"], calls)
    with Journal(outcome.journal) as journal:
        metric, parts = get_metric("accuracy", LABELS), splits()
        bench_ = Bench(parts, metric, journal, Context(memo=journal), effort, goal=GOAL)
        bench_.race = Race(parts.units[0], metric, journal, bench_.fitting, effort, GOAL, rungs)
        restored = bench_.restored(one, parts.units[0])
        assert restored.fingerprint() == journal.candidates()["one"].fingerprint
    assert scripted.calls == calls


def test_who_is_called_back_races_on_and_need_not_answer_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That it is not needed is shown the sooner; a few more rows show that it is worse."""
    real, rows = Bench._called_back, {}

    def called_back(bench_: Bench, entries: Sequence[Entry]) -> Sequence[Entry]:
        back = real(bench_, entries)
        rows.update({entry.candidate.name: entry.record.race.rows for entry in back if entry.record.race})
        return back

    monkeypatch.setattr(Bench, "_called_back", called_back)
    rungs = [fast(0.75), fast(0.5, "poor"), slow(0.2, "bad", "bad"), slow(0.98, "good", "fast")]
    outcome = run(rungs, tmp_path, Goal(margin=0.2))
    row = row_of(outcome.verdict, "bad")
    assert outcome.verdict["choice"]["name"] == "good"
    assert (row["status"], row["race"]["needless"]) == ("retired", False)
    assert row["reason"].startswith("worse than fast by more than the margin of 20.0 points")
    assert 0 < rows["bad"] < row["race"]["rows"] < EFFORT.race_rows
    with Journal(outcome.journal, read_only=True) as journal:
        assert journal.answered("bad", "test") == set()
        assert len(journal.answered("bad", "race")) == row["race"]["rows"]
    again = run(rungs, tmp_path, Goal(margin=0.2)).verdict
    assert row_of(again, "bad")["race"] == row["race"]


@pytest.mark.parametrize("moment", [30, 100, 130])
def test_a_run_broken_off_while_one_is_called_back_comes_out_the_same(moment: int, tmp_path: Path) -> None:
    ctx = Context()
    first = run(four(moment, ctx.cancelled.set), tmp_path, ctx=ctx)
    assert first.stopped is not None
    again, whole = run(four(), tmp_path).verdict, run(four(), tmp_path / "whole").verdict
    for name in ("fast", "poor", "level", "good"):
        one, other = row_of(again, name), row_of(whole, name)
        assert (one["status"], one["quality"]) == (other["status"], other["quality"])
        assert (one["race"] or {}).get("rows") == (other["race"] or {}).get("rows")
    assert again["choice"]["name"] == whole["choice"]["name"] == "good"


def killed_run(folder: Path, moment: int) -> None:
    """A process that is gone at the call of this number to the rung that is called back."""
    run(four(moment, lambda: os.kill(os.getpid(), signal.SIGKILL)), folder)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no kill -9")
def test_kills_while_one_is_called_back_change_nothing(tmp_path: Path) -> None:
    """One run, killed twice on its way; the calls count from each new start."""
    start = multiprocessing.get_context("spawn")
    ends = []
    for moment in (95, 12):
        process = start.Process(target=killed_run, args=(tmp_path, moment))
        process.start()
        process.join()
        ends.append(process.exitcode)
        with Journal(next(tmp_path.glob("runs/*.db")), read_only=True) as journal:
            record = journal.candidates()["level"]
        assert (record.status, record.race and record.race.called_back) == ("partial", True)
    assert ends == [-signal.SIGKILL] * 2
    outcome, whole = run(four(), tmp_path), run(four(), tmp_path / "whole").verdict
    assert row_of(outcome.verdict, "level")["race"]["called_back"]
    for name in ("level", "good"):
        one, other = row_of(outcome.verdict, name), row_of(whole, name)
        assert (one["status"], one["quality"]) == (other["status"], other["quality"])
        assert one["race"]["rows"] == other["race"]["rows"]
    assert outcome.verdict["choice"]["name"] == whole["choice"]["name"] == "good"


def test_with_no_rung_that_would_do_alone_nobody_is_unneeded(tmp_path: Path) -> None:
    """The bar is out of reach for the fast ones, so a stack with a model is what the user may want."""
    goal = Goal(margin=0.1, at_least=0.97)
    verdict = run([fast(0.9), fast(0.6, "poor"), slow(0.93, "llm", "fast")], tmp_path, goal).verdict
    assert not (row_of(verdict, "llm")["race"] or {}).get("needless")


def test_the_dearer_one() -> None:
    assert dearer(answers("a", seconds=2), answers("aa", seconds=1), Goal())
    assert not dearer(answers("a"), answers("a"), Goal())
    assert not dearer({}, answers("a"), Goal())


@pytest.mark.parametrize(
    ("own", "first", "sure", "gain"),
    [
        ("aaaaaa", "aaabbb", [0.9, 0.8, 0.7, 0.3, 0.2, 0.1], 3 / 6),
        ("bbbaaa", "aaabbb", [0.9, 0.8, 0.7, 0.3, 0.2, 0.1], 3 / 6),  # passed on below .7: all right
        ("bbbaaa", "aaabbb", [0.1, 0.2, 0.3, 0.7, 0.8, 0.9], 0.0),  # sure where it is wrong
        ("bbbbbb", "aaaaaa", [0.5] * 6, 0.0),
    ],
)
def test_what_two_gain_together(own: str, first: str, sure: list[float], gain: float) -> None:
    assert gain_together(answers(own), answers(first, sure), SIX, Accuracy()) == pytest.approx(gain)


def retired(race: RaceRecord) -> CandidateRecord:
    return CandidateRecord(status=Status.RETIRED, race=race)


def test_what_passed_tests_had_goes_to_the_rest(tmp_path: Path) -> None:
    rungs = [fast(0.9), slow(0.9, "one", "one"), slow(0.9, "two", "two")]
    with Journal(tmp_path / "run.db") as journal:
        race = Race(splits().units[0], get_metric("accuracy", LABELS), journal, Context(), EFFORT, Goal(), rungs)
        assert (race.tests, race.levels()) == (3, (0.0, 0.0, 0.05 / 3))
        race.leads("fast")
        assert race.tests == 3  # a pair is counted once for both its claims
        assert race.levels() == pytest.approx((0.04 / 2, 0.04 / 2, 0.01))
        journal.write_candidate("one", 1, retired(RaceRecord(against="fast", needless=True)))
        assert race.levels() == pytest.approx((0.04, 0.04 / 2, 0.01))
        journal.write_candidate("one", 1, CandidateRecord(race=RaceRecord(against="fast", called_back=True)))
        assert race.levels() == pytest.approx((0.04, 0.04 / 2, 0.01))
        journal.write_candidate("one", 1, retired(RaceRecord(against="fast", needless=False)))
        assert race.levels() == pytest.approx((0.04, 0.04, 0.01))
        journal.write_candidate("one", 1, CandidateRecord(status=Status.MEASURED, race=RaceRecord(against="fast")))
        assert race.levels() == pytest.approx((0.04 / 2, 0.04 / 2, 0.01))
        journal.write_candidate("two", 1, retired(RaceRecord(against="one")))
        assert race.levels() == pytest.approx((0.04 / 2, 0.04 / 2, 0.01))


def test_how_many_rows_race() -> None:
    found = [race_rows(tune, Effort()) for tune in (20, 100, 288, 500, 732, 2000)]
    assert found == [0, 68, 256, 256, 350, 512]
