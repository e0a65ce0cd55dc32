from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strati.core.context import Context
from strati.core.records import Case, Evidence, Example
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.majority import Majority
from strati.kinds.classify.neighbours import Shots
from strati.measure.studies.twins import KINDS, Retold, nonce_names, twin
from strati.models.contract import Prompt
from strati.models.scripted import ScriptedModel
from strati.stack.stack import Stack
from tests import corpus

CASES = [Case(example.id, example.text) for example in corpus.examples()[:4]]


def by_meaning(prompt: Prompt) -> str:
    """A model that understands made-up names from the prompt."""
    meant = corpus.reply(prompt)
    pairs = prompt.system.partition("made-up names: ")[2].partition(".")[0]
    words = {label: word for word, _, label in (pair.partition(" = ") for pair in pairs.split("; ")) if label}
    return words.get(meant, meant)


def by_heart(prompt: Prompt) -> str:
    """A model that always replies with the label it knows, whatever the prompt says."""
    return corpus.reply(prompt)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 300), st.integers(0, 5))
def test_made_up_names_are_distinct_and_hide_the_labels(count: int, seed: int) -> None:
    labels = [f"label {n}" for n in range(count)]
    words = nonce_names(labels, seed)
    assert list(words) == labels
    assert len(set(words.values())) == count
    assert not any(word in " ".join(labels) for word in words.values())


@pytest.mark.parametrize("form", ["list", "question", "letters"])
@pytest.mark.parametrize("kind", ["names", "order"])
def test_a_model_that_understands_gives_the_same_answers(kind: str, form: str) -> None:
    letters = form == "letters"

    def script(prompt: Prompt) -> str:
        if not letters:
            return (
                by_meaning(prompt)
                if form == "list" or kind == "order"
                else by_meaning(replace(prompt, system=prompt.prefix))
            )
        shown = dict(line.split(") ") for line in prompt.system.splitlines() if line[1:3] == ") ")
        return next(letter for letter, label in shown.items() if label == by_meaning(prompt))

    llm = LLM(ScriptedModel(script), corpus.LABELS, form=form)
    found = twin(kind, Stack.of(llm), 0)
    assert found is not None
    done = found.run(CASES, Context())
    assert [case.answer.value for case in done if case.answer] == ["delivery", "invoice", "refund", "delivery"]
    assert all(case.steps[-1].proposed in corpus.LABELS for case in done)
    assert {label for case in done if case.answer for label, _ in case.answer.alternatives} == set(corpus.LABELS)


def test_a_model_that_knows_the_labels_by_heart_loses_them_with_their_names() -> None:
    llm = LLM(ScriptedModel(by_heart), corpus.LABELS)
    found = twin("names", Stack.of(llm), 0)
    assert found is not None
    values = [case.answer.value if case.answer else None for case in found.run(CASES, Context())]
    assert values != ["delivery", "invoice", "refund", "delivery"]


def test_the_labels_are_really_in_another_order() -> None:
    for count in (2, 3, 20):
        labels = tuple(f"l{n}" for n in range(count))
        model = ScriptedModel({}, default="l0")
        found = twin("order", Stack.of(LLM(model, labels)), 0)
        assert found is not None
        found.run([Case("1", "x")], Context())
        listed = [line[2:] for line in model.prompts[0].system.splitlines() if line.startswith("- ")]
        assert sorted(listed) == sorted(labels)
        assert listed != list(labels)


def test_shots_are_shown_with_the_made_up_names_and_kept_with_their_own() -> None:
    model = ScriptedModel(by_meaning)
    llm = LLM(model, corpus.LABELS, form="turns")
    stack = Stack.of(Shots(2), llm).fit(corpus.examples()[4:], (), Context())
    found = twin("names", stack, 0)
    assert found is not None
    done = found.run(CASES[:1], Context())[0]
    words = nonce_names(corpus.LABELS, 0)
    assert {said for _, said in model.prompts[0].shots} <= set(words.values())
    assert {shot.data["value"] for shot in done.evidence} <= set(corpus.LABELS)


def test_a_short_list_keeps_its_place() -> None:
    llm = LLM(ScriptedModel(by_meaning), corpus.LABELS)
    retold = Retold(replace(llm, labels=("w", "x", "y", "z")), dict(zip(corpus.LABELS, "wxyz", strict=True)))
    case = CASES[0].with_evidence(Evidence("label", "delivery", 1.0), Evidence("label", "refund", 0.5))
    done = retold.run([case], Context())[0]
    assert done.answer is not None
    assert {label for label, _ in done.answer.alternatives} == {"delivery", "refund"}


def test_a_corrected_model_takes_its_prior_from_the_twins() -> None:
    """Always the first of the list: with the prior of the old order the correction would hit another label."""
    model = ScriptedModel({}, default=dict.fromkeys(corpus.LABELS, 1.0) | {"repair": 3.0})
    llm = LLM(model, corpus.LABELS, corrected=True, prior=(0.1, 0.1, 0.1, 0.7))
    found = twin("order", Stack.of(llm), 0)
    assert found is not None
    done = found.run(CASES * 1, Context())
    shares = dict(done[0].answer.alternatives) if done[0].answer else {}
    assert max(shares.values()) - min(shares.values()) < 0.1


def test_kinds_without_a_language_model() -> None:
    stack = Stack.of(Majority()).fit([Example("1", "a", "x")], (), Context())
    assert [twin(kind, stack, 0) for kind in KINDS] == [None, None]


def test_failures_stay_failures() -> None:
    llm = LLM(ScriptedModel(by_meaning, context=3), corpus.LABELS)
    found = twin("names", Stack.of(llm), 0)
    assert found is not None
    done = found.run(CASES[:1], Context())[0]
    assert done.answer is None
    assert str(done.failure) == "context_overflow"
