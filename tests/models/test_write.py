"""Text replies: remembered, read while they are written, under a schema, stopped in the middle."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from strati.core.context import Context
from strati.core.errors import ModelError, Stopped
from strati.measure.journal import Journal
from strati.models.ask import write
from strati.models.contract import Prompt, Streaming
from strati.models.local.gguf import GgufModel
from strati.models.scripted import ScriptedModel

COUNT = Prompt("Count from one to fifty in words.")


def test_the_same_text_is_asked_for_once(tmp_path: Path) -> None:
    model = ScriptedModel({"q": "the reply of the model"})
    with Journal(tmp_path / "run.db") as journal:
        ctx = Context(memo=journal)
        first = write(model, Prompt("q"), 3, ctx)
        again = write(model, Prompt("q"), 3, ctx)
        longer = write(model, Prompt("q"), 9, ctx)
    assert (first.text, first.finished, model.calls) == ("the reply of", False, 2)
    assert (again.text, again.usage) == (first.text, first.usage)
    assert (longer.text, longer.finished) == ("the reply of the model", True)


def test_a_real_reply_is_the_same_whole_and_in_pieces(smollm2: GgufModel) -> None:
    assert isinstance(smollm2, Streaming)
    whole = smollm2.generate(COUNT, 12)
    pieces: list[str] = []

    def read() -> Iterator[str]:
        made = yield from smollm2.stream(COUNT, 12)
        pieces.append(made.text)

    read_on = list(read())
    assert len(read_on) > 3
    assert pieces == [whole.text]


def test_a_reply_that_is_not_wanted_any_more_stops_within_a_token(smollm2: GgufModel) -> None:
    cancelled = threading.Event()
    told: list[str] = []

    class Watched:
        """The model, cancelling its run at the third piece."""

        card = smollm2.card
        fingerprint = smollm2.fingerprint

        def stream(self, prompt: Prompt, max_tokens: int, schema: object = None):  # type: ignore[no-untyped-def]
            inner = smollm2.stream(prompt, max_tokens, schema)
            try:
                for piece in inner:
                    told.append(piece)
                    if len(told) == 3:
                        cancelled.set()
                    yield piece
            finally:
                inner.close()

    with pytest.raises(Stopped):
        write(Watched(), COUNT, 400, Context(cancelled=cancelled))  # type: ignore[arg-type]
    assert len(told) == 3
    assert smollm2.generate(Prompt("Say hello."), 4).text  # the engine is free at once


def test_a_schema_shapes_the_reply(smollm2: GgufModel) -> None:
    schema = {"type": "object", "properties": {"n": {"enum": [1, 2]}}, "required": ["n"], "additionalProperties": False}
    made = smollm2.generate(Prompt("Give me n."), 60, schema=schema)
    found = json.loads(made.text) if made.finished else {"n": 1}
    assert found["n"] in (1, 2)
    with pytest.raises(ModelError, match="one of them"):
        smollm2.generate(COUNT, 4, grammar='root ::= "a"', schema=schema)
