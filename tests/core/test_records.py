from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.core.records import Answer, Case, Evidence, Example, Failure, Outcome, State, Usage, text_of


def test_a_case_leaves_the_reference_behind() -> None:
    case = Case.of(Example("1", "hello", "greeting", group="g"))
    assert (case.id, case.input, case.state, case.answer) == ("1", "hello", State.OPEN, None)
    assert not hasattr(case, "reference")


def test_several_columns_are_one_text() -> None:
    assert Case("1", {"subject": "Hi", "body": "Where?"}).text == "subject: Hi\nbody: Where?"
    assert Example("1", "as it is").text == "as it is"
    assert text_of({}) == ""


def test_every_change_is_a_new_case_with_one_step_more() -> None:
    case = Case("1", "x")
    changed = [
        case.answered(Answer("a", 0.5, "l"), reason="why"),
        case.passed("l", "no idea"),
        case.failed("l", Failure.TIMEOUT, "slow"),
        case.pending("l", "ask", "ticket 7"),
    ]
    assert case == Case("1", "x")
    assert [len(new.steps) for new in changed] == [1, 1, 1, 1]
    assert [new.state for new in changed] == [State.ANSWERED, State.OPEN, State.OPEN, State.PENDING]
    step = changed[0].steps[0]
    assert (step.outcome, step.reason, step.proposed, step.confidence) == (Outcome.ANSWERED, "why", "a", 0.5)
    assert changed[3].ticket == "ticket 7"


def test_only_a_layer_that_is_down_sends_a_failed_case_to_people() -> None:
    states = {failure: Case("1", "x").failed("l", failure, "").state for failure in Failure}
    assert [failure for failure, state in states.items() if state is State.PENDING] == [Failure.LAYER_DOWN]


def test_evidence_is_added_in_order() -> None:
    one, two = Evidence("a", "one", 1.0), Evidence("a", "two", 0.5)
    assert Case("1", "x").with_evidence(one).with_evidence(two).evidence == (one, two)


def test_reopened_keeps_what_was_proposed() -> None:
    case = Case("1", "x").answered(Answer("a", 0.4, "l"), Usage(seconds=2.0)).reopened(Outcome.VETOED, "not allowed")
    assert (case.state, case.answer) == (State.OPEN, None)
    step = case.steps[-1]
    assert (step.outcome, step.reason, step.proposed, step.confidence) == (Outcome.VETOED, "not allowed", "a", 0.4)
    assert case.usage.seconds == 2.0


def test_the_failure_of_a_case_is_the_last_one_until_it_is_answered() -> None:
    case = Case("1", "x").failed("a", Failure.TIMEOUT, "").failed("b", Failure.BUDGET, "").passed("c", "")
    assert case.failure is Failure.BUDGET
    assert case.answered(Answer("a", None, "d")).failure is None
    assert Case("1", "x").failure is None


numbers = st.integers(0, 1000)
usages = st.builds(Usage, st.just(0.5), numbers, numbers, numbers, numbers, st.just(0.25))


@given(st.lists(usages, max_size=6))
def test_the_usage_of_a_case_is_the_sum_of_its_steps(parts: list[Usage]) -> None:
    case = Case("1", "x")
    for usage in parts:
        case = case.passed("l", "", usage)
    assert case.usage.calls == sum(usage.calls for usage in parts)
    assert case.usage.tokens_in == sum(usage.tokens_in for usage in parts)
    assert case.usage.dollars == 0.25 * len(parts)


def test_records_can_not_be_changed() -> None:
    with pytest.raises(AttributeError):
        Case("1", "x").state = State.ANSWERED  # type: ignore[misc]
