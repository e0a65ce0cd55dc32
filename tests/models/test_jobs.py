from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from strati.core.budget import Budget
from strati.core.errors import BudgetReached
from strati.core.records import Usage
from strati.measure.journal import Journal
from strati.models.jobs import KeepsJobs, Received, Wanted

WANTED = [Wanted("a", 0, 300), Wanted("b", 1, 400), Wanted("b", 2, 400)]


def reserve(journal: Journal, budget: Budget, nonce: str = "n1") -> None:
    budget.reserve(1100e-9, "gpt", lambda what, amount: journal.jobs.begin(nonce, "m", 7.0, WANTED, what, amount) or 0)


def test_intent_and_reservation_are_one_and_outlive_the_process(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.db") as journal:
        assert isinstance(journal, KeepsJobs)
        reserve(journal, Budget(1.0, journal))
    with Journal(tmp_path / "run.db") as journal:
        (job,) = journal.jobs.open("m")
        assert (job.nonce, job.created, job.reserved, job.file, job.batch) == ("n1", 7.0, 1100, None, None)
        assert journal.jobs.wanted("n1") == WANTED
        assert journal.jobs.open("another model") == []
        assert journal.totals() == (0, 1100)


def test_what_the_budget_does_not_allow_is_not_written(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.db") as journal:
        with pytest.raises(BudgetReached):
            reserve(journal, Budget(1000e-9, journal))
        assert (journal.jobs.open("m"), journal.totals()) == ([], (0, 0))


def test_a_job_on_its_way(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.db") as journal:
        budget = Budget(1.0, journal)
        reserve(journal, budget)
        journal.jobs.uploaded("n1", "file-1")
        journal.jobs.handed_in("n1", "batch_1")
        (job,) = journal.jobs.open("m")
        assert (job.file, job.batch) == ("file-1", "batch_1")
        assert job.entry is not None
        budget.adopt(job.entry, job.reserved).settle(600e-9)
        (job,) = journal.jobs.open("m")
        assert (job.entry, job.reserved) == (None, 0)  # settled, and not read to the end
        journal.jobs.close("n1")
        assert (journal.jobs.open("m"), journal.jobs.wanted("n1")) == ([], [])
        assert [tuple(row) for row in journal.spending()] == [("gpt", 3, 600, 0)]


def test_replies_stay_until_their_answer_is_remembered(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.db") as journal:
        jobs = journal.jobs
        half = [200, {"text": "half of 😀: \ud83d"}]
        jobs.receive([Received("b", 1, 0.5, half), Received("b", 2, 0.25, [200, None])])
        assert jobs.replies("b")[1].reply == half
        jobs.receive([Received("b", 2, 9.0, "another")])  # the first one stays
        assert jobs.replies("b")[2] == Received("b", 2, 0.25, [200, None])
        assert (jobs.knows("b"), jobs.knows("a"), jobs.replies("a")) == (True, False, {})
        jobs.receive([Received("a", 0, 0.5, "another question's")])
        journal.remember("b", {"mass": 1}, Usage(calls=2, batched=2))
        assert (jobs.knows("b"), jobs.knows("a")) == (False, True)
        journal.remember("a", {"mass": 1}, Usage(calls=1))
        assert not jobs.knows("a")


def test_a_call_is_settled_and_its_reply_kept_or_neither(tmp_path: Path) -> None:
    reply = Received("a", 2, 3e-7, [200, "text"], 2, 0.5)
    kept = reply._replace(reply='[200, "text"]')
    with Journal(tmp_path / "run.db") as journal:
        first, second = journal.enter("gpt", 500), journal.enter("gpt", 700)
        journal.jobs.settle(first, 300, kept)
        assert journal.jobs.replies("a") == {2: reply}
        assert journal.totals() == (300, 700)
        journal._db.execute("CREATE TRIGGER full BEFORE INSERT ON replies BEGIN SELECT RAISE(ABORT, 'no'); END")
        with pytest.raises(sqlite3.IntegrityError):
            journal.jobs.settle(second, 600, kept._replace(seed=3))
        assert journal.totals() == (300, 700)
    with Journal(tmp_path / "run.db", read_only=True) as journal:
        assert journal.jobs.replies("a") == {2: reply}


def test_a_journal_of_the_version_before_goes_on_with_its_replies(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.db") as journal:
        journal._db.executescript(
            """DROP TABLE replies;
            CREATE TABLE replies (key TEXT, seed INTEGER, dollars REAL NOT NULL, reply TEXT NOT NULL,
                PRIMARY KEY (key, seed)) WITHOUT ROWID;
            INSERT INTO replies VALUES ('b', 1, 0.5, '[200, null]')"""
        )
    for _ in range(2):
        with Journal(tmp_path / "run.db") as journal:
            assert journal.jobs.replies("b") == {1: Received("b", 1, 0.5, [200, None])}
            journal.jobs.settle(journal.enter("gpt", 500), 300, Received("a", 0, 3e-7, "null", 1, 0.25))
            assert journal.jobs.replies("a")[0].seconds == 0.25


def test_an_earlier_journal_without_jobs_is_read(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.db") as journal:
        Budget(1.0, journal).reserve(0.5, "gpt").settle(0.25)
        journal._db.executescript("DROP TABLE jobs; DROP TABLE requests; DROP TABLE replies")
    with Journal(tmp_path / "run.db", read_only=True) as journal:
        assert [row.calls for row in journal.spending()] == [1]
    with Journal(tmp_path / "run.db") as journal:
        assert journal.jobs.open("m") == []
