"""One budget of threads."""

from __future__ import annotations

import os

import pytest

from strati.core import threads
from strati.core.errors import TaskError


def test_it_is_what_the_user_says_or_the_cores_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(threads.VARIABLE, raising=False)
    assert 1 <= threads.threads() <= (os.cpu_count() or 1)
    monkeypatch.setenv(threads.VARIABLE, "3")
    assert threads.threads() == 3


@pytest.mark.parametrize("said", ["0", "-1", "many", ""])
def test_what_is_no_number_is_refused(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(threads.VARIABLE, said)
    with pytest.raises(TaskError, match="expected a whole number of at least 1"):
        threads.threads()


def test_libraries_are_told_and_what_the_user_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(threads.VARIABLE, "2")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    threads.share_out()
    assert (os.environ["OMP_NUM_THREADS"], os.environ["OPENBLAS_NUM_THREADS"]) == ("1", "2")
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        monkeypatch.setenv(name, "2")  # put back as it was when the test ends
