"""The page Ask while an answer is made: sentences that passed, then the answer as the page has it; forged forms not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from strati.knowledge.base import KnowledgeBase
from strati.models.scripted import ScriptedModel
from strati.serve.app import application
from strati.serve.engine.bases import Base
from tests.serve.conftest import READER, World, make_service
from tests.serve.test_security import log_in
from tests.serve.test_streamed_words import GOOD, LIES, NOTES

QUESTION = "When may an article be returned?"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "returns.md").write_text(NOTES + "\n<b>An article of 12 kg may be returned by post.</b>\n")
    with KnowledgeBase.open(tmp_path / "work.kb") as base:
        base.ingest([tmp_path / "returns.md"])
    said = " ".join([GOOD[0], LIES[0], GOOD[1]])
    served = Base(tmp_path / "work.kb", model=ScriptedModel({}, default=said))
    service = make_service(tmp_path / "service", bases=(served,))
    with TestClient(application(service), base_url="http://127.0.0.1") as client:
        found = World(service, client)
        log_in(found, READER)
        yield found


def asked(world: World, question: str) -> list[dict[str, str]]:
    page = world.client.get("/ask").text
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token is not None
    form = {"csrf": token[1], "question": question, "base": "work"}
    reply = world.client.post("/ask/live", data=form)
    assert reply.status_code == 200, reply.text
    return [json.loads(line) for line in reply.text.splitlines()]


def test_sentences_come_after_their_checks_and_the_whole_last(world: World) -> None:
    *sentences, last = asked(world, QUESTION)
    said = " ".join(line["sentence"] for line in sentences)
    assert GOOD[0] in said
    assert "90 days" not in said
    assert "90 days" not in last["html"]


def test_what_is_not_there_is_said_so(world: World) -> None:
    (last,) = asked(world, "Who is the king of Zorvania?")
    assert "Not in your sources" in last["html"]


def test_a_forged_form_and_an_empty_question_are_refused(world: World) -> None:
    form = {"csrf": "forged", "question": QUESTION, "base": "work"}
    assert world.client.post("/ask/live", data=form).status_code == 403
    page = world.client.get("/ask").text
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token is not None
    form = {"csrf": token[1], "question": "  ", "base": "work"}
    assert world.client.post("/ask/live", data=form).status_code == 400
    assert world.client.post("/ask/live", data={**form, "base": "other", "question": "x"}).status_code == 404
