from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import pytest

from strati.core.context import Context
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.metrics import get_metric
from strati.measure.effort import Effort
from strati.measure.journal import Journal
from strati.measure.studies.repeats import again, asked_twice, is_remote, repeats_of, widened, with_second
from strati.models.contract import Choice, Prompt
from strati.models.scripted import ScriptedModel
from strati.prove.bench import Outcome, bench
from strati.prove.studies import Studies
from strati.stack.candidate import Candidate, Form
from strati.stack.stack import Stack
from strati.statistics import clopper_pearson
from strati.task.task import Goal, Task
from tests import corpus

EFFORT = Effort(sample=40, form_rows=6, tune_rows=8, fast_tune_rows=30, probes=2)


class Fickle(ScriptedModel):
    """Behind a server, so to say: asked a second time about a sofa, it says something else."""

    concurrency = 4

    def __init__(self, flips: bool = True) -> None:
        super().__init__(corpus.reply, name="fickle")
        self.flips = flips
        self.seen: set[Prompt] = set()

    def within(self, ctx: Context) -> Self:  # noqa: ARG002
        return self

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        known = prompt in self.seen
        self.seen.add(prompt)
        if known and self.flips and "sofa" in prompt.user:
            return Choice(tuple(float(option == "repair") for option in options), super().choose(prompt, options).usage)
        return super().choose(prompt, options)


def remote(model: ScriptedModel) -> Candidate:
    return Candidate(
        "remote", (Form({}, Stack.of(LLM(model, corpus.LABELS, name="remote"))),), uses_llm=True, slow=True
    )


def run(model: ScriptedModel, runs: Path, **more: Any) -> Outcome:
    task = Task(goal=Goal(private=False))
    return bench(corpus.dataset(), task, candidates=[remote(model)], effort=EFFORT, runs=runs, **more)


def test_how_many_are_asked_twice() -> None:
    assert [repeats_of(n) for n in (0, 5, 20, 200, 350, 1000)] == [0, 5, 20, 20, 35, 50]
    rows = corpus.examples()
    assert asked_twice(rows) == rows[:20]


def test_only_models_behind_a_server_are_asked_twice() -> None:
    local, far = remote(ScriptedModel(corpus.reply)), remote(Fickle())
    assert not is_remote(local)
    assert is_remote(far)
    stack, same = again(far.forms[0].stack), again(local.forms[0].stack)
    assert stack.fingerprint() != far.forms[0].stack.fingerprint()
    assert same.fingerprint() == local.forms[0].stack.fingerprint()


def test_second_answers_take_the_place_of_first_ones() -> None:
    metric = get_metric("accuracy", ("a", "b"))
    rows = with_second(_rows(metric, ["a", "b", "a"]), ["a", "a", "a"], [None, {"value": "a"}, {"value": None}], metric)
    assert rows.tolist() == [[1, 1], [1, 1], [0, 1]]


def _rows(metric: Any, answers: list[str]) -> Any:
    import numpy as np

    return np.array([metric.score("a", answer).statistics for answer in answers])


def test_an_interval_is_moved_outwards_only() -> None:
    one, two = clopper_pearson(9, 10), clopper_pearson(5, 10)
    assert widened(one, None) is one
    found = widened(one, two)
    assert (found.value, found.low, found.high) == (0.9, two.low, one.high)
    assert widened(two, one)[1:3] == (two.low, one.high)
    assert found.method == "Clopper-Pearson, the wider of first and second answers"


def test_flips_are_reported_and_widen_the_interval(tmp_path: Path) -> None:
    outcome = run(Fickle(), tmp_path / "runs")
    (row,) = outcome.verdict["candidates"]
    with Journal(outcome.journal, read_only=True) as journal:
        first, second = journal.answers("remote", "test"), journal.answers("remote", "repeat")
        references = {example.id: example.reference for example in journal.examples("test")}
    texts = {example.id: example.text for example in corpus.examples()}
    assert len(second) == row["repeats"]["n"] == 20
    changed = [key for key in second if first[key]["value"] != second[key]["value"]]
    assert 0 < len(changed) == row["repeats"]["flips"]
    assert all("sofa" in texts[key] for key in changed)
    exact = clopper_pearson(len(changed), 20)
    assert (row["repeats"]["rate"], row["repeats"]["low"], row["repeats"]["high"]) == exact[:3]
    right = sum(second[key]["value"] == references[key] for key in second)
    assert row["repeats"]["second"] == pytest.approx(right / 20)
    both = {**first, **second}
    hits = [sum(a[key]["value"] == references[key] for key in a) for a in (first, both)]
    intervals = [clopper_pearson(hit, 40) for hit in hits]
    quality = row["quality"]
    assert quality["value"] == intervals[0].value
    assert quality["low"] == min(found.low for found in intervals)
    assert quality["high"] == max(found.high for found in intervals)
    assert "second answers" in quality["method"]


def test_a_steady_model_has_no_flips_and_its_plain_interval(tmp_path: Path) -> None:
    model = Fickle(flips=False)
    (row,) = run(model, tmp_path / "runs").verdict["candidates"]
    assert row["repeats"]["flips"] == 0
    assert row["repeats"]["high"] > 0.1
    assert (row["quality"]["low"], row["quality"]["high"]) == clopper_pearson(round(40 * row["quality"]["value"]), 40)[
        1:3
    ]
    calls = model.calls
    run(model, tmp_path / "runs")
    assert model.calls == calls, "what was asked twice is not asked a third time"


def test_a_local_model_is_asked_once(tmp_path: Path) -> None:
    (row,) = run(ScriptedModel(corpus.reply), tmp_path / "runs").verdict["candidates"]
    assert row["repeats"] is None
    (row,) = run(Fickle(), tmp_path / "others", studies=Studies(repeats=False)).verdict["candidates"]
    assert row["repeats"] is None
