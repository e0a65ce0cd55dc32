"""The plan: its numbers are those of the calls really made afterwards."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from strati.core.context import Context
from strati.core.errors import Stopped, TaskError
from strati.core.records import Case, Example
from strati.data import Dataset, Splits
from strati.kinds.classify.llm import LLM
from strati.measure.effort import Effort
from strati.measure.forecast.dry_run import Rehearsal, Rehearsed
from strati.measure.forecast.forecast import Forecast
from strati.measure.forecast.pace import Pace
from strati.measure.plan import Plan
from strati.models.contract import Prompt
from strati.models.scripted import ScriptedEmbedder, ScriptedModel
from strati.prove.allowance import allowing, foresee
from strati.prove.bench import execute, prepare
from strati.prove.studies import Studies
from strati.stack.candidate import Candidate, Form
from strati.stack.layers.function import Function
from strati.stack.stack import Stack, Stage
from strati.task.task import Goal, Task
from tests import corpus
from tests.measure.test_learning_curve import UNIT, Counter
from tests.paid_model import DOLLARS, WORST, PaidModel

ONCE = Studies(curve=False, repeats=False)
EFFORT = Effort(sample=20, form_rows=6, tune_rows=8, fast_tune_rows=30, probes=2, racing=False)
OPEN = Task(goal=Goal(private=False))


def planned(
    model: PaidModel,
    rows: Dataset | None = None,
    test: Dataset | None = None,
    candidates: Sequence[Candidate] | None = None,
    ladder: bool = True,
) -> Plan:
    data = rows or corpus.dataset()
    embedders = [ScriptedEmbedder()]
    models = [model] if ladder else []
    return prepare(data, OPEN, test, models, embedders, candidates, (), EFFORT, 0, Context())


def zero_shot(model: PaidModel, **more: Any) -> Candidate:
    forms = tuple(
        Form(
            {"prompt": form, "corrected": corrected},
            Stack.of(LLM(model, corpus.LABELS, form=form, corrected=corrected)),
        )
        for form in ("list", "question")
        for corrected in (False, True)
    )
    return Candidate("llm", forms, uses_llm=True, slow=True, cards=(model.card,), **more)


def of(forecast: Forecast, name: str) -> int:
    return next(rung.calls for rung in forecast.rungs if rung.name == name)


def test_the_calls_planned_are_the_calls_made(tmp_path: Path) -> None:
    model = PaidModel()
    plan = planned(model)
    found = foresee(plan, tmp_path, Context())
    assert model.till.asked == 0
    assert not list(tmp_path.iterdir())
    outcome = execute(plan, tmp_path, Context(), max_dollars=found.most)
    assert outcome.stopped is None
    assert model.till.asked == found.calls > 100
    assert found.dollars == pytest.approx(found.calls * DOLLARS)
    assert found.most == pytest.approx(found.calls * WORST)
    spent = {row["name"]: row["calls"] for row in outcome.verdict["spending"]["rungs"]}
    assert spent == {rung.name: rung.calls for rung in found.rungs if rung.calls}
    again = foresee(plan, tmp_path, Context())
    assert (again.calls, again.spent, again.most) == (0, pytest.approx(found.dollars), pytest.approx(found.dollars))
    assert all(rung.done for rung in again.rungs)


def test_corrected_forms_share_their_calls_and_equal_texts_are_one_call(tmp_path: Path) -> None:
    rows = [replace(example, id=f"{example.id}-{copy}") for example in corpus.examples()[:60] for copy in "ab"]
    texts = Dataset(tuple(replace(row, group=row.id[:-2]) for row in rows), "twice.csv", "csv", "utf-8", "0" * 64)
    model = PaidModel()
    plan = planned(model, texts, candidates=[zero_shot(model)])
    found = foresee(plan, tmp_path, Context(), studies=ONCE)
    execute(plan, tmp_path, Context(), max_dollars=9.0, studies=ONCE)
    assert found.calls == model.till.asked == len(model.till.calls)
    assert found.calls <= 2 * 60  # four forms, two of them with the prompts of the others; 120 rows, 60 texts


def test_a_race_is_planned_to_its_end_and_forms_to_the_last_round(tmp_path: Path) -> None:
    model = PaidModel()
    rows = [Example(f"{row.id}-{n}", f"{n}: {row.text}", row.reference) for n in range(8) for row in corpus.examples()]
    data = Dataset(tuple(rows), "many.csv", "csv", "utf-8", "0" * 64)
    effort = Effort(sample=20, fast_tune_rows=30, probes=2)
    plan = prepare(data, OPEN, None, [], [], [zero_shot(model)], (), effort, 0, Context())
    tune = len(plan.splits.units[0].tune)
    assert tune >= 32 + 24, "these rows race"
    found = foresee(plan, tmp_path, Context(), studies=ONCE)
    assert found.calls == 2 * 16 + (tune - 32) + 20 + 20  # two prompts on 16 rows each, race, test and calibrate
    assert 0 < found.soonest[0] < found.calls / 2
    execute(plan, tmp_path, Context(), max_dollars=found.most, studies=ONCE)
    assert 0 < model.till.asked <= found.calls


def test_a_run_that_was_stopped_is_planned_for_the_rest_only(tmp_path: Path) -> None:
    model = PaidModel()
    plan = planned(model)
    whole = foresee(plan, tmp_path, Context()).calls
    stopped = execute(plan, tmp_path, Context(), max_dollars=0.05)
    assert stopped.out_of_money
    paid = model.till.asked
    assert 40 < paid <= 50
    rest = foresee(plan, tmp_path, Context())
    assert rest.calls == whole - paid
    assert rest.spent == pytest.approx(paid * DOLLARS)
    execute(plan, tmp_path, Context(), max_dollars=rest.most)
    assert model.till.asked == whole


def test_a_cascade_asks_for_the_cases_that_its_first_stage_passes_on(tmp_path: Path) -> None:
    model = PaidModel()
    words = Function(lambda text: "refund" if "refund" in text else None, "words")
    stack = Stack((Stage(words), Stage(LLM(model, corpus.LABELS))), "cascade")
    candidate = Candidate("cascade", (Form({}, stack),), uses_llm=True, learns=True, cards=(model.card,))
    rows = corpus.examples()
    train, test = corpus.dataset(rows[:80]), corpus.dataset(rows[80:])
    plan = planned(model, train, test, candidates=[candidate])
    found = foresee(plan, tmp_path, Context(), studies=ONCE)
    execute(plan, tmp_path, Context(), max_dollars=9.0, studies=ONCE)
    assert 0 < found.calls == model.till.asked < len(rows)


def test_a_model_without_quotes_is_priced_by_its_card_and_its_tokens(tmp_path: Path) -> None:
    class Plain(ScriptedModel):
        @property
        def card(self):  # type: ignore[no-untyped-def]
            return replace(super().card, dollars_per_million=(100.0, 1000.0), private=False)

    model = Plain(corpus.reply, name="plain")
    llm = LLM(model, corpus.LABELS, form="question")
    candidate = Candidate("one form", (Form({}, Stack.of(llm)),), uses_llm=True, slow=True, cards=(model.card,))
    plan = prepare(corpus.dataset(), OPEN, None, (), (), [candidate], (), EFFORT, 0, Context())
    (rung,) = foresee(plan, tmp_path, Context()).rungs
    assert rung.tokens_out == rung.calls  # every label is one word
    assert rung.dollars == pytest.approx((rung.tokens_in * 100 + rung.tokens_out * 1000) / 1e6)
    assert rung.most == pytest.approx(rung.dollars + rung.calls * 4 * 1000 / 1e6)
    assert model.calls == 0


def test_a_local_model_is_timed_and_costs_nothing(tmp_path: Path) -> None:
    model = ScriptedModel(corpus.reply)
    plan = prepare(corpus.dataset(), Task(), None, [model], (), None, (), EFFORT, 0, Context())
    found = foresee(plan, tmp_path, Context())
    assert found.most == 0.0
    assert of(found, "scripted zero-shot") > 50
    assert model.calls <= 4
    assert all(rung.seconds is not None and rung.seconds > 0 for rung in found.rungs)
    assert foresee(plan, tmp_path, Context(), only_paid=True).rungs == ()


def test_what_a_model_writes_is_timed_by_the_tokens_it_may_write() -> None:
    def slow(_: Prompt) -> str:
        time.sleep(0.02)
        return " ".join(["word"] * 20)

    model = ScriptedModel(slow)
    rehearsal = Rehearsal()
    stand_in = Rehearsed(model, rehearsal)
    stand_in.generate(Prompt("one two three four"), 200)
    pace = Pace()
    read, written = pace._seconds_per_token(rehearsal)
    assert read >= 0.02 / 4
    assert 0.02 / 200 <= written < read  # 20 ms for 20 tokens, and a tenth of the longest reply was needed
    assert (pace._seconds_per_token(rehearsal), model.calls) == ((read, written), 2)


def test_a_trained_rung_is_fitted_for_its_forecast_as_often_as_tells_something() -> None:
    def fits_of(forms: int, **more: Any) -> int:
        fits: list[int] = []
        form = Form({}, Stack.of(Counter(fits)))
        found = Candidate("counter", (form,) * forms, learns=True, **more)
        assert Pace()._trained(found, Splits((UNIT,), (), (), "holdout"), Effort(), Context()) > 0
        return len(fits)

    assert (fits_of(1), fits_of(2), fits_of(1, trains_long=True)) == (2, 3, 3)


def test_what_an_earlier_rung_asks_is_asked_once(tmp_path: Path) -> None:
    model = PaidModel()
    first = zero_shot(model)
    first = replace(first, forms=first.forms[:1])
    again = replace(first, name="the same once more")
    plan = planned(model, candidates=(first, again))
    found = foresee(plan, tmp_path, Context(), studies=ONCE)
    outcome = execute(plan, tmp_path, Context(), max_dollars=100.0, studies=ONCE)
    assert not outcome.stopped
    assert [rung.calls > 0 for rung in found.rungs] == [True, False]
    assert found.calls == model.till.asked


def test_a_file_in_label_order_is_no_hindrance(tmp_path: Path) -> None:
    words = ("red", "green", "blue", "grey", "pink")
    rows = [
        Example(f"{a}{n}", f"{label} {words[n % 5]} {n}", label) for a, label in enumerate("xyz") for n in range(300)
    ]
    test = [Example(f"t{n}", f"{'xyz'[n % 3]} {words[n % 5]} again {n}", "xyz"[n % 3]) for n in range(60)]
    plan = prepare(Dataset(tuple(rows)), Task(), Dataset(tuple(test)), (), (), None, (), EFFORT, 0, Context())
    assert all(rung.problem is None for rung in foresee(plan, tmp_path, Context()).rungs)


@dataclass(frozen=True)
class Broken:
    name: str = "broken"

    def fingerprint(self) -> str:
        return "broken"

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Broken:  # noqa: ARG002
        raise ValueError("no such column")

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:  # noqa: ARG002
        return cases


def test_a_candidate_that_will_fail_is_planned_as_such(tmp_path: Path) -> None:
    plan = planned(PaidModel(), candidates=[Candidate.of(Broken())])
    (rung,) = foresee(plan, tmp_path, Context()).rungs
    assert rung.problem == "ValueError: no such column"
    assert rung.seconds is None


def test_planning_can_be_cancelled(tmp_path: Path) -> None:
    ctx = Context()
    ctx.cancelled.set()
    with pytest.raises(Stopped):
        foresee(planned(PaidModel()), tmp_path, ctx)


def test_money_that_nobody_allowed_is_not_spent(tmp_path: Path) -> None:
    model = PaidModel()
    plan = planned(model)
    enough = allowing(foresee(plan, tmp_path, Context()).most)
    with pytest.raises(TaskError, match=rf"paid zero-shot, paid few-shot .* say --max-dollars {enough} to allow it"):
        execute(plan, tmp_path, Context())
    assert model.till.asked == 0
    assert not list(tmp_path.iterdir())
    execute(plan, tmp_path, Context(), max_dollars=float(enough))
    execute(plan, tmp_path, Context())  # all is paid for: no allowance is needed to see it again


def test_the_plan_is_json_too(tmp_path: Path) -> None:
    from strati.cli.plan import plan_json

    plan = planned(PaidModel())
    found = json.loads(json.dumps(plan_json(foresee(plan, tmp_path, Context()))))
    assert found["run"] == plan.run
    assert found["calls"] == sum(rung["calls"] for rung in found["rungs"]) > 0
