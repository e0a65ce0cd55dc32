"""Reading request bodies: JSON of a limited size, and what each field may hold, said in a sentence when it does not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from strati.core.records import JSON
from strati.serve.errors import Refused
from strati.serve.service import Service

_TYPES = {str: "a text", bool: "true or false", int: "a whole number", dict: "an object", list: "a list"}


async def read_json(request: Request) -> tuple[dict[str, JSON], str]:
    """The body as an object, and its digest. Raises `Refused` (400) when it is no JSON object."""
    raw = await request.body()
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "invalid_json", f"the body is not JSON: {error}") from error
    if b"\\u" in raw and not _is_text(data):
        raise Refused(400, "invalid_json", "the body holds half a character: a surrogate without its other half")
    if not isinstance(data, dict):
        raise Refused(400, "invalid_type", f"the body is {_named(data)}, expected an object")
    return data, hashlib.sha256(raw).hexdigest()[:32]


def _is_text(data: JSON) -> bool:
    """Whether all of it can be written as UTF-8."""
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def must_know(body: Mapping[str, JSON], known: frozenset[str]) -> None:
    """Raises `Refused` (400) for a field that nobody reads: a mistyped setting must not be ignored silently."""
    for name in body:
        if name not in known:
            raise Refused(400, "unknown_parameter", f"the parameter {name!r} is not known", name)


def field(body: Mapping[str, JSON], name: str, kind: type, default: Any = None, *, required: bool = False) -> Any:
    """One field of a body, of the type expected. null counts as not given."""
    value = body.get(name)
    if value is None:
        if required:
            raise Refused(400, "missing_parameter", f"the parameter {name!r} is missing", name)
        return default
    fits = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
    if not fits:
        raise Refused(400, "invalid_type", f"{name} is {_named(value)}, expected {_TYPES[kind]}", name)
    return value


def number(body: Mapping[str, JSON], name: str, default: float, least: float, most: float) -> float:
    """A number between limits."""
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        shown = value if isinstance(value, int | float) and not isinstance(value, bool) else _named(value)
        raise Refused(400, "invalid_value", f"{name} is {shown}, expected a number from {least:g} to {most:g}", name)
    return float(value)


def _named(value: JSON) -> str:
    if value is None:
        return "null"
    if isinstance(value, float):
        return "a number"
    return next((words for kind, words in _TYPES.items() if isinstance(value, kind)), type(value).__name__)


def must_pass(service: Service, text: str, where: str) -> None:
    """Raises `Refused` for what the guards do not let in."""
    refused = service.guards.incoming([text])
    if refused is not None:
        raise Refused(400, "withheld", refused, where)
