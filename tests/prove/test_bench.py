"""From data to verdict, end to end, on the made-up corpus with scripted models."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from strati.core.context import Context
from strati.core.environment import environment
from strati.core.errors import BusyError, DataError, NoSpace, TaskError
from strati.core.lock import RunLock
from strati.core.records import Case, Example
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.majority import Majority
from strati.measure.answers_file import answer_lines
from strati.measure.effort import Effort
from strati.measure.journal import Journal
from strati.models.contract import ModelCard
from strati.models.scripted import ScriptedEmbedder, ScriptedModel
from strati.prove.bench import Outcome, bench, prepare
from strati.stack.candidate import Candidate
from strati.stack.layers.recorded import RecordedAnswer
from strati.stack.stack import Stack
from strati.task.task import Goal, Task
from strati.verdict.verdict import judge
from tests import corpus

EFFORT = Effort(sample=20, form_rows=6, tune_rows=8, fast_tune_rows=30, probes=2)
ROWS = corpus.examples()
REFUNDS = [example.text for example in ROWS if example.reference == "refund"]
TIMES = {"cost_per_1000", "cost_parts", "latency_ms", "seconds_per_answer", "fit_seconds", "memory_mb", "seconds"}


def without_times(value: Any) -> Any:
    """A verdict without what a clock says; texts that quote times or costs are left out."""
    if isinstance(value, dict):
        dropped = TIMES | {"created", "questions", "reasons", "headline"}
        return {key: without_times(part) for key, part in value.items() if key not in dropped}
    return [without_times(part) for part in value] if isinstance(value, list) else value


def one(outcome: Outcome, name: str) -> dict[str, Any]:
    return next(row for row in outcome.verdict["candidates"] if row["name"] == name)


def majority() -> Candidate:
    return Candidate.of(Majority(), "majority")


@pytest.fixture(scope="module")
def ladder_run(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """The whole default ladder with a scripted model and embedder."""
    runs = tmp_path_factory.mktemp("ladder") / "runs"
    models, embedders = [ScriptedModel(corpus.reply)], [ScriptedEmbedder()]
    return bench(corpus.dataset(), Task(), models=models, embedders=embedders, effort=EFFORT, runs=runs)


def test_the_ladder_is_measured_from_the_simplest_on(ladder_run: Outcome) -> None:
    assert ladder_run.stopped is None
    candidates = ladder_run.verdict["candidates"]
    assert [row["name"] for row in candidates] == [
        "majority",
        "keyword rules",
        "n-grams",
        "n-grams + hashed-characters",
        "neighbours by hashed-characters",
        "scripted zero-shot",
        "scripted few-shot",
    ]
    assert {row["status"] for row in candidates} == {"measured"}
    assert one(ladder_run, "majority")["quality"]["value"] <= 0.3
    assert one(ladder_run, "n-grams")["quality"]["value"] >= 0.9
    assert one(ladder_run, "scripted zero-shot")["quality"]["n"] == 20
    assert one(ladder_run, "n-grams")["quality"]["n"] == ladder_run.verdict["data"]["splits"]["test"]


def test_few_labels_are_cross_fitted_and_some_stay_sealed(ladder_run: Outcome) -> None:
    data = ladder_run.verdict["data"]
    assert data["method"] == "crossfit"
    assert data["splits"]["test"] + data["splits"]["sealed"] == 120
    assert ladder_run.verdict["ledger"]["sealed"] == data["splits"]["sealed"] > 0


def test_the_report_is_rebuilt_from_the_journal_alone(ladder_run: Outcome) -> None:
    with Journal(ladder_run.journal, read_only=True) as journal:
        assert judge(journal).to_json() == ladder_run.verdict


def test_the_same_seed_gives_the_same_verdict(ladder_run: Outcome, tmp_path: Path) -> None:
    models, embedders = [ScriptedModel(corpus.reply)], [ScriptedEmbedder()]
    again = bench(corpus.dataset(), Task(), models=models, embedders=embedders, effort=EFFORT, runs=tmp_path / "runs")
    assert again.run == ladder_run.run
    expected = without_times(ladder_run.verdict)
    found = without_times(again.verdict)
    assert found["candidates"] == expected["candidates"]
    assert found["comparisons"] == expected["comparisons"]
    assert found["per_class"] == expected["per_class"]


def test_answers_jsonl_has_a_line_per_candidate_and_asked_example(ladder_run: Outcome) -> None:
    with Journal(ladder_run.journal, read_only=True) as journal:
        lines = list(answer_lines(journal))
    counts = Counter(line["candidate"] for line in lines)
    assert counts["majority"] == ladder_run.verdict["data"]["splits"]["test"]
    assert counts["scripted few-shot"] == 20
    assert set(lines[0]) == {
        "candidate", "split", "id", "reference", "value", "confidence", "seconds",
        "tokens_in", "tokens_out", "dollars", "failure", "steps",
    }  # fmt: skip
    known = {example.id: example.reference for example in ROWS}
    assert all(line["reference"] == known[line["id"]] for line in lines)


def test_the_same_layer_under_another_name_is_another_run(tmp_path: Path) -> None:
    """Otherwise the report would show both names, one of them from the journal of the run before."""
    found = []
    for name in ("one", "two"):
        layers = [Candidate.of(Majority(), name)]
        outcome = bench(corpus.dataset(), Task(), candidates=layers, effort=EFFORT, runs=tmp_path / "runs")
        found.append([row["name"] for row in outcome.verdict["candidates"]])
    assert found == [["one"], ["two"]]


def test_another_seed_is_another_run(tmp_path: Path) -> None:
    outcomes = [
        bench(corpus.dataset(), Task(), candidates=[majority()], seed=seed, runs=tmp_path / "runs") for seed in (0, 1)
    ]
    assert outcomes[0].run != outcomes[1].run
    assert all(outcome.journal.exists() for outcome in outcomes)


KILLED = """
import sys, time
from pathlib import Path

sys.path.insert(0, sys.argv[1])
from tests import corpus
from strati.measure.effort import Effort
from strati.stack.candidate import Candidate, Form
from strati.kinds.classify.llm import LLM
from strati.models.scripted import ScriptedModel
from strati.prove.bench import bench
from strati.stack.stack import Stack
from strati.task.task import Task

log, runs = Path(sys.argv[2]), Path(sys.argv[3])


def reply(prompt):
    with log.open("a", encoding="utf-8") as file:
        file.write(repr(prompt.user) + "\\n")
    time.sleep(0.01)
    return corpus.reply(prompt)


stack = Stack.of(LLM(ScriptedModel(reply), corpus.LABELS), name="llm")
llm = Candidate("llm", (Form({}, stack),), uses_llm=True, slow=True)
outcome = bench(corpus.dataset(), Task(), candidates=[llm], effort=Effort(60, 8, 8, 30, 2), runs=runs)
print(outcome.verdict["candidates"][0]["quality"]["value"], outcome.verdict["candidates"][0]["quality"]["n"])
"""


def test_after_kill_9_the_same_call_goes_on_and_asks_nothing_twice(tmp_path: Path) -> None:
    log, here = tmp_path / "asked", str(Path(__file__).parent.parent.parent)
    command = [sys.executable, "-c", KILLED, here, str(log), str(tmp_path / "runs")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: log.exists() and len(log.read_text(encoding="utf-8").splitlines()) >= 40, process)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    asked = log.read_text(encoding="utf-8").splitlines()
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    again = log.read_text(encoding="utf-8").splitlines()[len(asked) :]
    times = Counter(asked + again)
    fresh = [text for text, count in times.items() if count > 1]
    # One call was under way when the process died; the latency probe asks its few cases afresh.
    assert len(fresh) <= 1 + 4
    assert len(asked) >= 40
    whole = subprocess.run(
        [*command[:-2], str(tmp_path / "other"), str(tmp_path / "whole")], capture_output=True, text=True, timeout=120
    )
    assert whole.stdout == done.stdout != ""


def wait_until(fact: Any, process: subprocess.Popen[str]) -> None:
    while not fact():
        if process.poll() is not None:
            raise RuntimeError(process.communicate()[1])
        time.sleep(0.01)


def test_stopping_keeps_everything_and_the_same_call_goes_on(tmp_path: Path) -> None:
    ctx = Context()
    runs = tmp_path / "runs"

    def call(used: ScriptedModel, context: Context) -> Outcome:
        return bench(corpus.dataset(), Task(), models=[used], effort=EFFORT, runs=runs, ctx=context)

    model = ScriptedModel(corpus.reply, fail=lambda prompt: ctx.cancelled.set() if model.calls > 60 else None)
    first = call(model, ctx)
    assert first.stopped is not None
    assert one(first, "n-grams")["status"] == "measured"
    assert one(first, "scripted zero-shot")["status"] == "partial"
    choice = first.verdict["choice"]
    assert "No LLM was tried" not in choice["headline"]
    assert "Not finished: 2 of 5 candidates are missing." in choice["headline"]
    assert choice["reasons"][0].startswith("not measured to the end yet: scripted zero-shot, scripted few-shot")
    rest = ScriptedModel(corpus.reply)
    second = call(rest, Context())
    assert (second.stopped, second.run) == (None, first.run)
    whole = ScriptedModel(corpus.reply)
    third = bench(corpus.dataset(), Task(), models=[whole], effort=EFFORT, runs=tmp_path / "whole" / "runs")
    assert model.calls + rest.calls <= whole.calls + 4
    assert without_times(third.verdict)["candidates"] == without_times(second.verdict)["candidates"]
    past = bench(
        corpus.dataset(), Task(), candidates=[majority()], seed=5, runs=runs, ctx=Context(deadline=time.monotonic() - 1)
    )
    assert past.stopped == "the time limit is reached; everything so far is kept"
    assert past.verdict["choice"]["name"] is None


def test_a_failing_layer_is_a_failed_candidate_and_the_others_go_on(tmp_path: Path) -> None:
    def shaky(text: str) -> str:
        if text in ("", *REFUNDS):
            raise KeyError("no such thing")
        return "delivery"

    down = ScriptedModel({})  # raises ModelError: its script has no reply
    broken = Candidate.of(LLM(down, corpus.LABELS), "broken", uses_llm=True, slow=True)
    outcome = bench(
        corpus.dataset(),
        Task(),
        candidates=[broken, Candidate.of(shaky, "shaky"), majority()],
        effort=EFFORT,
        runs=tmp_path / "runs",
    )
    assert one(outcome, "broken")["status"] == "failed"
    assert "the script has no reply" in one(outcome, "broken")["reason"]
    assert one(outcome, "shaky")["failures"] == {"layer_error": 24}
    assert one(outcome, "shaky")["completion"] == 0.75
    assert one(outcome, "majority")["status"] == "measured"


def test_recorded_answers_and_own_functions_take_part(tmp_path: Path) -> None:
    given = {example.id: RecordedAnswer(str(example.reference), 0.9, 0.001, 0.2, "m") for example in ROWS}
    outcome = bench(
        corpus.dataset(),
        Task(),
        candidates=[majority()],
        also=[Candidate.from_answers("theirs", given), Candidate.of(lambda text: corpus.LABELS[0], "mine")],
        runs=tmp_path / "runs",
    )
    assert [row["name"] for row in outcome.verdict["candidates"]] == ["majority", "theirs", "mine"]
    theirs = one(outcome, "theirs")
    assert (theirs["status"], theirs["quality"]["value"]) == ("recorded", 1.0)
    assert theirs["cost_per_1000"] == pytest.approx(1.0)
    assert theirs["latency_ms"]["p50"] == pytest.approx(200.0)
    assert outcome.verdict["choice"]["name"] == "theirs"


def test_few_labels_can_leave_it_undecided(tmp_path: Path) -> None:
    """Two recorded candidates, each wrong on other rows: on 40 examples neither is shown to be good enough."""
    rows = ROWS[:48]

    def wrong_on(start: int) -> dict[str, RecordedAnswer]:
        return {
            example.id: RecordedAnswer("delivery" if n % 8 == start else str(example.reference), 0.8, 0.0)
            for n, example in enumerate(rows)
        }

    outcome = bench(
        corpus.dataset(rows),
        Task(),
        candidates=[
            Candidate.from_answers("a", wrong_on(1), uses_llm=False),
            Candidate.from_answers("b", wrong_on(6), uses_llm=True),
        ],
        runs=tmp_path / "runs",
    )
    choice = outcome.verdict["choice"]
    assert (choice["decision"], choice["name"], choice["needs_llm"]) == ("undecided", None, "undecided")
    assert choice["more_labels"] > 0


def test_a_published_test_part_gets_a_refit_marked_uncertified(tmp_path: Path) -> None:
    outcome = bench(
        corpus.dataset(ROWS[:80], "train.csv"),
        Task(),
        test=corpus.dataset(ROWS[80:], "test.csv"),
        effort=EFFORT,
        runs=tmp_path / "runs",
    )
    refit = one(outcome, "n-grams")["refit"]
    assert (refit["rows"], refit["n"], refit["certified"]) == (80, 40, False)
    assert outcome.verdict["data"]["method"] == "published"
    assert "refit" in {line["split"] for line in answer_lines(Journal(outcome.journal, read_only=True))}


def test_the_ledger_counts_the_uses_of_the_test_labels(tmp_path: Path) -> None:
    notes = [
        bench(corpus.dataset(), Task(metric=metric), candidates=[majority()], runs=tmp_path / "runs").verdict["ledger"]
        for metric in ("accuracy", "macro_f1", "accuracy")
    ]
    assert [ledger["test_uses_before"] for ledger in notes] == [0, 1, 0]
    assert "used by 1 other run before" in notes[1]["note"]


def test_what_would_leave_the_machine_is_refused_unless_allowed(tmp_path: Path) -> None:
    class Hosted(ScriptedModel):
        @property
        def card(self) -> ModelCard:
            return ModelCard("hosted", "terms", None, False, {"host": "api.example.com"}, (1.0, 2.0))

    hosted = Hosted(corpus.reply)
    with pytest.raises(
        TaskError, match=r"hosted would send the texts to api\.example\.com.*private = false in \[goal\]"
    ):
        bench(corpus.dataset(), Task(), models=[hosted], candidates=None, effort=EFFORT, runs=tmp_path / "runs")
    assert hosted.calls == 0
    assert not (tmp_path / "runs").exists()
    planned = prepare(
        corpus.dataset(), Task(goal=Goal(private=False)), None, [hosted], [], None, [], EFFORT, 0, Context()
    )
    assert [candidate.name for candidate in planned.candidates][-1] == "hosted few-shot"


def test_a_stack_of_ones_own_keeps_the_goal_private_on_every_way_in(tmp_path: Path) -> None:
    class Hosted(ScriptedModel):
        @property
        def card(self) -> ModelCard:
            return ModelCard("hosted", "terms", None, False, {"host": "api.example.com"}, remote=True)

    hosted = Hosted(corpus.reply)
    own = Candidate.of(Stack.of(Majority(), LLM(hosted, corpus.LABELS), name="own"))
    for given in ({"candidates": [own]}, {"candidates": [majority()], "also": [own]}):
        with pytest.raises(TaskError, match=r"hosted would send the texts to api\.example\.com.*it is part of own"):
            bench(corpus.dataset(), Task(), **given, effort=EFFORT, runs=tmp_path / "runs")  # type: ignore[arg-type]
    assert hosted.calls == 0
    allowed = Task(goal=Goal(private=False))
    outcome = bench(corpus.dataset(), allowed, candidates=[majority(), own], effort=EFFORT, runs=tmp_path / "runs")
    row = one(outcome, "own")
    assert (row["uses_llm"], row["private"], row["model"]) == (True, False, "hosted")
    assert "none was tried" not in outcome.verdict["choice"]["headline"]


def test_a_plain_function_says_nothing_and_the_report_says_that(tmp_path: Path) -> None:
    own = Candidate.of(lambda text: "refund" if "money" in text else "delivery", "by hand")
    verdict = bench(
        corpus.dataset(), Task(), candidates=[majority(), own], effort=EFFORT, runs=tmp_path / "runs"
    ).verdict
    assert next(row for row in verdict["candidates"] if row["name"] == "by hand")["silent"] == ["by hand"]
    assert any(reason.startswith("by hand: code of yours that does not say") for reason in verdict["choice"]["reasons"])


@pytest.mark.parametrize(
    ("candidates", "words"), [([], "no candidate"), ([majority(), majority()], "two candidates are called 'majority'")]
)
def test_a_line_up_that_makes_no_sense(candidates: list[Candidate], words: str, tmp_path: Path) -> None:
    with pytest.raises(TaskError, match=words):
        bench(corpus.dataset(), Task(), candidates=candidates, runs=tmp_path / "runs")


def test_data_that_would_make_it_meaningless_stop_the_run(tmp_path: Path) -> None:
    one_label = [Example(example.id, example.text, "refund") for example in ROWS]
    with pytest.raises(DataError):
        bench(corpus.dataset(one_label), Task(), candidates=[majority()], runs=tmp_path / "runs")
    with pytest.raises(DataError, match="the data hold 'repair'"):
        bench(corpus.dataset(), Task(labels=corpus.LABELS[:3]), candidates=[majority()], runs=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_the_same_run_twice_at_once(tmp_path: Path) -> None:
    first = bench(corpus.dataset(), Task(), candidates=[majority()], runs=tmp_path / "runs")
    with RunLock(tmp_path / "runs" / f"{first.run}.lock"), pytest.raises(BusyError, match=f"process {os.getpid()} "):
        bench(corpus.dataset(), Task(), candidates=[majority()], runs=tmp_path / "runs")
    other = bench(corpus.dataset(), Task(), candidates=[majority()], seed=1, runs=tmp_path / "runs")
    assert other.stopped is None


def test_the_environment_names_what_matters_for_a_repeat() -> None:
    found = environment()
    assert found["python"].startswith(f"{sys.version_info.major}.{sys.version_info.minor}")
    assert {"numpy", "scipy", "scikit-learn"} <= set(found["packages"])
    assert found["cores"] >= 1


def test_repeats_are_no_evidence_in_verdict_and_report(tmp_path: Path) -> None:
    """Twenty rows a text: what counts is the texts, so intervals are as wide as for one row each."""
    once = [Example(f"{e.id}.{copy}", e.text, e.reference, row=1) for copy in range(20) for e in ROWS]

    def measured(rows: list[Example], task: Task) -> dict[str, Any]:
        found = bench(corpus.dataset(rows), task, candidates=[majority()], effort=EFFORT, runs=tmp_path / "runs")
        return found.verdict

    verdict, alone = measured(once, Task()), measured(ROWS, Task())
    assert verdict["data"]["splits"]["test"] == alone["data"]["splits"]["test"] == 96
    assert (verdict["data"]["repeats"], verdict["data"]["left_out"]) == ("once", 120 * 19)
    assert verdict["candidates"][0]["quality"]["n"] == 96
    counted = measured(once, Task(repeats="traffic"))
    assert counted["data"]["splits"]["test"] == 480
    assert any("traffic that repeats" in note for note in counted["data"]["notes"])


def test_a_disk_that_takes_no_more_ends_the_run_and_is_no_failed_candidate(tmp_path: Path) -> None:
    def full(text: object) -> str:  # noqa: ARG001
        raise OSError(errno.ENOSPC, "No space left on device", "model.bin")

    class Writes(Majority):
        def run(self, cases: Sequence[Case], ctx: Context) -> list[Case]:  # noqa: ARG002
            return [Case.of(ROWS[0]) for _ in full("x")]

    with pytest.raises(NoSpace, match=r"no space left on the disk that holds model\.bin"):
        bench(corpus.dataset(), Task(), candidates=[Candidate.of(Writes(), "writes")], runs=tmp_path / "runs")


def test_a_function_that_always_raises_has_failed_and_says_how(tmp_path: Path) -> None:
    def boom(text: object) -> str:  # noqa: ARG001
        raise ValueError("no good")

    candidates = [majority(), Candidate.of(boom, "boom")]
    verdict = bench(corpus.dataset(), Task(), candidates=candidates, effort=EFFORT, runs=tmp_path / "runs").verdict
    row = next(row for row in verdict["candidates"] if row["name"] == "boom")
    assert (row["status"], row["quality"]) == ("failed", None)
    assert row["reason"] == "it raised for all 15 tune examples: ValueError: no good"
