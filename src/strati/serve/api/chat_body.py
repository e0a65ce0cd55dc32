"""A chat completion request, read strictly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from strati.core.records import JSON
from strati.serve.api.bodies import field, must_know, number
from strati.serve.errors import Refused
from strati.serve.service import Question

# Settings of sampling and of accounts that change nothing here: a stack answers the same way every time.
_WITHOUT_EFFECT = """
    temperature top_p frequency_penalty presence_penalty seed user metadata store logit_bias service_tier stop
    parallel_tool_calls safety_identifier prompt_cache_key prompt_cache_retention reasoning_effort verbosity
    max_tokens max_completion_tokens modalities prediction
"""
_READ = """
    model messages stream stream_options n tools tool_choice functions logprobs top_logprobs response_format
    strati_wait strati_input strati_risk on_pending
"""
KNOWN = frozenset([*_WITHOUT_EFFECT.split(), *_READ.split()])
ROLES = ("system", "developer", "user", "assistant", "tool")
MOST_WAIT = 3600.0


@dataclass(frozen=True, slots=True)
class Form:
    """In which form the answer is wanted: plain text, or JSON with these properties."""

    kind: str = "text"
    answer: str = "answer"
    confidence: str | None = "confidence"


@dataclass(frozen=True, slots=True)
class ChatBody:
    """What a client asked."""

    question: Question
    stream: bool
    include_usage: bool
    form: Form
    conflict: bool  # on_pending = "error"


def chat_body(
    body: Mapping[str, JSON], digest: str, same_as: str | None, labels: Mapping[str, Sequence[str]]
) -> ChatBody:
    """Read a body; `labels` are the answers that each model can give.

    Raises:
        Refused: a field is unknown, missing or of the wrong type, or asks for what stacks do not do.
    """
    must_know(body, KNOWN)
    model = field(body, "model", str, required=True)
    messages = field(body, "messages", list, required=True)
    _must_do(body)
    options = field(body, "stream_options", dict, {})
    must_know(options, frozenset({"include_usage", "include_obfuscation"}))
    on_pending = field(body, "on_pending", str, "refusal")
    if on_pending not in ("refusal", "error"):
        raise Refused(
            400, "invalid_value", f'on_pending is {on_pending!r}, expected "refusal" or "error"', "on_pending"
        )
    turns = [_turn(message, place) for place, message in enumerate(messages)]
    asked = next((text for role, text in reversed(turns) if role == "user"), None)
    if asked is None:
        raise Refused(400, "invalid_value", "messages has no turn of the role user, expected at least one", "messages")
    if not asked.strip() and body.get("strati_input") is None:
        raise Refused(400, "invalid_value", "the last user message is empty, expected a text", "messages")
    question = Question(
        model,
        _columns(body) or asked,
        tuple(text for _, text in turns) + tuple((_columns(body) or {}).values()),
        same_as,
        digest,
        number(body, "strati_wait", 0.0, 0.0, MOST_WAIT),
        number(body, "strati_risk", 1.0, 0.0, 1e6),
    )
    return ChatBody(
        question,
        field(body, "stream", bool, False),
        field(options, "include_usage", bool, False),
        _form(field(body, "response_format", dict), labels.get(model, ())),
        on_pending == "error",
    )


def _must_do(body: Mapping[str, JSON]) -> None:
    if field(body, "n", int, 1) != 1:
        raise Refused(400, "unsupported_value", f"n is {body['n']}, expected 1: a stack gives one answer", "n")
    for name in ("tools", "functions", "logprobs", "top_logprobs"):
        if body.get(name):
            raise Refused(
                400, "unsupported_parameter", f"{name} is not supported: a stack answers, it calls nothing", name
            )


def _turn(message: JSON, place: int) -> tuple[str, str]:
    where = f"messages[{place}]"
    if not isinstance(message, dict):
        raise Refused(400, "invalid_type", f"{where} is no object, expected one with role and content", "messages")
    role = message.get("role")
    if role not in ROLES:
        raise Refused(400, "invalid_value", f"{where} has the role {role!r}, expected {', '.join(ROLES)}", "messages")
    content = message.get("content")
    if content is None and role == "assistant":
        return role, str(message.get("refusal") or "")
    if isinstance(content, str):
        return role, content
    if not isinstance(content, list):
        raise Refused(400, "invalid_type", f"{where}.content is neither a text nor a list of parts", "messages")
    parts = []
    for part in content:
        if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
            found = part.get("type") if isinstance(part, dict) else type(part).__name__
            raise Refused(
                400,
                "unsupported_value",
                f"{where}.content has a part of type {found!r}, expected text only",
                "messages",
            )
        parts.append(part["text"])
    return role, "\n".join(parts)


def _columns(body: Mapping[str, JSON]) -> dict[str, str] | None:
    columns: dict[str, JSON] | None = field(body, "strati_input", dict)
    if columns is None:
        return None
    if not columns or not all(isinstance(value, str) for value in columns.values()):
        raise Refused(400, "invalid_type", "strati_input holds something else than texts by column", "strati_input")
    return columns


def _form(wanted: Mapping[str, JSON] | None, labels: Sequence[str]) -> Form:
    kind = "text" if wanted is None else wanted.get("type")
    if kind == "text":
        return Form()
    if kind == "json_object":
        return Form("json")
    if kind != "json_schema" or wanted is None:
        raise Refused(
            400,
            "unsupported_value",
            f"response_format has the type {kind!r}, expected text, json_object or json_schema",
            "response_format",
        )
    named = wanted.get("json_schema")
    schema = named.get("schema") if isinstance(named, dict) else None
    if not isinstance(schema, dict):
        raise Refused(400, "invalid_type", "response_format.json_schema has no schema", "response_format")
    return _fitting(schema, labels)


def _fitting(schema: Mapping[str, JSON], labels: Sequence[str]) -> Form:
    """Where in the client's schema the answer and its confidence go: what cannot fit is refused before any work."""
    found = schema.get("properties")
    properties: Mapping[str, JSON] = found if isinstance(found, dict) else {}
    texts = [name for name, part in properties.items() if isinstance(part, dict) and part.get("type") == "string"]
    numbers = [name for name, part in properties.items() if isinstance(part, dict) and part.get("type") == "number"]
    required = set(schema.get("required") or ())
    if schema.get("type") != "object" or len(texts) != 1 or len(numbers) > 1 or required - {*texts, *numbers}:
        raise Refused(
            400,
            "unsupported_value",
            "the schema cannot be filled by this model: expected an object with one string (the answer) and at most "
            "one number (its confidence)",
            "response_format",
        )
    allowed = properties[texts[0]].get("enum")
    missing = [label for label in labels if isinstance(allowed, list) and label not in allowed]
    if missing:
        raise Refused(
            400,
            "unsupported_value",
            f"the schema does not allow the answer {missing[0]!r}, which this model can give",
            "response_format",
        )
    return Form("json", texts[0], numbers[0] if numbers else None)
