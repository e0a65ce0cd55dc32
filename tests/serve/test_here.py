from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from strati.core.context import Context
from strati.core.errors import DataError, Stopped
from strati.core.records import Case
from strati.data.unlabelled import Unlabelled
from strati.measure.journal import Journal
from strati.serve.batch.here import (
    Answerer,
    Chunk,
    Tally,
    answer_here,
    answer_rows,
    answered,
    check_new,
    hold_all,
    journal_of,
    open_batch,
)
from strati.stack.layers.function import Function
from strati.stack.layers.person import Person
from strati.stack.stack import Stack, Stage

IDENTITY = {"stack": "s", "input": "i", "columns": ["text"]}


def stack() -> Stack:
    return Stack(
        (Stage(Function(lambda text: "refund" if "money" in text else None, "words")), Stage(Person())), "tickets"
    )


def go(cases: Sequence[Case], out: Path, answer: Answerer, size: int = 2) -> Tally:
    with Journal(journal_of(out)) as journal:
        tally = open_batch(journal, out, dict(IDENTITY))
        answer_rows(cases, out, journal, tally, answer, size, Context())
    return tally


CASES = [Case(str(n), "money back" if n % 3 == 0 else "hello") for n in range(7)]


def test_every_row_gets_one_line_in_order(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    tally = go(CASES, out, answer_here(stack(), Context()))
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [record["id"] for record in records] == [str(n) for n in range(7)]
    assert [record["answer"] for record in records[:4]] == ["refund", None, None, "refund"]
    assert records[0]["layer"] == "words"
    assert (records[1]["state"], records[1]["input"]) == ("pending", "hello")
    assert [step["layer"] for step in records[1]["steps"]] == ["words", "person"]
    assert (tally.rows, tally.complete, tally.states) == (7, True, {"answered": 3, "pending": 4})
    assert tally.layers == {"words": 3}


@pytest.mark.parametrize("chunks", [0, 1, 2, 3])
@pytest.mark.parametrize("extra", [b"", b'{"id": "half of a li'])
def test_it_goes_on_where_it_died(tmp_path: Path, chunks: int, extra: bytes) -> None:
    whole, out = tmp_path / "whole.jsonl", tmp_path / "answers.jsonl"
    go(CASES, whole, answer_here(stack(), Context()))

    def dies(parts: Iterator[Sequence[Case]]) -> Iterator[Chunk]:
        for number, cases in enumerate(parts):
            if number == chunks:
                raise Stopped("killed")
            yield answered(stack().run(cases, Context()))

    with pytest.raises(Stopped):
        go(CASES, out, dies)
    with out.open("ab") as file:
        file.write(extra)
    go(CASES, out, answer_here(stack(), Context()))
    assert out.read_bytes() == whole.read_bytes()
    assert go(CASES, out, dies).complete  # nothing is answered again


def test_another_stack_or_file_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    go(CASES, out, answer_here(stack(), Context()))
    with Journal(journal_of(out)) as journal, pytest.raises(DataError, match=r"begun with another stack \(s, now t\)"):
        open_batch(journal, out, {**IDENTITY, "stack": "t"})
    journal_of(out).unlink()
    with Journal(journal_of(out)) as journal, pytest.raises(DataError, match="does not know it"):
        open_batch(journal, out, dict(IDENTITY))
    journal_of(out).unlink()
    with pytest.raises(DataError, match="has no journal beside it"):
        check_new(out)


def test_a_file_that_lost_answers_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    with Journal(journal_of(out)) as journal:
        journal.write("batch", IDENTITY)
        journal.write("progress", Tally(rows=2, bytes=100).to_json())
    with pytest.raises(DataError, match="shorter than its journal says"):
        go(CASES, out, answer_here(stack(), Context()))


def test_without_a_valid_certificate_everything_is_pending(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    tally = go(CASES, out, hold_all("the certificate is stale"))
    assert tally.states == {"pending": 7}
    assert all("the certificate is stale" in line for line in out.read_text(encoding="utf-8").splitlines())


def test_rows_that_cannot_be_read_are_pending_with_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("id,text,more\na,money,1\nb,,2\nc,x,3,4\n,hello,5\n", encoding="utf-8")
    rows = list(Unlabelled(file, ("text",), "id"))
    assert [(case.id, str(case.state)) for case in rows] == [
        ("a", "open"),
        ("b", "pending"),
        ("3", "pending"),
        ("4", "open"),
    ]
    assert rows[1].steps[0].reason == "row 2: the input is empty"
    assert rows[2].steps[0].reason == "row 3: 4 fields, expected 3"
    out = tmp_path / "answers.jsonl"
    assert go(rows, out, answer_here(stack(), Context())).states == {"answered": 1, "pending": 3}


def test_the_input_column_is_found_or_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("message\nhello\n", encoding="utf-8")
    assert Unlabelled(file).inputs == ("message",)
    file.write_text("when,message\n1,hello\n", encoding="utf-8")
    assert Unlabelled(file, id="when").inputs == ("message",)
    with pytest.raises(DataError, match="Say --input COLUMN; its columns are: when, message"):
        Unlabelled(file)
    assert next(iter(Unlabelled(file, ("when", "message")))).input == {"when": "1", "message": "hello"}
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="Say --input COLUMN; its columns are: a, b"):
        Unlabelled(file)
    with pytest.raises(DataError, match="has no column 'c'"):
        Unlabelled(file, ("c",))
