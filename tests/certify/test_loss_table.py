from __future__ import annotations

from pathlib import Path

import pytest

from strati.certify.certify import Wanted
from strati.certify.loss_table import ErrorCosts, read_error_costs
from strati.core.errors import DataError, TaskError

LABELS = ("a", "b", "c")


def table(path: Path, *rows: str) -> Path:
    file = path / "costs.csv"
    file.write_text("\n".join(["answer,reference,dollars", *rows]) + "\n", encoding="utf-8")
    return file


def test_the_row_that_names_most_labels_counts(tmp_path: Path) -> None:
    costs = read_error_costs(table(tmp_path, "*,*,1", "a,*,5", "*,b,7", "c,b,0"), LABELS)
    assert costs.dollars == {("a", "b"): 7, ("a", "c"): 5, ("b", "a"): 1, ("b", "c"): 1, ("c", "a"): 1, ("c", "b"): 0}
    assert (costs.dearest, costs.mean) == (7, 15 / 6)
    assert [costs.loss(*pair) for pair in (("a", "a"), ("a", "b"), ("b", "a"), ("c", "b"))] == [0, 1, 1 / 7, 0]
    assert costs.loss("a", "unheard of") == 1  # never cheaper than known


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (("a,b,1",), "does not say what 'a' for 'c' costs"),
        (("*,*,x",), "row 1: dollars is 'x', expected a number of at least 0"),
        (("*,*,-1",), "row 1: dollars is '-1'"),
        (("*,*,inf",), "row 1: dollars is 'inf'"),
        (("*,*,1", "*,*,2"), "stands twice"),
        (("a,a,1", "*,*,2"), "'a' for 'a' is no error"),
        (("a,d,1", "*,*,2"), "row 1: 'd' is no label of the run"),
        (("*,*,0",), "no error costs anything"),
        ((), "does not say what"),
    ],
)
def test_a_table_that_does_not_say_it_all_is_refused(tmp_path: Path, rows: tuple[str, ...], words: str) -> None:
    with pytest.raises(DataError, match=words):
        read_error_costs(table(tmp_path, *rows), LABELS)


def test_dollars_per_thousand_become_a_bar_for_the_mean_loss() -> None:
    costs = ErrorCosts({("a", "b"): 10.0, ("b", "a"): 1.0})
    assert Wanted(error_costs=costs, max_error_cost=500).bar == 0.95  # 50 dear errors in 1,000 answers
    with pytest.raises(TaskError, match="above 0 and below 10000"):
        Wanted(error_costs=costs, max_error_cost=10_000)
    with pytest.raises(TaskError, match="belong together"):
        Wanted(max_error_cost=5)
