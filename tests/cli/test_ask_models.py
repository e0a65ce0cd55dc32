"""`strati ask --model` with a server on loopback that fails in the ways servers do: the answer comes all the same."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cli.test_ask import run
from tests.knowledge.small import write

ANSWER = "Either party may end the lease with 30 days' notice."


def said(text: object) -> bytes:
    message = {"role": "assistant", "content": text}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    usage = {"prompt_tokens": 300, "completion_tokens": 9, "total_tokens": 309}
    return json.dumps({"object": "chat.completion", "model": "m", "choices": choices, "usage": usage}).encode()


def whole(body: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def endless(handler: BaseHTTPRequestHandler) -> None:
    """A reply that never comes to its end."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [{"message": {"content": "')
    while True:
        handler.wfile.write(b"and so on ")
        time.sleep(0.02)


def silent(_: BaseHTTPRequestHandler) -> None:
    time.sleep(5)


FAILURES: dict[str, tuple[Callable[[BaseHTTPRequestHandler], None], str]] = {
    "an empty text": (whole(said("")), "wrote nothing"),
    "white space": (whole(said(" \n\n ")), "wrote nothing"),
    "no text": (whole(said(None)), ""),
    "an empty body": (whole(b""), ""),
    "no JSON": (whole(b"<html>502</html>"), ""),
    "JSON of another kind": (whole(b"[1, 2]"), ""),
    "no choices": (whole(b'{"choices": []}'), ""),
    "garbage": (whole(said("\ufffd\x07 ]]}{{ qxz ### 0x00 <|im_end|> \u202e zzz")), "passed the check"),
    "other matters": (whole(said("The moon is made of cheese. " * 400)), "passed the check"),
    "a wrong number": (whole(said("Either party may end the lease with 60 days' notice.")), "passed the check"),
    "one that never ends": (endless, "had not ended after 1 seconds"),
    "silence": (silent, "had not ended after 1 seconds"),
}


@contextmanager
def server(reply: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.send_error(404)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if not self.path.endswith("/chat/completions"):
                self.send_error(404)
                return
            with suppress(OSError):  # the client has gone
                reply(self)

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    made.block_on_close = False
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{made.server_address[1]}/v1"
    finally:
        made.shutdown()
        made.server_close()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRATI_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("STRATI_CATALOG", raising=False)
    write(tmp_path, {"in/lease.md": f"# Lease\n\n## Ending it\n\n{ANSWER}\n"})
    assert run(monkeypatch, "ingest", "in", "--kb", "work") == 0
    capsys.readouterr()
    return tmp_path


@pytest.mark.parametrize("failure", FAILURES)
def test_the_nearest_sentence_with_a_note(
    failure: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    reply, note = FAILURES[failure]
    with server(reply) as url:
        write(folder, {"strati.toml": f'[models.far]\nurl = "{url}"\nmodel = "m"\nretries = 0\n'})
        code = run(monkeypatch, "ask", "Who may end the lease?", "--model", "far", "--seconds", "1", "--json")
    captured = capsys.readouterr()
    assert code == 0, captured.err
    told = json.loads(captured.out)
    assert (told["state"], told["answer"], len(told["citations"])) == ("answered", ANSWER, 1)
    assert "far" in told["reason"]
    assert note in told["reason"]
    assert told["reason"].endswith("these are the nearest sentences")
    assert "Traceback" not in captured.err


def test_a_server_that_is_not_there(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder, {"strati.toml": '[models.far]\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\nretries = 0\n'})
    assert run(monkeypatch, "ask", "Who may end the lease?", "--model", "far") == 2
    told = capsys.readouterr().err
    assert "127.0.0.1:9" in told
    assert told.count("\n") == 1


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("x" * 100_000, "the question has 100,000 characters, expected at most 4,000"),
        ("\n\t ", "the question is empty"),
    ],
)
def test_questions_that_are_none(
    question: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "ask", question) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1


def test_an_empty_base_and_another_language(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "ask", "谁可以终止租约?") == 0
    assert "the question is in Chinese, and no document is" in " ".join(capsys.readouterr().out.split())
    assert run(monkeypatch, "kb", "forget", "in/lease.md", "--kb", "work") == 0
    capsys.readouterr()
    assert run(monkeypatch, "ask", "Who may end the lease?") == 2
    assert "holds no passages yet: strati ingest PATH" in capsys.readouterr().err
    assert (folder / "work.kb").is_dir()
