"""Reading a chat completion: the reply, or what kind of fault came instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from strati.core.errors import ModelError
from strati.core.records import JSON, Usage
from strati.models.contract import ContextOverflow
from strati.models.hosted.settings import HostedSettings
from strati.models.hosted.token_walk import Token, read_tokens
from strati.models.hosted.transport import HttpReply

AGAIN = {408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529}
MAY_BE_BILLED = {408, 504, 520, 522, 524}
"""A proxy gave up waiting: the work may have been done and billed."""
BUSY = {429, 503, 529}
NO_MONEY = re.compile(r"insufficient_quota|exceeded your current quota|insufficient (?:balance|credits|funds)", re.I)
TOO_LONG = re.compile(
    r"context[_ ](?:length|size|window)|maximum (?:context|prompt)|(?:prompt|input) is too long|too many tokens",
    re.IGNORECASE,
)
FILTERED = re.compile(r"content[_ ](?:filter|management policy)|ResponsibleAIPolicy|content_policy", re.IGNORECASE)
SECRET = re.compile(r"(?i)bearer\s+\S+|\b(?:sk|pk|gsk|xai|hf|key)[-_][\w*.-]{8,}")


@dataclass(frozen=True, slots=True)
class Completion:
    """A reply. `usage` is None where the server does not tell; `finish` is its finish_reason."""

    text: str
    finish: str
    tokens: list[Token]
    usage: Usage | None
    model: str


class Fault(Exception):
    """No reply. `again`: another attempt may help; `wait`: seconds asked for; `lost`: it may be billed."""

    def __init__(
        self, reason: str, *, again: bool = True, wait: float | None = None, lost: bool = False, busy: bool = False
    ) -> None:
        super().__init__(reason)
        self.again = again
        self.wait = wait
        self.lost = lost
        self.busy = busy


class BadRequest(Exception):
    """Status 400 or 422: the server does not take a field. `error` is its own account, `reason` ours."""

    def __init__(self, error: Mapping[str, Any], reason: str) -> None:
        super().__init__(reason)
        self.error = error


class UnknownModel(Exception):
    """Status 404: the model, or the path."""


def read(reply: HttpReply, settings: HostedSettings, key: str | None) -> Completion:
    """The completion in a reply.

    Raises:
        Fault: another attempt may help.
        BadRequest: the request has to change.
        UnknownModel: there is no such model, or no such path.
        ContextOverflow: the prompt is too long for the server.
        ModelError: the user has to put something right.
    """
    data = reply.json
    if reply.status == 200:
        return _completion(data, reply, settings, key)
    error = _error(data)
    if reply.status == 400 and FILTERED.search(f"{error.get('code')} {error.get('message')}"):
        return Completion("", "content_filter", [], Usage(calls=1), "")
    raise _meaning(reply.status, error, reply, settings, key)


def essential(data: JSON) -> JSON:
    """The body of a completion without what `read` does not look at; any other body as it is."""
    if not isinstance(data, dict) or not isinstance(data.get("choices"), list):
        return data
    choices = [_only(choice, "finish_reason", "message", "logprobs") for choice in data["choices"][:1]]
    for choice in choices:
        if isinstance(choice, dict):
            choice["message"] = _only(choice.get("message"), "content", "refusal")
            choice["logprobs"] = _only(choice.get("logprobs"), "content")
    return {**_only(data, "error", "model", "usage"), "choices": choices}


def _only(value: JSON, *names: str) -> JSON:
    return {name: value[name] for name in names if name in value} if isinstance(value, dict) else value


def refusal(reply: HttpReply, settings: HostedSettings, key: str | None) -> Exception:
    """What a status that is no success means, as an exception of the kinds that `read` raises."""
    return _meaning(reply.status, _error(reply.json), reply, settings, key)


def said(error: Mapping[str, Any], key: str | None) -> str:
    """The server's own words, short, on one line, without any key."""
    text = str(error.get("message") or error.get("detail") or error.get("code") or "")
    if key:
        text = text.replace(key, "***")
    text = " ".join(SECRET.sub("***", text).split())
    return f": {text[:200]}" if text else ""


def _meaning(
    status: int, error: Mapping[str, Any], reply: HttpReply, settings: HostedSettings, key: str | None
) -> Exception:
    """What an error status means."""
    words, code = said(error, key), f"{error.get('code')} {error.get('type')} {error.get('message')}"
    host = settings.host
    if status in (401, 403):
        where = f"the key in {settings.key_env}" if settings.key_env else "a request without key (key_env is not set)"
        return ModelError(f"{host} refused {where} with status {status}{words}")
    if status == 402 or (status == 429 and NO_MONEY.search(code)):
        return ModelError(f"the account at {host} has no money left (status {status}){words}")
    if status in (300, 301, 302, 303, 307, 308):
        return ModelError(
            f"{host} redirects to another address (status {status}), which strati does not follow with a key: "
            f"expected the final address in models.{settings.name}.url"
        )
    if status == 404:
        return UnknownModel(words)
    if status == 413 or (status in (400, 422, 500) and TOO_LONG.search(code)):
        return _overflow(error)
    if status in (400, 422):
        return BadRequest(error, f"{host} refused the request with status {status}{words}")
    if status in AGAIN or status >= 500:
        reason = f"{host} answered with status {status}{words}"
        return Fault(reason, wait=reply.retry_after, busy=status in BUSY, lost=status in MAY_BE_BILLED)
    return ModelError(f"{host} answered with status {status}{words}: expected a chat completion")


def _completion(data: Any, reply: HttpReply, settings: HostedSettings, key: str | None) -> Completion:
    host = settings.host
    if not isinstance(data, dict):
        raise Fault(f"{host} answered with {reply.kind} that is no JSON, expected a chat completion", lost=True)
    error = _error(data)
    if error:
        status = error.get("code")
        if isinstance(status, int) and 400 <= status < 600:
            meant = _meaning(status, error, reply, settings, key)
            if isinstance(meant, Fault):
                meant.lost = True
            raise meant
        raise Fault(f"{host} answered with status 200 and an error{said(error, key)}", lost=True)
    choices = data.get("choices")
    usage = _usage(data.get("usage"))
    if not isinstance(choices, list):
        raise Fault(f"the reply of {host} has no list of choices, expected a chat completion", lost=True)
    choice = choices[0] if choices and isinstance(choices[0], dict) else {}
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    text = part_text(message.get("content")) or part_text(message.get("refusal"))
    told = choice.get("logprobs")
    tokens = read_tokens(told.get("content")) if isinstance(told, dict) else []
    return Completion(text, str(choice.get("finish_reason") or ""), tokens, usage, str(data.get("model") or ""))


def _error(data: Any) -> Mapping[str, Any]:
    """The error object of a body in the shapes that servers give it."""
    if isinstance(data, list) and data:
        data = data[0]
    if not isinstance(data, dict):
        return {}
    error = data.get("error")
    if isinstance(error, dict):
        return error
    if isinstance(error, str):
        return {"message": error}
    return data if "choices" not in data and ("message" in data or "detail" in data) else {}


def _overflow(error: Mapping[str, Any]) -> ContextOverflow:
    """With the numbers that the server gives, 0 where it gives none."""
    tokens, limit = error.get("n_prompt_tokens"), error.get("n_ctx")
    if not isinstance(tokens, int) or not isinstance(limit, int):
        numbers = sorted(
            {int(text.replace(",", "")) for text in re.findall(r"\d[\d,]{2,12}", str(error.get("message")))}
        )
        limit, tokens = (numbers[0], numbers[-1]) if len(numbers) > 1 else (0, 0)
    return ContextOverflow(tokens, limit)


def part_text(content: Any) -> str:
    """A message's content: a text, or a list of parts with texts."""
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _usage(told: Any) -> Usage | None:
    """The tokens of a call; None where they are missing or make no sense."""
    if not isinstance(told, dict):
        return None
    tokens_in, tokens_out = _count(told.get("prompt_tokens")), _count(told.get("completion_tokens"))
    if tokens_in is None or tokens_out is None:
        return None
    inner, outer = told.get("prompt_tokens_details"), told.get("completion_tokens_details")
    cached = (
        _count(inner.get("cached_tokens")) if isinstance(inner, dict) else _count(told.get("prompt_cache_hit_tokens"))
    )
    thought = _count(outer.get("reasoning_tokens")) if isinstance(outer, dict) else None
    if thought and _count(told.get("total_tokens")) == tokens_in + tokens_out + thought:
        tokens_out += thought  # this server leaves reasoning out of the completion's tokens, and charges for it
    return Usage(0.0, 1, tokens_in, min(cached or 0, tokens_in), tokens_out, 0.0, min(thought or 0, tokens_out))


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9 else None
