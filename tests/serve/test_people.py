from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.records import Case
from strati.measure.journal import Journal
from strati.serve.batch.here import Tally, answer_here, answer_rows, journal_of
from strati.serve.people import decide, export, lines_of, read_decisions
from strati.stack.layers.function import Function
from strati.stack.stack import Stack, Stage

LABELS = ("refund", "repair")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Three rows: one answered, two below the threshold, one of them with an odd text."""
    sure = {"money": ("refund", 0.9), "broken": ("repair", 0.4)}
    stack = Stack((Stage(Function(lambda text: sure.get(text), "words"), threshold=0.8),))
    cases = [Case("a", "money"), Case("b", "broken"), Case("c", 'a "quoted", line\nand another')]
    path = tmp_path / "answers.jsonl"
    with Journal(journal_of(path)) as journal:
        answer_rows(cases, path, journal, Tally(), answer_here(stack, Context()), 10, Context())
    return path


def take(out: Path, text: str) -> dict[str, int]:
    file = out.with_name("decisions.csv")
    file.write_text(text, encoding="utf-8")
    with Journal(journal_of(out)) as journal:
        return dict(decide(out, journal, Tally(complete=True), read_decisions(file, LABELS), file))


def test_cases_for_people_are_written_in_four_forms(out: Path) -> None:
    target = out.with_name("people")
    assert export(out, target, "csv") == 2
    with target.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["input"], row["proposed"]) for row in rows] == [
        ("b", "broken", "repair"),
        ("c", 'a "quoted", line\nand another', ""),
    ]
    assert rows[0]["confidence"] == "0.4"
    export(out, target, "jsonl")
    assert [json.loads(line)["proposed"] for line in target.read_text(encoding="utf-8").splitlines()] == [
        "repair",
        None,
    ]
    export(out, target, "argilla")
    first, second = (json.loads(line) for line in target.read_text(encoding="utf-8").splitlines())
    assert (first["fields"], first["suggestions"][0]["value"]) == ({"text": "broken"}, "repair")
    assert "suggestions" not in second
    export(out, target, "labelstudio")
    tasks = json.loads(target.read_text(encoding="utf-8"))
    assert tasks[0]["data"]["id"] == "b"
    assert tasks[0]["predictions"][0]["result"][0]["value"] == {"choices": ["repair"]}
    with pytest.raises(DataError, match="the form 'xls' is not known, expected one of: csv, jsonl"):
        export(out, target, "xls")


def test_a_decision_becomes_the_answer(out: Path) -> None:
    assert take(out, "id,answer,by\nb,repair,Ann\nc,,Ann\n") == {"decided": 1}
    records = {record["id"]: record for record in lines_of(out)}
    assert (records["b"]["answer"], records["b"]["layer"], records["b"]["reason"]) == (
        "repair",
        "person",
        "decided by Ann",
    )
    assert records["c"]["state"] == "withheld"
    assert take(out, "id,answer,by\nb,repair,Ann\nc,refund,Bob\n") == {"known": 1, "decided": 1}
    with Journal(journal_of(out), read_only=True) as journal:
        assert journal.read("progress")["states"] == {"answered": 3}


def test_people_who_disagree_leave_the_case_open(out: Path) -> None:
    assert take(out, "id,answer,by\nb,repair,Ann\nb,refund,Bob\n") == {"conflicting": 1}
    record = next(record for record in lines_of(out) if record["id"] == "b")
    assert record["state"] == "withheld"
    assert record["reason"] == "people decided differently: 'repair' (Ann), 'refund' (Bob)"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,answer\nz,repair\n", "decides 1 ids that .* such as 'z'"),
        ("id,answer\na,repair\n", "'a' is not pending, the layer words answered 'refund'"),
        ("id,answer\nb,repare\n", "row 1: the answer 'repare' is not in the answer space: refund, repair"),
        ("id,answer\n,repair\n", "row 1: the id is empty"),
        ("id,answer\nb,\n", "holds no decisions"),
        ("id,reply\nb,repair\n", "has no column 'answer'"),
    ],
)
def test_a_wrong_decision_changes_nothing(out: Path, text: str, words: str) -> None:
    before = out.read_bytes()
    with pytest.raises(DataError, match=words):
        take(out, text)
    assert out.read_bytes() == before
    assert sorted(path.name for path in out.parent.iterdir() if path.name.startswith(".")) == []


def test_a_query_is_shown_by_its_sql_and_what_it_gave(tmp_path: Path) -> None:
    value = {
        "sql": "SELECT town FROM towns",
        "columns": ["town"],
        "rows": [[f"t{n}"] for n in range(7)],
        "snapshot": "f0",
    }
    step = {"layer": "parser", "outcome": "passed", "proposed": value, "confidence": 0.3}
    record = {"id": "1", "state": "pending", "input": "which towns?", "reason": "not sure enough", "steps": [step]}
    (tmp_path / "a.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
    assert export(tmp_path / "a.jsonl", tmp_path / "people.csv", "csv") == 1
    with (tmp_path / "people.csv").open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["proposed"] == "SELECT town FROM towns -- gives: t0; t1; t2; t3; t4; ... 7 rows"
