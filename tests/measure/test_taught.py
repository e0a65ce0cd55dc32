"""What is delivered learned from every row outside calibrate; what was measured, from train alone."""

from __future__ import annotations

import random
from pathlib import Path

from strati.core.context import Context
from strati.core.records import Case, Example
from strati.data import Dataset
from strati.kinds.classify.linear import Linear
from strati.measure.effort import Effort
from strati.measure.journal import Journal
from strati.measure.results import load_results
from strati.prove.bench import bench
from strati.prove.studies import Studies
from strati.stack.candidate import Candidate, Form
from strati.stack.folder import load_stack
from strati.stack.stack import Stack
from strati.task.task import Task


def rows(count: int) -> tuple[Example, ...]:
    """Each text holds a word of its own: a rung that learned from it knows the word."""
    draw = random.Random(0)
    labels = [draw.choice(["a", "b"]) for _ in range(count)]
    return tuple(Example(str(n), f"{label} sign q{n:03d}z", label) for n, label in enumerate(labels))


def test_the_delivered_rung_knows_all_rows_outside_calibrate(tmp_path: Path) -> None:
    linear = Candidate("n-grams", (Form({}, Stack.of(Linear(1.0, name="n-grams"), name="n-grams")),), learns=True)
    data, task = Dataset(rows(500), "made", "csv", "utf-8", "0"), Task()
    studies, effort = Studies(curve=False), Effort(probes=2)
    done = bench(data, task, candidates=[linear], runs=tmp_path / "runs", studies=studies, effort=effort)
    with Journal(done.journal, read_only=True) as journal:
        results = load_results(journal)
        record = results.result("n-grams").record
        parts = {part: journal.examples(part) for part in ("test", "tune", "calibrate")}
        answers = journal.answers("n-grams", "calibrate")
    splits = results.meta["data"]["splits"]
    assert record.taught_rows == 500 - splits["calibrate"]
    assert record.stack != record.delivered == "n-grams.taught.stack"
    stacks = done.journal.with_suffix(".stacks")
    measured, delivered = (load_stack(stacks / str(name)) for name in (record.stack, record.delivered))

    def words(stack: Stack) -> set[str]:
        layer = stack.stages[0].layer
        assert isinstance(layer, Linear)
        return {str(name) for block in layer.features.blocks for name in block.get_feature_names_out()}

    def known(stack: Stack, part: str) -> set[bool]:
        found = words(stack)
        return {f"q{int(example.id):03d}z" in found for example in parts[part]}

    assert {part: known(measured, part) for part in parts} == {part: {False} for part in parts}
    assert {part: known(delivered, part) for part in parts} == {"test": {True}, "tune": {True}, "calibrate": {False}}
    cases = delivered.run([Case(e.id, e.input or "") for e in parts["calibrate"]], Context())
    assert {case.id: case.answer and case.answer.own for case in cases} == {
        key: answer["own"] for key, answer in answers.items()
    }
    assert measured.stages[0].combiner == delivered.stages[0].combiner
