import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from strati.core.errors import DataError
from strati.core.records import Example
from strati.data import Ledger, dataset_fingerprint, label_hash

ROWS = [Example(str(number), f"text {number}", "ab"[number % 2]) for number in range(10)]


def test_a_label_hash_knows_the_labels_and_nothing_else() -> None:
    same = [replace(each, id="x" + each.id, row=7, input=f" TEXT  {each.id}") for each in reversed(ROWS)]
    assert label_hash(same) == label_hash(ROWS)
    assert label_hash([*ROWS[1:], replace(ROWS[0], reference="b")]) != label_hash(ROWS)
    assert label_hash([*ROWS, ROWS[0]]) != label_hash(ROWS)


def test_a_fingerprint_knows_the_order() -> None:
    assert dataset_fingerprint(ROWS) == dataset_fingerprint(list(ROWS))
    assert dataset_fingerprint(ROWS) != dataset_fingerprint(ROWS[::-1])


def test_uses_by_other_runs_are_counted(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "deep" / "ledger.db")
    assert ledger.use("test", ROWS, "one", "bench") == 0
    assert ledger.use("test", ROWS, "two", "bench") == 1
    assert ledger.use("calibrate", ROWS, "two", "certify") == 1
    assert ledger.use("test", ROWS, "three", "bench") == 2


def test_a_resumed_run_gets_the_same_number_and_counts_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.use("test", ROWS, "one", "bench")
    ledger.use("test", ROWS, "two", "bench")
    again = Ledger(tmp_path / "ledger.db")
    assert again.use("test", ROWS, "one", "bench") == 0
    assert again.use("test", ROWS, "two", "bench") == 1
    assert [(use.run, use.split, use.labels) for use in again.history(label_hash(ROWS))] == [
        ("one", "test", 10),
        ("two", "test", 10),
    ]


def test_another_split_does_not_hide_labels_already_seen(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.db")
    ledger.use("calibrate", ROWS[:4], "one", "certify")
    ledger.use("test", ROWS[3:6], "two", "bench")
    found = ledger.overlap(ROWS[2:], "three")
    assert (found.share, found.labels, found.runs) == (0.5, 4, ("one", "two"))
    assert ledger.overlap(ROWS[:4], "one") == (0.25, 1, ("two",))
    assert ledger.overlap([], "one").share == 0
    assert ledger.history(label_hash(ROWS)) == ()


def test_what_is_not_sealed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected one of: calibrate, test, sealed"):
        Ledger(tmp_path / "ledger.db").use("train", ROWS, "one", "bench")


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_text("text,label\n" * 100)
    with pytest.raises(DataError, match="cannot be used"):
        Ledger(tmp_path / "ledger.db")
    with pytest.raises(DataError, match="cannot be made"):
        Ledger(tmp_path / "ledger.db" / "below.db")


def test_processes_write_at_once(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from strati.data import Ledger; from strati.core.records import Example\n"
        "ledger, row = Ledger(Path(sys.argv[1])), Example('1', 't', 'a')\n"
        "for turn in range(10): ledger.use('test', [row], sys.argv[2] + str(turn), 'p')"
    )
    path = tmp_path / "ledger.db"
    running = [subprocess.Popen([sys.executable, "-c", program, str(path), name]) for name in "ab"]
    assert [process.wait() for process in running] == [0, 0]
    assert Ledger(path).use("test", [Example("1", "t", "a")], "last", "p") == 20
