from __future__ import annotations

import numpy as np
import pytest

from strati.core.errors import LayerDown, ModelError
from strati.models.contract import ContextOverflow, Embedder, LanguageModel, Prompt
from strati.models.scripted import ScriptedEmbedder, ScriptedModel


def test_fill_the_protocols() -> None:
    assert isinstance(ScriptedModel({}), LanguageModel)
    assert isinstance(ScriptedEmbedder(), Embedder)


def test_a_text_reply_gets_the_certainty_and_the_others_share_the_rest() -> None:
    model = ScriptedModel({"ball": "b"}, certainty=0.8)
    choice = model.choose(Prompt("ball"), ["a", "b", "c"])
    assert choice.probabilities == pytest.approx((0.1, 0.8, 0.1))
    assert choice.mass == 1.0
    assert (choice.usage.calls, choice.usage.tokens_in, model.calls) == (1, 1, 1)


def test_a_reply_outside_the_options_has_no_mass() -> None:
    choice = ScriptedModel({}, default="?").choose(Prompt("x"), ["a", "b"])
    assert (choice.probabilities, choice.mass) == ((0.5, 0.5), 0.0)


def test_weights_are_normalised_over_the_options() -> None:
    model = ScriptedModel(lambda prompt: {"a": 1.0, "b": 3.0, "z": 9.0})
    assert model.choose(Prompt("x"), ["a", "b"]).probabilities == (0.25, 0.75)
    assert model.generate(Prompt("x"), 5).text == "z"


def test_generate_is_cut_after_max_tokens_words() -> None:
    reply = ScriptedModel({"x": "one two three"}).generate(Prompt("x"), 2)
    assert (reply.text, reply.finished, reply.usage.tokens_out) == ("one two", False, 2)


def test_overflow_failure_and_unknown_text() -> None:
    def down(prompt: Prompt) -> None:
        if prompt.user == "down":
            raise LayerDown("gone")

    model = ScriptedModel({"a": "a"}, context=3, fail=down)
    with pytest.raises(ContextOverflow):
        model.choose(Prompt("one two", prefix="three four"), ["a"])
    with pytest.raises(LayerDown):
        model.generate(Prompt("down"), 1)
    with pytest.raises(ModelError, match="'b'"):
        model.generate(Prompt("b"), 1)
    assert model.calls == 3


@pytest.mark.parametrize("options", [[], ["a", "a"]])
def test_bad_options(options: list[str]) -> None:
    with pytest.raises(ModelError, match="options"):
        ScriptedModel({"x": "a"}).choose(Prompt("x"), options)


def test_embedder_gives_unit_rows_and_likes_common_pieces() -> None:
    embedder = ScriptedEmbedder()
    rows = embedder.embed(["lost my card", "my card is lost", "weather tomorrow", ""])
    assert rows.shape == (4, 64)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(4), abs=1e-6)
    assert rows[0] @ rows[1] > rows[0] @ rows[2]
    assert embedder.embed([]).shape == (0, 64)
    assert np.array_equal(embedder.embed(["weather tomorrow"])[0], rows[2])
    assert embedder.fingerprint() != ScriptedEmbedder(32).fingerprint()
