from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.core.context import Context
from strati.core.errors import ModelError, StackError
from strati.kinds.classify.linear import Linear
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.majority import Majority
from strati.kinds.classify.neighbours import LabelNames, Neighbours, Shots
from strati.kinds.classify.rule import Rule
from strati.kinds.classify.rules import InducedRules, Rules
from strati.models.scripted import ScriptedEmbedder, ScriptedModel
from strati.stack.calibration import Combiner
from strati.stack.checks.answer_space import AnswerSpace
from strati.stack.folder import load_stack, save_stack, stack_folder_name
from strati.stack.layers.features import TextFeatures
from strati.stack.layers.function import Function
from strati.stack.layers.person import Person
from strati.stack.stack import Stack, Stage
from tests import corpus

MODEL = ScriptedModel(corpus.reply)
EMBEDDER = ScriptedEmbedder()
MODELS = {MODEL.card.name: MODEL, EMBEDDER.card.name: EMBEDDER}
TRAIN, TUNE, CASES = corpus.parts()


def small() -> Stack:
    rules = Stage(
        Rules((Rule(("money",), "refund", 3, 4),)), (AnswerSpace(corpus.LABELS),), 0.25, Combiner(0.5), ("a",)
    )
    return Stack((rules, Stage(Majority("repair", 0.3)), Stage(Person())), 'my "stack" \x7f é')


def saved(tmp_path: Path) -> Path:
    path = tmp_path / "my.stack"
    save_stack(small(), path)
    return path


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def seen(stack: Stack) -> list[Any]:
    return [
        (case.state, case.answer and (case.answer.value, case.answer.confidence))
        for case in stack.run(CASES, Context())
    ]


def test_round_trip(tmp_path: Path) -> None:
    again = load_stack(saved(tmp_path))
    assert again == small()
    assert again.fingerprint() == small().fingerprint()
    assert os.listdir(tmp_path) == ["my.stack"]


@pytest.mark.parametrize(
    "stack",
    [
        Stack.of(InducedRules(most=5), Linear(0.3, TextFeatures(embedder=EMBEDDER))),
        Stack.of(Neighbours(3)),
        Stack.of(Shots(2), LLM(MODEL, corpus.LABELS, corrected=True)),
        Stack.of(LabelNames(0, 2, name="label names", answers=corpus.LABELS), LLM(MODEL, corpus.LABELS)),
    ],
    ids=["rules and linear", "neighbours", "few-shot", "short-list"],
)
def test_fitted_stacks_answer_the_same_after_loading(stack: Stack, tmp_path: Path) -> None:
    fitted = stack.fit(TRAIN, TUNE, Context())
    save_stack(fitted, tmp_path / "a.stack")
    again = load_stack(tmp_path / "a.stack", MODELS)
    assert again.fingerprint() == fitted.fingerprint()
    assert seen(again) == seen(fitted)


@given(name=st.text(max_size=20).filter(lambda text: text.isprintable() or text.isascii()), threshold=st.floats(0, 1))
def test_any_name_and_number_survives(name: str, threshold: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("folders") / "x.stack"
    stack = Stack((Stage(Majority("a", np.float64(0.1)), threshold=np.float64(threshold)),), name)
    save_stack(stack, path)
    assert load_stack(path) == stack


def test_a_model_must_be_given_and_be_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.stack"
    save_stack(Stack.of(LLM(MODEL, ("a", "b"))), path)
    with pytest.raises(ModelError, match="needs the model scripted with fingerprint"):
        load_stack(path)
    with pytest.raises(ModelError, match="needs the model scripted"):
        load_stack(path, {"scripted": ScriptedModel({}, context=9)})
    with pytest.raises(ModelError, match="needs the model scripted"):
        load_stack(path, {"scripted": EMBEDDER})


def test_an_altered_artefact(tmp_path: Path) -> None:
    path = saved(tmp_path)
    edit(path / "0-rules" / "rules.txt", "refund", "repair")
    with pytest.raises(StackError, match=r"0-rules/rules\.txt was altered"):
        load_stack(path)


def test_a_missing_file(tmp_path: Path) -> None:
    path = saved(tmp_path)
    (path / "1-majority" / "settings.json").unlink()
    with pytest.raises(StackError, match=r"1-majority/settings\.json is missing"):
        load_stack(path)


def test_an_extra_file_and_a_certificate(tmp_path: Path) -> None:
    path = saved(tmp_path)
    (path / "certificate.json").write_text("{}", encoding="utf-8")
    assert load_stack(path) == small()
    (path / "0-rules" / "more.py").write_text("", encoding="utf-8")
    with pytest.raises(StackError, match=r"0-rules/more\.py does not belong"):
        load_stack(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("threshold = 0.25", "threshold = 0.05"),
        ('"intercept = 0.5', ""),
        ('uses = ["a"]', "uses = []"),
    ],
)
def test_an_edited_setting(old: str, new: str, tmp_path: Path) -> None:
    path = saved(tmp_path)
    if not new:
        old, new = "intercept = 0.5", "intercept = 5.0"
    edit(path / "stack.toml", old, new)
    with pytest.raises(StackError, match="was altered: the stack in it has fingerprint"):
        load_stack(path)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("format = 2", "format = 3", "has format 3, this version of strati reads format 2"),
        ("format = 2", "format = ", "cannot be read"),
        ('kind = "majority.v1"', 'kind = "os:system"', "kind 'os:system', which no installed package"),
        ("[[stages]]", "[[phases]]", "KeyError 'stages'|TypeError|does not describe"),
        ('folder = "0-rules"', 'folder = "../other"', "expected one inside the stack"),
        ('folder = "0-rules"', 'folder = ".."', "expected one inside the stack"),
        ('folder = "0-rules"', 'folder = "."', "expected one inside the stack"),
        ('folder = "0-rules"', 'folder = "/tmp"', "expected one inside the stack"),
        ("threshold = 0.25", 'threshold = "high"', "ValueError"),
    ],
)
def test_a_changed_stack_toml(old: str, new: str, words: str, tmp_path: Path) -> None:
    path = saved(tmp_path)
    text = (path / "stack.toml").read_text(encoding="utf-8")
    assert old in text
    (path / "stack.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(StackError, match=words) as caught:
        load_stack(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["../outside.txt", "0-rules/../../outside.txt"])
def test_a_listed_file_outside_is_not_read(name: str, tmp_path: Path) -> None:
    path = saved(tmp_path)
    (tmp_path / "outside.txt").write_text("x", encoding="utf-8")
    with (path / "stack.toml").open("a", encoding="utf-8") as file:
        file.write(f'"{name}" = "0"\n')
    with pytest.raises(StackError, match="is missing"):
        load_stack(path)


def test_what_is_no_stack(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="is not a stack"):
        load_stack(tmp_path)
    with pytest.raises(StackError, match="is not a stack"):
        load_stack(tmp_path / "nothing")


def test_loading_runs_no_code(tmp_path: Path) -> None:
    """Arrays with pickled objects are refused, also when the hash was written anew."""
    path = tmp_path / "a.stack"
    save_stack(Stack.of(Linear().fit(TRAIN, (), Context())), path)
    ran = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> Any:
            return (os.mkdir, (str(ran),))

    weights = path / "0-linear" / "weights.npz"
    before = tomllib.loads((path / "stack.toml").read_text(encoding="utf-8"))["files"]["0-linear/weights.npz"]
    np.savez(weights, weights=np.array([Evil()], dtype=object))
    from strati.core.identity import sha256_of

    edit(path / "stack.toml", before, sha256_of(weights))
    with pytest.raises(StackError, match="does not describe a stack"):
        load_stack(path)
    assert not ran.exists()


def test_what_has_no_saved_form_leaves_the_old_stack_alone(tmp_path: Path) -> None:
    path = saved(tmp_path)
    for part in (Function(lambda text: "a", "mine"), small()):
        with pytest.raises(StackError, match="cannot be saved: a stack folder holds no Python code"):
            save_stack(Stack.of(Majority("a", 0.5), part), path)
    assert load_stack(path) == small()
    assert os.listdir(tmp_path) == ["my.stack"]


def test_overwriting_replaces_all_of_it(tmp_path: Path) -> None:
    path = saved(tmp_path)
    other = Stack.of(Majority("a", 0.5))
    save_stack(other, path)
    assert load_stack(path).fingerprint() == other.fingerprint()
    assert sorted(os.listdir(path)) == ["0-majority", "stack.toml"]


def test_a_failed_move_puts_the_old_stack_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path)
    move = os.replace

    def once(source: Path, target: Path) -> None:
        if Path(source).name == "new":
            raise OSError("disk gone")
        move(source, target)

    monkeypatch.setattr(os, "replace", once)
    with pytest.raises(OSError, match="disk gone"):
        save_stack(Stack.of(Majority("a", 0.5)), path)
    assert load_stack(path) == small()


def test_a_folder_that_is_no_stack_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "documents"
    path.mkdir()
    (path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(StackError, match="is not a stack"):
        save_stack(small(), path)
    assert (path / "letter.txt").read_text(encoding="utf-8") == "dear"


def test_folder_names_are_safe_and_distinct() -> None:
    names = stack_folder_name(["N-grams + MiniLM", "n-grams / minilm", "../../etc", "日本", "", "x" * 300])
    assert len(set(names)) == 6
    assert all(re.fullmatch(r"[a-z0-9-]{1,50}\.stack", name) for name in names)
    assert names[0] == "n-grams-minilm.stack"


def test_settings_are_json_and_name_the_layer(tmp_path: Path) -> None:
    settings = json.loads((saved(tmp_path) / "1-majority" / "settings.json").read_text(encoding="utf-8"))
    assert settings == {"value": "repair", "share": 0.3, "name": "majority"}
