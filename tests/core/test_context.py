from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from strati.core.context import Context, MemoryMemo, VectorCache
from strati.core.errors import Stopped
from strati.core.records import Usage
from strati.models.scripted import ScriptedEmbedder


def test_a_memo_keeps_the_first_reply() -> None:
    memo = MemoryMemo()
    assert memo.recall("a") is None
    memo.remember("a", {"x": 1}, Usage(calls=1))
    memo.remember("a", {"x": 2}, Usage(calls=5))
    assert memo.recall("a") == ({"x": 1}, Usage(calls=1))


def test_check_stops_for_the_user_and_for_the_deadline() -> None:
    Context().check()
    Context(deadline=time.monotonic() + 60).check()
    with pytest.raises(Stopped, match="time limit"):
        Context(deadline=time.monotonic() - 1).check()
    ctx = Context()
    thread = threading.Thread(target=ctx.cancelled.set)
    thread.start()
    thread.join()
    with pytest.raises(Stopped, match="by the user"):
        ctx.check()


def test_two_contexts_share_nothing() -> None:
    one, two = Context(), Context()
    one.cancelled.set()
    one.memo.remember("a", 1, Usage())
    two.check()
    assert two.memo.recall("a") is None


class Counting(ScriptedEmbedder):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += texts
        return super().embed(texts)


def test_a_text_is_embedded_once_while_fitting_and_every_time_when_fresh() -> None:
    embedder = Counting()
    ctx = Context(vectors=VectorCache())
    rows = ctx.embed(embedder, ["a cat", "a dog", "a cat"])
    assert np.array_equal(rows, ScriptedEmbedder().embed(["a cat", "a dog", "a cat"]))
    ctx.embed(embedder, ["a dog", "a fox"])
    assert embedder.texts == ["a cat", "a dog", "a fox"]
    ctx.fresh = True
    ctx.embed(embedder, ["a cat", "a cat"])
    assert embedder.texts[3:] == ["a cat", "a cat"]
    assert ctx.embed(embedder, []).shape == (0, 64)


def test_two_embedders_do_not_get_each_others_vectors() -> None:
    ctx = Context(vectors=VectorCache())
    assert ctx.embed(ScriptedEmbedder(8), ["x"]).shape == (1, 8)
    assert ctx.embed(ScriptedEmbedder(16), ["x"]).shape == (1, 16)
