from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from strati.core.context import Context, MemoryMemo
from strati.core.errors import LayerDown, ModelError, Stopped
from strati.core.records import Case, Evidence, Failure, State
from strati.kinds.classify.llm import LLM
from strati.models.contract import Choice, Prompt
from strati.models.scripted import ScriptedModel
from strati.stack.stack import Stack

LABELS = ("a", "b")


def weights(prompt: Prompt) -> dict[str, float]:
    """The text names the weight of each label: `0.9 0.1`."""
    text = prompt.user.removeprefix("Text: ").split("\n")[0]
    return dict(zip(LABELS, map(float, text.split()), strict=True))


def test_the_answer_is_the_most_probable_label() -> None:
    case = LLM(ScriptedModel(weights), LABELS).run([Case("1", "1 3")], Context())[0]
    assert case.answer is not None
    assert (case.answer.value, case.answer.confidence) == ("b", 0.75)
    assert case.answer.alternatives == (("b", 0.75), ("a", 0.25))
    assert case.answer.features == {"margin": 0.5, "mass": 1.0}
    assert case.usage.calls == 1
    assert case.usage.tokens_in > 0


def test_the_prior_is_taken_from_tune_inputs_and_divided_out() -> None:
    """Mean of (.9, .1), (.5, .5) and one uniform row: (19/30, 11/30). Then .6 / (19/30) : .4 / (11/30) = 99 : 114."""
    layer = LLM(ScriptedModel(weights), LABELS, corrected=True)
    fitted = layer.fit_cases([Case("1", "9 1"), Case("2", "5 5")], Context())
    assert fitted.prior == pytest.approx((19 / 30, 11 / 30))
    assert layer.prior == ()
    answer = fitted.run([Case("3", "6 4")], Context())[0].answer
    assert answer is not None
    assert (answer.value, answer.confidence) == ("b", pytest.approx(114 / 213))
    plain = layer.run([Case("3", "6 4")], Context())[0].answer
    assert plain is not None
    assert (plain.value, plain.confidence) == ("a", pytest.approx(0.6))
    assert fitted.fingerprint() != layer.fingerprint()


def test_without_correction_nothing_is_fitted() -> None:
    model = ScriptedModel(weights)
    layer = LLM(model, LABELS)
    assert layer.fit_cases([Case("1", "9 1")], Context()) is layer
    assert model.calls == 0


def test_a_prompt_that_does_not_fit_is_a_failure_record_and_the_next_case_is_answered() -> None:
    layer = LLM(ScriptedModel({}, default="a", context=40), LABELS)
    long, short = layer.run([Case("1", "word " * 50), Case("2", "word")], Context())
    assert (long.state, long.failure) == (State.OPEN, Failure.CONTEXT_OVERFLOW)
    assert "the model's context holds 40" in long.steps[0].reason
    assert short.state is State.ANSWERED
    assert LLM(layer.model, LABELS, corrected=True).fit_cases([Case("1", "word " * 50)], Context()).prior == (0.5, 0.5)


def test_half_a_character_is_a_failure_record() -> None:
    model = ScriptedModel({}, default="a")
    case = LLM(model, LABELS).run([Case("1", "broken \ud83d")], Context())[0]
    assert (case.failure, model.calls) == (Failure.LAYER_ERROR, 0)


def test_no_call_is_made_twice() -> None:
    memo, model = MemoryMemo(), ScriptedModel(weights)
    layer = LLM(model, LABELS, corrected=True)
    fitted = layer.fit_cases([Case("1", "9 1")], Context(memo=memo))
    first = fitted.run([Case("other id", "9 1"), Case("2", "2 8")], Context(memo=memo))
    assert model.calls == 2
    again = fitted.run([Case("other id", "9 1"), Case("2", "2 8")], Context(memo=memo))
    assert model.calls == 2
    assert again == first
    assert again[0].usage.calls == 1  # a remembered answer still tells what it took


def test_another_model_form_or_label_set_is_another_call() -> None:
    memo = MemoryMemo()
    models = [ScriptedModel({}, default="a"), ScriptedModel({}, default="a", name="other")]
    for model in models:
        layer = LLM(model, LABELS)
        for part in (layer, replace(layer, form="question"), replace(layer, labels=("a", "b", "c")), layer):
            part.run([Case("1", "x")], Context(memo=memo))
    assert [model.calls for model in models] == [3, 3]


def labelled(*labels: str) -> tuple[Evidence, ...]:
    return tuple(Evidence("label", label, 1.0) for label in labels)


def test_a_short_list_limits_the_options() -> None:
    asked: list[Sequence[str]] = []

    class Recording(ScriptedModel):
        def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
            asked.append(tuple(options))
            return super().choose(prompt, options)

    layer = LLM(Recording({}, default="z"), ("x", "y", "z"))
    layer.run([Case("1", "t", labelled("z", "x")), Case("2", "t", labelled("y")), Case("3", "u")], Context())
    assert asked == [("x", "z"), ("x", "y", "z"), ("x", "y", "z")]  # one label is no choice


def test_a_prior_serves_the_labels_of_a_short_list() -> None:
    layer = LLM(
        ScriptedModel(lambda prompt: {"x": 1.0, "z": 1.0}), ("x", "y", "z"), corrected=True, prior=(0.6, 0.2, 0.2)
    )
    answer = layer.run([Case("1", "t", labelled("x", "z"))], Context())[0].answer
    assert answer is not None
    assert (answer.value, answer.confidence) == ("z", pytest.approx(0.75))


def test_letters_stand_for_labels() -> None:
    model = ScriptedModel({}, default="B")
    answer = LLM(model, ("no", "yes"), form="letters").run([Case("1", "t")], Context())[0].answer
    assert answer is not None
    assert answer.value == "yes"


def test_shots_are_in_the_prompt() -> None:
    model = ScriptedModel({}, default="a")
    shot = Evidence("example", "seen before", 0.9, data={"value": "b"})
    LLM(model, LABELS).run([Case("1", "new", (shot,))], Context())
    assert model.prompts[0].user == "Text: seen before\nLabel: b\n\nText: new\nLabel:"


def test_an_engine_that_is_gone_and_a_cancelled_run() -> None:
    def gone(prompt: Prompt) -> None:  # noqa: ARG001
        raise LayerDown("engine gone")

    done = Stack.of(LLM(ScriptedModel({}, default="a", fail=gone), LABELS)).run([Case("1", "x")], Context())
    assert (done[0].state, done[0].failure) == (State.PENDING, Failure.LAYER_DOWN)
    ctx = Context()
    model = ScriptedModel({}, default="a", fail=lambda prompt: ctx.cancelled.set())
    with pytest.raises(Stopped):
        LLM(model, LABELS).run([Case("1", "x"), Case("2", "y")], ctx)
    assert model.calls == 1


def test_what_is_no_probability_is_an_unusable_reply() -> None:
    class Broken(ScriptedModel):
        def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
            return replace(super().choose(prompt, options), probabilities=(float(np.nan), 0.0))

    case = LLM(Broken({}, default="a"), LABELS).run([Case("1", "x")], Context())[0]
    assert case.failure is Failure.UNUSABLE_REPLY


def test_settings_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="'poem', expected one of: list, turns, question, letters"):
        LLM(ScriptedModel({}), LABELS, form="poem")
    with pytest.raises(ValueError, match="found 27 labels, expected at most 26"):
        LLM(ScriptedModel({}), tuple(map(str, range(27))), form="letters")
    with pytest.raises(ModelError, match="no reply"):
        LLM(ScriptedModel({}), LABELS).run([Case("1", "x")], Context())
