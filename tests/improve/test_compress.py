"""Smaller encoders, prompts and models: what `improve compress` tries besides n-grams."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from strati.core.context import Context
from strati.core.errors import DataError, ModelError
from strati.data import Splits, Unit
from strati.improve.compress_model import compress_model, fewer_examples, plan_model, with_model
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.neighbours import Demonstrations, Shots
from strati.measure.journal import Journal
from strati.measure.results import load_results
from strati.models.catalog.catalog import Catalog
from strati.models.catalog.store import Store
from strati.models.contract import Prompt
from strati.models.local.gguf import GgufModel
from strati.models.local.requantise import main_type, requantise, smaller_types
from strati.models.scripted import ScriptedModel
from strati.stack.stack import Stack, Stage
from tests.improve.test_improve import WORDS, measured, tickets

LABELS = tuple(WORDS)


def truth(prompt: Prompt) -> str:
    words = prompt.user.rsplit("Text:", 1)[-1]
    return "refund" if any(word in words for word in WORDS["refund"].split()) else "repair"


def few_shot(k: int = 4, labels: int = 0) -> Stack:
    model = ScriptedModel(truth)
    return Stack((Stage(Shots(k, labels)), Stage(LLM(model, LABELS, form="turns"))), "few-shot")


def test_fewer_examples_are_half_one_and_none() -> None:
    assert [name for name, _ in fewer_examples(few_shot(4))] == [
        "2 of its 4 examples",
        "1 of its 4 examples",
        "no examples",
    ]
    assert [name for name, _ in fewer_examples(few_shot(1))] == ["no examples"]
    assert [name for name, _ in fewer_examples(few_shot(2, labels=5))] == ["1 of its 2 examples"]
    fixed = Stack((Stage(Demonstrations((("a", "refund"), ("b", "repair")))), *few_shot().stages[1:]), "fixed")
    small = dict(fewer_examples(fixed))["1 of its 2 examples"].stages[0].layer
    assert isinstance(small, Demonstrations)
    assert small.examples == (("a", "refund"),)
    assert list(fewer_examples(Stack(few_shot().stages[1:], "none"))) == []


def test_a_prompt_without_examples_is_chosen_where_they_earn_nothing(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        run = measured(tmp_path, tickets(600))
    rows = tickets(700, seed=3)
    splits = Splits((Unit("all", rows[:300], rows[300:600], rows[600:]),), (), (), "holdout")
    with Journal(tmp_path / ".strati/runs" / f"{run}.db", read_only=True) as journal:
        results = load_results(journal)
        stack = few_shot().fit(rows[:300], rows[300:332], Context())
        plan = plan_model(results, splits, "few-shot", stack, {}, 0)
        judged = {one.id for one in plan.judge}
        assert not judged & {one.id for one in plan.prior}
        outcome, chosen = compress_model(results, plan, Context())
        assert chosen is not None
        assert outcome.chosen == 2
        assert [type(stage.layer) for stage in chosen.stages] == [LLM]
        tokens = [row.name for row in outcome.tried]
        assert tokens == ["2 of its 4 examples", "1 of its 4 examples", "no examples"]
        few = replace(splits, units=(replace(splits.units[0], tune=rows[300:340]),))
        with pytest.raises(DataError, match="40 tune rows, expected at least 82"):
            plan_model(results, few, "few-shot", stack, {}, 0)
        bare = Stack(stack.stages[1:], "bare")
        with pytest.raises(DataError, match="shows no examples that could be left out"):
            plan_model(results, splits, "bare", bare, {}, 0)
        with pytest.raises(DataError, match="has no language model that chooses a label"):
            plan_model(results, splits, "rules", Stack(stack.stages[:1], "shots"), {}, 0)


@pytest.mark.model
def test_a_requantised_model_is_smaller_answers_and_is_listed(
    smollm2: GgufModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("gguf")
    assert main_type(smollm2.path) == "Q4_1"
    assert smaller_types(smollm2.path) == ("q4_0",)
    made = tmp_path / "made.gguf"
    requantise(smollm2.path, "q4_0", made)
    assert made.stat().st_size < 0.85 * smollm2.path.stat().st_size
    assert main_type(made) == "Q4_0"
    assert smaller_types(made) == ()
    assert not list(tmp_path.glob("*.part"))
    monkeypatch.setenv("STRATI_MODELS", str(tmp_path / "models"))
    again = tmp_path / "again.gguf"
    shutil.copy(made, again)
    source = Catalog.load()["smollm2-135m"]
    kept = Store().keep("smollm2-135m-q4_0", source, again)
    listed = Catalog.load()["smollm2-135m-q4_0"]
    assert listed == replace(kept, catalog=listed.catalog)
    assert listed.made_from == (source.file and source.file.sha256)
    assert listed.licence == source.licence
    Store().verify(listed)
    model = Store().open(listed)
    assert isinstance(model, GgufModel)
    with model:
        found = model.choose(
            Prompt("Text: the sky is blue. Is that about the sky?", "Answer yes or no.", ""), ["yes", "no"]
        )
        assert sum(found.probabilities) == pytest.approx(1)
    stack = with_model(few_shot(), model)
    assert [one.name for one in Store().pulled(Catalog.load())] == ["smollm2-135m-q4_0"]
    assert isinstance(stack.stages[1].layer, LLM)
    assert stack.stages[1].layer.model is model


def test_what_cannot_be_requantised_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("gguf")
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\x00" * 10)
    with pytest.raises(ModelError):
        main_type(broken)
    with pytest.raises(ModelError, match="expected one of: q8_0, q4_0"):
        requantise(broken, "q3", tmp_path / "to.gguf")
    assert not (tmp_path / "to.gguf").exists()
