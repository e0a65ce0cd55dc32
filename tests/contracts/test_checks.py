"""All checks through the published checker; and checks that break one clause each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from strati.core.context import Context
from strati.core.records import Answer, Case
from strati.stack.checks.agreement import Agreement
from strati.stack.checks.answer_space import AnswerSpace
from strati.stack.contract import Check, Finding
from strati.testing import ContractError, check_check

CASES = [
    Case(str(n), text).answered(Answer(value, 0.5, "x"))
    for n, (text, value) in enumerate([("one", "a"), ("two", "b"), ("three", "z")])
]
TABLE: dict[str, Check] = {"answer space": AnswerSpace(("a", "b")), "agreement": Agreement()}


@pytest.mark.parametrize("name", TABLE)
def test_check(name: str) -> None:
    check_check(TABLE[name], CASES)


@dataclass
class Broken:
    """A check that is right but for what its functions do wrong."""

    each: Callable[[Case], Finding] = lambda case: Finding()
    whole: Callable[[list[Finding]], Sequence[Finding]] = lambda found: found
    stops: bool = True
    name: str = "broken"

    def fingerprint(self) -> str:
        return "broken"

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Finding]:
        if self.stops:
            ctx.check()
        return self.whole([self.each(case) for case in cases])


def test_the_checker_lets_a_right_check_through() -> None:
    check_check(Broken(), CASES)


@pytest.mark.parametrize(
    ("check", "clause"),
    [
        (Broken(whole=lambda found: found[1:]), "expected as many"),
        (Broken(each=lambda case: Finding(veto=True)), "no reason"),
        (Broken(each=lambda case: Finding(features={"x": float("nan")})), "finite"),
        (Broken(each=lambda case: True), "expected a Finding"),  # type: ignore[arg-type, return-value]
        (Broken(whole=lambda found: found or [Finding()]), "0 cases were given"),
        (Broken(whole=lambda found: [Finding(features={"n": len(found)})] * len(found)), "than in a batch"),
        (Broken(each=lambda case: Finding(features={"n": len(case.answer.value)})), "raised TypeError"),  # type: ignore[union-attr]
        (Broken(stops=False), "expected Stopped"),
    ],
)
def test_the_checker_catches(check: Check, clause: str) -> None:
    with pytest.raises(ContractError, match=clause):
        check_check(check, CASES)


def test_the_checker_needs_answered_cases() -> None:
    with pytest.raises(ContractError, match="not answered"):
        check_check(Broken(), [Case("1", "x"), Case("2", "y")])
