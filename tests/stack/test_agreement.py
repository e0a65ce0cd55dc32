from __future__ import annotations

from strati.core.context import Context
from strati.core.records import Answer, Case
from strati.stack.calibration import Combiner
from strati.stack.checks.agreement import Agreement
from strati.stack.layers.function import Function
from strati.stack.stack import Stack, Stage


def test_earlier_proposals_speak_for_or_against() -> None:
    combiner = Combiner(weights=(("agreement", 4.0),))
    stages = (
        Stage(Function(lambda text: ("a", 0.75), "first"), threshold=0.9),
        Stage(Function(lambda text: ("b", 0.5), "second"), threshold=0.9),
        Stage(Function(lambda text: ("a", 0.6), "third"), (Agreement(),), combiner=combiner),
    )
    (case,) = Stack(stages).run([Case("1", "x")], Context())
    assert case.answer is not None
    assert case.answer.features["agreement"] == 0.75 - 0.5
    assert case.answer.own == 0.6
    assert case.answer.confidence is not None
    assert round(case.answer.confidence, 5) == 0.80305  # the logistic function of log(.6 / .4) + 1


def test_nothing_before_it_is_neither_for_nor_against() -> None:
    case = Case("1", "x").answered(Answer("a", 0.5, "first"))
    (finding,) = Agreement().run([case], Context())
    assert (finding.veto, dict(finding.features)) == (False, {"agreement": 0.0})
