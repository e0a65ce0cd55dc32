"""The process that holds the tables: it outlives the thread that opened them, and not the process that did."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from strati.tables.database import Database
from strati.tables.held import hold

pytestmark = pytest.mark.process

_ASKS = """
import sys, threading
from strati.tables.database import Database
held = Database(sys.argv[1])
print(held._process.pid, flush=True)
held.query("SELECT count(*) FROM range(10000000000) a, range(1000) b", seconds=60)
"""


def test_tables_outlive_the_thread_that_opened_them(files: dict[str, Path]) -> None:
    opened: list[Database] = []
    thread = threading.Thread(target=lambda: opened.append(Database(files["orders"])))
    thread.start()
    thread.join()
    with opened[0] as held:
        time.sleep(0.1)
        assert held.query('SELECT count(*) FROM "orders"').rows[0][0] > 0


def test_a_process_that_died_between_two_questions_is_started_again(files: dict[str, Path]) -> None:
    with Database(files["orders"]) as held:
        process = held._process
        assert process is not None
        process.kill()
        process.wait()
        assert held.query('SELECT count(*) FROM "orders"').rows[0][0] > 0


def test_tables_let_go_are_opened_anew_by_what_still_holds_them(files: dict[str, Path]) -> None:
    held = hold([files["staff"]])
    first = held.parser.readings("How many rows are there?")[0].sql
    held.close()
    assert hold([files["staff"]]) is held
    assert held.parser.readings("How many rows are there?")[0].sql == first
    assert held.run(first).rows[0][0] > 0
    held.close()


def test_it_ends_in_the_middle_of_a_query_when_its_parent_is_killed(files: dict[str, Path]) -> None:
    with subprocess.Popen([sys.executable, "-c", _ASKS, str(files["orders"])], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        holder = int(parent.stdout.readline())
        time.sleep(0.3)
        parent.send_signal(signal.SIGKILL)
    for _ in range(100):
        if not _runs(holder):
            return
        time.sleep(0.1)
    os.kill(holder, signal.SIGKILL)
    pytest.fail("the process that holds the tables outlived its parent by 10 seconds")


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
