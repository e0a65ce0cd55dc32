"""Races of made-up rungs: who is retired, on what grounds, and what is left of the run when it is broken off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from strati.core.context import Context
from strati.core.errors import Stopped
from strati.core.records import Case, Example
from strati.data import Dataset, Splits, plan
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.metrics import get_metric
from strati.measure.effort import Effort
from strati.measure.journal import Journal
from strati.measure.race.racing import LET_THROUGH, Race, no_race
from strati.measure.records import RetiredFor, Retirement
from strati.measure.runner import Bench
from strati.models.contract import ModelCard, Prompt
from strati.models.scripted import ScriptedModel
from strati.prove.bench import Outcome, bench
from strati.stack.candidate import Candidate, Form
from strati.stack.stack import Stack
from strati.task.task import Goal, Task

LABELS = ("a", "b")
EFFORT = Effort(form_rows=12, race_rows=120, tune_rows=20, probes=2)
ROWS = [Example(f"e{n}", f"message {n}", LABELS[n % 2], row=n) for n in range(1000)]
TRUTH = {example.text: str(example.reference) for example in ROWS}


def splits(rows: Sequence[Example] = ROWS) -> Splits:
    return plan(Dataset(tuple(rows), "rows.csv"), None, Task(), 0)


def guess(text: str, share: float, salt: str) -> str:
    """The right label for about that share of the texts, the wrong one for the others; always the same."""
    right = int(sha256(f"{salt} {text}".encode()).hexdigest()[:8], 16) / 16**8 < share
    return TRUTH[text] if right else LABELS[TRUTH[text] == "a"]


def fast(share: float, name: str = "fast") -> Candidate:
    return Candidate.of(lambda text: guess(text, share, name), name)


class Own:
    """A layer of one's own; it remembers what it was asked."""

    def __init__(self, share: float, name: str) -> None:
        self.share, self.name = share, name
        self.asked: list[str] = []

    def fingerprint(self) -> str:
        return f"own {self.name} {self.share}"

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:  # noqa: ARG002
        from strati.core.records import Answer

        self.asked += [case.id for case in cases]
        return [case.answered(Answer(guess(case.text, self.share, self.name), 0.8, self.name)) for case in cases]


def model(share: float, name: str, **more: Any) -> ScriptedModel:
    def reply(prompt: Prompt) -> str:
        return guess(prompt.user.removeprefix("Text: ").rsplit("\n", 1)[0], share, name)

    return Licensed(reply, name=name, **more)


class Licensed(ScriptedModel):
    """A scripted model with a licence."""

    licence = "MIT"

    @property
    def card(self) -> ModelCard:
        return replace(super().card, licence=self.licence)


def llm(share: float, name: str = "llm", scripted: ScriptedModel | None = None, licence: str = "MIT") -> Candidate:
    scripted = scripted or model(share, name)
    scripted.licence = licence  # type: ignore[attr-defined]
    return Candidate(name, (Form({}, Stack.of(LLM(scripted, LABELS, name=name), name=name)),))


def measure(
    candidates: Sequence[Candidate], folder: Path, goal: Goal | None = None, ctx: Context | None = None
) -> dict[str, Any]:
    with Journal(folder / "run.db") as journal:
        metric = get_metric("accuracy", LABELS)
        context = replace(ctx or Context(), memo=journal)
        Bench(splits(), metric, journal, context, EFFORT, folder / "stacks", goal=goal).run(candidates)
        return journal.candidates()


def answered(folder: Path, name: str, split: str) -> set[str]:
    with Journal(folder / "run.db", read_only=True) as journal:
        return journal.answered(name, split)


def test_a_hopeless_rung_is_retired_on_tune_and_never_sees_test(tmp_path: Path) -> None:
    scripted = model(0.5, "llm")
    record = measure([fast(0.98), llm(0.5, scripted=scripted)], tmp_path)["llm"]
    assert record.status == "retired"
    assert (record.retirement.why, record.retirement.against) == (RetiredFor.INFERIOR, "fast")
    assert record.retirement.high < -0.03
    assert record.race.against == "fast"
    assert record.race.rows < LET_THROUGH
    assert record.race.low < 0.5 < record.race.high
    assert answered(tmp_path, "llm", "test") == answered(tmp_path, "llm", "calibrate") == set()
    assert scripted.calls == EFFORT.form_rows + record.race.rows


def test_the_rows_of_the_race_are_not_those_of_the_choice(tmp_path: Path) -> None:
    measure([fast(0.9), llm(0.9)], tmp_path)
    with Journal(tmp_path / "run.db") as journal:
        race = Race(splits().units[0], get_metric("accuracy", LABELS), journal, Context(), EFFORT, Goal(), [])
        assert {row.id for row in race.before}.isdisjoint(row.id for row in race.rows)
        assert journal.answered("llm", "race") == {row.id for row in race.rows[:LET_THROUGH]}
        assert journal.answered("llm", "tune/holdout") == {row.id for row in [*race.before, *race.rows[:LET_THROUGH]]}


def test_a_good_rung_goes_on_to_test_and_to_calibrate_inputs(tmp_path: Path) -> None:
    records = measure([fast(0.9), llm(0.92)], tmp_path)
    assert records["llm"].status == "measured"
    with Journal(tmp_path / "run.db") as journal:
        sample = journal.read("sizes")["sample"]
    parts = splits()
    assert 100 <= sample <= len(parts.units[0].test)
    assert len(answered(tmp_path, "llm", "test")) == sample
    assert records["llm"].calibrate == min(sample, len(parts.calibrate))
    assert answered(tmp_path, "llm", "calibrate") <= {row.id for row in parts.calibrate}
    assert answered(tmp_path, "fast", "calibrate") == {row.id for row in parts.calibrate}


def test_a_slow_rung_that_is_worse_on_test_is_not_asked_for_calibrate_inputs(tmp_path: Path) -> None:
    records = measure([fast(0.97), llm(0.87)], tmp_path)
    assert (records["llm"].status, records["llm"].calibrate) == ("measured", 0)
    assert answered(tmp_path, "llm", "calibrate") == set()


def test_rungs_that_are_level_are_never_retired(tmp_path: Path) -> None:
    records = measure([fast(0.8, "same"), llm(0.8, "same "), llm(0.8, "twin", model(0.8, "same"))], tmp_path)
    assert [record.status for record in records.values()] == ["measured"] * 3
    assert records["twin"].race.difference == 0.0
    assert records["twin"].race.rows == LET_THROUGH


def test_an_earlier_slow_rung_retires_a_later_one_and_a_retired_one_does_not(tmp_path: Path) -> None:
    records = measure([fast(0.5), llm(0.97, "good"), llm(0.5, "bad"), llm(0.5, "worse", model(0.2, "worse"))], tmp_path)
    assert [record.status for record in records.values()] == ["measured", "measured", "retired", "retired"]
    assert records["bad"].race.against == "good"
    assert records["worse"].race.against in ("fast", "good")


def test_all_but_one_can_be_retired(tmp_path: Path) -> None:
    records = measure([llm(0.97, "good"), llm(0.4, "bad"), llm(0.3, "worse")], tmp_path)
    assert [record.status for record in records.values()] == ["measured", "retired", "retired"]


def test_a_rung_without_a_language_model_is_not_retired_against_one(tmp_path: Path) -> None:
    own = Candidate.of(Own(0.4, "own"), "own", slow=True)
    records = measure([llm(0.97), own], tmp_path)
    assert records["own"].status == "measured"
    records = measure([llm(0.97), fast(0.95), own], tmp_path / "beside")
    assert (records["own"].status, records["own"].race.against) == ("retired", "fast")


def test_nothing_is_retired_against_a_trained_layer_of_the_users(tmp_path: Path) -> None:
    """It may have learnt from the tune rows of the race."""
    records = measure([Candidate.of(Own(0.98, "own"), "own"), llm(0.4)], tmp_path)
    assert records["llm"].status == "measured"
    assert records["llm"].race.against is None


def test_a_rung_that_misses_the_bar_is_retired_alone(tmp_path: Path) -> None:
    record = measure([llm(0.5)], tmp_path, Goal(at_least=0.9))["llm"]
    assert record.status == "retired"
    assert record.retirement.why is RetiredFor.BAR
    assert record.retirement.high < 0.9


def test_a_rung_that_is_too_slow_is_retired(tmp_path: Path) -> None:
    record = measure([fast(0.9), llm(0.95)], tmp_path, Goal(max_p95_ms=1e-6))["llm"]
    assert record.status == "retired"
    assert record.retirement.why is RetiredFor.LATENCY


def test_a_rung_that_costs_too_much_is_retired(tmp_path: Path) -> None:
    record = measure([fast(0.9), llm(0.95)], tmp_path, Goal(max_cost_per_1000=1e-12))["llm"]
    assert record.status == "retired"
    assert record.retirement.why is RetiredFor.COST


def test_a_licence_that_is_not_allowed_ends_a_rung_before_its_first_call(tmp_path: Path) -> None:
    scripted = model(0.9, "llm")
    record = measure([fast(0.9), llm(0.9, scripted=scripted, licence="GPL-3.0")], tmp_path, Goal(licences=("MIT",)))
    assert record["llm"].status == "retired"
    assert record["llm"].retirement == Retirement(RetiredFor.LICENCE, licences=("GPL-3.0",))
    assert scripted.calls == 0


def test_a_failed_rung_does_not_stop_the_race(tmp_path: Path) -> None:
    def down(prompt: Prompt) -> None:
        raise RuntimeError(f"cannot read {prompt.user[:4]}")

    records = measure([fast(0.98), llm(0.5, "bad", model(0.5, "bad", fail=down)), llm(0.5)], tmp_path)
    assert records["llm"].status == "retired"
    assert records["llm"].race.against == "fast"


@pytest.mark.parametrize("moment", [5, 20, 40, 90, 180, 400])
def test_a_race_broken_off_and_resumed_comes_out_the_same(moment: int, tmp_path: Path) -> None:
    def rungs(*models: ScriptedModel) -> list[Candidate]:
        return [fast(0.9), *(llm(0.0, one.card.name, one) for one in models)]

    shares = {"bad": 0.55, "good": 0.93, "late": 0.6}
    ctx, calls = Context(), [0]

    def stop(_: Prompt) -> None:
        calls[0] += 1
        if calls[0] == moment:
            ctx.cancelled.set()

    with pytest.raises(Stopped):
        measure(rungs(*(model(share, name, fail=stop) for name, share in shares.items())), tmp_path, ctx=ctx)
    again = measure(rungs(*(model(share, name) for name, share in shares.items())), tmp_path)
    whole = measure(rungs(*(model(share, name) for name, share in shares.items())), tmp_path / "whole")
    for name in ("fast", *shares):
        keys = ("status", "settings", "calibrate", "fingerprint")
        assert [getattr(again[name], key) for key in keys] == [getattr(whole[name], key) for key in keys]
        for split in ("race", "test", "calibrate"):
            assert answered(tmp_path, name, split) == answered(tmp_path / "whole", name, split)
    rows = [(record.race.rows, record.race.value) for record in again.values() if record.race]
    assert rows == [(record.race.rows, record.race.value) for record in whole.values() if record.race]


def test_what_was_raced_and_measured_is_not_asked_again(tmp_path: Path) -> None:
    own = Own(0.9, "own")
    measure([fast(0.9), Candidate.of(own, "own", slow=True)], tmp_path)
    asked = len(own.asked)
    assert asked <= len(set(own.asked)) + 2  # only the latency probe asks again
    measure([fast(0.9), Candidate.of(own, "own", slow=True)], tmp_path)
    assert len(own.asked) == asked


def test_where_there_is_no_race_it_is_said_why() -> None:
    metric = get_metric("accuracy", LABELS)
    assert no_race(splits(), metric, EFFORT) is None
    assert no_race(splits(), metric, replace(EFFORT, racing=False)) == "racing was off"
    assert "cross-fitted" in str(no_race(splits(ROWS[:200]), metric, EFFORT))
    assert "macro_f1 is no mean" in str(no_race(splits(), get_metric("macro_f1", LABELS), EFFORT))
    grouped = [replace(row, group=f"g{n // 3}") for n, row in enumerate(ROWS)]
    assert "come in groups" in str(no_race(splits(grouped), metric, EFFORT))
    assert "tune has 150 rows, expected at least 224" in str(no_race(splits(), metric, replace(EFFORT, form_rows=200)))


def run(candidates: Sequence[Candidate], folder: Path, effort: Effort = EFFORT, rows: int = 1000) -> Outcome:
    data = Dataset(tuple(ROWS[:rows]), "rows.csv")
    return bench(data, Task(), candidates=candidates, effort=effort, runs=folder / "runs")


def test_the_verdict_says_what_was_retired_and_stays_right(tmp_path: Path) -> None:
    verdict = run([fast(0.98), llm(0.5)], tmp_path).verdict
    choice = verdict["choice"]
    assert (choice["decision"], choice["name"], choice["needs_llm"]) == ("use", "fast", "no")
    assert "those that a race on tune retired against it were worse by more than the margin" in choice["reasons"][0]
    assert "every LLM tried was retired on tune; fast does without one" in verdict["choice"]["reasons"]
    verdict = run([fast(0.98), fast(0.6, "poor"), llm(0.5)], tmp_path).verdict
    choice = verdict["choice"]
    assert (choice["name"], choice["needs_llm"]) == ("fast", "no")
    assert choice["headline"] == "Use fast. You do not need an LLM for this task, among the LLMs tried."
    assert any(reason.startswith("llm was retired and takes no part: worse than fast") for reason in choice["reasons"])
    row = next(row for row in verdict["candidates"] if row["name"] == "llm")
    assert (row["status"], row["quality"], row["qualifies"]) == ("retired", None, False)
    assert row["race"]["saved_answers"] == 200  # all test rows: fewer than level rungs take
    assert {pair["a"] for pair in verdict["comparisons"]} == {"fast", "poor"}
    assert (
        "a race on tune retired llm (risk of retiring any wrongly at most 0.05, over 1 test)"
        in verdict["limits"]["note"]
    )
    answers = {row["question"]: row["answer"] for row in verdict["questions"]}
    assert answers["Does an LLM solve my problem?"].startswith("None of those tried: ")
    assert answers["Do I need one?"].startswith("No, among the LLMs tried")


def test_the_same_seed_gives_the_same_race(tmp_path: Path) -> None:
    rungs = [fast(0.9), llm(0.55), llm(0.9, "good")]
    one, two = run(rungs, tmp_path / "a").verdict, run(rungs, tmp_path / "b").verdict
    for first, second in zip(one["candidates"], two["candidates"], strict=True):
        assert first["status"] == second["status"]
        assert first["quality"] == second["quality"]
        if first["race"]:
            assert {**first["race"], "seconds": 0, "saved_seconds": 0} == {
                **second["race"],
                "seconds": 0,
                "saved_seconds": 0,
            }


def test_without_racing_every_rung_answers_its_sample(tmp_path: Path) -> None:
    verdict = run([fast(0.98), llm(0.5)], tmp_path, replace(EFFORT, racing=False, sample=60)).verdict
    assert [row["status"] for row in verdict["candidates"]] == ["measured", "measured"]
    assert next(row for row in verdict["candidates"] if row["name"] == "llm")["quality"]["n"] == 60
    assert "racing was off" in verdict["limits"]["note"]


def test_few_labels_do_not_race_and_it_is_said(tmp_path: Path) -> None:
    verdict = run([fast(0.98), llm(0.5)], tmp_path, rows=200).verdict
    assert {row["status"] for row in verdict["candidates"]} == {"measured"}
    assert "no racing: labels are few and cross-fitted" in verdict["limits"]["note"]
