"""The audit: a bound that holds at every moment, an alarm that is seldom false and soon true."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from strati.core.records import State
from strati.serve.audit import Audit, Detector, share_of, upper_bound
from strati.serve.queue.reviews import Reviews
from strati.serve.records import Action, Outcome, Request, StepRecord
from strati.serve.store.database import Database
from strati.serve.store.labels import label_lines


def test_the_bound_is_above_the_rate_and_shrinks() -> None:
    bounds = [upper_bound([0] * n, 0.95) or 1.0 for n in (1, 30, 300)]
    assert bounds == sorted(bounds, reverse=True)
    assert 0.003 < bounds[-1] < 0.05
    assert upper_bound([], 0.95) is None


def test_shares_of_capital_are_one_in_all() -> None:
    assert sum(share_of(k) for k in range(1, 200_001)) == pytest.approx(1.0, abs=0.001)


def test_quiet_streams_seldom_alarm() -> None:
    """At the promised rate itself, which is the worst case: at most 5 % of streams ever alarm."""
    alarms = 0
    for seed in range(100):
        draw, detector = random.Random(seed), Detector(0.05)
        alarms += any(detector.add(int(draw.random() < 0.05)) for _ in range(1500))
    assert alarms <= 5


def test_a_change_is_found_also_after_a_long_quiet_time() -> None:
    for seed in range(20):
        draw, detector = random.Random(seed), Detector(0.03)
        quiet = [detector.add(int(draw.random() < 0.01)) for _ in range(500)]
        loud = [detector.add(int(draw.random() < 0.25)) for _ in range(150)]
        assert not any(quiet)
        assert any(loud)


def answered(id: str, answer: str, audited: bool = True) -> Outcome:
    request = Request(id, "k", "tickets", f"case {id}", 1000.0, audited=audited)
    step = StepRecord("linear", "answered", "", answer, 0.9)
    return Outcome(request, State.ANSWERED, answer, 0.9, "linear", steps=(step,), fingerprint="f1")


def label(queue: Reviews, truth: str) -> None:
    item = queue.lease("anna")
    assert item is not None
    queue.decide(item.ticket, item.lease, Action.EDIT, truth)
    queue.release()


def test_labels_of_the_draw_give_the_bound_and_nothing_else_does(tmp_path: Path) -> None:
    database = Database(tmp_path)
    queue, audit = Reviews(database), Audit(database, 0.1, limit=lambda model: 0.05)
    queue.outcomes.put([answered("1", "refund"), answered("2", "cancel"), answered("3", "refund", audited=False)])
    label(queue, "refund")
    label(queue, "refund")
    assert queue.lease("anna") is None
    found = audit.standing("tickets", "f1")
    assert (found.labels, found.wrong, found.alarm) == (2, 1, "")
    assert audit.standing("tickets", "another").labels == 0  # labels belong to the stack that was drawn from
    kept = queue.outcomes.get("2")
    assert kept is not None
    assert (kept.answer, kept.by) == ("cancel", None)  # what was delivered stays on record
    lines = list(label_lines(database, "audit"))
    assert all('"may_certify": true' in line for line in lines)
    assert list(label_lines(database, "review")) == []


def test_an_alarm_stays_until_somebody_looked_and_then_begins_anew(tmp_path: Path) -> None:
    database = Database(tmp_path)
    queue, audit = Reviews(database), Audit(database, 0.1, limit=lambda model: 0.05)
    queue.outcomes.put([answered(str(n), "refund") for n in range(12)])
    for _ in range(12):
        label(queue, "cancel")
    assert (
        "more than 5 % of automatic answers are wrong (12 of the last 12 labels)"
        in audit.standing("tickets", "f1").alarm
    )
    again = Audit(Database(tmp_path), 0.1, limit=lambda model: 0.05)  # after a crash
    assert again.standing("tickets", "f1").alarm
    assert again.clear("tickets", "anna") == 1
    after = again.standing("tickets", "f1")
    assert (after.labels, after.alarm) == (0, "")


def test_the_draw_is_a_share_of_the_traffic(tmp_path: Path) -> None:
    audit = Audit(Database(tmp_path), 0.2)
    assert 500 < sum(audit.draw() for _ in range(3500)) < 900
    assert not any(Audit(Database(tmp_path), 0.0).draw() for _ in range(100))
    assert all(Audit(Database(tmp_path), 1.0).draw() for _ in range(100))
