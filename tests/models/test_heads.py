"""Heads of prompts that an engine goes back to: nothing is evaluated again, and no answer changes by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from strati.core.errors import LayerDown
from strati.models.contract import Choice, Prompt
from strati.models.local import heads
from strati.models.local.engine import Engine
from strati.models.local.gguf import GgufModel
from strati.models.local.heads import FEWEST_TOKENS

RULES = " ".join(f"Rule {number}: name the topic of the news in one word." for number in range(7))
HEADS = [f"{words} {RULES}" for words in ("You sort news.", "Which topic is it?", "Sports, world or business?")]
TEXTS = ("The striker scored twice.", "The bank raised its rates.", "The striker scored again.")


@pytest.fixture
def model(smollm2_path: Path) -> Iterator[GgufModel]:
    with GgufModel(smollm2_path, context=1024) as model:
        yield model


def ask(model: GgufModel, text: str, head: str) -> Choice:
    return model.choose(Prompt(text, system=head), ("sports", "world", "business"))


def evaluated(choice: Choice) -> int:
    return choice.usage.tokens_in - choice.usage.tokens_cached


def files(model: GgufModel) -> list[Path]:
    return sorted(model.load().engine._folder.glob("head*"))


def test_going_back_evaluates_the_case_alone_and_gives_the_same(model: GgufModel) -> None:
    first = [ask(model, text, head) for head in HEADS[:2] for text in TEXTS]
    assert evaluated(first[0]) > 90
    back = [ask(model, text, head) for text in TEXTS for head in HEADS[:2]]
    assert max(map(evaluated, back)) < FEWEST_TOKENS
    by_head = [choice.probabilities for choice in (*back[0::2], *back[1::2])]
    assert by_head == [choice.probabilities for choice in first]
    assert len(files(model)) == 2


def test_a_short_head_gets_no_file(model: GgufModel) -> None:
    for head in ("You sort news.", "Which topic?", "You sort news."):
        ask(model, TEXTS[0], head)
    assert files(model) == []


def test_a_file_that_is_gone_or_damaged_is_made_anew(model: GgufModel) -> None:
    first = ask(model, TEXTS[0], HEADS[0])
    for harm in (
        Path.unlink,
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_text(""),
    ):
        ask(model, TEXTS[0], HEADS[1])
        [harm(path) for path in files(model)]
        again = ask(model, TEXTS[0], HEADS[0])
        assert again.probabilities == first.probabilities
        assert evaluated(again) == evaluated(first)


def test_those_not_used_for_longest_go_first(model: GgufModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "MOST_FILES", 2)
    for head in (0, 1, 0, 2):  # the third displaces the second
        ask(model, TEXTS[0], HEADS[head])
    assert len(files(model)) == 2
    assert evaluated(ask(model, TEXTS[1], HEADS[0])) < FEWEST_TOKENS
    assert evaluated(ask(model, TEXTS[1], HEADS[1])) > 90


def test_heads_larger_than_all_that_is_kept_are_not(model: GgufModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "MOST_BYTES", 1000)
    first, _, again = (ask(model, TEXTS[0], HEADS[head]) for head in (0, 1, 0))
    assert files(model) == []
    assert (again.probabilities, evaluated(again)) == (first.probabilities, evaluated(first))


def test_what_cannot_be_written_is_evaluated_again(model: GgufModel, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(engine: Engine, name: str, tokens: int) -> int:  # noqa: ARG001
        (engine._folder / name).write_bytes(b"half")
        raise LayerDown("no space left on device")

    monkeypatch.setattr(Engine, "save", full)
    first, _, again = (ask(model, TEXTS[0], HEADS[head]) for head in (0, 1, 0))
    assert files(model) == []
    assert (again.probabilities, evaluated(again)) == (first.probabilities, evaluated(first))


def test_a_state_of_another_length_is_refused(model: GgufModel) -> None:
    ask(model, TEXTS[0], HEADS[0])
    engine = model.load().engine
    with pytest.raises(LayerDown, match=r"kept \d+ of 3 tokens"):
        engine.save("other", 3)
    with pytest.raises(LayerDown, match=r"read \d+ of 3 tokens"):
        engine.restore("other", 3)
    engine.forget("other")


def test_closing_leaves_no_file(smollm2_path: Path) -> None:
    with GgufModel(smollm2_path, context=1024) as model:
        ask(model, TEXTS[0], HEADS[0])
        folder = model.load().engine._folder
        assert files(model)
    assert not folder.exists()
