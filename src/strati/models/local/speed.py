"""How fast a model is on this machine, by made-up input: prompts read, tokens written, texts embedded, sound heard."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from strati.core.errors import ModelError
from strati.models.contract import Embedder, LanguageModel, Prompt
from strati.models.local.gguf import GgufModel
from strati.models.local.whisper import RATE, WINDOW, WhisperModel

TEXT = """the order has not arrived yet and my account was charged twice please tell me how to change the address of a
delivery or cancel it because nobody answers when I call about the invoice from last week"""
REPETITIONS = 5


@dataclass(frozen=True, slots=True)
class Rate:
    """Repeated measurements of one rate, per second."""

    median: float
    lowest: float
    repetitions: int


@dataclass(frozen=True, slots=True)
class SpeedReport:
    """What was measured; None where it does not apply. `peak_memory_mb` is of the whole process so far."""

    name: str
    load_seconds: float
    prompt_tokens_per_second: Rate | None = None
    generated_tokens_per_second: Rate | None = None
    texts_per_second: Rate | None = None
    peak_memory_mb: float | None = None
    sound_seconds_per_second: Rate | None = None


def measure(
    model: LanguageModel | Embedder | WhisperModel,
    *,
    repetitions: int = REPETITIONS,
    advance: Callable[[], None] = lambda: None,
    seed: int = 0,
) -> SpeedReport:
    """Load a model and measure it. `advance` is called after each of `2 * repetitions` steps (language models) or
    `repetitions` steps (the others).

    Prompts have about 150 words that no earlier prompt had, so nothing is cached; replies at most 33 tokens;
    embedders get 64 sentences of about 15 words; speech models get half a minute of noise and write 100 tokens for it,
    about as many as a speaker fills it with.
    """
    if repetitions < 1:
        raise ModelError(f"repetitions is {repetitions}, expected at least 1")
    words = Random(seed)
    if isinstance(model, WhisperModel):
        return _speech(model, repetitions, advance, seed)
    if isinstance(model, Embedder):
        return _embedder(model, repetitions, advance, words)
    start = time.perf_counter()
    if isinstance(model, GgufModel):
        model.load()
    model.generate(Prompt(_text(words, 10)), 1)
    loaded = time.perf_counter() - start
    read, written = [], []
    for _ in range(repetitions):
        prompt = Prompt("Write a long story about this: " + _text(words, 150))
        first = model.generate(prompt, 1).usage
        read.append((first.tokens_in - first.tokens_cached) / max(first.seconds, 1e-9))
        advance()
        again = model.generate(prompt, 1).usage
        longer = model.generate(prompt, 33).usage
        if longer.tokens_out > again.tokens_out:
            written.append((longer.tokens_out - again.tokens_out) / max(longer.seconds - again.seconds, 1e-9))
        advance()
    return SpeedReport(
        model.card.name, loaded, _rate(read), _rate(written) if written else None, None, peak_memory_mb()
    )


def _embedder(model: Embedder, repetitions: int, advance: Callable[[], None], words: Random) -> SpeedReport:
    start = time.perf_counter()
    model.embed(["one text"])
    loaded = time.perf_counter() - start
    rates = []
    for _ in range(repetitions):
        texts = [_text(words, words.randint(8, 22)) for _ in range(64)]
        start = time.perf_counter()
        model.embed(texts)
        rates.append(len(texts) / max(time.perf_counter() - start, 1e-9))
        advance()
    return SpeedReport(model.card.name, loaded, texts_per_second=_rate(rates), peak_memory_mb=peak_memory_mb())


def _speech(model: WhisperModel, repetitions: int, advance: Callable[[], None], seed: int) -> SpeedReport:
    import numpy as np

    noise = np.random.default_rng(seed)
    start = time.perf_counter()
    model.load()
    loaded = time.perf_counter() - start
    rates = []
    for _ in range(repetitions):
        sound = noise.normal(0, 0.1, WINDOW * RATE).astype(np.float32)
        start = time.perf_counter()
        model.write(sound, 100)
        rates.append(WINDOW / max(time.perf_counter() - start, 1e-9))
        advance()
    return SpeedReport(model.model.name, loaded, peak_memory_mb=peak_memory_mb(), sound_seconds_per_second=_rate(rates))


def peak_memory_mb() -> float | None:
    """The most memory this process had so far, in megabytes; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(used / 2**20 if sys.platform == "darwin" else used / 2**10)


def _text(words: Random, count: int) -> str:
    return " ".join([str(words.randint(0, 10**6)), *words.choices(TEXT.split(), k=count)])


def _rate(values: list[float]) -> Rate:
    return Rate(statistics.median(values), min(values), len(values))
