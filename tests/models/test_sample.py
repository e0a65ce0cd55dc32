"""Replies drawn at random: the same for the same seed, and others for others."""

from __future__ import annotations

import pytest

from strati.code.samples import Sampler, draw
from strati.core.budget import Budget
from strati.core.context import Context
from strati.core.errors import ModelError
from strati.models.contract import Prompt
from strati.models.hosted.openai_compatible import OpenAICompatible
from strati.models.local.gguf import GgufModel
from strati.models.scripted import ScriptedModel

from .fault_server import Behaviour, FaultServer

STORY = Prompt("Write the first words of a story about a fox.")


def test_a_local_model_draws_by_seed(smollm2: GgufModel) -> None:
    assert isinstance(smollm2, Sampler)
    one, same, two = (smollm2.sample(STORY, 8, seed=seed, temperature=1.0) for seed in (1, 1, 2))
    assert one.text == same.text
    assert one.text != two.text
    assert one.usage.tokens_out >= 8
    greedy = smollm2.generate(STORY, 8).text
    assert draw(smollm2, STORY, 0, 8).text == greedy
    with pytest.raises(ModelError, match="expected above 0"):
        smollm2.sample(STORY, 8, seed=1, temperature=0.0)


def test_a_hosted_model_is_asked_with_temperature_and_seed() -> None:
    pytest.importorskip("httpx2")
    with FaultServer(behaviour=Behaviour(reply="good day to you")) as server:
        settings = {"url": server.url, "model": "fake-1", "price_in": 1.0, "price_out": 4.0}
        asked = OpenAICompatible.of("fake", settings)
        assert isinstance(asked, Sampler)
        found = draw(asked.within(Context(budget=Budget(1.0))), Prompt("greet"), 3, 20)
        assert (found.text, found.finished) == ("good day to you", True)
        with pytest.raises(ModelError, match="expected above 0"):
            asked.sample(Prompt("greet"), 0, seed=1, temperature=0.5)


def test_a_model_that_cannot_sample_is_asked_in_other_words() -> None:
    model = ScriptedModel(lambda prompt: prompt.user)
    found = {draw(model, Prompt("task"), number).text for number in range(20)}
    assert len(found) == 20
