"""The queue for people: one reviewer an item, one release an answer, in every order of events."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest

from strati.core.errors import DataError
from strati.core.records import State
from strati.serve.queue.reviews import Conflict, Reviews
from strati.serve.records import Action, Outcome, Request, StepRecord
from strati.serve.store.database import Database


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def pending(id: str, sure: float = 0.5, at: float = 1000.0, risk: float = 1.0, audited: bool = False) -> Outcome:
    step = StepRecord("linear", "passed", "not sure", "cancel", sure)
    return Outcome(
        Request(id, "k", "tickets", f"case {id}", at, audited=audited, risk=risk), State.PENDING, steps=(step,)
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(tmp_path: Path, clock: Clock) -> Reviews:
    return Reviews(Database(tmp_path), 60.0, 5.0, lambda model: ("refund", "cancel"), clock)


def test_the_most_urgent_comes_first(queue: Reviews) -> None:
    queue.outcomes.put([pending("sure", 0.9), pending("unsure", 0.2), pending("dear", 0.9, risk=50.0)])
    order = []
    for _ in range(3):
        item = queue.lease("anna")
        assert item is not None
        order.append(item.ticket)
        queue.decide(item.ticket, item.lease, Action.ACCEPT)
    assert order == ["dear", "unsure", "sure"]
    assert queue.lease("anna") is None


def test_an_old_item_overtakes(queue: Reviews, clock: Clock) -> None:
    queue.outcomes.put([pending("old", 0.8, at=1000.0)])
    clock.now = 3000.0
    queue.outcomes.put([pending("new", 0.4, at=3000.0)])
    item = queue.lease("anna")
    assert item is not None
    assert item.ticket == "old"


def test_two_reviewers_never_have_the_same_item(queue: Reviews) -> None:
    queue.outcomes.put([pending("1"), pending("2")])
    one, two = queue.lease("anna"), queue.lease("ben")
    assert one is not None
    assert two is not None
    assert {one.ticket, two.ticket} == {"1", "2"}
    assert queue.lease("cleo") is None
    again = queue.lease("anna")  # a reload gives the same
    assert again is not None
    assert (again.ticket, again.lease) == (one.ticket, one.lease)


def test_a_lease_that_is_over_goes_to_who_asks(queue: Reviews, clock: Clock) -> None:
    queue.outcomes.put([pending("1")])
    one = queue.lease("anna")
    assert one is not None
    clock.now += 61
    two = queue.lease("ben")
    assert two is not None
    with pytest.raises(Conflict, match="no longer yours"):
        queue.decide("1", one.lease, Action.ACCEPT)
    with pytest.raises(Conflict, match="no longer yours"):
        queue.renew("1", one.lease)
    assert queue.decide("1", two.lease, Action.EDIT, "refund").answer == "refund"


def test_an_answer_goes_out_once_after_the_grace(queue: Reviews, clock: Clock) -> None:
    queue.outcomes.put([pending("1")])
    item = queue.lease("anna")
    assert item is not None
    queue.decide("1", item.lease, Action.ACCEPT, comment="clear", seen={"proposal": True})
    assert queue.release() == []
    clock.now += 5
    out = queue.release()
    assert [(one.ticket, one.answer, one.reviewer) for one in out] == [("1", "cancel", "anna")]
    assert queue.release() == []
    found = queue.outcomes.get("1")
    assert found is not None
    assert (found.state, found.answer, found.layer, found.by) == (State.ANSWERED, "cancel", "person", "anna")
    (kept,) = queue.decisions("1")
    assert (kept.comment, dict(kept.seen), kept.released_at) == ("clear", {"proposal": True}, 1005.0)


def test_undo_takes_back_what_is_not_out(queue: Reviews, clock: Clock) -> None:
    queue.outcomes.put([pending("1"), pending("2")])
    item = queue.lease("anna")
    assert item is not None
    queue.decide(item.ticket, item.lease, Action.REJECT)
    queue.lease("anna")
    assert queue.undo("anna") == item.ticket
    again = queue.lease("anna")
    assert again is not None
    assert again.ticket == item.ticket
    queue.decide(again.ticket, again.lease, Action.EDIT, "refund")
    clock.now += 5
    assert [one.answer for one in queue.release()] == ["refund"]
    assert queue.undo("anna") is None  # it is out
    assert [one.undone_at is not None for one in queue.decisions(item.ticket)] == [True, False]


def test_rejecting_withholds(queue: Reviews, clock: Clock) -> None:
    queue.outcomes.put([pending("1")])
    item = queue.lease("anna")
    assert item is not None
    queue.decide("1", item.lease, Action.REJECT)
    clock.now += 5
    queue.release()
    found = queue.outcomes.get("1")
    assert found is not None
    assert (found.state, found.answer) == (State.WITHHELD, None)


def test_what_is_no_answer_is_not_taken(queue: Reviews) -> None:
    queue.outcomes.put([pending("1")])
    item = queue.lease("anna")
    assert item is not None
    with pytest.raises(DataError, match="'maybe' is not in the answer space: refund, cancel"):
        queue.decide("1", item.lease, Action.EDIT, "maybe")
    with pytest.raises(DataError, match="no item 'x'"):
        queue.decide("x", item.lease, Action.ACCEPT)
    assert queue.count() == 1


def test_answers_that_are_json_are_edited_as_json(tmp_path: Path) -> None:
    queue = Reviews(Database(tmp_path), grace=0.0)
    step = StepRecord("extract", "passed", "not sure", {"name": "Anna"}, 0.4)
    queue.outcomes.put([Outcome(Request("1", "k", "people", "I am Anne", 1.0), State.PENDING, steps=(step,))])
    item = queue.lease("anna")
    assert item is not None
    with pytest.raises(DataError, match="the answer is not JSON"):
        queue.decide("1", item.lease, Action.EDIT, "Anne")
    assert queue.decide("1", item.lease, Action.EDIT, '{"name": "Anne"}').answer == {"name": "Anne"}


def test_an_audited_item_is_blind_and_skipping_puts_it_last(queue: Reviews) -> None:
    queue.outcomes.put([pending("blind", 0.1, audited=True), pending("seen", 0.9)])
    item = queue.lease("anna")
    assert item is not None
    assert item.ticket == "blind"
    assert (item.proposal, item.alternatives, item.steps, item.evidence) == (None, (), (), ())
    assert "cancel" not in item.why
    with pytest.raises(DataError, match="no answer to take"):
        queue.decide("blind", item.lease, Action.ACCEPT)
    queue.skip(item.ticket, item.lease)
    after = queue.lease("anna")
    assert after is not None
    assert after.ticket == "seen"


def test_reviewers_in_threads_release_everything_once(tmp_path: Path) -> None:
    """Many reviewers and releasers at once, each on its own connections."""
    database = Database(tmp_path)
    queue = Reviews(database, lease=60.0, grace=0.0)
    queue.outcomes.put([pending(str(n)) for n in range(40)])
    released: list[str] = []

    def work(name: str) -> None:
        mine = Reviews(database, lease=60.0, grace=0.0)
        while (item := mine.lease(name)) is not None:
            mine.decide(item.ticket, item.lease, Action.ACCEPT)
            released.extend(one.ticket for one in mine.release())

    threads = [threading.Thread(target=work, args=(f"r{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(released) == sorted(str(n) for n in range(40))


@pytest.mark.parametrize("seed", range(60))
def test_schedules_of_two_reviewers_expiring_leases_and_crashes(tmp_path: Path, seed: int) -> None:
    """Whatever happens in whatever order: one live decision an item, released at most once, and in the end exactly."""
    draw, clock = random.Random(seed), Clock()
    folder, items = tmp_path, [str(n) for n in range(4)]
    queue = Reviews(Database(folder), 10.0, 3.0, clock=clock)
    queue.outcomes.put([pending(id) for id in items])
    held: dict[str, tuple[str, str]] = {}
    released: list[str] = []
    for _ in range(60):
        who = draw.choice(("anna", "ben"))
        what = draw.choice(("lease", "decide", "decide", "undo", "skip", "release", "wait", "crash"))
        try:
            if what == "lease" and (item := queue.lease(who)) is not None:
                held[who] = (item.ticket, item.lease)
            elif what == "decide" and who in held:
                queue.decide(*held[who], Action.EDIT, f"by {who}")
            elif what == "skip" and who in held:
                queue.skip(*held.pop(who))
            elif what == "undo":
                queue.undo(who)
            elif what == "release":
                released += [one.ticket for one in queue.release()]
            elif what == "wait":
                clock.now += draw.choice((1, 4, 11))
            elif what == "crash":
                queue = Reviews(Database(folder), 10.0, 3.0, clock=clock)
        except Conflict:
            pass
        for id in items:
            assert sum(one.undone_at is None for one in queue.decisions(id)) <= 1
    clock.now += 100
    released += [one.ticket for one in queue.release()]
    assert len(released) == len(set(released))
    for id in items:
        live = [one for one in queue.decisions(id) if one.undone_at is None]
        found = queue.outcomes.get(id)
        assert found is not None
        assert (found.answer == live[0].answer and id in released) if live else found.state is State.PENDING
