"""Outcomes as clients read them: headers, OpenAI's bodies and chunks, and strati's own JSON."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from strati.core.records import JSON, State
from strati.serve.api.chat_body import Form
from strati.serve.records import Outcome
from strati.serve.service import Service

_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?\n]+\s*|$)")


def headers_of(outcome: Outcome) -> dict[str, str]:
    """What an answer says of itself, for programs that read headers."""
    found = {
        "x-request-id": outcome.request.id,
        "x-strati-state": str(outcome.state),
        "x-strati-seconds": f"{outcome.seconds:.4f}",
        "x-strati-cost": f"{outcome.dollars:.8f}",
    }
    if outcome.state is State.PENDING:
        found["x-strati-ticket"] = outcome.request.id
    if outcome.layer:
        found["x-strati-layer"] = _plain(outcome.layer)
    if outcome.confidence is not None:
        found["x-strati-confidence"] = f"{outcome.confidence:.4f}"
    if outcome.reason:
        found["x-strati-reason"] = _plain(outcome.reason)
    return found


def refusal_of(outcome: Outcome) -> str:
    """What stands in the place of an answer: never something that looks like one."""
    if outcome.state is State.PENDING:
        return f"pending, {outcome.request.id}"
    return f"withheld: {outcome.reason}"


def content_of(outcome: Outcome, form: Form) -> str:
    """The answer in the form that was asked for."""
    value = outcome.answer
    if form.kind == "text":
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    body: dict[str, JSON] = {form.answer: value}
    if form.confidence is not None:
        body[form.confidence] = outcome.confidence or 0.0  # a person's answer has none: nobody measured it
    return json.dumps(body, ensure_ascii=False)


def completion(outcome: Outcome, form: Form, service: Service) -> dict[str, JSON]:
    """The body of a chat completion."""
    answered = outcome.state is State.ANSWERED
    message: dict[str, JSON] = {
        "role": "assistant",
        "content": content_of(outcome, form) if answered else None,
        "refusal": None if answered else refusal_of(outcome),
        "annotations": [],
    }
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": "stop" if answered else "content_filter",
    }
    return {
        "id": f"chatcmpl-{outcome.request.id}",
        "object": "chat.completion",
        "created": int(outcome.request.at),
        "model": outcome.request.model,
        "choices": [choice],
        "usage": usage_of(outcome),
        "strati": outcome_json(outcome, service),
    }


def chunks(outcome: Outcome, form: Form, include_usage: bool, service: Service) -> Iterator[bytes]:
    """The events of a streamed completion; the last one with a choice carries what strati knows of the answer."""
    live = LiveChunks(outcome.request.model, f"chatcmpl-{outcome.request.id}")
    if outcome.state is State.ANSWERED:
        for piece in pieces(content_of(outcome, form)):
            yield live.piece(piece)
    yield from live.end(outcome, include_usage, service, form)


OTHERWISE = "what was told so far does not stand; the answer that does is in `strati`"


class LiveChunks:
    """The events of a completion that is still being made."""

    def __init__(self, model: str, id: str = "") -> None:
        self._head: dict[str, JSON] = {
            "id": id or f"chatcmpl-{secrets.token_hex(12)}",
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": model,
        }
        self._told = ""

    def piece(self, text: str) -> bytes:
        """The next piece of the answer."""
        first = not self._told
        self._told += text
        return self._event({"role": "assistant", "content": text} if first else {"content": text})

    def end(self, outcome: Outcome, include_usage: bool, service: Service, form: Form | None = None) -> Iterator[bytes]:
        """What is left of the answer, why it ended, and what strati knows of it.

        An answer that does not stand after all ends with a refusal: what was told of it before is no answer. Where the
        model failed on the way and another answer was made without it, the last chunk has that one.
        """
        answered = outcome.state is State.ANSWERED
        whole = content_of(outcome, form or Form()) if answered else ""
        stands = answered and whole.startswith(self._told)
        if stands and len(whole) > len(self._told):
            yield self._event({"role": "assistant", "content": whole[len(self._told) :]})
        elif not stands:
            why = OTHERWISE if answered else refusal_of(outcome)
            yield self._event({"role": "assistant", "content": None, "refusal": why})
        ended = {} if not include_usage else {"usage": None}
        about = outcome_json(outcome, service)
        yield self._event({}, "stop" if stands else "content_filter", **ended, strati=about)
        if include_usage:
            yield sse({**self._head, "choices": [], "usage": usage_of(outcome)})
        yield b"data: [DONE]\n\n"

    def _event(self, delta: Mapping[str, JSON], reason: str | None = None, **more: JSON) -> bytes:
        choice = {"index": 0, "delta": dict(delta), "logprobs": None, "finish_reason": reason}
        return sse({**self._head, "choices": [choice], **more})


def pieces(text: str) -> list[str]:
    """A text in sentences, together exactly the text.

    >>> pieces("One. Two! three")
    ['One. ', 'Two! ', 'three']
    """
    return [piece for piece in _SENTENCE.findall(text) if piece]


def sse(value: JSON) -> bytes:
    """One server-sent event."""
    return f"data: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n\n".encode("utf-8", "replace")


def usage_of(outcome: Outcome) -> dict[str, JSON]:
    """Tokens that language models read and wrote; 0 where none was asked."""
    return {
        "prompt_tokens": outcome.tokens_in,
        "completion_tokens": outcome.tokens_out,
        "total_tokens": outcome.tokens_in + outcome.tokens_out,
    }


def outcome_json(outcome: Outcome, service: Service) -> dict[str, JSON]:
    """All that strati knows of an answer. Whether it was drawn for the audit is not said: the draw is blind."""
    served = service.stacks.get(outcome.request.model)
    found: dict[str, JSON] = {
        "id": outcome.request.id,
        "model": outcome.request.model,
        "state": str(outcome.state),
        "answer": outcome.answer,
        "confidence": outcome.confidence,
        "layer": outcome.layer,
        "reason": outcome.reason,
        "alternatives": [{"answer": value, "confidence": share} for value, share in outcome.alternatives],
        "steps": [step.to_json() for step in outcome.steps],
        "evidence": [asdict(cited) for cited in outcome.evidence],
        "sentences": [asdict(said) for said in outcome.sentences],
        "usage": {"seconds": round(outcome.seconds, 6), "dollars": outcome.dollars, **usage_of(outcome)},
    }
    if outcome.state is State.PENDING:
        found["ticket"] = outcome.request.id
    if outcome.by is not None:
        found["by"] = outcome.by
    if served is not None:
        found["certificate"] = {"state": served.state, "sentence": served.sentence}
    return found


def _plain(text: str) -> str:
    """A text that a header can hold."""
    return " ".join(text.encode("ascii", "replace").decode().split())[:400]
