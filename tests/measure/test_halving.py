"""Successive halving over prompt forms: what is asked, and that the best form wins."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from strati.core.context import Context
from strati.core.records import Case
from strati.data import Unit
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.metrics import Accuracy
from strati.measure.effort import Effort, shuffled
from strati.measure.race.halving import HalvingTuner, round_sizes
from strati.measure.tune import Tuner
from strati.models.contract import Prompt
from strati.models.scripted import ScriptedModel
from strati.stack.candidate import Candidate, Form
from strati.stack.stack import Stack
from tests import corpus

TRAIN, TUNE, _ = corpus.parts()
UNIT = Unit("holdout", tuple(TRAIN), tuple(TUNE), ())
EFFORT = Effort(form_rows=32)
RIGHT = {example.text: str(example.reference) for example in [*TRAIN, *TUNE]}


def model(right: Callable[[Prompt], bool]) -> ScriptedModel:
    def reply(prompt: Prompt) -> str:
        text = prompt.user.removeprefix("Text: ").rsplit("\n", 1)[0]
        return RIGHT[text] if right(prompt) else "repair"

    return ScriptedModel(reply)


def candidate(scripted: ScriptedModel, asks: bool = True) -> Candidate:
    forms = tuple(
        Form(
            {"prompt": form, "prior corrected": corrected},
            Stack.of(LLM(scripted, corpus.LABELS, form=form, corrected=corrected), name="llm"),
            form if asks else "",
        )
        for form in ("list", "question", "letters")
        for corrected in (False, True)
    )
    return Candidate("llm", forms, uses_llm=True, slow=True)


def tuner(kind: type[Tuner] = HalvingTuner) -> Tuner:
    return kind(Accuracy(), Context(), EFFORT)


@pytest.mark.parametrize(
    ("forms", "rows", "sizes"),
    [
        (1, 32, [16]),
        (2, 32, [16]),
        (3, 32, [8, 16]),
        (4, 32, [8, 16]),
        (5, 32, [8, 16, 32]),
        (12, 32, [8, 16, 32]),
        (4, 64, [16, 32]),
        (4, 24, [8, 16]),
        (4, 12, [12]),
        (5, 0, [0]),
    ],
)
def test_rounds_double_until_two_are_left(forms: int, rows: int, sizes: list[int]) -> None:
    assert round_sizes(forms, rows) == sizes


def test_the_good_form_wins_with_fewer_calls() -> None:
    scripted = model(lambda prompt: "categories" in prompt.prefix)
    chosen = tuner().choose(candidate(scripted), UNIT)
    picked = next(form for form in chosen.forms if form.chosen)
    assert (picked.settings["prompt"], picked.tune, picked.n) == ("question", 1.0, 16)
    assert scripted.calls == 3 * 8 + 2 * 8  # three prompts on 8 rows, two of them on 8 more
    everything = model(lambda prompt: "categories" in prompt.prefix)
    tuner(Tuner).choose(candidate(everything), UNIT)
    assert everything.calls == 3 * 32


def test_every_form_is_reported_with_the_rows_it_saw() -> None:
    chosen = tuner().choose(candidate(model(lambda prompt: "categories" in prompt.prefix)), UNIT)
    seen = [(form.settings["prompt"], form.n) for form in chosen.forms]
    assert seen == [("list", 16), ("list", 16), ("question", 16), ("question", 16), ("letters", 8), ("letters", 8)]
    assert sum(form.chosen for form in chosen.forms) == 1


def test_of_equal_forms_the_one_with_fewer_tokens_stays() -> None:
    scripted = model(lambda _: True)
    chosen = tuner().choose(candidate(scripted), UNIT)
    tokens = {}
    for form in ("list", "question", "letters"):
        layer = LLM(scripted, corpus.LABELS, form=form)
        cases = Stack.of(layer, name=form).fit_and_run(TRAIN, TUNE[:8], Context())[1]
        tokens[form] = sum(case.usage.tokens_in - case.usage.tokens_cached + case.usage.tokens_out for case in cases)
    assert len(set(tokens.values())) == 3
    picked = next(form for form in chosen.forms if form.chosen)
    assert picked.settings == {"prompt": min(tokens, key=tokens.__getitem__), "prior corrected": False}
    assert picked.settings["prompt"] != "list"


def test_no_further_round_once_even_the_best_form_is_hopeless() -> None:
    scripted = model(lambda prompt: "categories" in prompt.prefix)
    seen = []

    def hopeless(cases: Sequence[Case]) -> bool:
        seen.append(len(cases))
        return True

    chosen = HalvingTuner(Accuracy(), Context(), EFFORT, hopeless=hopeless).choose(candidate(scripted), UNIT)
    assert seen == [8]
    assert (scripted.calls, len(chosen.cases)) == (3 * 8, 8)
    assert next(form for form in chosen.forms if form.chosen).settings["prompt"] == "question"


def test_forms_of_unknown_kin_are_halved_one_by_one() -> None:
    scripted = model(lambda prompt: "categories" in prompt.prefix)
    chosen = tuner().choose(candidate(scripted, asks=False), UNIT)
    assert next(form for form in chosen.forms if form.chosen).settings["prompt"] == "question"


def test_the_stack_has_seen_the_first_rows_only() -> None:
    chosen = tuner().choose(candidate(model(lambda _: True)), Unit("one", UNIT.train, UNIT.tune[:20], ()))
    first = shuffled(UNIT.tune[:20], 0)[:16]
    assert [case.id for case in chosen.cases] == [example.id for example in first]
