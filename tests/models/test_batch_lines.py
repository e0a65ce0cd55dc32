from __future__ import annotations

import json
from email import message_from_bytes
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from strati.models.hosted.batches.lines import as_reply, read_lines, request_line, to_keep, upload_form
from strati.models.hosted.batches.state import Batch

BODY = {"model": "m", "messages": [{"role": "user", "content": "zwei\nZeilen \u2028 😀"}]}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def test_a_request_is_one_line_whatever_it_says() -> None:
    line = request_line("n-0", BODY)
    assert len(line.decode().splitlines()) == 1
    assert json.loads(line) == {"custom_id": "n-0", "method": "POST", "url": "/v1/chat/completions", "body": BODY}


def test_replies_by_name_the_first_of_several() -> None:
    good = {"custom_id": "a", "response": {"status_code": 200, "body": {"choices": []}}, "error": None}
    late = {"custom_id": "a", "response": {"status_code": 500, "body": {}}, "error": None}
    never = {"custom_id": "b", "response": None, "error": {"code": "batch_expired", "message": "not done"}}
    found = read_lines("\n".join(map(json.dumps, [good, late, never])).encode())
    assert {name: (reply.status, reply.json) for name, reply in found.items()} == {
        "a": (200, {"choices": []}),
        "b": (500, {"error": {"code": "batch_expired", "message": "not done"}}),
    }
    assert as_reply(to_keep(found["a"])) == found["a"]


def test_a_reply_is_kept_without_the_key_even_where_the_key_is_a_word_of_json() -> None:
    message = {"content": "null and void", "refusal": None}
    body = {"choices": [{"finish_reason": "stop", "message": message, "logprobs": None}]}
    (kept,) = to_keep(as_reply([200, body]), "null")[1]["choices"]
    assert kept["message"] == {"content": "*** and void", "refusal": None}


@given(st.lists(anything), st.binary(max_size=50))
def test_garbage_is_no_reply(lines: list[Any], more: bytes) -> None:
    assert read_lines(b"\n".join([*(json.dumps(line).encode() for line in lines), more])) == {}


@given(anything, anything)
def test_a_batch_is_read_from_anything(value: Any, other: Any) -> None:
    told = {"id": "b", "status": "IN_PROGRESS", "metadata": value, "request_counts": other, "errors": value}
    found = Batch.of({**told, "output_file_id": other, "error_file_id": value}, None)
    assert found is not None
    assert (found.status, found.ended) == ("in_progress", False)
    Batch.of(value, None)


def test_a_file_goes_up_as_a_form() -> None:
    body = upload_form("strati-1.jsonl", b'{"a": 1}\n', "xyz")
    form = message_from_bytes(b"Content-Type: multipart/form-data; boundary=xyz\r\n\r\n" + body)
    purpose, file = form.get_payload()  # type: ignore[str-unpack]
    assert purpose.get_payload() == "batch"  # type: ignore[union-attr]
    assert file.get_filename() == "strati-1.jsonl"  # type: ignore[union-attr]
    assert file.get_payload(decode=True) == b'{"a": 1}\n'  # type: ignore[union-attr]
