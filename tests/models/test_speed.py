from __future__ import annotations

import pytest

from strati.core.errors import ModelError
from strati.models.local.gguf import GgufModel
from strati.models.local.speech import speech_model
from strati.models.local.speed import measure
from strati.models.local.whisper import WhisperModel
from strati.models.scripted import ScriptedEmbedder, ScriptedModel


def test_a_language_model(smollm2: GgufModel) -> None:
    steps: list[None] = []
    report = measure(smollm2, repetitions=1, advance=lambda: steps.append(None))
    assert report.prompt_tokens_per_second is not None
    assert report.generated_tokens_per_second is not None
    assert 0 < report.prompt_tokens_per_second.lowest <= report.prompt_tokens_per_second.median
    assert report.generated_tokens_per_second.median > 0
    assert report.texts_per_second is None
    assert len(steps) == 2


def test_an_embedder_and_its_calls() -> None:
    embedder = ScriptedEmbedder()
    report = measure(embedder, repetitions=3)
    assert report.texts_per_second is not None
    assert report.texts_per_second.repetitions == 3
    assert report.prompt_tokens_per_second is None
    assert embedder.calls == 4


def test_repetitions() -> None:
    with pytest.raises(ModelError, match="repetitions is 0"):
        measure(ScriptedModel({}, default="word"), repetitions=0)


def test_a_speech_model() -> None:
    pytest.importorskip("faster_whisper")
    try:
        model = WhisperModel(speech_model())
    except ModelError:
        pytest.skip("no speech model on this machine")
    report = measure(model, repetitions=1)
    assert report.sound_seconds_per_second is not None
    assert report.sound_seconds_per_second.median > 0
    assert report.texts_per_second is None
