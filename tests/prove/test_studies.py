"""Studies inside whole benches: cross-fitted, in groups, with macro-F1, interrupted, asked for later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from strati.core.context import Context
from strati.core.records import Example, Usage
from strati.kinds.classify.linear import Linear
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.majority import Majority
from strati.kinds.classify.neighbours import Shots
from strati.measure.effort import Effort
from strati.measure.journal import Journal
from strati.measure.studies.learning_curve import curve_key
from strati.models.scripted import ScriptedModel
from strati.prove.bench import Outcome, bench
from strati.prove.studies import Studies, extra_calls
from strati.stack.candidate import Candidate, Form
from strati.stack.layers.features import TextFeatures
from strati.stack.stack import Stack
from strati.task.task import Goal, Task
from tests import corpus

EFFORT = Effort(sample=40, form_rows=6, tune_rows=40, fast_tune_rows=60, probes=2, racing=False)


def run(runs: Path, rows: list[Example] | None = None, **more: Any) -> Outcome:
    task = more.pop("task", Task(goal=Goal(label_costs=0.5)))
    return bench(corpus.dataset(rows), task, candidates=rungs(more.pop("llm", True)), effort=EFFORT, runs=runs, **more)


def rungs(llm: bool) -> list[Candidate]:
    """A short ladder, each rung in one form."""
    linear = Stack.of(Linear(1.0, TextFeatures()), name="n-grams")
    found = [
        Candidate("majority", (Form({}, Stack.of(Majority())),), learns=True),
        Candidate("n-grams", (Form({}, linear),), learns=True),
    ]
    model = LLM(ScriptedModel(corpus.reply), corpus.LABELS)
    zero, few = Stack.of(model), Stack.of(Shots(2), model)
    llms = [
        Candidate("zero-shot", (Form({}, zero),), uses_llm=True, slow=True),
        Candidate("few-shot", (Form({}, few),), uses_llm=True, slow=True, learns=True),
    ]
    return [*found, *llms] if llm else found


def many(count: int, groups: int = 0) -> list[Example]:
    """The corpus over and over with numbers in the texts, so that it is large enough for a plain split."""
    rows = corpus.examples()
    made = [replace(rows[n % 120], id=str(n), input=f"{rows[n % 120].text} no {n}") for n in range(count)]
    return [replace(row, group=f"g{n % groups}") for n, row in enumerate(made)] if groups else made


def prices(outcome: Outcome) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["trained"], row["llm"]): row for row in outcome.verdict["label_price"]["rows"]}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run(tmp_path_factory.mktemp("plain") / "runs", many(420))


def test_labels_of_both_ways_are_counted(plain: Outcome) -> None:
    splits = plain.verdict["data"]["splits"]
    either = splits["tune"] + splits["calibrate"] + splits["test"]
    assert plain.verdict["label_price"]["proving"] == {
        "tune": splits["tune"],
        "calibrate": splits["calibrate"],
        "test": splits["test"],
        "sealed": 0,
    }
    few, zero = (prices(plain)["n-grams", f"{way}-shot"] for way in ("few", "zero"))
    assert (zero["shots"], few["shots"]) == (0, splits["train"])
    assert (zero["llm_total"], few["llm_total"]) == (either, either + splits["train"])
    assert zero["total"] == zero["labels"] + either
    assert zero["dollars"] == 0.5 * zero["total"]
    assert zero["n"] == 40


def test_an_easy_task_is_reached_and_a_majority_never_gets_there(plain: Outcome) -> None:
    """The scripted model is right on three labels of four; n-grams get the fourth too, the majority one."""
    reached, not_reached = (prices(plain)[name, "zero-shot"] for name in ("n-grams", "majority"))
    assert reached["reached"] in ("reached", "from the start")
    assert reached["low"] <= reached["labels"] <= 100
    assert (not_reached["reached"], not_reached["labels"], not_reached["total"]) == ("not reached", None, None)
    words = next(q["answer"] for q in plain.verdict["questions"] if "in-context" in q["question"])
    assert "Label price: " in words
    assert "training labels" in words or "labels" in words


def test_curves_of_all_trainable_rungs_and_of_no_other(plain: Outcome) -> None:
    names = [curve["candidate"] for curve in plain.verdict["learning_curves"]]
    assert names == ["majority", "n-grams"]
    curve = next(c for c in plain.verdict["learning_curves"] if c["candidate"] == "n-grams")
    assert [point["labels"] for point in curve["points"]] == [25, 50, 100, plain.verdict["data"]["splits"]["train"]]
    assert curve["points"][0]["value"] < curve["points"][-1]["value"]
    last = curve["last_step"]
    assert last["low"] <= last["difference"] <= last["high"]
    assert last["difference"] == pytest.approx(curve["points"][-1]["value"] - curve["points"][-2]["value"])


def test_few_labels_are_cross_fitted_and_counted_once(tmp_path: Path) -> None:
    outcome = run(tmp_path / "runs")
    splits = outcome.verdict["data"]["splits"]
    assert outcome.verdict["data"]["method"] == "crossfit"
    assert sum(outcome.verdict["label_price"]["proving"].values()) == 120
    row = prices(outcome)["n-grams", "zero-shot"]
    assert row["llm_total"] == 120
    curve = next(c for c in outcome.verdict["learning_curves"] if c["candidate"] == "n-grams")
    assert curve["points"][-1]["labels"] == splits["train"]
    assert curve["n"] >= 5 * splits["tune"]


def test_groups_and_macro_f1(tmp_path: Path) -> None:
    outcome = run(tmp_path / "runs", many(420, groups=60), task=Task(metric="macro_f1", group="g"))
    for curve in outcome.verdict["learning_curves"]:
        assert all(0 <= point["low"] <= point["value"] <= point["high"] <= 1 for point in curve["points"])
    row = prices(outcome)["n-grams", "zero-shot"]
    assert row["reached"] == "too few"  # 40 examples, but in fewer than 30 groups
    assert row["dollars"] is None


def test_a_run_stopped_inside_a_curve_goes_on_there(tmp_path: Path) -> None:
    ctx = Context()
    seen: list[str] = []

    def begin(what: str, total: int) -> None:  # noqa: ARG001
        seen.append(what)

    def advance(count: int, usage: Usage) -> None:  # noqa: ARG001
        if seen and seen[-1] == "n-grams: learning curve":
            ctx.cancelled.set()

    first = run(tmp_path / "runs", many(420), ctx=replace(ctx, begin=begin, advance=advance), llm=False)
    assert first.stopped is not None
    assert {row["status"] for row in first.verdict["candidates"]} == {"measured"}
    with Journal(first.journal, read_only=True) as journal:
        assert journal.read(curve_key("majority")) is not None
        begun = journal.read(curve_key("n-grams"))["points"]
    second = run(tmp_path / "runs", many(420), llm=False)
    assert second.stopped is None
    assert len(second.verdict["learning_curves"]) == 2
    whole = run(tmp_path / "others", many(420), llm=False)
    assert second.verdict["learning_curves"] == whole.verdict["learning_curves"]
    with Journal(second.journal, read_only=True) as journal:
        points = journal.read(curve_key("n-grams"))["points"]
        assert begun.items() <= points.items()


def test_without_curves_there_is_no_label_price_and_a_later_run_adds_them(tmp_path: Path) -> None:
    without = run(tmp_path / "runs", llm=False, studies=Studies(curve=False))
    assert (without.verdict["learning_curves"], without.verdict["label_price"]) == ([], None)
    later = run(tmp_path / "runs", llm=False)
    assert later.run == without.run
    assert later.verdict["learning_curves"]
    assert later.verdict["label_price"]["rows"] == []


def test_a_study_that_fails_leaves_what_was_measured(tmp_path: Path) -> None:
    """A model that breaks on made-up label names only: its test answers stand, the reason is kept."""

    class Fragile(ScriptedModel):
        def fingerprint(self) -> str:
            return "fragile"

    def fail(prompt: Any) -> None:
        if "made-up names" in prompt.system:
            raise SystemError("broken")

    stack = Stack.of(LLM(Fragile(corpus.reply, fail=fail), corpus.LABELS, name="llm"))
    found = [
        Candidate("majority", (Form({}, Stack.of(Majority())),), learns=True),
        Candidate("llm", (Form({}, stack),), uses_llm=True, slow=True),
    ]
    outcome = bench(
        corpus.dataset(), Task(), candidates=found, effort=EFFORT, runs=tmp_path / "runs", studies=Studies(twins=5)
    )
    assert outcome.stopped is None
    row = next(row for row in outcome.verdict["candidates"] if row["name"] == "llm")
    assert row["status"] == "measured"
    twins = [row for row in outcome.verdict["contamination"]["twins"] if row["candidate"] == "llm"]
    assert {row["kind"]: row["twin_quality"] for row in twins} == {"names": 0, "order": 1}


def test_a_curve_that_fails_is_named_in_the_limits(tmp_path: Path) -> None:
    """A layer that needs many rows: its curve cannot be drawn, its test answers stand."""

    class Hungry(Majority):
        def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Hungry:
            if len(train) < 40:
                raise ValueError("I need more rows")
            return super().fit(train, tune, ctx)

    found = [Candidate("hungry", (Form({}, Stack.of(Hungry())),), learns=True)]
    verdict = bench(corpus.dataset(), Task(), candidates=found, effort=EFFORT, runs=tmp_path / "runs").verdict
    assert verdict["candidates"][0]["status"] == "measured"
    assert verdict["learning_curves"] == []
    words = "could not be looked into: learning curve of hungry: ValueError: I need more rows"
    assert verdict["limits"]["note"].endswith(words)


def test_how_many_calls_the_studies_add() -> None:
    majority, _, zero, _ = rungs(True)
    assert extra_calls(zero, 200, Studies()) == {"repeats": 0, "twins": 0}
    assert extra_calls(zero, 200, Studies(twins=30)) == {"repeats": 0, "twins": 60}
    assert extra_calls(zero, 20, Studies(twins=30)) == {"repeats": 0, "twins": 40}
    assert extra_calls(majority, 200, Studies(twins=30)) == {"repeats": 0, "twins": 0}
