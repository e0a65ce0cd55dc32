from __future__ import annotations

from strati.core.context import Context
from strati.core.records import Answer, Case
from strati.stack.checks.answer_space import AnswerSpace


def test_only_listed_values_pass() -> None:
    cases = [Case(str(n), "x").answered(Answer(value, 0.5, "l")) for n, value in enumerate(["a", "A", "", None, ["a"]])]
    findings = AnswerSpace(("a", "b")).run(cases, Context())
    assert [finding.veto for finding in findings] == [False, True, True, True, True]
    assert findings[1].reason == "'A' is not one of the 2 allowed values"
    assert findings[0].reason == ""


def test_the_order_of_the_values_does_not_matter() -> None:
    assert AnswerSpace(("a", "b")).fingerprint() == AnswerSpace(("b", "a")).fingerprint()
    assert AnswerSpace(("a", "b")).fingerprint() != AnswerSpace(("a",)).fingerprint()
