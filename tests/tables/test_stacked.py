"""`strati tables ask --stack`: a stack's answer, or what it leaves to a person and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strati.cli import main
from strati.stack.folder import save_stack
from strati.stack.layers.function import Function
from strati.stack.stack import Stack, Stage
from strati.tables import held
from strati.tables.approved import Approved
from strati.tables.checks import QueryCheck
from strati.tables.held import hold
from strati.tables.layers import ApprovedQueries, QuestionParser
from strati.tables.stacked import by_stack


def test_a_stack_answers_or_leaves_it_to_a_person(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = hold([files["orders"]])
    known = Approved("turnover of North", "SELECT sum(quantity) AS turnover FROM orders WHERE region = 'North'")
    check = (QueryCheck(tables),)
    stages = (Stage(ApprovedQueries(tables, (known,)), check), Stage(QuestionParser(tables), check, threshold=0.85))
    save_stack(Stack(stages, "orders"), tmp_path / "orders.stack")
    monkeypatch.chdir(tmp_path)

    def ask(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["strati", "tables", "ask", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    code, out, _ = ask("turnover of South", "--stack", "orders.stack", "--json")
    answer = json.loads(out)
    assert (code, answer["state"], answer["answer"], answer["badge"]) == (0, "answered", 5, "approved query")
    assert "no certificate" in answer["reason"]
    code, out, _ = ask("How many orders are closed?", str(files["orders"]), "--stack", "orders.stack")
    assert code == 0
    assert out.startswith("3\ncounting the rows of orders where status is closed")
    code, out, _ = ask("total quantity of orders in 2023", "--stack", "orders.stack", "--json")
    answer = json.loads(out)
    assert (code, answer["state"], answer["answer"]) == (1, "pending", None)
    assert "below the threshold 0.850" in answer["reason"] or "without a value" in answer["reason"]
    code, out, _ = ask("How much churn is there?", "--stack", "orders.stack")
    assert code == 1
    assert out.startswith("waits for a person: ")
    assert "'churn'" in out
    for wrong, told in (
        (("x",), "no tables to ask"),
        (("x", str(files["staff"]), "--stack", "orders.stack"), "answers from orders.csv alone"),
        (("x", "--stack", "none.stack"), "is not there"),
        (("x", "--stack", "orders.stack", "--sql", "select 1"), "leave out --model"),
    ):
        code, _, err = ask(*wrong)
        assert code == 2
        assert told in " ".join(err.split())
    held.close()


def test_what_is_withheld_is_shown_as_a_proposal(files: dict[str, Path]) -> None:
    tables = hold([files["orders"]])
    stack = Stack((Stage(QuestionParser(tables)),), "orders")
    answer = by_stack("How many orders are closed?", stack, withheld="the certificate is void: altered")
    assert (answer.state, answer.answer, answer.rows) == ("pending", None, ((3,),))
    assert answer.reason == "the certificate is void: altered"
    held.close()


def test_a_stack_of_another_kind_is_refused() -> None:
    from strati.core.errors import StackError

    with pytest.raises(StackError, match="expected one of the kind query"):
        by_stack("x", Stack((Stage(Function(lambda text: text, "echo")),), "echo"))
