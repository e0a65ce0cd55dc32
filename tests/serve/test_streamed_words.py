"""A model's words on a stream: what a check or a guard rejects never leaves the server, whatever the model writes."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from strati.core.records import JSON, State
from strati.knowledge.base import KnowledgeBase
from strati.models.contract import Generation, Prompt
from strati.models.scripted import ScriptedModel
from strati.serve.api.replies import OTHERWISE, LiveChunks
from strati.serve.app import application
from strati.serve.engine.bases import Base
from strati.serve.records import Outcome
from strati.serve.records import Request as Taken
from tests.serve.conftest import READER, make_service

NOTES = """# Returns

An article may be returned within 60 days of delivery. Returns are free of charge. The desk for returns of an article
is open on Mondays. Write to anna.huber@example.org about returns of an article.
"""
GOOD = (
    "An article may be returned within 60 days of delivery.",
    "Returns are free of charge.",
    "The desk for returns of an article is open on Mondays.",
)
LIES = (
    "An article may be returned within 90 days of delivery.",
    "Zorvania pays for every article that is returned.",
    "Returns are never free of charge.",
    "Our director promises a refund of 500 dollars.",
)
SECRET = "Write to anna.huber@example.org about returns of an article."


class Fuzzed:
    """A script that puts sentences together: true ones, lies, and now and then one that a guard forbids."""

    def __init__(self, seed: int) -> None:
        draw = random.Random(seed)
        said = draw.choices([*GOOD, *LIES], k=draw.randrange(1, 5))
        if draw.random() < 0.5:
            said.insert(draw.randrange(len(said) + 1), SECRET)
        self.text = draw.choice((" ", "\n", " \n\n")).join(said)

    def __call__(self, prompt: Prompt) -> str:  # noqa: ARG002
        return self.text


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streamed")
    (folder / "returns.md").write_text(NOTES)
    with KnowledgeBase.open(folder / "work.kb") as base:
        base.ingest([folder / "returns.md"])
    return folder / "work.kb"


def streamed(folder: Path, notes: Path, fuzzed: Fuzzed) -> tuple[list[str], dict[str, object]]:
    """The pieces that left the server, and what it says of the answer at the end."""
    base = Base(notes, model=ScriptedModel(fuzzed, name="fuzzed"))
    service = make_service(folder / "service", bases=(base,), personal=True)
    body = {
        "model": "work",
        "stream": True,
        "messages": [{"role": "user", "content": "Within how many days may an article be returned?"}],
    }
    with TestClient(application(service), base_url="http://127.0.0.1") as client:
        reply = client.post("/v1/chat/completions", json=body, headers={"authorization": f"Bearer {READER}"})
    assert reply.status_code == 200, reply.text
    events = [json.loads(line[6:]) for line in reply.text.splitlines() if line.startswith("data: {")]
    choices = [choice for event in events for choice in event["choices"]]
    pieces = [choice["delta"]["content"] for choice in choices if choice["delta"].get("content")]
    return pieces, next(event["strati"] for event in events if "strati" in event)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_rejected_never_left(tmp_path: Path, notes: Path, seed: int) -> None:
    fuzzed = Fuzzed(seed)
    pieces, about = streamed(tmp_path, notes, fuzzed)
    out = "".join(pieces)
    assert "anna" not in out
    assert "@" not in out
    for lie in LIES:
        assert lie not in out
    if about["state"] == "answered":
        assert out == about["answer"]
    else:
        assert all(sentence in NOTES.replace("\n", " ") for sentence in out.split(". ") if sentence)


def test_true_sentences_stream_one_by_one(tmp_path: Path, notes: Path) -> None:
    fuzzed = Fuzzed(0)
    fuzzed.text = " ".join(GOOD)
    pieces, about = streamed(tmp_path, notes, fuzzed)
    assert about["state"] == "answered"
    assert len(pieces) > 1


def test_another_answer_than_was_begun_is_told_as_such(tmp_path: Path, notes: Path) -> None:
    service = make_service(tmp_path / "service", bases=(Base(notes),))
    done = Outcome(Taken("r1", "key", "work", "q", 0.0), State.ANSWERED, answer="Another answer.")
    live = LiveChunks("work")
    live.piece("The beginning ")
    told = b"".join(live.end(done, False, service)).decode()
    assert OTHERWISE in told
    assert "Another answer." in told
    assert "withheld" not in told
    held = b"".join(live.end(replace(done, state=State.WITHHELD, answer=None, reason="no"), False, service)).decode()
    assert "withheld: no" in held


def test_a_stream_whose_time_is_over_ends_with_an_error(tmp_path: Path, notes: Path) -> None:
    """A model that never stops: the sentences that passed are there, then an error that clients read, then the end."""

    class Endless(ScriptedModel):
        def stream(self, prompt: Prompt, max_tokens: int, schema: JSON = None) -> Generator[str, None, Generation]:
            made = self.generate(prompt, max_tokens, schema=schema)
            yield made.text + " "
            while True:
                time.sleep(0.02)
                yield "x "

    model = Endless({}, default=GOOD[0] + " " + GOOD[1], name="endless")
    service = make_service(tmp_path / "service", bases=(Base(notes, model=model),), timeout=1.5)
    with TestClient(application(service), base_url="http://127.0.0.1") as client:
        asked = {"role": "user", "content": "When may an article be returned?"}
        body = {"model": "work", "stream": True, "messages": [asked]}
        told = client.post("/v1/chat/completions", json=body, headers={"authorization": f"Bearer {READER}"}).text
    events = [line[6:] for line in told.splitlines() if line.startswith("data: ")]
    assert GOOD[0] in told
    assert events[-1] == "[DONE]"
    assert json.loads(events[-2])["error"]["code"] == "timeout"
