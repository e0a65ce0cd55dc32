from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.core.context import Context
from strati.core.errors import Stopped
from strati.core.records import Answer, Case, Example
from strati.data import Splits, Unit
from strati.kinds.classify.linear import Linear
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.majority import Majority
from strati.kinds.classify.metrics import get_metric
from strati.measure.effort import Effort, shuffled
from strati.measure.journal import Journal
from strati.measure.runner import Bench
from strati.measure.studies.learning_curve import (
    LEAST_WORK,
    MOST_REPEATS,
    CurveMaker,
    curve_key,
    is_trainable,
    part_of,
    repeats,
    sizes,
)
from strati.models.scripted import ScriptedModel
from strati.stack.candidate import Candidate, Form
from strati.stack.layers.features import TextFeatures
from strati.stack.stack import Stack
from strati.verdict.curves import load_curves
from tests import corpus

ROWS = corpus.examples()
UNIT = Unit("holdout", tuple(ROWS[:80]), tuple(ROWS[80:100]), tuple(ROWS[100:]))
ACCURACY = get_metric("accuracy", corpus.LABELS)


@dataclass(frozen=True)
class Counter:
    """Answers the first label it saw; keeps how many rows each fit had."""

    fits: list[int] = field(default_factory=list)
    broken_below: int = 0
    value: str = ""
    name: str = "counter"

    def fingerprint(self) -> str:
        return f"counter {self.value}"

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:  # noqa: ARG002
        self.fits.append(len(train))
        if len(train) < self.broken_below:
            raise ValueError("too few rows")
        return replace(self, value=str(train[0].reference))

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:  # noqa: ARG002
        return [case.answered(Answer(self.value, 0.5, self.name)) for case in cases]


def candidate(layer: object, name: str = "trained") -> Candidate:
    return Candidate(name, (Form({}, Stack.of(layer, name=name)),), learns=True)  # type: ignore[arg-type]


def measured(journal: Journal, *found: Candidate, ctx: Context | None = None) -> CurveMaker:
    context = replace(ctx or Context(), memo=journal)
    splits = Splits((UNIT,), (), (), "holdout")
    journal.write_examples("tune", [])
    Bench(splits, ACCURACY, journal, context, Effort(probes=1)).run(found)
    return CurveMaker(journal, context, corpus.LABELS, (UNIT,))


@given(st.integers(2, 200_000))
def test_sizes_rise_to_all_rows(train: int) -> None:
    found = sizes(train)
    assert found[-1] == train
    assert list(found) == sorted(set(found))
    assert len(found) == 1 or found[0] == 25


@given(st.integers(30, 100_000), st.integers(1, 12), st.integers(1, 5))
def test_a_curve_reads_no_more_rows_than_it_may(train: int, forms: int, units: int) -> None:
    some = sizes(train)[:-1]
    made = [repeats(size, train, forms, units) for size in some]
    assert made == sorted(made, reverse=True)
    assert all(2 <= count <= MOST_REPEATS for count in made)
    read = sum(size * count * units for size, count in zip(some, made, strict=True))
    least = sum(2 * size * units for size in some)
    assert read <= max(LEAST_WORK, forms * train * units // 2, least) + least
    assert repeats(train, train, forms) == 1
    assert {repeats(size, train, forms, units, trains_long=True) for size in some} <= {2}
    assert least < 3 * train * units


def test_parts_of_a_repeat_are_nested_and_repeats_differ() -> None:
    order = shuffled(UNIT.train, 7)
    small, large = part_of(order, 25, 0, 7), part_of(order, 50, 0, 7)
    assert large[:25] == small
    assert len({example.id for example in large}) == 50
    assert part_of(order, 25, 1, 7) != small
    assert order == shuffled(UNIT.train, 7), "a part is drawn from a copy"
    assert part_of(shuffled(tuple(reversed(UNIT.train)), 7), 25, 0, 7) == small


def test_who_gets_a_curve() -> None:
    llm = LLM(ScriptedModel(corpus.reply), corpus.LABELS)
    assert is_trainable(candidate(Majority()))
    assert not is_trainable(Candidate("llm", (Form({}, Stack.of(llm)),), uses_llm=True, slow=True, learns=True))
    assert not is_trainable(Candidate.of(lambda text: text, "own function"))
    assert not is_trainable(Candidate.from_answers("recorded", {}))


def test_a_curve_rises_to_the_score_of_the_bench(tmp_path: Path) -> None:
    found = candidate(Linear(1.0, TextFeatures()), "n-grams")
    with Journal(tmp_path / "run.db") as journal:
        maker = measured(journal, found)
        journal.write_examples("tune", [])
        maker.make(found)
        kept = journal.read(curve_key("n-grams"))
        answers = journal.answers("n-grams", "tune/holdout")
    assert kept["sizes"] == [25, 50, 80]
    assert kept["failed"] is None
    rows = kept["rows"]["holdout"]
    assert set(rows) == {example.id for example in UNIT.tune}
    assert kept["points"]["holdout/80/0"] == [corpus.LABELS.index(answers[key]["value"]) for key in rows]
    assert {name.split("/")[1] for name in kept["points"]} == {"25", "50", "80"}
    assert sum(name.startswith("holdout/25/") for name in kept["points"]) == MOST_REPEATS


def test_points_that_are_there_are_not_fitted_again(tmp_path: Path) -> None:
    fits: list[int] = []
    found = candidate(Counter(fits))
    with Journal(tmp_path / "run.db") as journal:
        maker = measured(journal, found)
        assert fits == [80]
        stop = Context()
        done: list[int] = []

        def advance(count: int, usage: object) -> None:  # noqa: ARG001
            done.append(count)
            if len(done) == 3:
                stop.cancelled.set()

        with pytest.raises(Stopped):
            replace(maker, ctx=replace(stop, advance=advance)).make(found)
        assert len(fits) == 4
        maker.make(found)
        assert len(fits) == 1 + 2 * MOST_REPEATS
        maker.make(found)
        assert len(fits) == 1 + 2 * MOST_REPEATS


def test_a_rung_that_trains_long_has_a_curve_of_few_fits(tmp_path: Path) -> None:
    fits: list[int] = []
    found = replace(candidate(Counter(fits)), trains_long=True)
    with Journal(tmp_path / "run.db") as journal:
        measured(journal, found).make(found)
    assert fits == [80, 25, 50, 25, 50]


def test_a_fit_that_fails_ends_its_curve_with_the_reason(tmp_path: Path) -> None:
    broken = candidate(Counter(broken_below=30))
    with Journal(tmp_path / "run.db") as journal:
        measured(journal, broken).make(broken)
        assert journal.read(curve_key("trained"))["failed"] == "ValueError: too few rows"
        assert list(load_curves(journal, corpus.LABELS, ACCURACY)) == []


def test_rows_of_one_label_teach_that_label(tmp_path: Path) -> None:
    """A linear machine cannot be fitted on one label; the curve must not end there."""
    rare = [replace(example, reference="refund") for example in ROWS[:79]] + [replace(ROWS[79], reference="repair")]
    unit = replace(UNIT, train=tuple(rare))
    found = candidate(Linear(1.0, TextFeatures()), "n-grams")
    with Journal(tmp_path / "run.db") as journal:
        maker = measured(journal, found)
        replace(maker, units=(unit,)).make(found)
        kept = journal.read(curve_key("n-grams"))
    assert kept["failed"] is None
    assert [corpus.LABELS.index("refund")] * 20 in kept["points"].values()


def test_nearly_as_many_labels_as_rows_are_learnt_without_a_warning() -> None:
    """sklearn warns that such labels look like a regression; the tests treat a warning as an error."""
    rows = [replace(example, reference=f"label {number // 2}") for number, example in enumerate(ROWS[:32])]
    rows[1] = replace(rows[1], reference="label 99")
    fitted = Linear(1.0, TextFeatures()).fit(rows, (), Context(seed=0))
    assert len(fitted.labels) == 17
