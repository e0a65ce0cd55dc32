from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.core.context import Context
from strati.core.errors import LayerDown, ModelError, Stopped, StratiError
from strati.core.records import Answer, Case, Evidence, Example, Failure, Outcome, State
from strati.kinds.classify.majority import Majority
from strati.stack.calibration import Combiner
from strati.stack.checks.answer_space import AnswerSpace
from strati.stack.contract import Finding
from strati.stack.folder import load_stack, save_stack
from strati.stack.layers.function import Function
from strati.stack.layers.person import Person
from strati.stack.stack import Stack, Stage

CASES = [Case("1", "win now"), Case("2", "hello"), Case("3", "win a sale")]
SPAM = Function(lambda text: ("spam", 0.8) if "win" in text else None, "spam words")
SALE = Function(lambda text: ("sale", 0.6) if "sale" in text else None, "sale words")


@dataclass
class Fake:
    """A layer or check made of one function; keeps the ids it was shown."""

    work: Callable[[list[Case]], Any]
    name: str = "fake"

    def __post_init__(self) -> None:
        self.seen: list[str] = []

    def fingerprint(self) -> str:
        return self.name

    def run(self, cases: Sequence[Case], ctx: Context) -> Any:  # noqa: ARG002
        self.seen += [case.id for case in cases]
        return self.work(list(cases))


def raises(error: Exception) -> Fake:
    def work(cases: list[Case]) -> Any:  # noqa: ARG001
        raise error

    return Fake(work)


def states(cases: Sequence[Case]) -> list[str]:
    return [str(case.state) for case in cases]


def test_cases_end_answered_pending_or_withheld() -> None:
    assert states(Stack.of(SPAM).run(CASES, Context())) == ["answered", "withheld", "answered"]
    assert states(Stack.of(SPAM, Person()).run(CASES, Context())) == ["answered", "pending", "answered"]
    assert Stack.of(SPAM).run([], Context()) == []


def test_a_stack_needs_a_stage() -> None:
    with pytest.raises(ValueError, match="no stages"):
        Stack(())


def test_the_next_stage_sees_only_what_is_open() -> None:
    after = Fake(lambda cases: [case.passed("fake", "") for case in cases])
    done = Stack.of(SPAM, after).run(CASES, Context())
    assert after.seen == ["2"]
    assert [case.id for case in done] == ["1", "2", "3"]
    assert done[0].answer is not None
    assert done[0].answer.value == "spam"


def test_below_the_threshold_the_case_goes_on_with_what_was_proposed_on_record() -> None:
    stack = Stack((Stage(SPAM, threshold=0.9), Stage(SALE)))
    one, _, three = stack.run(CASES, Context())
    assert (one.state, one.answer) == (State.WITHHELD, None)
    assert (one.steps[0].outcome, one.steps[0].proposed) == (Outcome.PASSED, "spam")
    assert "0.800 is below the threshold 0.900" in one.steps[0].reason
    assert three.answer is not None
    assert (three.answer.value, three.steps[0].proposed) == ("sale", "spam")


def test_at_the_threshold_it_is_delivered() -> None:
    half = Function(lambda text: ("a", 0.5), "half")
    assert states(Stack((Stage(half, threshold=0.5),)).run(CASES, Context())) == ["answered"] * 3
    assert states(Stack((Stage(half, threshold=0.51),)).run(CASES, Context())) == ["withheld"] * 3


def test_a_veto_keeps_an_answer_back_and_says_why() -> None:
    stack = Stack((Stage(SPAM, (AnswerSpace(("sale",)),)), Stage(SALE, (AnswerSpace(("sale",)),))))
    one, _, three = stack.run(CASES, Context())
    assert one.state is State.WITHHELD
    assert one.steps[0].outcome is Outcome.VETOED
    assert one.steps[0].reason == "answer space: 'spam' is not one of the 1 allowed values"
    assert three.answer is not None
    assert three.answer.value == "sale"


def test_features_of_checks_reach_the_combiner() -> None:
    check = Fake(lambda cases: [Finding(features={"long": float(len(case.text) > 7)}) for case in cases])
    combiner = Combiner(0.0, 1.0, (("long", -10.0),))
    stage = Stage(SPAM, (check,), 0.5, combiner, ("long",))
    assert states(Stack((stage,)).run(CASES, Context())) == ["answered", "withheld", "withheld"]
    assert check.seen == ["1", "3"]


def test_a_stack_is_a_layer_in_a_stack() -> None:
    inner = Stack((Stage(SPAM, threshold=0.9), Stage(SALE)), "inner")
    outer = Stack((Stage(inner), Stage(Function(lambda text: "other", "rest"))), "outer")
    done = outer.run(CASES, Context())
    assert [case.answer.value for case in done if case.answer] == ["other", "other", "sale"]
    assert done[2].answer is not None
    assert done[2].answer.confidence == pytest.approx(0.6)
    assert inner.fingerprint() != outer.fingerprint()
    assert [step.layer for step in done[0].steps] == ["spam words", "sale words", "rest"]


def test_when_a_layer_is_down_its_cases_wait_and_do_not_fall_through() -> None:
    after = Fake(lambda cases: [case.answered(Answer("x", None, "fake")) for case in cases])
    done = Stack.of(SPAM, raises(LayerDown("engine gone")), after).run(CASES, Context())
    assert states(done) == ["answered", "pending", "answered"]
    assert done[1].failure is Failure.LAYER_DOWN
    assert done[1].steps[-1].reason == "engine gone"
    assert after.seen == []


def test_an_exception_is_a_failure_record_and_the_next_stage_goes_on() -> None:
    done = Stack.of(raises(KeyError("price")), SPAM).run(CASES, Context())
    assert states(done) == ["answered", "withheld", "answered"]
    assert done[1].steps[0].failure is Failure.LAYER_ERROR
    assert done[1].steps[0].reason == "KeyError: 'price'"


@pytest.mark.parametrize("error", [Stopped("enough"), ModelError("wrong model")])
def test_stopping_and_user_errors_are_passed_on(error: Exception) -> None:
    with pytest.raises(type(error)):
        Stack.of(raises(error)).run(CASES, Context())
    with pytest.raises(type(error)):
        Stack((Stage(SPAM, (raises(error),)),)).run(CASES, Context())


def test_what_a_check_could_not_look_at_is_not_delivered() -> None:
    failed = Stack((Stage(SPAM, (raises(ZeroDivisionError("oh")),)), Stage(SALE))).run(CASES, Context())
    assert states(failed) == ["withheld", "withheld", "answered"]
    assert failed[0].failure is Failure.LAYER_ERROR
    assert failed[0].steps[0].reason == "fake: ZeroDivisionError: oh"
    down = Stack((Stage(SPAM, (raises(LayerDown("gone")),)), Stage(SALE))).run(CASES, Context())
    assert states(down) == ["pending", "withheld", "pending"]
    assert down[2].failure is Failure.LAYER_DOWN


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (lambda cases: cases[1:], "returned 2 cases for 3"),
        (lambda cases: cases[::-1], "in another order"),
        (lambda cases: [replace(case, state=State.ANSWERED) for case in cases], "without its state or step"),
        (lambda cases: [replace(case, answer=Answer("a", 1.0, "x")) for case in cases], "without its state or step"),
        (
            lambda cases: [replace(case, state=State.ANSWERED, answer=Answer("a", 1.0, "x")) for case in cases],
            "without its state or step",
        ),
    ],
)
def test_a_layer_that_misbehaves_is_named(work: Callable[[list[Case]], Any], words: str) -> None:
    with pytest.raises(StratiError, match=f"the layer fake .*{words}"):
        Stack.of(Fake(work)).run(CASES, Context())


def test_a_check_that_misbehaves_is_named() -> None:
    with pytest.raises(StratiError, match="the check fake returned 1 findings for 2 cases"):
        Stack((Stage(SPAM, (Fake(lambda cases: [Finding()]),)),)).run(CASES, Context())


def test_evidence_stays_on_the_case_for_later_stages() -> None:
    finds = Fake(lambda cases: [case.with_evidence(Evidence("note", case.text, 1.0)) for case in cases])
    reads = Fake(lambda cases: [case.answered(Answer(case.evidence[0].text, None, "reads")) for case in cases])
    done = Stack.of(finds, reads).run(CASES, Context())
    assert [case.answer.value for case in done if case.answer] == ["win now", "hello", "win a sale"]


def test_a_stage_that_begins_anew_sees_nothing_of_those_before_it(tmp_path: Path) -> None:
    """A rung was measured by itself, so that is how it answers in a composed stack; what went before is kept."""
    seen: list[tuple[int, int]] = []

    def reads(cases: list[Case]) -> list[Case]:
        seen.extend((len(case.evidence), len(case.steps)) for case in cases)
        return [case.answered(Answer("read", 0.7, "reads")) for case in cases]

    def found(cases: list[Case]) -> list[Case]:
        return [case.with_evidence(Evidence("note", "x", 1.0)).passed("finds", "a note") for case in cases]

    finds = Fake(found, "finds")
    later, anew = Stage(Fake(reads, "reads")), Stage(Fake(reads, "reads"), anew=True)
    for stage in (later, anew):
        (done,) = Stack((Stage(finds), stage)).run(CASES[:1], Context())
        assert [step.layer for step in done.steps] == ["finds", "reads"]
    assert seen == [(1, 1), (0, 0)]
    assert later.fingerprint() != anew.fingerprint()
    save_stack(Stack((Stage(Majority("spam")), Stage(Majority("ham"), anew=True))), tmp_path / "s.stack")
    assert [stage.anew for stage in load_stack(tmp_path / "s.stack").stages] == [False, True]


@given(st.lists(st.sampled_from(["win", "sale", "win a sale", "hello"]), max_size=12))
def test_order_is_kept_and_nothing_delivered_is_reopened(texts: list[str]) -> None:
    cases = [Case(str(n), text) for n, text in enumerate(texts)]
    done = Stack.of(SPAM, SALE, Person()).run(cases, Context())
    assert [case.id for case in done] == [case.id for case in cases]
    for case in done:
        outcomes = [step.outcome for step in case.steps]
        assert Outcome.ANSWERED not in outcomes[:-1]
        assert (case.state is State.ANSWERED) == (outcomes[-1] is Outcome.ANSWERED)
        assert case.steps[-1].stage in ("", case.steps[-1].layer)


def test_combiners_are_fitted_on_the_cases_that_arrive() -> None:
    """The first stage delivers its sure answers, so the second learns from the others only."""
    tune = [Example(f"w{n}", "win now", "spam") for n in range(30)]
    tune += [Example(f"s{n}", "sale", "sale" if n < 15 else "ham") for n in range(30)]
    train = [Example("t", "x", "ham")]
    stack, done = Stack((Stage(SPAM), Stage(SALE), Stage(Majority()))).fit_and_run(train, tune, Context())
    assert [stage.combiner.rows for stage in stack.stages] == [30, 30, 0]
    assert [case.id for case in done] == [example.id for example in tune]
    spam, sale = done[0].answer, done[-1].answer
    assert spam is not None
    assert sale is not None
    refitted = stack.run([Case("a", "win now"), Case("b", "sale")], Context())
    assert refitted[0].answer is not None
    assert refitted[0].answer.confidence is not None
    assert refitted[0].answer.confidence > 0.95
    assert refitted[1].answer is not None
    assert refitted[1].answer.confidence == pytest.approx(0.5, abs=0.02)


def test_fitting_makes_a_new_stack() -> None:
    stack = Stack.of(Majority())
    fitted = stack.fit([Example("1", "x", "a")], [Example("2", "y", "a")], Context())
    assert stack.stages[0].layer == Majority()
    assert fitted.fingerprint() != stack.fingerprint()


def test_the_fingerprint_changes_with_all_that_changes_answers() -> None:
    stage = Stage(SPAM)
    stages = [
        stage,
        replace(stage, threshold=0.5),
        replace(stage, checks=(AnswerSpace(("a",)),)),
        replace(stage, combiner=Combiner(0.1)),
        replace(stage, uses=("x",)),
        replace(stage, layer=SALE),
    ]
    prints = {Stack((part,)).fingerprint() for part in stages} | {Stack((stage, stage)).fingerprint()}
    assert len(prints) == 7
    assert Stack((stage,), "a").fingerprint() == Stack((stage,), "b").fingerprint()


def test_the_batch_is_the_smallest_wish() -> None:
    small = Fake(lambda cases: cases)
    small.batch = 3  # type: ignore[attr-defined]
    assert Stack.of(SPAM, small).batch == 3
    assert Stack.of(SPAM).batch > 100
    small.batch = 5000  # type: ignore[attr-defined]
    assert Stack.of(SPAM, small).batch == 5000  # a layer without a wish does not make it smaller
