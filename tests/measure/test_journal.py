from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from strati.core.errors import BusyError, DataError, UserError
from strati.core.lock import RunLock
from strati.core.records import Answer, Case, Failure, Usage
from strati.measure.journal import Journal, StoredExample, case_to_json
from strati.measure.records import CandidateRecord


def answered(key: str, value: str, confidence: float | None = 0.5) -> Case:
    answer = Answer(value, confidence, "l", ((value, 0.5), ("z", 0.25)), {"margin": 0.25})
    return Case(key, "text").answered(answer, Usage(0.5, 1, 7, 3, 2, 0.25), "why")


def python(code: str, *args: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, args)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def killed_after_a_line(process: subprocess.Popen[str], lines: int = 1) -> list[str]:
    """Its first lines, then kill -9, then what it still had said."""
    with process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()  # not communicate: readline has read ahead into a buffer of this file
        errors = process.stderr.read() if process.stderr else ""
    assert process.returncode == -signal.SIGKILL, errors
    return [line.strip() for line in [*said, *rest.splitlines(keepends=True)] if line.endswith("\n")]


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    with Journal(tmp_path / "deep" / "run.db") as journal:
        assert journal.read("run") is None
        journal.write("run", {"a": [1, None]})
        journal.write("run", {"a": [2, None]})
        assert journal.read("run") == {"a": [2, None]}
        first, second, third = (CandidateRecord(str(number)) for number in (1, 2, 3))
        journal.write_candidate("b", 1, first)
        journal.write_candidate("a", 2, second)
        journal.write_candidate("a", 0, third)
        assert list(journal.candidates().items()) == [("a", third), ("b", first)]
        examples = [StoredExample("2", "yes", None, None), StoredExample("1", "no", "g", "text")]
        journal.write_examples("test", examples)
        assert journal.examples("test") == examples
        assert journal.examples("tune") == []


def test_an_answer_carries_how_it_came_about(tmp_path: Path) -> None:
    failed = Case("2", "text").failed("m", Failure.TIMEOUT, "slow", Usage(seconds=2.0)).passed("n", "no")
    with Journal(tmp_path / "run.db") as journal:
        journal.write_answers("c", "test", [answered("1", "é"), failed])
        found = journal.answers("c", "test")
        assert journal.answers("c", "tune") == journal.answers("d", "test") == {}
    assert (found["1"]["state"], found["1"]["value"], found["1"]["confidence"]) == ("answered", "é", 0.5)
    assert found["1"]["alternatives"] == [["é", 0.5], ["z", 0.25]]
    assert found["1"]["usage"]["tokens_cached"] == 3
    assert (found["2"]["value"], found["2"]["failure"]) == (None, "timeout")
    assert [step["outcome"] for step in found["2"]["steps"]] == ["failed", "passed"]
    assert found["2"]["usage"]["seconds"] == 2.0


def test_an_answer_that_is_there_stays(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.db") as journal:
        journal.write_answers("c", "test", [answered("1", "first")])
    with Journal(tmp_path / "run.db") as journal:
        journal.write_answers("c", "test", [answered("1", "second"), answered("2", "new")])
        assert {key: row["value"] for key, row in journal.answers("c", "test").items()} == {"1": "first", "2": "new"}
        journal.write_answers("d", "test", [answered("1", "other")])
        journal.forget_answers("c")
        assert journal.answers("c", "test") == {}
        assert list(journal.answers("d", "test")) == ["1"]


def test_a_batch_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.db") as journal:

        def cases() -> list[Case]:
            return [answered("1", "a"), Case("2", "x").answered(Answer({1}, None, "l"))]

        with pytest.raises(TypeError):
            journal.write_answers("c", "test", cases())
        assert journal.answers("c", "test") == {}
        journal.write_answers("c", "test", [answered("1", "a")])
        assert list(journal.answers("c", "test")) == ["1"]


def test_calls_are_remembered_across_processes(tmp_path: Path) -> None:
    usage = Usage(0.25, 1, 10, 4, 2, 0.5)
    with Journal(tmp_path / "run.db") as journal:
        assert journal.recall("k") is None
        journal.remember("k", {"probabilities": [0.5, 0.5]}, usage)
        journal.remember("k", {"probabilities": [1.0, 0.0]}, Usage())
    with Journal(tmp_path / "run.db") as journal:
        assert journal.recall("k") == ({"probabilities": [0.5, 0.5]}, usage)


@example("half of a character: \ud83d")
@settings(max_examples=30, deadline=None)
@given(st.text(alphabet=st.characters(codec=None), max_size=30))
def test_any_text_survives(text: str) -> None:
    with TemporaryDirectory() as folder, Journal(Path(folder) / "run.db") as journal:
        journal.write_candidate("c", 0, CandidateRecord(reason=text))
        journal.write_answers("c", "test", [answered("1", text)])
        assert journal.candidates() == {"c": CandidateRecord(reason=text)}
        assert journal.answers("c", "test")["1"]["value"] == text


def test_threads_may_share_it(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.db") as journal:

        def work(name: str) -> None:
            for n in range(20):
                journal.write_answers(name, "test", [answered(str(n), name)])
                journal.remember(f"{name}{n}", n, Usage())

        threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [len(journal.answers(name, "test")) for name in "abc"] == [20, 20, 20]
        assert journal.recall("b7") == (7, Usage())


WRITER = """
    import sys
    from pathlib import Path
    from strati.measure.journal import Journal
    from strati.core.records import Answer, Case, Usage

    journal = Journal(Path(sys.argv[1]))
    number = 0
    while True:
        case = Case(str(number), "x").answered(Answer("a" * 500, 0.5, "l"))
        journal.write_answers("c", "test", [case])
        journal.remember(str(number), number, Usage())
        print(number, flush=True)
        number += 1
"""


def test_after_kill_9_all_that_was_reported_written_is_there(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    said = killed_after_a_line(python(WRITER, path), 40)
    assert len(said) >= 40
    for read_only in (True, False):
        with Journal(path, read_only=read_only) as journal:
            kept = journal.answers("c", "test")
            assert set(said) <= set(kept)
            assert len(kept) <= len(said) + 2
            assert all(journal.recall(key) is not None for key in said)
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


HOLDER = """
    import sys, time
    from pathlib import Path
    from strati.core.lock import RunLock

    with RunLock(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(60)
"""


def test_a_second_process_is_told_who_is_at_work_and_kill_9_frees_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "x.lock"
    process = python(HOLDER, path)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(BusyError, match=f"process {process.pid} "), RunLock(path):
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    with RunLock(path):
        assert path.read_text(encoding="utf-8") == str(os.getpid())
    with RunLock(path), pytest.raises(BusyError), RunLock(path):
        pass


def test_what_is_no_journal(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with pytest.raises(DataError, match="does not exist, expected the journal of a run"):
        Journal(path, read_only=True)
    assert not path.exists()
    path.write_text("this is a letter and no database\n" * 50, encoding="utf-8")
    for read_only in (True, False):
        with pytest.raises(DataError, match="is not the journal of a run"):
            Journal(path, read_only=read_only)
    assert path.read_text(encoding="utf-8").startswith("this is a letter")


def test_another_database_is_not_touched_by_reading(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE orders (id)")
    db.commit()
    db.close()
    before = path.read_bytes()
    with pytest.raises(DataError, match=r"shop\.db is not the journal of a run: no such table"):
        Journal(path, read_only=True)
    assert path.read_bytes() == before


def test_read_only_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    Journal(path).close()
    before = path.read_bytes()
    with Journal(path, read_only=True) as journal:
        with pytest.raises(UserError, match="cannot be written"):
            journal.write("a", 1)
        assert journal.candidates() == {}
    assert path.read_bytes() == before


def test_a_newer_journal(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with Journal(path) as journal:
        journal.write("schema", 99)
    for read_only in (True, False):
        with pytest.raises(DataError, match="has journal format 99, this version of strati reads format 1"):
            Journal(path, read_only=read_only)


def test_a_folder_in_its_place(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written") as caught:
        Journal(tmp_path)
    assert "\n" not in str(caught.value)
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(UserError):
        Journal(tmp_path / "file" / "run.db")
    with pytest.raises(UserError), RunLock(tmp_path / "file" / "run.lock"):
        pass


FULL = """
    import resource, signal, sys
    from pathlib import Path
    from strati.core.errors import UserError
    from strati.measure.journal import Journal
    from strati.core.records import Answer, Case

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    journal = Journal(Path(sys.argv[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
    written = 0
    try:
        while True:
            journal.write_answers("c", "test", [Case(str(written), "x").answered(Answer("a" * 2000, 0.5, "l"))])
            written += 1
    except UserError as error:
        print(written)
        print(error)
"""


def test_no_space_left_is_one_sentence_and_nothing_is_lost(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    path = tmp_path / "run.db"
    out, errors = python(FULL, path).communicate(timeout=60)
    written, *message = out.splitlines()
    assert errors == ""
    assert len(message) == 1
    assert str(path) in message[0]
    assert "space" in message[0]
    with Journal(path) as journal:
        assert len(journal.answers("c", "test")) == int(written) > 0


def test_a_case_without_answer_as_json() -> None:
    row = case_to_json(Case("1", "x"))
    assert (row["state"], row["value"], row["alternatives"], row["steps"]) == ("open", None, [], [])


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9])
def test_a_damaged_journal_is_told_in_one_sentence(tmp_path: Path, cut: float) -> None:
    path = tmp_path / "run.db"
    with Journal(path) as journal:
        for number in range(2000):
            journal.write(f"key {number}", "x" * 100)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * cut)])

    def everything() -> None:
        with Journal(path, read_only=True) as journal:
            for number in range(2000):
                journal.read(f"key {number}")

    with pytest.raises(DataError, match=r"journal") as told:
        everything()
    assert "\n" not in str(told.value)


def test_a_value_that_is_no_json_is_a_damaged_journal(tmp_path: Path) -> None:
    path = tmp_path / "run.db"
    with Journal(path) as journal:
        journal.write("key", 1)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE meta SET value = '{\"half' WHERE key = 'key'")
    with Journal(path, read_only=True) as journal, pytest.raises(DataError, match=r"run\.db is damaged .*move it away"):
        journal.read("key")
