"""A chat completion that comes piece by piece as server-sent events, put together as if it had come whole.

The events are those of the WHATWG's HTML standard, section 9.2; the chunks are those of `stream: true`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from strati.core.records import JSON
from strati.models.hosted.completion import Fault, part_text
from strati.models.hosted.transport import HttpReply, Lost, Opened

KIND = "text/event-stream"
LAST = "[DONE]"


class LiveReply:
    """The pieces of a reply's text as they come; `whole` is there once they are read to the end.

    A reply that is no stream (an error, or one of a server that does not stream) has no pieces.
    """

    def __init__(self, opened: Opened, host: str) -> None:
        self._opened = opened
        self._host = host
        self._reply: HttpReply | None = None

    @property
    def whole(self) -> HttpReply:
        """The reply as if it had come whole; the pieces are read to their end before."""
        assert self._reply is not None
        return self._reply

    def __iter__(self) -> Iterator[str]:
        """Raises `Lost` where the stream breaks off before its end, `Fault` where a part of it is no JSON."""
        opened = self._opened
        if opened.status != 200 or not opened.headers.get("content-type", "").startswith(KIND):
            self._reply = opened.whole()
            return
        text: list[str] = []
        rest: dict[str, JSON] = {}
        finish, ended = "", False
        for event in _events(opened.parts):
            if event == LAST:
                ended = True
                break
            chunk = _chunk(event, self._host)
            if chunk.get("error"):
                self._reply = _whole(opened, {"error": chunk["error"]})
                return
            rest |= {name: chunk[name] for name in ("model", "usage") if chunk.get(name)}
            choices = chunk.get("choices")
            choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
            finish = str(choice.get("finish_reason") or finish)
            delta = choice.get("delta")
            delta = delta if isinstance(delta, dict) else {}
            piece = part_text(delta.get("content")) or part_text(delta.get("refusal"))
            if piece:
                text.append(piece)
                yield piece
        if not ended and not finish:
            raise Lost(f"the reply of {self._host} broke off after {sum(map(len, text)):,} characters")
        message = {"role": "assistant", "content": "".join(text)}
        self._reply = _whole(opened, {**rest, "choices": [{"message": message, "finish_reason": finish or "stop"}]})


def _whole(opened: Opened, body: JSON) -> HttpReply:
    return HttpReply(opened.status, opened.headers, json.dumps(body).encode())


def _chunk(event: str, host: str) -> dict[str, Any]:
    try:
        chunk = json.loads(event)
    except (ValueError, RecursionError):
        chunk = None
    if not isinstance(chunk, dict):
        raise Fault(f"{host} sent a part of a stream that is no JSON object, expected a chunk of a reply", lost=True)
    return chunk


def _events(parts: Iterator[bytes]) -> Iterator[str]:
    """The data of each event; comments and other fields are left out."""
    data: list[str] = []
    for line in _lines(parts):
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield "\n".join(data)
            data = []
    if data:
        yield "\n".join(data)


def _lines(parts: Iterator[bytes]) -> Iterator[str]:
    """Lines, whichever way they end. They are cut as bytes, so no character is cut in two."""
    rest = b""
    for part in parts:
        rest += part
        *whole, rest = rest.split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r").decode(errors="replace")
    if rest:
        yield rest.removesuffix(b"\r").decode(errors="replace")
