"""Runs that cost money: what a limit stops and what it does not, and what is on record afterwards."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from strati.core.budget import NANO
from strati.core.context import Context
from strati.core.errors import BusyError, TaskError
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.majority import Majority
from strati.measure.effort import Effort
from strati.measure.journal import Journal
from strati.models.contract import Prompt
from strati.prove.bench import Outcome, bench
from strati.prove.studies import Studies
from strati.stack.candidate import Candidate, Form
from strati.stack.stack import Stack
from strati.task.task import Goal, Task
from tests import corpus
from tests.paid_model import DOLLARS, WORST, PaidModel, Till

ONCE = Studies(curve=False, repeats=False)
EFFORT = Effort(sample=30, form_rows=6, tune_rows=8, fast_tune_rows=30, probes=2, racing=False, calibrate=False)
OPEN = Task(goal=Goal(private=False))


def rung(model: PaidModel, name: str = "llm") -> Candidate:
    return Candidate(
        name, (Form({}, Stack.of(LLM(model, corpus.LABELS))),), uses_llm=True, slow=True, cards=(model.card,)
    )


def run(folder: Path, *models: PaidModel, dollars: float | None = 9.0, ctx: Context | None = None) -> Outcome:
    """Paid rungs first, then one that costs nothing."""
    candidates = [*(rung(model, model.name) for model in models), Candidate.of(Majority(), "majority")]
    data = corpus.dataset()
    return bench(
        data, OPEN, candidates=candidates, effort=EFFORT, runs=folder, max_dollars=dollars, ctx=ctx, studies=ONCE
    )


def status(outcome: Outcome) -> dict[str, str]:
    return {row["name"]: row["status"] for row in outcome.verdict["candidates"]}


def holds(outcome: Outcome, till: Till, limit: float) -> dict[str, Any]:
    """The spending of a verdict, after the sums that hold on every path."""
    spent: dict[str, Any] = outcome.verdict["spending"]
    with Journal(outcome.journal, read_only=True) as journal:
        paid, lost = journal.totals()
    assert paid + lost <= round(limit * NANO)
    assert spent["spent"] == pytest.approx((paid + lost) / NANO)
    assert sum(row["calls"] for row in spent["rungs"]) == till.asked
    return spent


def test_a_rung_that_reaches_the_limit_ends_and_the_others_go_on(tmp_path: Path) -> None:
    model = PaidModel()
    outcome = run(tmp_path, model, dollars=0.058)
    assert status(outcome) == {"paid": "partial", "majority": "measured"}
    assert outcome.out_of_money
    assert outcome.stopped is not None
    assert "the budget of $0.06 does not allow another $0.0015" in outcome.stopped
    spent = holds(outcome, model.till, 0.058)
    assert 0.058 - WORST < spent["spent"] <= 0.058
    reason = outcome.verdict["choice"]["reasons"][0]
    assert reason.startswith("not measured to the end for want of money: paid; $0.0")
    assert "of the $0.058 allowed is spent" in reason
    quality = outcome.verdict["candidates"][0]["quality"]
    assert 0 < quality["n"] < 30  # the answers that were paid for are kept and shown


def test_the_same_call_with_a_larger_limit_goes_on_and_pays_nothing_twice(tmp_path: Path) -> None:
    model = PaidModel()
    first = run(tmp_path, model, dollars=0.02)
    last = run(tmp_path, model, dollars=1.0)
    assert first.run == last.run
    assert status(last) == {"paid": "measured", "majority": "measured"}
    assert model.till.asked == len(model.till.calls)
    assert holds(last, model.till, 1.0)["limit"] == 1.0


def test_a_cheaper_rung_is_measured_after_one_that_was_too_dear(tmp_path: Path) -> None:
    dear, cheap = PaidModel(name="dear"), PaidModel(name="cheap")
    run(tmp_path, dear, cheap, dollars=0.02)
    assert dear.till.asked > 0
    assert cheap.till.asked <= 1  # the last cents may still do for a call of it


@pytest.mark.parametrize("limit", [0.0, 1e-12, WORST / 2])
def test_a_limit_below_one_call_asks_nothing(tmp_path: Path, limit: float) -> None:
    model = PaidModel()
    outcome = run(tmp_path, model, dollars=limit)
    assert model.till.asked == 0
    assert outcome.out_of_money
    assert status(outcome)["majority"] == "measured"


@pytest.mark.parametrize("limit", [-1.0, float("nan"), float("inf")])
def test_a_limit_that_is_no_amount_is_refused_before_anything_is_written(tmp_path: Path, limit: float) -> None:
    with pytest.raises(TaskError, match="expected a number of dollars of at least 0"):
        run(tmp_path, PaidModel(), dollars=limit)
    assert not list(tmp_path.iterdir())


def test_an_absurd_limit_is_a_limit(tmp_path: Path) -> None:
    model = PaidModel()
    assert status(run(tmp_path, model, dollars=1e30))["paid"] == "measured"


def test_a_limit_below_what_is_spent_already_asks_nothing_more(tmp_path: Path) -> None:
    model = PaidModel()
    run(tmp_path, model, dollars=0.02)
    before = model.till.asked
    outcome = run(tmp_path, model, dollars=0.01)
    assert model.till.asked == before
    assert status(outcome)["paid"] == "partial"


def test_a_server_that_goes_away_costs_what_was_answered(tmp_path: Path) -> None:
    model = PaidModel(lambda number, prompt: "down" if number >= 10 else "")
    outcome = run(tmp_path, model)
    assert status(outcome)["paid"] == "failed"
    assert holds(outcome, model.till, 9.0)["spent"] == pytest.approx(10 * DOLLARS)


def test_a_reply_lost_on_its_way_counts_with_the_most_it_may_have_cost(tmp_path: Path) -> None:
    model = PaidModel(lambda number, prompt: "lost" if number == 10 else "", concurrency=1)
    outcome = run(tmp_path, model)
    assert holds(outcome, model.till, 9.0)["spent"] == pytest.approx(10 * DOLLARS + WORST)


def test_retries_are_paid_from_the_same_budget(tmp_path: Path) -> None:
    model = PaidModel(lambda number, prompt: "retry" if number % 3 == 0 else "")
    outcome = run(tmp_path, model, dollars=0.03)
    assert outcome.out_of_money
    holds(outcome, model.till, 0.03)
    assert status(run(tmp_path, model))["paid"] == "measured"


def test_a_model_that_crashes_in_the_middle_keeps_the_ledger_whole(tmp_path: Path) -> None:
    def crash(number: int, prompt: Prompt) -> str:  # noqa: ARG001
        if number == 12:
            raise ZeroDivisionError("in the adapter")
        return ""

    model = PaidModel(crash)
    outcome = run(tmp_path, model)
    spent = holds(outcome, model.till, 9.0)
    assert spent["lost"] == pytest.approx(WORST)  # nobody settled that call: it may have been paid


def test_cancelling_keeps_the_answers_that_were_paid_for(tmp_path: Path) -> None:
    ctx = Context()

    def cancel(number: int, prompt: Prompt) -> str:  # noqa: ARG001
        if number == 50:
            ctx.cancelled.set()
        return ""

    model = PaidModel(cancel, concurrency=2)
    outcome = run(tmp_path, model, ctx=ctx)
    assert outcome.stopped == "stopped by the user; everything so far is kept"
    assert not outcome.out_of_money
    assert outcome.verdict["candidates"][0]["quality"]["n"] > 2
    run(tmp_path, model)
    assert model.till.asked == len(model.till.calls)


def test_what_was_paid_is_told_as_it_is_paid(tmp_path: Path) -> None:
    told: list[float] = []
    model = PaidModel()
    run(tmp_path, model, dollars=0.02, ctx=Context(paid=told.append))
    first = len(told)
    assert told[-1] == pytest.approx(max(told)) == pytest.approx(first * DOLLARS)
    run(tmp_path, model, ctx=Context(paid=told.append))
    assert told[first] == pytest.approx(first * DOLLARS)  # a resumed run begins with what was paid before


def _asks_slowly(folder: Path) -> None:
    def slow(number: int, prompt: Prompt) -> str:  # noqa: ARG001
        time.sleep(0.05)
        return ""

    run(folder, PaidModel(slow, concurrency=2))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_two_at_once_are_refused_and_a_killed_one_leaves_its_reservations(tmp_path: Path) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_asks_slowly, args=(tmp_path,))
    process.start()
    try:
        _wait_for_calls(tmp_path)
        with pytest.raises(BusyError, match=f"process {process.pid}"):
            run(tmp_path, PaidModel())
    finally:
        if process.pid:
            os.kill(process.pid, signal.SIGKILL)
        process.join()
    model = PaidModel()
    outcome = run(tmp_path, model)
    lost = outcome.verdict["spending"]["lost"]
    assert lost <= 2 * WORST + 1e-12
    assert outcome.verdict["spending"]["spent"] - lost >= model.till.asked * DOLLARS


def _wait_for_calls(folder: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        for path in folder.glob("*.db"):
            with Journal(path) as journal:
                if sum(row.calls for row in journal.spending()) > 3:
                    return
        time.sleep(0.05)
    raise TimeoutError("the run did not begin")
