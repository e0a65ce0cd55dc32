from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from strati.knowledge.ingest import clock
from strati.knowledge.ingest.clock import Clock, Used, used_by
from strati.knowledge.ingest.pool import _in_words


@contextmanager
def running(code: str) -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", f"print(1, flush=True); {code}"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells of another process's time")
def test_a_process_that_works_and_one_that_sleeps() -> None:
    with running("import time; time.sleep(60)") as sleeps, running("\nwhile True: pass") as works:
        heard = time.monotonic()
        idle, busy = Clock(), Clock()
        idle.passed(sleeps, heard), busy.passed(works, heard)
        before = used_by(works)
        while (after := used_by(works)) and before and after.seconds < before.seconds + 0.05:
            time.sleep(0.01)
        assert busy.passed(works, heard) >= 0.05
        assert idle.passed(sleeps, heard) > 0
        assert used_by(sleeps) is not None


def test_waiting_for_a_processor_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    told = [Used(5.0, False)]
    monkeypatch.setattr("strati.knowledge.ingest.clock.time.monotonic", lambda: now[0])
    monkeypatch.setattr(clock, "used_by", lambda process: told[0])
    made = Clock()
    assert made.passed(1, 100.0) == 0
    now[0], told[0] = 500.0, Used(6.0, False)  # one second of work in 400 on a busy machine
    assert made.passed(1, 100.0) == 1
    now[0], told[0] = 507.0, Used(6.0, True)  # it sleeps for seven
    assert made.passed(1, 100.0) == 7
    now[0], told[0] = 600.0, Used(6.5, True)  # heard again: counted from here
    assert made.passed(1, 590.0) == 0


def test_where_the_system_does_not_tell_the_wall_counts() -> None:
    assert used_by(-1) is None
    assert Clock().passed(-1, time.monotonic() - 3) >= 3


def test_why_a_reader_ended_is_said_in_words() -> None:
    assert _in_words(-6, 2_000_000_000) == (
        "the library that reads it gave up (SIGABRT): it is damaged, or needs more than 2,000 MB"
    )
    assert "lack of memory" in _in_words(-9, 1)
    assert _in_words(3, 1) == "its reader ended with exit code 3"
