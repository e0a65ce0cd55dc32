"""Small benches of single candidates: what is journaled, what is not done twice, what a failure does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from strati.core.context import Context
from strati.core.errors import LayerDown, Stopped
from strati.core.records import Answer, Case, Example
from strati.data import Splits, plan
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.majority import Majority
from strati.kinds.classify.metrics import get_metric
from strati.kinds.classify.rules import InducedRules
from strati.measure.effort import Effort, sample_ids
from strati.measure.journal import Journal
from strati.measure.runner import Bench
from strati.models.contract import Prompt
from strati.models.scripted import ScriptedModel
from strati.stack.candidate import Candidate, Form
from strati.stack.folder import load_stack
from strati.stack.layers.recorded import RecordedAnswer
from strati.stack.stack import Stack
from strati.task.task import Task
from tests import corpus

EFFORT = Effort(sample=12, form_rows=8, tune_rows=12, fast_tune_rows=30, probes=2)
ROWS = corpus.examples()


def splits() -> Splits:
    return plan(corpus.dataset(), None, Task(), 0, small=50)


def run(
    candidates: Sequence[Candidate], folder: Path, parts: Splits | None = None, ctx: Context | None = None
) -> dict[str, Any]:
    with Journal(folder / "run.db") as journal:
        metric = get_metric("accuracy", corpus.LABELS)
        context = replace(ctx or Context(), memo=journal)
        Bench(parts or splits(), metric, journal, context, EFFORT, folder / "stacks").run(candidates)
        return journal.candidates()


def answers(folder: Path, name: str, split: str = "test") -> dict[str, Any]:
    with Journal(folder / "run.db", read_only=True) as journal:
        return journal.answers(name, split)


def zero_shot(model: ScriptedModel, **more: Any) -> Candidate:
    forms = tuple(
        Form({"prompt": form}, Stack.of(LLM(model, corpus.LABELS, form=form), name="llm"))
        for form in ("list", "question")
    )
    return Candidate("llm", forms, uses_llm=True, slow=True, cards=(model.card,), **more)


def test_every_test_example_gets_an_answer_and_the_stack_is_saved(tmp_path: Path) -> None:
    rules = Candidate("rules", (Form({}, Stack.of(InducedRules(most=20))),), learns=True)
    majority = Candidate("majority", (Form({}, Stack.of(Majority())),), learns=True)
    records = run([majority, rules], tmp_path)
    test = splits().units[0].test
    assert [record.status for record in records.values()] == ["measured", "measured"]
    assert set(answers(tmp_path, "majority")) == {example.id for example in test}
    assert set(answers(tmp_path, "rules", "tune/holdout")) == {example.id for example in splits().units[0].tune}
    stack = load_stack(tmp_path / "stacks" / records["majority"].stack)
    assert stack.fingerprint() == records["majority"].fingerprint
    served = stack.run([Case.of(example) for example in test], Context())
    values = {case.id: case.answer.value for case in served if case.answer}
    assert values == {key: row["value"] for key, row in answers(tmp_path, "majority").items()}


def test_the_saved_rules_are_the_measured_rules(tmp_path: Path) -> None:
    rules = Candidate("rules", (Form({}, Stack.of(InducedRules(most=20))),), learns=True)
    record = run([rules], tmp_path)["rules"]
    assert load_stack(tmp_path / "stacks" / record.stack).fingerprint() == record.fingerprint


def test_a_slow_rung_answers_the_common_subset_only(tmp_path: Path) -> None:
    model = ScriptedModel(corpus.reply)
    record = run([zero_shot(model)], tmp_path)["llm"]
    found = answers(tmp_path, "llm")
    assert set(found) == sample_ids(splits(), 12, 0)
    assert len(found) == 12
    assert [form.n for form in record.forms] == [8, 8]
    assert sum(form.chosen for form in record.forms) == 1


def test_a_larger_sample_holds_the_smaller() -> None:
    assert sample_ids(splits(), 5, 3) < sample_ids(splits(), 9, 3) < {example.id for example in ROWS}
    assert sample_ids(splits(), 9, 3) != sample_ids(splits(), 9, 4)


def test_the_better_form_is_chosen_on_tune(tmp_path: Path) -> None:
    def good_at_questions(prompt: Prompt) -> str:
        right = {example.text: example.reference for example in ROWS}
        text = prompt.user.removeprefix("Text: ").rsplit("\n", 1)[0]
        return str(right[text]) if "categories" in prompt.prefix else "repair"

    record = run([zero_shot(ScriptedModel(good_at_questions))], tmp_path)["llm"]
    assert record.settings == {"prompt": "question"}
    chosen = {form.settings["prompt"]: (form.tune, form.chosen) for form in record.forms}
    assert chosen["question"] == (1.0, True)
    assert chosen["list"][0] < 0.6
    assert {row["value"] == row_reference(key) for key, row in answers(tmp_path, "llm").items()} == {True}


def row_reference(key: str) -> str:
    return str(next(example.reference for example in ROWS if example.id == key))


def test_what_is_done_is_not_done_again(tmp_path: Path) -> None:
    model = ScriptedModel(corpus.reply)
    run([zero_shot(model)], tmp_path)
    calls = model.calls
    before = answers(tmp_path, "llm")
    run([zero_shot(model)], tmp_path)
    assert model.calls == calls
    assert answers(tmp_path, "llm") == before
    assert calls <= len(set(model.prompts)) + 4  # only the latency probe asks again


def test_a_changed_candidate_is_measured_anew(tmp_path: Path) -> None:
    first = Candidate.of(Majority(), "mine")
    run([first], tmp_path)
    before = answers(tmp_path, "mine")
    always = Candidate.of(Stack.of(Majority("refund", 0.9), name="x"), "mine")
    changed = replace(always, forms=(Form({"k": 1}, Stack.of(InducedRules(most=3))),))
    run([changed], tmp_path)
    assert answers(tmp_path, "mine") != before


@dataclass(frozen=True)
class Breaks:
    """A layer that fails at one point."""

    where: str
    name: str = "breaks"
    batch: int = 1

    def fingerprint(self) -> str:
        return f"breaks {self.where}"

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Breaks:  # noqa: ARG002
        if self.where == "fit":
            raise ValueError("no fit for you")
        return replace(self)

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        ctx.check()
        if self.where == "down":
            raise LayerDown("the engine is gone")
        if self.where == "run":
            if int(cases[0].id[1:]) % 2:
                raise KeyError("price")
            return [case.answered(Answer("a", 0.5, self.name)) for case in cases]
        return cases[1:]


@pytest.mark.parametrize(
    ("where", "reason"),
    [("down", "the engine is gone"), ("order", "expected the same cases"), ("fit", "no fit for you")],
)
def test_a_candidate_that_fails_is_recorded_and_the_others_go_on(where: str, reason: str, tmp_path: Path) -> None:
    records = run([Candidate.of(Breaks(where), "bad"), Candidate.of(Majority(), "good")], tmp_path)
    assert (records["bad"].status, records["good"].status) == ("failed", "measured")
    assert reason in records["bad"].reason
    assert answers(tmp_path, "bad") == {}


def test_exceptions_for_single_batches_are_failures_in_the_denominator(tmp_path: Path) -> None:
    records = run([Candidate.of(Breaks("run"), "bad")], tmp_path)
    assert records["bad"].status == "measured"
    found = answers(tmp_path, "bad")
    assert len(found) == len(splits().units[0].test)
    assert {key: row["failure"] for key, row in found.items()} == {
        key: "layer_error" if int(key[1:]) % 2 else None for key in found
    }
    assert {row["failure"] for row in found.values()} == {"layer_error", None}


def test_recorded_answers_are_measured_and_not_probed(tmp_path: Path) -> None:
    test = splits().units[0].test
    given = {example.id: RecordedAnswer(str(example.reference), 0.9, 0.002, 0.4, "m") for example in test[1:]}
    record = run([Candidate.from_answers("theirs", given)], tmp_path)["theirs"]
    assert (record.status, record.costs_known, record.latency, record.stack) == ("recorded", True, (), None)
    found = answers(tmp_path, "theirs")
    assert found[test[0].id]["failure"] == "not_recorded"
    assert found[test[1].id]["usage"]["dollars"] == 0.002


def test_a_corrected_cost_replaces_the_old_one(tmp_path: Path) -> None:
    test = splits().units[0].test
    for cost in (0.002, 0.5):
        given = {example.id: RecordedAnswer("refund", 0.9, cost) for example in test}
        run([Candidate.from_answers("theirs", given)], tmp_path)
    assert {row["usage"]["dollars"] for row in answers(tmp_path, "theirs").values()} == {0.5}


def test_stopping_keeps_what_is_done(tmp_path: Path) -> None:
    ctx = Context()
    model = ScriptedModel(corpus.reply, fail=lambda prompt: ctx.cancelled.set() if model.calls == 30 else None)
    with pytest.raises(Stopped):
        run([Candidate.of(Majority(), "first"), zero_shot(model)], tmp_path, ctx=ctx)
    with Journal(tmp_path / "run.db") as journal:
        records = journal.candidates()
        kept = journal.answers("llm", "test")
    assert (records["first"].status, records["llm"].status) == ("measured", "partial")
    calls = model.calls
    again = ScriptedModel(corpus.reply)
    run([Candidate.of(Majority(), "first"), zero_shot(again)], tmp_path)
    assert set(kept) <= set(answers(tmp_path, "llm"))
    whole = ScriptedModel(corpus.reply)
    run([zero_shot(whole)], tmp_path / "whole")
    assert calls + again.calls <= whole.calls + 4  # the latency probe asks afresh


def test_a_deadline_in_the_past_stops_before_any_call(tmp_path: Path) -> None:
    model = ScriptedModel(corpus.reply)
    with pytest.raises(Stopped, match="time limit"):
        run([zero_shot(model)], tmp_path, ctx=Context(deadline=time.monotonic() - 1))
    assert model.calls == 0


def test_a_published_split_is_refitted_on_all_training_rows(tmp_path: Path) -> None:
    train, test = corpus.dataset(ROWS[:80], "train.csv"), corpus.dataset(ROWS[80:], "test.csv")
    parts = plan(train, test, Task(), 0, small=50)
    rules = Candidate("rules", (Form({}, Stack.of(InducedRules(most=20))),), learns=True)
    records = run([rules, Candidate.from_answers("theirs", {})], tmp_path, parts)
    assert records["rules"].refit_rows == 80
    assert len(answers(tmp_path, "rules", "refit")) == 40
    assert records["theirs"].refit_rows is None


def test_cross_fitting_answers_every_open_example_once(tmp_path: Path) -> None:
    parts = plan(corpus.dataset(), None, Task(), 0)
    assert parts.method == "crossfit"
    record = run([Candidate.of(Majority(), "majority")], tmp_path, parts)["majority"]
    assert set(answers(tmp_path, "majority")) == {example.id for unit in parts.units for example in unit.test}
    assert {example.id for example in parts.sealed}.isdisjoint(answers(tmp_path, "majority"))
    assert record.status == "measured"


def test_the_test_answers_do_not_depend_on_the_order_of_the_file(tmp_path: Path) -> None:
    parts = splits()
    unit = parts.units[0]
    turned = replace(parts, units=(replace(unit, tune=unit.tune[::-1], test=unit.test[::-1]),))
    run([zero_shot(ScriptedModel(corpus.reply))], tmp_path / "a", parts)
    run([zero_shot(ScriptedModel(corpus.reply))], tmp_path / "b", turned)
    one, two = answers(tmp_path / "a", "llm"), answers(tmp_path / "b", "llm")
    assert {key: row["value"] for key, row in one.items()} == {key: row["value"] for key, row in two.items()}
    assert {key: row["confidence"] for key, row in one.items()} == pytest.approx(
        {key: row["confidence"] for key, row in two.items()}
    )
