"""What a server wants in a request, found out from what it refuses."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any

from strati.core.records import JSON
from strati.models.hosted.chat_request import Request
from strati.models.hosted.settings import HostedSettings

LIMITS = ("max_tokens", "max_completion_tokens")
TOPS = (20, 5, 2)
"""Numbers of alternatives asked for, the first that the server allows."""

NUMBER = re.compile(r"top_logprobs|\b(?:max\w*|greater|exceeds?|at most|less than|between|range)\b", re.IGNORECASE)
"""In a refusal of `logprobs`: it is about how many, not whether."""


class Dialect:
    """The fields that one server takes. Thread safe: what one call learns, all later ones know."""

    def __init__(self, settings: HostedSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._refused: set[str] = set()
        self._tops = list(TOPS)
        self._ignores_logprobs = False

    @property
    def logprobs(self) -> bool:
        """Whether token log probabilities are worth asking for, as far as is known."""
        if self._settings.logprobs is not None:
            return self._settings.logprobs
        return not (self._ignores_logprobs or "logprobs" in self._refused or not self._tops)

    def ignores_logprobs(self) -> None:
        """A reply came without the log probabilities that were asked for."""
        self._ignores_logprobs = True

    def body(self, request: Request) -> dict[str, JSON]:
        """A request in the fields that the server takes, as far as is known."""
        with self._lock:
            name = LIMITS[LIMITS[0] in self._refused]
            body: dict[str, JSON] = {
                "model": self._settings.model,
                "messages": [dict(message) for message in request.messages],
                "stream": request.live and "stream" not in self._refused,
                name: request.limit,
            }
            for field, value in {"temperature": request.temperature, "seed": request.seed}.items():
                if field not in self._refused:
                    body[field] = value
            if body["stream"] and "stream_options" not in self._refused:
                body["stream_options"] = {"include_usage": True}
            if request.logprobs and self._tops:
                body |= {"logprobs": True, "top_logprobs": self._tops[0]}
            if request.schema is not None and "response_format" not in self._refused:
                named = {"name": "reply", "schema": request.schema}
                body["response_format"] = {"type": "json_schema", "json_schema": named}
            return {**body, **self._settings.extra}

    def adapt(self, body: Mapping[str, JSON], error: Mapping[str, Any]) -> bool:
        """After status 400: whether another body would be worth trying. It is only if the error names one of ours."""
        message, param = str(error.get("message", "")), error.get("param")
        named = [
            field
            for field in (
                *LIMITS,
                "temperature",
                "seed",
                "top_logprobs",
                "logprobs",
                "response_format",
                "stream_options",
                "stream",
            )
            if body.get(field, False) is not False
            and field not in self._settings.extra
            and (param == field or re.search(rf"(?<![\w.]){field}(?!\w)", message))
        ]
        with self._lock:
            for field in named:
                if field == "top_logprobs" or (field == "logprobs" and NUMBER.search(message)):
                    self._fewer(body[field] if field == "top_logprobs" else body["top_logprobs"])
                    return self._settings.logprobs is None or bool(self._tops)
                if field == "logprobs" and self._settings.logprobs:
                    return False
                if field in LIMITS and {*LIMITS} - {field} <= self._refused:
                    return False
                self._refused.add(field)
                return True
        return False

    def _fewer(self, asked: JSON) -> None:
        """Ask for fewer alternatives from now on, unless another call has learnt so meanwhile."""
        if self._tops and self._tops[0] == asked:
            self._tops.pop(0)
