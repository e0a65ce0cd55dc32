from __future__ import annotations

from pathlib import Path

import numpy as np

from strati.core.records import Answer, Case, Failure, Usage
from strati.measure.columns import PAGE, Answers, load_answers
from strati.measure.journal import Journal, case_to_json


def answered(key: str, value: str, confidence: float | None = 0.75) -> Case:
    return Case(key, "x").answered(Answer(value, confidence, "l"), Usage(0.5, 1, 10, 2, 3, 0.25))


def test_an_answer_reads_as_the_journal_holds_it_but_for_its_explanation() -> None:
    table = Answers(3)
    table.put(0, case_to_json(answered("a", "refund")))
    table.put(2, case_to_json(Case("c", "x").failed("l", Failure.UNUSABLE_REPLY, "no label", Usage(1.0))))
    assert table[0] == {
        "value": "refund",
        "confidence": 0.75,
        "failure": None,
        "state": "answered",
        "usage": {
            "seconds": 0.5,
            "dollars": 0.25,
            "tokens_in": 10.0,
            "tokens_cached": 2.0,
            "tokens_out": 3.0,
            "batched": 0.0,
        },
    }
    assert table[1] is None
    assert (table[2]["value"], table[2]["failure"]) == (None, "unusable_reply")
    assert table[1:] == [None, table[2]]
    assert list(table) == [table[0], None, table[2]]
    assert table.asked.tolist() == [True, False, True]
    assert table.number("seconds").tolist() == [0.5, 1.0]
    assert np.isnan(table.confidence[1])


def test_answers_without_a_confidence_have_none() -> None:
    table = Answers(1)
    table.put(0, case_to_json(answered("a", "refund", None)))
    assert table[0]["confidence"] is None


def test_equal_values_are_kept_once() -> None:
    table = Answers(2)
    for place, text in enumerate(("ref", "ref")):
        table.put(place, case_to_json(answered("a", text + "".join(["und"]))))
    assert table.value(0) is table.value(1)


def test_answers_come_in_the_order_asked_for_page_by_page(tmp_path: Path) -> None:
    ids = [f"e{number}" for number in range(2 * PAGE + 5)]
    with Journal(tmp_path / "run.db") as journal:
        journal.write_answers("c", "test", (answered(key, key) for key in ids if key != "e7"))
        found = load_answers(journal, "c", "test", ids[::-1])
        assert journal.answers("c", "test", []) == {}
    assert [found.value(place) for place in range(len(ids))] == [None if key == "e7" else key for key in ids[::-1]]
    assert int(found.asked.sum()) == len(ids) - 1
