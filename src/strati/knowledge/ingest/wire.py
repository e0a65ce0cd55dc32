"""How the two processes talk: a line of JSON, then the bytes whose lengths it names. Never pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from strati.core.records import JSON


def send(file: BinaryIO, value: Mapping[str, JSON], parts: Sequence[bytes] = ()) -> None:
    """Write a message and flush."""
    head = json.dumps({**value, "parts": [len(part) for part in parts]}, separators=(",", ":")).encode("ascii")
    file.write(b"%d\n" % len(head))
    file.write(head)
    for part in parts:
        file.write(part)
    file.flush()


def receive(file: BinaryIO) -> tuple[dict[str, JSON], list[bytes]] | None:
    """The next message, or None at the end. Raises `EOFError` when the other side died in the middle of one."""
    line = file.readline(32)
    if not line:
        return None
    value: dict[str, JSON] = json.loads(_exactly(file, int(line)))
    return value, [_exactly(file, size) for size in value.pop("parts")]


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise EOFError("the message is cut off")
    return data
