"""`strati review` and `strati run --queue`: one queue, in a terminal."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from strati.core.records import State
from strati.serve.queue.reviews import Reviews
from strati.serve.records import Outcome, Request, StepRecord
from strati.serve.store.database import Database
from strati.serve.terminal import Terminal
from tests.command import strati


def queue_of(folder: Path, *ids: str, text: str = "where is it") -> Reviews:
    queue = Reviews(Database(folder), grace=0.0, labels=lambda model: ("refund", "cancel"))
    step = StepRecord("linear", "passed", "not sure", "cancel", 0.55)
    queue.outcomes.put(
        [Outcome(Request(id, "k", "tickets", text, 1000.0), State.PENDING, reason="r", steps=(step,)) for id in ids]
    )
    return queue


def review(queue: Reviews, *lines: str) -> tuple[int, str]:
    given: Iterator[str] = iter(lines)

    def ask(prompt: str) -> str:  # noqa: ARG001
        try:
            return next(given)
        except StopIteration:
            raise EOFError from None

    out = io.StringIO()
    return Terminal(queue, "anna", Console(file=out, width=100), ask).run(), out.getvalue()


def test_a_number_answers(tmp_path: Path) -> None:
    queue = queue_of(tmp_path, "1")
    done, text = review(queue, "1")
    found = queue.outcomes.get("1")
    assert found is not None
    assert (done, found.answer, found.by) == (1, "refund", "anna")
    assert "where is it" in text
    assert "Nothing waits for you." in text
    assert "cancel 55 %" not in text  # the proposal is covered


def test_nothing_is_accepted_unseen_and_comments_are_kept(tmp_path: Path) -> None:
    queue = queue_of(tmp_path, "1")
    done, text = review(queue, "c quite clear", "a", "a")
    assert done == 1
    assert "linear: cancel 55 %" in text
    (decision,) = queue.decisions("1")
    assert (decision.answer, decision.comment, decision.seen["proposal"]) == ("cancel", "quite clear", True)


def test_rejecting_skipping_leaving_and_nonsense(tmp_path: Path) -> None:
    queue = queue_of(tmp_path, "1", "2", "3")
    done, text = review(queue, "nonsense", "?", "r", "s", "q")
    assert done == 1
    assert "'nonsense' is no answer here" in text
    assert "undo the last decision" in text
    assert queue.count() == 2


def test_undo(tmp_path: Path) -> None:
    queue = queue_of(tmp_path, "1", "2")
    queue.grace = 0.3
    done, _ = review(queue, "1", "u", "2", "q")
    assert done == 1
    answers = {id: found.answer for id in ("1", "2") if (found := queue.outcomes.get(id)) is not None}
    assert sorted(answers.values(), key=str) == ["None", "cancel"] or set(answers.values()) == {None, "cancel"}


def test_a_case_cannot_move_the_cursor(tmp_path: Path) -> None:
    _, text = review(queue_of(tmp_path, "1", text="a\x1b[2Jb"), "q")
    assert "\x1b" not in text


def test_a_batch_goes_through_the_queue_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from strati.kinds.classify.rules import Rules
    from strati.stack.folder import save_stack
    from strati.stack.layers.person import Person
    from strati.stack.stack import Stack, Stage

    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.txt").write_text('when "money" then refund\nwhen "stop" then cancel\n')
    rules = Rules.from_file(tmp_path / "rules.txt")
    save_stack(Stack((Stage(rules), Stage(Person())), "tickets"), tmp_path / "tickets.stack")
    (tmp_path / "new.csv").write_text("text\nmy money\nhello\nstop it\nwho are you\n")
    command = ["run", "tickets.stack", "new.csv", "-i", "text", "--workers", "1", "--queue", "q"]
    first = strati(tmp_path, *command)
    assert first.returncode == 0, first.stderr
    assert "2 new cases put into the queue" in first.stdout
    again = strati(tmp_path, *command)
    assert "0 new cases put into the queue" in again.stdout
    monkeypatch.setattr("sys.stdin", io.StringIO("1\nr\n"))
    reviewed = strati(tmp_path, "review", "--folder", "q", "--as", "anna", "--grace", "0")
    assert "2 decided, 0 wait." in reviewed.stdout, reviewed.stdout
    back = strati(tmp_path, *command)
    assert "decisions decided: 1" in back.stdout, back.stdout
    lines = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert sorted(line["state"] for line in lines) == ["answered", "answered", "answered", "pending"]
    assert sum(line["layer"] == "person" for line in lines) == 1


def test_no_queue_is_said(tmp_path: Path) -> None:
    said = strati(tmp_path, "review")
    assert said.returncode == 2
    assert "there is no queue in .strati/service" in said.stderr
