from __future__ import annotations

from strati.kinds.classify.llm import LLM
from strati.kinds.classify.majority import Majority
from strati.models.contract import LanguageModel
from strati.models.scripted import ScriptedModel
from strati.stack.models_of import held_models, with_models
from strati.stack.stack import Stack, Stage

A, B = ScriptedModel({}, name="a"), ScriptedModel({}, name="b")


def stack() -> Stack:
    inner = Stack.of(LLM(B, ("x", "y"), name="second"), name="inner")
    return Stack((Stage(Majority()), Stage(LLM(A, ("x", "y")), threshold=0.5), Stage(inner)), "outer")


def test_models_are_found_in_layers_and_inner_stacks_each_once() -> None:
    assert held_models(stack()) == [A, B]
    assert held_models(Stack.of(LLM(A, ("x",)), LLM(A, ("y",)))) == [A]
    assert held_models(Stack.of(Majority())) == []


def test_models_are_replaced_and_nothing_else() -> None:
    other = ScriptedModel({}, name="other")

    def swap(model: LanguageModel) -> LanguageModel:
        return other if model is A else model

    changed = with_models(stack(), swap)
    assert held_models(changed) == [other, B]
    assert held_models(stack()) == [A, B]
    assert changed.stages[1].threshold == 0.5
    assert with_models(stack(), lambda model: model).fingerprint() == stack().fingerprint()
