from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from strati.core.errors import TaskError
from strati.core.records import Case, Failure
from strati.kinds.classify.linear import Linear
from strati.kinds.classify.llm import LLM
from strati.measure.effort import Effort
from strati.measure.journal import Journal
from strati.models.contract import ModelCard, Prompt
from strati.models.scripted import ScriptedModel
from strati.prove.bench import Outcome, bench
from strati.prove.studies import Studies
from strati.stack.candidate import Candidate, Form
from strati.stack.layers.features import TextFeatures
from strati.stack.stack import Stack
from strati.task.task import Task
from strati.verdict.contamination import NOTE, after_cutoff
from tests import corpus

EFFORT = Effort(sample=40, form_rows=6, tune_rows=8, fast_tune_rows=30, probes=2)
KNOWN = {example.text: str(example.reference) for example in corpus.examples()}


def by_heart(prompt: Prompt) -> str:
    """Knows texts and their labels word for word; under other names it guesses among those shown."""
    text = prompt.user.removeprefix("Text: ").removesuffix("\nLabel:")
    shown = [line[2:] for line in prompt.system.splitlines() if line.startswith("- ")]
    return KNOWN[text] if KNOWN[text] in shown else shown[zlib.crc32(text.encode()) % 4]


def candidates(model: ScriptedModel) -> list[Candidate]:
    llm = Stack.of(LLM(model, corpus.LABELS, name="llm"))
    linear = Stack.of(Linear(1.0, TextFeatures()), name="n-grams")
    return [
        Candidate("n-grams", (Form({}, linear),), learns=True),
        Candidate("llm", (Form({}, llm),), uses_llm=True, slow=True, cards=(model.card,)),
    ]


def run(model: ScriptedModel, runs: Path, twins: int, task: Task | None = None, **more: Any) -> Outcome:
    studies = Studies(curve=False, twins=twins)
    return bench(
        corpus.dataset(more.pop("rows", None)),
        task or Task(),
        candidates=candidates(model),
        effort=EFFORT,
        runs=runs,
        studies=studies,
        **more,
    )


def question(outcome: Outcome) -> dict[str, str]:
    return next(q for q in outcome.verdict["questions"] if "seen in training" in q["question"])


def test_after_a_cutoff() -> None:
    assert after_cutoff("2024-06-02T00:00:00", "2024-06-01") is True
    assert after_cutoff("2024-06-01T23:00:00", "2024-06-01") is False
    assert after_cutoff("2025-01-01", "2024") is True
    assert after_cutoff("", "2024") is None
    assert after_cutoff("2024-01-01", "autumn") is None


def test_a_model_that_knows_the_labels_by_heart_falls_with_their_names(tmp_path: Path) -> None:
    outcome = run(ScriptedModel(by_heart), tmp_path / "runs", 40)
    found = outcome.verdict["contamination"]
    rows = {(row["candidate"], row["kind"]): row for row in found["twins"]}
    assert set(rows) == {("llm", "names"), ("llm", "order")}
    fall = rows["llm", "names"]
    assert fall["n"] == 40
    assert fall["quality"] == 1
    assert fall["difference"] == pytest.approx(fall["twin_quality"] - 1)
    assert fall["high"] < 0
    assert rows["llm", "order"]["difference"] == rows["llm", "order"]["changed"] == 0
    assert question(outcome)["answer"].startswith("Not established.")
    assert "made-up label names: −" in question(outcome)["evidence"]
    assert "clean" not in question(outcome)["answer"]
    assert found["note"] == NOTE


def test_a_model_that_understands_does_not_fall_and_nothing_is_established(tmp_path: Path) -> None:
    outcome = run(ScriptedModel(corpus.reply), tmp_path / "runs", 30)
    rows = {(r["candidate"], r["kind"]): r for r in outcome.verdict["contamination"]["twins"]}
    assert rows["llm", "order"]["difference"] == 0
    assert rows["llm", "order"]["low"] < 0 < rows["llm", "order"]["high"]
    answer = question(outcome)["answer"]
    assert answer.startswith("Not established.")
    assert "proves nothing" in answer


def test_twins_can_be_asked_for_later_and_are_asked_once(tmp_path: Path) -> None:
    model = ScriptedModel(corpus.reply)
    first = run(model, tmp_path / "runs", 0)
    assert first.verdict["contamination"] is None
    before = model.calls
    second = run(model, tmp_path / "runs", 10)
    assert second.run == first.run
    assert model.calls == before + 20
    more = run(model, tmp_path / "runs", 15)
    assert model.calls == before + 30
    assert {row["n"] for row in more.verdict["contamination"]["twins"]} == {15}


def test_the_twins_are_test_examples_and_stay_out_of_the_answers_file(tmp_path: Path) -> None:
    from strati.measure.answers_file import answer_lines

    outcome = run(ScriptedModel(corpus.reply), tmp_path / "runs", 10)
    with Journal(outcome.journal, read_only=True) as journal:
        twins = journal.answers("llm", "twin/names")
        assert len(twins) == 10
        assert set(twins) <= set(journal.answers("llm", "test"))
        assert {line["split"] for line in answer_lines(journal)} == {"test"}


def test_a_run_with_paraphrases_of_an_earlier_version_is_read_and_they_are_left_out(tmp_path: Path) -> None:
    model = ScriptedModel(corpus.reply)
    first = run(model, tmp_path / "runs", 0)
    with Journal(first.journal) as journal:
        for name in ("llm", "n-grams"):
            told = [
                Case(id_, "hi").failed(name, Failure.BUDGET, "") for id_ in list(journal.answers(name, "test"))[:10]
            ]
            journal.write_answers(name, "twin/paraphrase", told)
        assert len(journal.answers("llm", "twin/paraphrase")) == 10
    assert run(model, tmp_path / "runs", 0).verdict["contamination"] is None
    again = run(model, tmp_path / "runs", 10)
    assert again.run == first.run
    kinds = {(row["candidate"], row["kind"]) for row in again.verdict["contamination"]["twins"]}
    assert kinds == {("llm", "names"), ("llm", "order")}


def test_text_after_the_cutoff_is_set_against_older_text(tmp_path: Path) -> None:
    """The first half of the texts was known, the second half came after the model."""

    class Dated(ScriptedModel):
        @property
        def card(self) -> ModelCard:
            return replace(super().card, details={"cutoff": "2024-06"})

    rows = [replace(e, time=f"2024-{6 + n % 2:02d}-15") for n, e in enumerate(corpus.examples())]
    old = {example.text for example in rows if example.time == "2024-06-15"}

    def script(prompt: Prompt) -> str:
        text = prompt.user.removeprefix("Text: ").removesuffix("\nLabel:")
        return KNOWN[text] if text in old else next(label for label in corpus.LABELS if label != KNOWN[text])

    outcome = run(Dated(script), tmp_path / "runs", 0, rows=rows)
    (row,) = outcome.verdict["contamination"]["after_cutoff"]
    assert (row["candidate"], row["cutoff"], row["control"]) == ("llm", "2024-06", "n-grams")
    assert row["n_after"] + row["n_before"] == 40
    assert (row["after"], row["before"], row["difference"]) == (0, 1, -1)
    assert row["high"] < 0
    assert row["beyond_control"]["high"] < 0
    assert "lost more than what was trained here" in question(outcome)["answer"]


def test_a_cutoff_with_all_texts_on_one_side_compares_nothing(tmp_path: Path) -> None:
    class Dated(ScriptedModel):
        @property
        def card(self) -> ModelCard:
            return replace(super().card, details={"cutoff": "2020"})

    rows = [replace(example, time="2024-06-15") for example in corpus.examples()]
    outcome = run(Dated(corpus.reply), tmp_path / "runs", 0, rows=rows)
    (row,) = outcome.verdict["contamination"]["after_cutoff"]
    assert (row["n_after"], row["n_before"], row["before"], row["difference"]) == (40, 0, None, None)
    assert "none to compare with" in question(outcome)["evidence"]


def test_a_negative_number_of_twins_is_refused() -> None:
    with pytest.raises(TaskError, match="twins is -1"):
        Studies(twins=-1)
