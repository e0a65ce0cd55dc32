"""The adapter against llama.cpp's own HTTP server, with a real model; compared with the same model in this process."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from strati.core.records import Example
from strati.data import Dataset
from strati.kinds.classify.ladder import ladder
from strati.measure.effort import Effort
from strati.models.contract import ContextOverflow, Prompt
from strati.models.hosted.openai_compatible import OpenAICompatible
from strati.models.local.engine import _configure
from strati.models.local.gguf import GgufModel
from strati.prove.bench import bench
from strati.task.task import Task

TOPICS = ("sport", "trade", "world news")
SYSTEM = "Answer with exactly one of these labels and nothing else:\n- sport\n- trade\n- world news"
SHOTS = (
    ("Text: the striker scored twice\nLabel:", "sport"),
    ("Text: the bank raised its rates\nLabel:", "trade"),
    ("Text: the minister resigned\nLabel:", "world news"),
)


@pytest.fixture(scope="module")
def address(smollm2_path: Path) -> Iterator[str]:
    """llama.cpp's server on a free port of this machine."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    _configure(params, smollm2_path, 1024, 1)  # more threads spin when the machine is busy
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    server = xllamacpp.Server(params)
    server.handle_completions({"prompt": [0], "n_predict": 1})  # freed before its loop runs, it would wait for ever
    yield server.listening_address
    del server


@pytest.fixture
def served(address: str) -> Iterator[OpenAICompatible]:
    model = OpenAICompatible.of("served", {"url": address, "model": "smollm2"})
    yield model
    model.close()


@pytest.mark.parametrize("text", ["the goalkeeper saved a penalty", "the president flew to Paris"])
def test_its_log_probabilities_give_what_the_engine_itself_says(
    text: str, served: OpenAICompatible, smollm2: GgufModel
) -> None:
    prompt = Prompt(f"Text: {text}\nLabel:", system=SYSTEM, shots=SHOTS)
    found, exact = served.choose(prompt, TOPICS), smollm2.choose(prompt, TOPICS)
    assert found.basis == "tokens"
    assert found.probabilities == pytest.approx(exact.probabilities, abs=0.05)
    assert found.usage.tokens_in > 90
    assert found.usage.dollars == 0


def test_a_reply_in_other_words_counts_for_nothing(served: OpenAICompatible) -> None:
    choice = served.choose(Prompt("Tell me a story about a dog."), TOPICS)
    assert choice.probabilities == (0.0, 0.0, 0.0)
    assert choice.reply


def test_tokens_texts_and_limits(served: OpenAICompatible, smollm2: GgufModel) -> None:
    text = "Where is my card? It was charged twice."
    assert served.count_tokens(text) == smollm2.count_tokens(text)
    written = served.generate(Prompt("Say hello."), 4)
    assert not written.finished
    assert 0 < written.usage.tokens_out <= 5
    with pytest.raises(ContextOverflow) as caught:
        served.choose(Prompt("words and more " * 800), TOPICS)
    assert caught.value.limit == 1024
    assert caught.value.tokens > 2000
    assert served.card.private
    assert not served.card.remote


def test_a_bench_with_it_as_a_rung(served: OpenAICompatible, tmp_path: Path) -> None:
    """400 rows, few of them asked (fewer are cross-fitted): its time is this machine's, its tokens cost nothing."""
    things, times = ("sofa", "lamp", "desk", "chair", "shelf"), range(20)
    forms = {"where is": "delivery", "send the bill for": "invoice", "pay back": "refund", "please fix": "repair"}
    texts = [(f"{form} my {thing} {n}", forms[form]) for n, thing, form in product(times, things, forms)]
    rows = tuple(Example(str(n), text, label, row=n + 1) for n, (text, label) in enumerate(texts))
    task, effort = Task(), Effort(sample=4, form_rows=2, tune_rows=3, probes=4, calibrate=False, racing=False)
    rungs = [rung for rung in ladder(task, tuple(forms.values()), [served]) if rung.name.startswith("served")]
    data = Dataset(rows, "tickets.csv", "csv", "utf-8", "0" * 64)
    outcome = bench(data, task, candidates=rungs, effort=effort, runs=tmp_path / "runs")
    found = {row["name"]: row for row in outcome.verdict["candidates"]}
    for name in ("served zero-shot", "served few-shot"):
        assert found[name]["status"] == "measured"
        assert found[name]["quality"]["n"] == 4
        assert found[name]["private"]
        assert found[name]["cost_parts"]["paid"] == 0
        assert found[name]["cost_parts"]["machine"] > 0
