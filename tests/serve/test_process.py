"""The real thing: `strati serve` as a process, asked by the openai package and by curl, ended and killed."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from strati.serve.store.database import Database
from strati.serve.store.outcomes import Outcomes
from tests.serve.process import KEY, Running, small_stack, start, stop


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, read_once: Path) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("process")
    small_stack(folder)
    shutil.copytree(read_once, folder / "work.kb")
    found = start(folder, "--audit", "0", "--grace", "0")
    yield found
    stop(found)


@pytest.fixture
def client(running: Running) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{running.address}/v1", api_key=KEY, max_retries=0) as found:
        yield found


def ask(client: openai.OpenAI, text: str, **more: Any) -> Any:
    return client.chat.completions.create(model="tickets", messages=[{"role": "user", "content": text}], **more)


def test_the_openai_package_gets_answers(client: openai.OpenAI) -> None:
    reply = ask(client, "my money please", temperature=0, seed=1)
    assert reply.choices[0].message.content == "refund"
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.total_tokens == 0


def test_it_sees_that_a_case_waits(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model="tickets", messages=[{"role": "user", "content": "hello"}]
    )
    message = raw.parse().choices[0].message
    assert message.content is None
    assert message.refusal == f"pending, {raw.headers['x-strati-ticket']}"
    with pytest.raises(openai.ConflictError, match="pending, a-"):
        ask(client, "hello", extra_body={"on_pending": "error"})


def test_it_streams(client: openai.OpenAI) -> None:
    chunks = list(ask(client, "money", stream=True, stream_options={"include_usage": True}))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "refund"
    assert chunks[-1].usage is not None
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"


def test_it_streams_cited_sentences_of_a_base(client: openai.OpenAI) -> None:
    question: Any = [{"role": "user", "content": "Within how many days may an article be returned?"}]
    chunks = list(client.chat.completions.create(model="work", messages=question, stream=True))
    assert "60 days" in "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    extra = chunks[-1].model_extra
    assert extra is not None
    assert extra["strati"]["evidence"][0]["place"].startswith("returns.md")


def test_structured_output_by_a_model_of_pydantic(client: openai.OpenAI) -> None:
    from typing import Literal

    from pydantic import BaseModel

    class Intent(BaseModel):
        intent: Literal["cancel", "refund"]
        confidence: float

    reply = client.chat.completions.parse(
        model="tickets", messages=[{"role": "user", "content": "stop it"}], response_format=Intent
    )
    assert reply.choices[0].message.parsed is not None
    assert reply.choices[0].message.parsed.intent == "cancel"


def test_its_errors_are_the_ones_it_knows(client: openai.OpenAI, running: Running) -> None:
    with pytest.raises(openai.NotFoundError, match="'gpt-9' is not served"):
        client.chat.completions.create(model="gpt-9", messages=[{"role": "user", "content": "x"}])
    with pytest.raises(openai.BadRequestError, match="n is 3"):
        ask(client, "x", n=3)
    with (
        openai.OpenAI(base_url=f"{running.address}/v1", api_key="wrong") as other,
        pytest.raises(openai.AuthenticationError, match="missing or wrong"),
    ):
        other.models.list()
    assert [model.id for model in client.models.list()] == ["tickets", "work"]


def test_the_curl_command_that_was_printed_works(running: Running) -> None:
    command = running.told["curl"].replace("$STRATI_KEY", KEY)
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, timeout=30)
    assert json.loads(done.stdout)["object"] == "chat.completion"


def test_a_client_that_goes_away_stops_waiting(running: Running) -> None:
    body = {"model": "tickets", "messages": [{"role": "user", "content": "hello"}], "strati_wait": 60}
    request = urllib.request.Request(
        f"{running.address}/v1/chat/completions", json.dumps(body).encode(), {"authorization": f"Bearer {KEY}"}
    )
    with pytest.raises(TimeoutError):
        urllib.request.urlopen(request, timeout=0.5)
    with urllib.request.urlopen(f"{running.address}/health/ready", timeout=5) as reply:
        assert reply.status == 200


def test_a_port_in_use_and_nothing_to_serve(running: Running, tmp_path: Path) -> None:
    port = running.address.rpartition(":")[2]
    small_stack(tmp_path)
    with pytest.raises(RuntimeError, match=f"port {port} cannot be opened: Address already in use; --port"):
        start(tmp_path, port=int(port))
    (tmp_path / "empty").mkdir()
    with pytest.raises(RuntimeError, match=r"this folder holds no NAME\.stack and no NAME\.kb"):
        start(tmp_path / "empty")
    with pytest.raises(RuntimeError, match="can be reached from other machines: set STRATI_KEY"):
        start(tmp_path, "--host", "0.0.0.0", key=None)
    with pytest.raises(RuntimeError, match="there is no knowledge base"):
        start(tmp_path, "--kb", "nothing")
    with pytest.raises(RuntimeError, match="is not a stack"):
        start(tmp_path, "nothing.stack")
    with pytest.raises(RuntimeError, match="no catalog has a model 'nothing'"):
        start(tmp_path, "--model", "nothing", "tickets.stack")


def test_a_base_of_another_version_and_a_damaged_one(tmp_path: Path, read_once: Path) -> None:
    newer = shutil.copytree(read_once, tmp_path / "newer.kb")
    with sqlite3.connect(newer / "base.db") as db:
        db.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    db.close()
    damaged = shutil.copytree(read_once, tmp_path / "damaged.kb")
    (damaged / "base.db").write_bytes(b"nonsense" * 100)
    with pytest.raises(
        RuntimeError, match=r"^strati: newer\.kb was written by a newer strati .* update strati"
    ) as told:
        start(tmp_path, "--kb", "newer")
    assert str(told.value).count("\n") == 1
    with pytest.raises(RuntimeError, match=r"^strati: damaged\.kb is damaged or is no knowledge base") as told:
        start(tmp_path, "--kb", "damaged")
    assert str(told.value).count("\n") == 1


def test_a_key_is_told_once(tmp_path: Path) -> None:
    small_stack(tmp_path)
    first = start(tmp_path, key=None)
    secret = first.told["key"]
    stop(first)
    second = start(tmp_path, key=None)
    try:
        assert second.told["key"] is None
        request = urllib.request.Request(f"{second.address}/v1/models", headers={"authorization": f"Bearer {secret}"})
        with urllib.request.urlopen(request, timeout=10) as reply:
            assert reply.status == 200
    finally:
        stop(second)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGTERM")
def test_it_drains_on_sigterm(tmp_path: Path) -> None:
    small_stack(tmp_path)
    running = start(tmp_path)
    body = {"model": "tickets", "messages": [{"role": "user", "content": "hello"}], "strati_wait": 60}
    request = urllib.request.Request(
        f"{running.address}/v1/chat/completions", json.dumps(body).encode(), {"authorization": f"Bearer {KEY}"}
    )
    found: list[Any] = []

    def wait() -> None:
        with urllib.request.urlopen(request, timeout=30) as reply:
            found.append(json.loads(reply.read()))

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.5)
    running.process.send_signal(signal.SIGTERM)
    thread.join(20)
    running.process.communicate(timeout=20)
    assert running.process.returncode == 0
    assert found[0]["strati"]["state"] == "pending"


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    """Every answer that a client got is there after the death of the process."""
    small_stack(tmp_path)
    acknowledged: dict[str, str] = {}
    for _ in range(3):
        running = start(tmp_path, "--audit", "0.3")
        ended = threading.Event()

        def load(address: str = running.address, ended: threading.Event = ended) -> None:
            while not ended.is_set():
                body = json.dumps({"model": "tickets", "input": "money"}).encode()
                headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
                try:
                    with urllib.request.urlopen(
                        urllib.request.Request(f"{address}/api/answer", body, headers), timeout=5
                    ) as reply:
                        found = json.loads(reply.read())
                    acknowledged[found["id"]] = found["answer"]
                except (OSError, ValueError, http.client.HTTPException):
                    return

        threads = [threading.Thread(target=load) for _ in range(3)]
        for thread in threads:
            thread.start()
        time.sleep(0.6)
        running.process.kill()
        ended.set()
        for thread in threads:
            thread.join()
        stop(running)
    kept = Outcomes(Database(tmp_path / ".strati" / "service"))
    assert len(acknowledged) > 30
    for id, answer in acknowledged.items():
        found = kept.get(id)
        assert found is not None
        assert found.answer == answer
