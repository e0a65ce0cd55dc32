"""The files of a batch: requests and replies as lines of JSON, the replies in any order; and how a file goes up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from strati.core.records import JSON
from strati.models.hosted.completion import essential
from strati.models.hosted.transport import HttpReply

ENDPOINT = "/v1/chat/completions"


def request_line(name: str, body: Mapping[str, JSON]) -> bytes:
    """One request; its reply will bear the same name. It is ASCII, so that nothing in it is taken for a line's end."""
    line = {"custom_id": name, "method": "POST", "url": ENDPOINT, "body": body}
    return json.dumps(line).encode() + b"\n"


def read_lines(data: bytes) -> dict[str, HttpReply]:
    """The replies by name, as if each had come over HTTP; the first of several. What is no reply is left out.

    A line with an error in place of a reply was never answered: it becomes status 500, which is not billed.
    """
    found: dict[str, HttpReply] = {}
    for line in data.splitlines():
        try:
            record: Any = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if not isinstance(record, dict) or not isinstance(name := record.get("custom_id"), str):
            continue
        reply = record.get("response")
        if isinstance(reply, dict) and type(reply.get("status_code")) is int:
            found.setdefault(name, as_reply([reply["status_code"], reply.get("body")]))
        elif record.get("error"):
            found.setdefault(name, as_reply([500, {"error": record["error"]}]))
    return found


def as_reply(kept: JSON) -> HttpReply:
    """A reply from its status and body, as they are kept in a journal."""
    status, body = kept
    return HttpReply(status, {}, json.dumps(body).encode())


def to_keep(reply: HttpReply, key: str | None = None) -> JSON:
    """The opposite of `as_reply`, for what is read of a reply; without the key, should the server repeat it."""
    body = essential(reply.json)
    return [reply.status, _without(body, key) if key else body]


def _without(value: JSON, key: str) -> JSON:
    """A JSON value without the key in its texts."""
    if isinstance(value, str):
        return value.replace(key, "***")
    if isinstance(value, list):
        return [_without(each, key) for each in value]
    return {name: _without(each, key) for name, each in value.items()} if isinstance(value, dict) else value


def upload_form(name: str, data: bytes, boundary: str) -> bytes:
    """A file for batches as multipart/form-data (RFC 7578)."""
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: application/jsonl\r\n\r\n"
    )
    return head.encode() + data + f"\r\n--{boundary}--\r\n".encode()
