from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from strati.core.budget import Budget
from strati.core.context import Context
from strati.core.records import Case, Example
from strati.data import Unit
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.metrics import get_metric
from strati.measure.effort import Effort
from strati.measure.journal import Journal
from strati.measure.studies.repeats import again
from strati.measure.telling import tell_answering, tell_choosing
from strati.measure.tune import Tuner
from strati.models.ask import Question, choose
from strati.models.contract import LanguageModel, Prompt
from strati.models.scripted import ScriptedModel
from strati.stack.candidate import Candidate, Form
from strati.stack.stack import Stack, Stage

LABELS = ("card", "refund")
ROWS = [Example(str(n), f"the {LABELS[n % 2]} of {n}", LABELS[n % 2]) for n in range(12)]
UNITS = [Unit("1", (), tuple(ROWS[:4]), tuple(ROWS[4:8])), Unit("2", (), tuple(ROWS[2:6]), tuple(ROWS[8:]))]


class Noting(ScriptedModel):
    """Notes what it is handed: the texts, sorted."""

    def __init__(self) -> None:
        super().__init__({}, default="card")
        self.batches = True
        self.handed: list[list[str]] = []

    def take_up(self, ctx: Context) -> None:
        pass

    @property
    def concurrency(self) -> int:
        return 1

    def within(self, ctx: Context) -> LanguageModel:  # noqa: ARG002
        return self

    def tried(self, ctx: Context) -> bool:  # noqa: ARG002
        return True

    def hand_in(self, questions: Sequence[Question], ctx: Context) -> None:  # noqa: ARG002
        self.handed.append(sorted(question.prompt.user for question in questions))


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    with Journal(tmp_path / "run.db") as journal:
        yield Context(memo=journal, budget=Budget(1.0, journal))


def _question(stack: Stack, case: Case) -> tuple[Prompt, list[str]]:
    layer = stack.stages[0].layer
    assert isinstance(layer, LLM)
    return layer._question(case)[:2]


def candidate(model: ScriptedModel, threshold: float = 0.0) -> Candidate:
    stages = [Stage(LLM(model, LABELS, corrected=corrected), threshold=threshold) for corrected in (False, True)]
    forms = [Form({"corrected": number}, Stack((stage,)), "the same") for number, stage in enumerate(stages)]
    return Candidate("llm", tuple(forms), uses_llm=True, slow=True)


def test_the_tune_rows_of_all_units_are_told_once(ctx: Context) -> None:
    """Rows 0 to 3 and 2 to 5, asked by two forms: six questions."""
    model = Noting()
    tuner = Tuner(get_metric("accuracy", LABELS), ctx, Effort(), 2)
    tell_choosing(candidate(model), tuner, UNITS)
    assert [len(texts) for texts in model.handed] == [6]
    assert model.calls == 0


def test_and_their_test_rows(ctx: Context) -> None:
    model = Noting()
    stack = candidate(model).forms[0].stack
    work = [(stack, [Case.of(example) for example in unit.test]) for unit in UNITS]
    tell_answering(work, ctx)
    assert [len(texts) for texts in model.handed] == [8]
    choose(model, *_question(stack, work[0][1][0]), ctx)
    tell_answering(work, ctx)
    assert [len(texts) for texts in model.handed] == [8, 7]
    tell_answering([(again(stack), cases) for stack, cases in work], ctx)
    assert [len(texts) for texts in model.handed] == [8, 7, 8]  # second answers are other questions


def test_nothing_is_told_where_it_could_be_too_much(ctx: Context) -> None:
    """One unit needs no telling; with a threshold, or forms that ask differently, answers decide what is asked."""
    model = Noting()
    tuner = Tuner(get_metric("accuracy", LABELS), ctx, Effort(), 2)
    tell_choosing(candidate(model), tuner, UNITS[:1])
    tell_choosing(candidate(model, threshold=0.5), tuner, UNITS)
    other = candidate(model)
    tell_choosing(replace(other, forms=tuple(replace(form, asks="") for form in other.forms)), tuner, UNITS)
    tell_choosing(candidate(ScriptedModel({}, default="card")), tuner, UNITS)
    assert model.handed == []
