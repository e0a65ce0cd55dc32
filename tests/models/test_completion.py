from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.core.errors import ModelError
from strati.models.contract import ContextOverflow
from strati.models.hosted.chat_request import Request
from strati.models.hosted.completion import BadRequest, Completion, Fault, UnknownModel, essential, read, said
from strati.models.hosted.dialect import Dialect
from strati.models.hosted.settings import HostedSettings
from strati.models.hosted.transport import HttpReply

SETTINGS = HostedSettings.of("gpt", {"url": "https://api.example.com/v1", "model": "m"})
GOOD: dict[str, Any] = {
    "model": "m",
    "choices": [{"message": {"content": "refund"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
}

FIELDS = ("content", "refusal", "token", "logprob", "top_logprobs", "message", "code", "text")


def reply(body: Any, status: int = 200, **headers: str) -> HttpReply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpReply(status, named, body if isinstance(body, bytes) else json.dumps(body).encode())


def usage(**told: Any) -> tuple[int, int, int, int] | None:
    used = read(reply({**GOOD, "usage": told}), SETTINGS, None).usage
    return None if used is None else (used.tokens_in, used.tokens_cached, used.tokens_out, used.tokens_reasoning)


def test_usage_in_the_shapes_of_several_servers() -> None:
    assert usage(prompt_tokens=10, completion_tokens=2) == (10, 0, 2, 0)
    inner, outer = {"cached_tokens": 4}, {"reasoning_tokens": 3}
    details = {"prompt_tokens_details": inner, "completion_tokens_details": outer}
    assert usage(prompt_tokens=10, completion_tokens=5, total_tokens=15, **details) == (10, 4, 5, 3)
    assert usage(prompt_tokens=10, completion_tokens=2, total_tokens=15, **details) == (10, 4, 5, 3)  # left out
    assert usage(prompt_tokens=10, completion_tokens=2, prompt_cache_hit_tokens=7) == (10, 7, 2, 0)


@pytest.mark.parametrize("told", [{}, {"prompt_tokens": 1}, {"prompt_tokens": -1, "completion_tokens": 1}])
def test_usage_that_makes_no_sense_is_missing(told: dict[str, Any]) -> None:
    assert usage(**told) is None
    assert usage(prompt_tokens=10**400, completion_tokens=True) is None


def test_overflow_with_the_numbers_that_servers_give() -> None:
    bodies = [
        {
            "error": {
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 321,
                "n_ctx": 100,
                "message": "exceeds the ",
            }
        },
        {"error": {"message": "This model's maximum context length is 100 tokens, you asked for 321 (max_tokens 20)"}},
        {"message": "context length is only 100 tokens, resulting in 321", "object": "error"},
    ]
    bodies[0]["error"]["message"] += "available context size"  # type: ignore[index]
    for body in bodies:
        with pytest.raises(ContextOverflow) as caught:
            read(reply(body, 400), SETTINGS, None)
        assert (caught.value.tokens, caught.value.limit) == (321, 100)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (429, {"error": {"message": "slow down"}}, Fault),
        (418, {}, ModelError),
        (404, [{"error": {"message": "no such model"}}], UnknownModel),
        (422, {"detail": "seed is not allowed"}, BadRequest),
        (200, {"error": {"message": "no", "code": 401}}, ModelError),
        (200, {"error": "busy"}, Fault),
        (200, [], Fault),
        (200, {"choices": None}, Fault),
        (200, b"[" * 100_000, Fault),
    ],
)
def test_what_a_status_and_a_body_mean(status: int, body: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(reply(body, status), SETTINGS, None)


def test_a_filter_that_refuses_the_prompt_is_an_empty_reply() -> None:
    done = read(reply({"error": {"code": "content_filter", "message": "filtered"}}, 400), SETTINGS, None)
    assert (done.text, done.finish) == ("", "content_filter")


def test_retry_after_as_servers_write_it() -> None:
    found = [reply({}, 429, retry_after=text).retry_after for text in ("7", "0.5", "-3", "soon", "", "9" * 400)]
    assert found[:5] == [7.0, 0.5, 0.0, None, None]
    past = reply({}, 429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT").retry_after
    assert past == 0.0


def test_no_secret_is_repeated() -> None:
    message = "bad key abc+def/1234, Bearer abc+def/1234; also sk-proj-ABCDEF123456 and\nmore"
    text = said({"message": message}, "abc+def/1234")
    assert "abc+def" not in text
    assert "ABCDEF" not in text
    assert "\n" not in text
    assert len(said({"message": "x" * 9999}, None)) < 210


def test_a_refusal_of_many_alternatives_asks_for_fewer_before_it_asks_for_none() -> None:
    dialect = Dialect(SETTINGS)
    message = {"message": "Requested logprobs of 20, which is greater than max allowed: 5"}
    asked = []
    for _ in range(3):
        body = dialect.body(Request([], 5, logprobs=True))
        asked.append(body["top_logprobs"])
        assert dialect.adapt(body, message)
    assert asked == [20, 5, 2]
    assert not dialect.logprobs
    assert not dialect.adapt(dialect.body(Request([], 5)), {"message": "Invalid role"})


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["error", "choices", "message", "content", "logprobs", "usage", "code", "token", "logprob"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(anything, st.sampled_from([200, 400, 404, 429, 500]))
def test_any_body_is_a_completion_or_one_of_the_errors(body: Any, status: int) -> None:
    try:
        done = read(reply(body, status), SETTINGS, None)
    except (Fault, BadRequest, UnknownModel, ContextOverflow, ModelError):
        return
    assert isinstance(done, Completion)
    assert isinstance(done.text, str)


shapes = st.recursive(
    st.none() | st.booleans() | st.integers(0, 20) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=12,
)


def outcome(body: Any) -> Any:
    try:
        return read(reply(body), SETTINGS, None)
    except (Fault, BadRequest, UnknownModel, ContextOverflow, ModelError) as error:
        return type(error), str(error)


@given(st.lists(shapes, max_size=2), shapes, shapes, shapes)
def test_nothing_that_is_read_is_left_out(choices: list[Any], message: Any, logprobs: Any, more: Any) -> None:
    first = {"message": message, "logprobs": logprobs, "finish_reason": "stop", "index": 0}
    for body in (
        {**GOOD, "choices": [first, *choices], "id": "x", "detail": more},
        {**GOOD, "choices": choices, "message": more},
        {**GOOD, "error": more},
        more,
    ):
        assert outcome(essential(body)) == outcome(body)


def test_what_a_model_thought_is_left_out() -> None:
    message = {"role": "assistant", "content": "refund", "reasoning_content": "well, " * 1000}
    body = {**GOOD, "id": "x", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}] * 2}
    choices = [{"finish_reason": "stop", "message": {"content": "refund"}, "logprobs": None}]
    assert essential(body) == {"model": "m", "usage": GOOD["usage"], "choices": choices}
