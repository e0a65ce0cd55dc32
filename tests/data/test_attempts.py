from __future__ import annotations

from pathlib import Path

import pytest

from strati.core.errors import DataError, TaskError
from strati.core.records import Example
from strati.data import Ledger
from strati.data.attempts import book

LABELS = [Example(str(n), f"text {n}", "ab"[n % 2]) for n in range(10)]


def test_one_look_unless_more_were_planned(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    assert book(ledger, LABELS, "run1", "path1", 0.95, 1) == (0.05, 0)
    assert book(ledger, LABELS, "run1", "path1", 0.95, 1) == (0.05, 0)  # the very same test is no further look
    with pytest.raises(DataError, match="are spent: 1 of 1 planned certificates were tried, the last for run run1"):
        book(ledger, LABELS, "run2", "path2", 0.95, 3)


def test_planned_looks_share_the_risk(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    assert book(ledger, LABELS, "run1", "path1", 0.9, 2) == (0.05, 1)
    with pytest.raises(DataError, match=r"reserved 0\.9 in all"):
        book(ledger, LABELS, "run1", "path2", 0.95, 1)
    assert book(ledger, LABELS, "run1", "path2", 0.9, 1) == (0.05, 0)
    with pytest.raises(DataError, match="2 of 2 planned"):
        book(ledger, LABELS, "run1", "path3", 0.9, 1)


def test_labels_used_in_another_set_are_not_fresh(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    book(ledger, LABELS[:6], "run1", "path1", 0.95, 1)
    with pytest.raises(DataError, match=r"40\.0 % of these calibrate labels were used for a certificate of run run1"):
        book(ledger, LABELS[2:6] + [Example(str(n), f"new {n}", "a") for n in range(6)], "run2", "path2", 0.95, 1)
    assert book(ledger, LABELS[6:], "run2", "path2", 0.95, 1).risk == 0.05
    with pytest.raises(TaskError, match="--tries is 0"):
        book(ledger, LABELS[6:], "run2", "path3", 0.95, 0)
