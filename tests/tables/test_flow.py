"""Approved queries, your own SQL, the profile, the command line, and the kind `query` in a benchmark."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from strati import tables
from strati.cli import main
from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.records import Case, Example, State
from strati.models.scripted import ScriptedModel
from strati.stack.stack import Stack, Stage
from strati.tables.allowed import Refused
from strati.tables.approved import all_in, approve, approved_in, withdraw
from strati.tables.checks import QueryCheck
from strati.tables.held import hold
from strati.tables.kind import QueryKind
from strati.tables.layers import ApprovedQueries, QuestionParser, SqlModel, schema_text, sql_in

KEYS = [
    "question", "state", "answer", "columns", "rows", "sql", "words", "confidence", "badge", "reason", "cells", "usage",
]  # fmt: skip


def test_ask_a_frame_and_show_it() -> None:
    frame = pd.DataFrame({"team": ["a", "b", "a"], "points": [3, 4, 5]})
    answer = tables.ask("total points by team", frame)
    assert answer.answer == [["a", 8], ["b", 4]]
    assert list(answer.to_json()) == KEYS
    json.dumps(answer.to_json())
    assert answer.chart is not None
    assert answer.chart["mark"] == "bar"
    html = answer._repr_html_()
    assert "<svg" in html
    assert "<table>" in html


def test_markup_in_cells_is_shown_as_text() -> None:
    frame = pd.DataFrame({"name": ["<script>alert(1)</script>", "b"], "points": [3, 4]})
    assert "<script>" not in tables.ask("total points by name", frame)._repr_html_()
    assert "<script>" not in tables.look(frame)._repr_html_()


def test_the_cells_behind_an_answer(files: dict[str, Path]) -> None:
    answer = tables.ask("How many orders are closed?", files["orders"])
    assert [(cell.row, cell.column, cell.value) for cell in answer.cells] == [
        (1, "status", "closed"), (3, "status", "closed"), (5, "status", "closed"),
    ]  # fmt: skip


def test_two_readings_are_shown_when_they_differ() -> None:
    frame = pd.DataFrame({"city": ["Oslo", "Bergen"], "population": [700, 280], "area": [454, 465]})
    answer = tables.ask("Which is the largest city?", frame)
    assert answer.state is tables.Standing.AMBIGUOUS
    assert answer.answer is None
    assert {row[1] for row in answer.rows} == {"Oslo", "Bergen"}


def test_look_gives_five_questions_that_are_answered(files: dict[str, Path]) -> None:
    for path in files.values():
        profile = tables.look(path)
        assert len(profile.questions) == 5
        assert tables.ask(profile.questions[0], path).state is tables.Standing.ANSWERED
        json.dumps(profile.to_json())


def test_an_approved_query_answers_with_other_values(files: dict[str, Path], tmp_path: Path) -> None:
    store = tmp_path / "approved.jsonl"
    sql = "SELECT sum(quantity * unit_price) AS revenue FROM orders WHERE region = 'North'"
    approve("What is the turnover of North?", sql, "Ada", store)
    assert approved_in(store)[0].who == "Ada"
    answer = tables.ask("what is the turnover of South", files["orders"], approved=store)
    assert answer.badge is tables.Badge.APPROVED
    assert answer.answer == 60 + 2300
    assert "Ada" in answer.reason
    other = tables.ask("what is the turnover in South per product", files["orders"], approved=store)
    assert other.badge is not tables.Badge.APPROVED


def test_a_withdrawn_query_is_kept_and_never_used_again(files: dict[str, Path], tmp_path: Path) -> None:
    store, question = tmp_path / "approved.jsonl", "What is the turnover of North?"
    right, wrong = (
        f"SELECT sum({what}) AS n FROM orders WHERE region = 'North'" for what in ("quantity", "unit_price")
    )
    for sql in (right, wrong, wrong):
        approve(question, sql, "Ada", store)
    before = store.read_text()
    assert [one.sql for one in withdraw(question, wrong, "Bo", store)] == [right]
    assert store.read_text().startswith(before)
    assert [(one.who, one.withdrawn_by, bool(one.withdrawn)) for one in all_in(store)] == [
        ("Ada", "", False), ("Ada", "Bo", True), ("Ada", "Bo", True),
    ]  # fmt: skip
    assert tables.ask(question, files["orders"], approved=store).sql == tables.ask("", files["orders"], sql=right).sql
    assert withdraw(question, right, "Bo", store) == ()
    assert tables.ask(question, files["orders"], approved=store).badge is not tables.Badge.APPROVED
    with pytest.raises(DataError, match="no such query is in use"):
        withdraw(question, right, "Bo", store)
    approve(question, right, "Cy", store)
    assert [(one.sql, one.who) for one in approved_in(store)] == [(right, "Cy")]


def test_own_sql_passes_the_same_checks(files: dict[str, Path]) -> None:
    answer = tables.ask("-", files["orders"], sql="select max(quantity) from orders")
    assert (answer.answer, answer.badge) == (10, tables.Badge.OWN)
    with pytest.raises(Refused):
        tables.ask("-", files["orders"], sql="delete from orders")


def test_the_command(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["strati", "tables", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    orders = os.fspath(files["orders"])
    code, out, err = run("ask", "How many orders are closed?", orders, "--approve", "--who", "Ada")
    assert code == 0
    assert out.startswith("3\n")
    assert "approved by Ada" in err
    code, out, _ = run("ask", "How many orders are closed?", orders, "--json")
    assert json.loads(out)["badge"] == "approved query"
    code, out, _ = run("ask", "How much churn is there?", orders)
    assert code == 1
    assert "'churn'" in out
    code, _, err = run("ask", "x", orders, "--sql", "drop table orders")
    assert code == 2
    assert "expected one SELECT" in err
    code, _, err = run("ask", "x", "nowhere.csv")
    assert code == 2
    assert "no such file" in err
    code, out, _ = run("look", orders)
    assert code == 0
    assert "order_date" in out

    _, out, _ = run("approved")
    assert "1. How many orders are closed?\n   approved by Ada on 20" in out
    code, out, err = run("approved", "--withdraw", "2")
    assert (code, out) == (2, "")
    assert "there is no query 2, it holds 1" in err
    code, out, err = run("approved", "--withdraw", "1", "--who", "Bo")
    assert (code, out) == (0, "")
    assert "withdrawn by Bo, marked in" in err
    assert "withdrawn by Bo on 20" in run("approved")[1]
    (one,) = json.loads(run("approved", "--json")[1])
    assert (one["number"], one["who"], one["withdrawn_by"]) == (1, "Ada", "Bo")
    assert json.loads(run("ask", "How many orders are closed?", orders, "--json")[1])["badge"] == "generated"
    code, _, err = run("approved", "--withdraw", "1")
    assert code == 2
    assert "was withdrawn by Bo" in err
    assert "No query is approved in none.jsonl" in run("approved", "--approved", "none.jsonl")[1]


def test_layers_in_a_stack(files: dict[str, Path], tmp_path: Path) -> None:
    held = hold([files["orders"]])
    examples = [Example("t", "turnover of North", {"sql": "SELECT sum(quantity) FROM orders WHERE region = 'North'"})]
    approved = ApprovedQueries(held).fit(examples, [], Context())
    model = ScriptedModel({}, default="```sql\nSELECT max(unit_price) FROM orders\n```")
    check = (QueryCheck(held),)
    stack = Stack(
        (Stage(approved, check), Stage(QuestionParser(held), check), Stage(SqlModel(model, held), check)), "s"
    )
    questions = ["turnover of South", "How many orders are open?", "What does the dearest thing go for?"]
    done = stack.run([Case(str(n), question) for n, question in enumerate(questions)], Context())
    assert [case.state for case in done] == [State.ANSWERED] * 3
    assert [case.answer.layer for case in done if case.answer] == ["approved", "parser", "sql model"]
    assert [case.answer.value["rows"] for case in done if case.answer] == [[[5]], [[1]], [[1150]]]
    for layer in (approved, QuestionParser(held), QueryCheck(held)):
        again = type(layer).load({**layer.save(tmp_path), "name": layer.name}, tmp_path, {})
        assert again.fingerprint() == layer.fingerprint()
    held.close()


def test_a_model_that_writes_what_may_not_run_is_asked_once_more_and_fails(files: dict[str, Path]) -> None:
    held = hold([files["staff"]])
    layer = SqlModel(ScriptedModel({}, default="DROP TABLE staff"), held)
    case = layer.run([Case("1", "Who?")], Context())[0]
    assert case.answer is None
    assert "expected one SELECT" in case.steps[-1].reason
    assert case.usage.calls == 2
    held.close()


def test_what_a_model_is_shown(files: dict[str, Path]) -> None:
    held = hold([files["cities"]])
    shown = schema_text(held.schema)
    assert "population_millions DOUBLE" in shown
    assert "'Peru'" in shown
    assert sql_in("```sql\nSELECT 1; DROP TABLE x\n```") == "SELECT 1"
    held.close()


def test_execution_match() -> None:
    kind = QueryKind()
    metric = kind.metric("execution_match", kind.space(None, []))  # type: ignore[arg-type]
    reference = kind.reference({"answer": ["b", 2]})
    assert metric.score(reference, {"rows": [[2, "beside"], ["b", "beside"]]}).statistics == (1.0, 1.0)
    assert metric.score(reference, {"rows": [[2], ["c"]]}).statistics == (0.0, 1.0)
    assert metric.score(reference, None).statistics == (0.0, 1.0)
