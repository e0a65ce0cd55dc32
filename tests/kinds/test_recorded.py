from __future__ import annotations

from strati.core.context import Context
from strati.core.records import Case, Failure, State
from strati.stack.layers.recorded import Recorded, RecordedAnswer

ROWS = {"1": RecordedAnswer("yes", 0.9, 0.002, 1.5, "big"), "2": RecordedAnswer(None), "3": RecordedAnswer("no")}


def test_each_case_gets_what_is_on_record() -> None:
    one, two, three, four = Recorded(ROWS).run([Case(key, "x") for key in "1234"], Context())
    assert one.answer is not None
    assert (one.answer.value, one.answer.confidence, one.steps[0].reason) == ("yes", 0.9, "big")
    assert (one.usage.dollars, one.usage.seconds, one.usage.calls) == (0.002, 1.5, 1)
    assert (two.state, two.failure) == (State.OPEN, Failure.UNUSABLE_REPLY)
    assert three.answer is not None
    assert three.answer.confidence is None
    assert four.failure is Failure.NOT_RECORDED
    assert four.steps[0].reason == "no recorded answer for id 4"


def test_costs_are_known_when_every_row_says_so() -> None:
    assert Recorded({"1": ROWS["1"]}).costs_known
    assert not Recorded(ROWS).costs_known


def test_the_fingerprint_covers_all_that_is_on_record_and_no_order() -> None:
    row = ROWS["1"]
    other = [
        RecordedAnswer("no", 0.9, 0.002, 1.5, "big"),
        RecordedAnswer("yes", 0.8, 0.002, 1.5, "big"),
        RecordedAnswer("yes", 0.9, 0.003, 1.5, "big"),
        RecordedAnswer("yes", 0.9, 0.002, 1.6, "big"),
    ]
    prints = {Recorded({"1": part}).fingerprint() for part in (row, *other)} | {Recorded({"2": row}).fingerprint()}
    assert len(prints) == 6
    assert Recorded(ROWS).fingerprint() == Recorded(dict(reversed(ROWS.items()))).fingerprint()
