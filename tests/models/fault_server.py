"""A chat-completions server with the faults of real ones, which counts what it was asked and what it billed.

In a test: `with FaultServer(faults=["429", "ok"]) as server: ... server.url ... server.stats()`. From a shell, printing
its URL on the first line: `python -m tests.models.fault_server --port 0 --latency 0.2 --faults 429=0.1,cut=0.02`.
`GET /stats` gives the counts. The names of the faults are the keys of `FAULTS`.
"""

from __future__ import annotations

import argparse
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from .fault_model import count_prompt, distribution, pick, pieces, prompt_key, token_logprobs

FAULTS = {
    "ok": "a good reply",
    "429": "too many requests, with no hint when to come back",
    "429-after": "too many requests, Retry-After: 1 second",
    "429-date": "too many requests, Retry-After: a date one second away",
    "500": "internal error",
    "502": "a proxy's page instead of JSON",
    "503": "overloaded",
    "slow": "a good reply after `slow` seconds",
    "hang-up": "the connection is closed before anything is sent",
    "cut": "the reply ends in the middle, the work is billed",
    "malformed": "a whole reply that is no JSON, billed",
    "html": "status 200 with a page of HTML",
    "error200": "status 200 with an error body, not billed",
    "no-usage": "a good reply without usage",
    "key": "status 401, the key echoed in the message",
    "forbidden": "status 403",
    "quota": "status 429, the account has no money left",
    "redirect": "status 307 to `redirect`",
    "context": "status 400, the prompt is too long",
    "bad": "status 400, some other reason",
    "filtered": "finish_reason content_filter, no text",
    "length": "finish_reason length, the reply cut after one token",
    "no-choices": "an empty list of choices",
    "null": "content null",
    "truncated": "a good reply; the usage shows that most of the prompt was dropped",
    "other-model": "a good reply by a model of another name",
    "broken-stream": "a stream: closed after its first piece, billed",
    "garbage-stream": "a stream: a part that is no JSON after its first piece, billed",
    "error-stream": "a stream: an error object after its first piece, billed",
    "stalled-stream": "a stream: nothing for `slow` seconds after its first piece, billed",
}
BILLED = {
    "ok",
    "slow",
    "cut",
    "malformed",
    "no-usage",
    "filtered",
    "length",
    "null",
    "truncated",
    "other-model",
    "no-choices",
    "broken-stream",
    "garbage-stream",
    "error-stream",
    "stalled-stream",
}
NANO = 1_000_000_000


@dataclass(frozen=True)
class Behaviour:
    """What the server can and charges.

    `latency` and `slow` in seconds; prices in dollars per million tokens; `cached` and `reasoning` are tokens that the
    usage shows as cached and as thought; `certainty` is the probability of the reply that the model favours. A prompt
    longer than `drops_above` tokens is cut to that many, silently. `details` is whether usage tells of cached tokens.
    """

    model: str = "fake-1"
    key: str | None = None
    latency: float = 0.0
    slow: float = 1.0
    price_in: float = 1.0
    price_out: float = 4.0
    price_cached: float = 0.5
    cached: int = 0
    reasoning: int = 0
    logprobs: str = "yes"  # yes, ignored, refused
    limit_name: str = "both"  # max_tokens, max_completion_tokens, both: the other one is refused with status 400
    seed: str = "yes"  # yes, refused
    temperature: str = "yes"  # yes, refused
    stream: str = "yes"  # yes, ignored, refused
    stream_options: str = "yes"  # yes, refused
    tokenize: bool = False
    context: int = 100_000
    certainty: float = 0.8
    reply: str | None = None
    redirect: str = ""
    drops_above: int | None = None
    details: bool = True


OLLAMA = Behaviour(logprobs="ignored", drops_above=4096, details=False, price_in=0.0, price_out=0.0)
"""As Ollama by default: cuts long prompts and says nothing, has no /tokenize, tells no log probabilities."""


class FaultServer:
    """A server on loopback, in threads of this process. `handler` answers its requests.

    Args:
        faults: the fault of each request in order, then good replies; or shares by name; or a function of the
            number of the request, from 0. Only chat completions count.
        behaviour: what it can and charges.
        port: 0 for any that is free.
    """

    handler: type[BaseHTTPRequestHandler]

    def __init__(
        self,
        faults: Sequence[str] | Mapping[str, float] | Callable[[int], str] = (),
        behaviour: Behaviour = Behaviour(),
        port: int = 0,
        seed: int = 0,
    ) -> None:
        self.behaviour = behaviour
        self._fault = _schedule(faults, seed)
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._faults: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._billed: Counter[str] = Counter()
        self._in_flight = self._most = 0
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.keep_bodies = True
        self.events = 0
        self.closed = False
        self._http = _Threads(("127.0.0.1", port), self.handler)
        self._http.owner = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def stats(self) -> dict[str, Any]:
        """Counts so far. `nanodollars` is exact; the two tables hold how often each prompt was asked and billed."""
        with self._lock:
            return {
                "in_flight": self._in_flight,
                "most_in_flight": self._most,
                **{key: self._counts[key] for key in ("asked", "billed", "tokens_in", "tokens_cached", "tokens_out")},
                "nanodollars": self._counts["nanodollars"],
                "dollars": self._counts["nanodollars"] / NANO,
                "faults": dict(self._faults),
                "asked_by_prompt": dict(self._asked),
                "billed_by_prompt": dict(self._billed),
            }

    def close(self) -> None:
        self.closed = True
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def arrive(self, body: dict[str, Any], key: str) -> str:
        """Count a request; the fault it gets."""
        with self._lock:
            fault = self._fault(self._counts["asked"])
            self._counts["asked"] += 1
            self._faults[fault] += 1
            self._asked[prompt_key(body)] += 1
            self._in_flight += 1
            self._most = max(self._most, self._in_flight)
            if self.keep_bodies:
                self.bodies.append(body)
                self.keys.append(key)
            return fault

    def leave(self) -> None:
        with self._lock:
            self._in_flight -= 1

    def bill(self, body: dict[str, Any], usage: dict[str, Any], factor: float = 1.0) -> None:
        able = self.behaviour
        cached = usage["prompt_tokens_details"]["cached_tokens"]
        dollars = (
            (usage["prompt_tokens"] - cached) * able.price_in
            + cached * able.price_cached
            + usage["completion_tokens"] * able.price_out
        ) * (factor / 1e6)
        with self._lock:
            self._billed[prompt_key(body)] += 1
            self._counts["billed"] += 1
            self._counts["tokens_in"] += usage["prompt_tokens"]
            self._counts["tokens_cached"] += cached
            self._counts["tokens_out"] += usage["completion_tokens"]
            self._counts["nanodollars"] += int(dollars * NANO + 0.5)


class _Threads(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    owner: FaultServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Threads

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        owner = self.server.owner
        if self.path == "/stats":
            self._send(200, owner.stats())
        elif self.path == "/v1/models":
            self._send(200, {"object": "list", "data": [{"id": owner.behaviour.model, "object": "model"}]})
        else:
            self._error(404, "not found")

    def do_POST(self) -> None:
        owner = self.server.owner
        if owner.closed:  # on a connection that was kept
            self.close_connection = True
            return
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path in ("/tokenize", "/v1/tokenize"):
            if not owner.behaviour.tokenize:
                self._error(404, "not found")
            else:
                self._send(200, {"tokens": list(range(len(pieces(str(body.get("content", ""))))))})
        elif self.path == "/v1/chat/completions":
            fault = owner.arrive(body, self.headers.get("Authorization", ""))
            try:
                self._complete(body, fault)
            finally:
                owner.leave()
        else:
            self._error(404, "not found")

    def _complete(self, body: dict[str, Any], fault: str) -> None:
        owner, able = self.server.owner, self.server.owner.behaviour
        refused = refusal_of(body, able, self.headers.get("Authorization", ""))
        if refused:
            self._error(*refused)
            return
        if not self._replies(fault):
            return
        if able.latency:
            time.sleep(able.latency)
        if fault == "slow":
            time.sleep(able.slow)
        reply = completion(body, able, fault)
        if fault in BILLED:
            owner.bill(body, reply["usage"])
        if fault == "no-usage":
            del reply["usage"]
        elif not able.details:
            reply["usage"] = {
                key: reply["usage"][key] for key in ("prompt_tokens", "completion_tokens", "total_tokens")
            }
        if body.get("stream") and able.stream == "yes" and fault not in ("cut", "malformed"):
            self._stream(body, reply, fault)
        elif fault == "cut":
            self._send(200, reply, cut=True)
        elif fault == "malformed":
            self._send(200, json.dumps(reply)[:-20])
        else:
            self._send(200, reply)

    def _stream(self, body: dict[str, Any], reply: dict[str, Any], fault: str) -> None:
        """The reply word by word as server-sent events, without a length; the connection ends it."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        self.wfile.write(b": hello\r\n\r\n")
        head = {"object": "chat.completion.chunk", "model": reply["model"]}
        choices = reply["choices"]
        said = pieces(choices[0]["message"]["content"] or "") if choices else []
        for number, piece in enumerate(said):
            self._event({**head, "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
            if number == 0 and fault == "garbage-stream":
                self.wfile.write(b"data: {not json\n\n")
            if number == 0 and fault == "error-stream":
                self._event({"error": {"message": "the engine died", "code": 500}})
            if number == 0 and fault in ("broken-stream", "garbage-stream", "error-stream"):
                return
            if number == 0 and fault == "stalled-stream":
                time.sleep(self.server.owner.behaviour.slow)
        finish = choices[0]["finish_reason"] if choices else None
        self._event({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        if body.get("stream_options", {}).get("include_usage") and "usage" in reply:
            self._event({**head, "choices": [], "usage": reply["usage"]})
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, chunk: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\r\n\r\n")
        self.server.owner.events += 1

    def _replies(self, fault: str) -> bool:
        """Send what needs no model, if that is the fault; else true."""
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        able = self.server.owner.behaviour
        if fault in ("429", "429-after", "429-date"):
            soon = {"429-after": "1", "429-date": formatdate(time.time() + 1, usegmt=True)}.get(fault)
            self._error(429, "Rate limit reached", "rate_limit_exceeded", {"Retry-After": soon} if soon else {})
        elif fault == "quota":
            self._error(429, "You exceeded your current quota", "insufficient_quota")
        elif fault in ("500", "503"):
            self._error(int(fault), "The server had an error while processing your request")
        elif fault == "502":
            self._send(502, "<html><h1>502 Bad Gateway</h1></html>", kind="text/html")
        elif fault == "hang-up":
            self.close_connection = True
        elif fault == "html":
            self._send(200, "<html>Please log in</html>", kind="text/html")
        elif fault == "error200":
            self._send(200, {"error": {"message": "upstream is overloaded", "code": 503}})
        elif fault == "key":
            self._error(401, f"Incorrect API key provided: {key}.", "invalid_api_key")
        elif fault == "forbidden":
            self._error(403, "This key may not use this model", "permission_denied")
        elif fault == "redirect":
            self._send(307, "", headers={"Location": able.redirect})
        elif fault == "context":
            text = "This model's maximum context length is 100 tokens. However, your messages resulted in 321 tokens."
            self._error(400, text, "context_length_exceeded")
        elif fault == "bad":
            self._error(400, "Invalid value", "invalid_value")
        else:
            return True
        return False

    def _error(self, status: int, text: str, code: str = "", headers: Mapping[str, str] = {}) -> None:
        self._send(status, {"error": {"message": text, "type": "error", "code": code or None}}, headers=headers)

    def _send(
        self,
        status: int,
        body: Any,
        kind: str = "application/json",
        headers: Mapping[str, str] = {},
        cut: bool = False,
    ) -> None:
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        if cut:
            data = data[: len(data) // 2]
            self.close_connection = True
        self._headers_buffer.append(b"\r\n")
        self.wfile.write(b"".join(self._headers_buffer) + data)
        self._headers_buffer: list[bytes] = []


FaultServer.handler = Handler


def completion(body: dict[str, Any], able: Behaviour, fault: str) -> dict[str, Any]:
    """The reply to a request, whole."""
    shares = {able.reply: 1.0} if able.reply is not None else distribution(body, able.certainty)
    text: str | None = pick(shares, body)
    tokens, finish = pieces(str(text)), "stop"
    if fault == "length":
        tokens, finish = tokens[:1], "length"
        text = "".join(tokens)
    if fault in ("filtered", "null"):
        text, tokens, finish = None, [], "content_filter" if fault == "filtered" else "stop"
    prompt = min(5, count_prompt(body)) if fault == "truncated" else count_prompt(body)
    if able.drops_above is not None:
        prompt = min(prompt, able.drops_above)
    out = len(tokens) + 1 + able.reasoning
    choice: dict[str, Any] = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": finish,
        "logprobs": None,
    }
    if body.get("logprobs") and able.logprobs == "yes":
        choice["logprobs"] = {"content": token_logprobs(tokens, shares, int(body.get("top_logprobs", 0)))}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "fake-2" if fault == "other-model" else able.model,
        "choices": [] if fault == "no-choices" else [choice],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": out,
            "total_tokens": prompt + out,
            "prompt_tokens_details": {"cached_tokens": min(able.cached, prompt)},
            "completion_tokens_details": {"reasoning_tokens": able.reasoning},
        },
    }


def refusal_of(body: dict[str, Any], able: Behaviour, authorization: str) -> tuple[int, str, str] | None:
    """Status, message and code for a request that is not served."""
    if able.key is not None and authorization != f"Bearer {able.key}":
        return 401, f"Incorrect API key provided: {authorization.removeprefix('Bearer ')}.", "invalid_api_key"
    if body.get("model") != able.model:
        return 404, f"The model `{body.get('model')}` does not exist", "model_not_found"
    other = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}.get(able.limit_name, "")
    if other in body:
        text = f"Unsupported parameter: '{other}' is not supported with this model. Use '{able.limit_name}' instead."
        return 400, text, "unsupported_parameter"
    able_to = {"logprobs": able.logprobs, "seed": able.seed, "temperature": able.temperature}
    able_to |= {"stream": able.stream, "stream_options": able.stream_options}
    for name, allowed in able_to.items():
        if allowed == "refused" and body.get(name) not in (None, False):
            return 400, f"Unsupported parameter: '{name}' is not supported with this model.", "unsupported_parameter"
    tokens = count_prompt(body)
    if tokens > able.context:
        text = f"This model's maximum context length is {able.context} tokens. However, your messages resulted in "
        return 400, f"{text}{tokens} tokens.", "context_length_exceeded"
    return None


def _schedule(faults: Sequence[str] | Mapping[str, float] | Callable[[int], str], seed: int) -> Callable[[int], str]:
    """The fault of each request by its number."""
    if callable(faults):
        return faults
    for name in faults:
        if name not in FAULTS:
            raise ValueError(f"found the fault {name!r}, expected one of: {', '.join(FAULTS)}")
    if isinstance(faults, Mapping):
        names, shares = [*faults, "ok"], [*faults.values(), 1 - sum(faults.values())]
        draw = random.Random(seed)
        return lambda number: draw.choices(names, shares)[0]
    rest: Iterator[str] = iter(faults)
    return lambda number: next(rest, "ok")


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--slow", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", default="", help="shares by name, such as 429=0.1,cut=0.02")
    parser.add_argument("--logprobs", default="yes", choices=["yes", "ignored", "refused"])
    parser.add_argument("--key", default=None, help="the only key that is accepted; any by default")
    parser.add_argument("--price-in", type=float, default=1.0, help="dollars per million tokens")
    parser.add_argument("--price-out", type=float, default=4.0)
    parser.add_argument("--certainty", type=float, default=0.8)
    given = parser.parse_args()
    shares = {name: float(share) for name, share in (part.split("=") for part in given.faults.split(",") if part)}
    behaviour = Behaviour(
        key=given.key,
        latency=given.latency,
        slow=given.slow,
        price_in=given.price_in,
        price_out=given.price_out,
        price_cached=given.price_in,
        logprobs=given.logprobs,
        certainty=given.certainty,
    )
    server = FaultServer(shares, behaviour, given.port, given.seed)
    server.keep_bodies = False
    print(server.url, flush=True)
    server._thread.join()


if __name__ == "__main__":
    main()
