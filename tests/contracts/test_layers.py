"""One table of all layers, driven through the published checker; and layers that break one clause each."""

from __future__ import annotations

import importlib
import inspect
import pickle
import pkgutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import strati.kinds.classify
import strati.stack.checks
import strati.stack.layers
from strati.core.context import Context
from strati.core.identity import fingerprint
from strati.core.records import Answer, Case, Evidence, State, Usage
from strati.kinds.classify.linear import Linear
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.majority import Majority
from strati.kinds.classify.neighbours import Demonstrations, ExampleIndex, LabelNames, Neighbours, Shots
from strati.kinds.classify.rule import Rule
from strati.kinds.classify.rules import InducedRules, Rules
from strati.models.local.gguf import GgufModel
from strati.models.scripted import ScriptedEmbedder, ScriptedModel
from strati.stack.contract import Layer
from strati.stack.layers.features import TextFeatures
from strati.stack.layers.function import Function
from strati.stack.layers.person import Person
from strati.stack.layers.recorded import Recorded, RecordedAnswer
from strati.stack.registry import KINDS, saved_class
from strati.stack.stack import Stack, Stage
from strati.testing import ContractError, check_layer
from tests import corpus

TRAIN, TUNE, CASES = corpus.parts()
MODEL = ScriptedModel(corpus.reply)
EMBEDDER = ScriptedEmbedder()
RESOURCES = {MODEL.card.name: MODEL, EMBEDDER.card.name: EMBEDDER}
FEATURES = TextFeatures(embedder=EMBEDDER, weight=2.0)
INDEX = ExampleIndex(EMBEDDER)

TABLE: dict[str, Layer] = {
    "majority": Majority(),
    "rules": Rules((Rule(("invoice",), "invoice"), Rule(("money", "back"), "refund"))),
    "induced rules": InducedRules(most=10),
    "linear": Linear(),
    "linear, balanced, with embeddings": Linear(0.3, FEATURES, True),
    "neighbours by words": Neighbours(3),
    "neighbours by vectors": Neighbours(3, INDEX),
    "shots": Shots(2),
    "shots and short-list": Shots(2, 2, INDEX),
    "demonstrations": Demonstrations((("where is my money", corpus.LABELS[0]),)),
    "label names": LabelNames(0, 2, INDEX, "label names", answers=corpus.LABELS),
    "llm, list": LLM(MODEL, corpus.LABELS),
    "llm, question": LLM(MODEL, corpus.LABELS, form="question"),
    "llm, letters, corrected": LLM(MODEL, corpus.LABELS, form="letters", corrected=True, prior=(0.4, 0.3, 0.2, 0.1)),
    "person": Person(),
    "function": Function(lambda text: ("refund", 0.8) if "money" in text else None, "money"),
    "recorded": Recorded({CASES[0].id: RecordedAnswer("refund", 0.5), CASES[1].id: RecordedAnswer(None)}),
    "stack": Stack((Stage(Rules((Rule(("invoice",), "invoice"),))), Stage(Linear(), threshold=0.5), Stage(Person()))),
    "stack with a model": Stack.of(Shots(2), LLM(MODEL, corpus.LABELS)),
}


@pytest.mark.parametrize("name", TABLE)
def test_layer(name: str) -> None:
    check_layer(TABLE[name], CASES, train=TRAIN, tune=TUNE, resources=RESOURCES)


def test_real_language_model(smollm2: GgufModel) -> None:
    layer = LLM(smollm2, ("refund", "repair"), "Label it.")
    check_layer(layer, CASES[:2], resources={smollm2.card.name: smollm2})


def saved_classes(package: Any) -> list[type]:
    """The classes with a `kind` of their own in a package's modules."""
    found = []
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        classes = [part for _, part in inspect.getmembers(module, inspect.isclass) if part.__module__ == info.name]
        found += [part for part in classes if hasattr(part, "kind")]
    return found


OURS = [*saved_classes(strati.stack.layers), *saved_classes(strati.kinds.classify)]


@pytest.mark.parametrize("part", OURS, ids=lambda part: part.__name__)
def test_every_layer_with_a_kind_is_in_the_table_and_registered(part: type) -> None:
    assert any(type(layer) is part for layer in TABLE.values())
    registered = saved_class(part.kind)  # type: ignore[attr-defined]
    assert issubclass(part, registered)


def test_every_check_with_a_kind_is_registered() -> None:
    checks = saved_classes(strati.stack.checks)
    assert checks
    assert all(saved_class(part.kind) is part for part in checks)  # type: ignore[attr-defined]


def test_every_registered_kind_is_a_class_here_that_can_be_saved() -> None:
    for kind in KINDS:
        assert saved_class(kind).kind == kind
        assert callable(saved_class(kind).save)
        assert callable(saved_class(kind).load)


def answered(case: Case, value: Any = "a", confidence: float | None = 0.5, **more: Any) -> Case:
    return case.answered(Answer(value, confidence, "broken", **more))


@dataclass
class Broken:
    """A layer that is right but for what its functions do wrong."""

    each: Callable[[Case], Case] = answered
    whole: Callable[[list[Case]], Sequence[Case]] = lambda cases: cases
    checks: bool = True
    prints: Callable[[], str] = lambda: "broken"
    name: str = "broken"

    def fingerprint(self) -> str:
        return self.prints()

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        if self.checks:
            ctx.check()
        return self.whole([self.each(case) for case in cases])


def changes_evidence(case: Case) -> Case:
    for found in case.evidence:
        found.data["seen"] = True  # type: ignore[index]
    return answered(case)


def raises(error: Exception, when: Callable[[Case], bool]) -> Callable[[Case], Case]:
    def each(case: Case) -> Case:
        if when(case):
            raise error
        return answered(case)

    return each


def count_calls() -> Callable[[Case], Case]:
    calls: list[str] = []

    def each(case: Case) -> Case:
        calls.append(case.id)
        return answered(case, value=str(len(calls)))

    return each


BROKEN = {
    "too few": (Broken(whole=lambda cases: cases[1:]), "came back, expected as many"),
    "other order": (Broken(whole=lambda cases: cases[::-1]), "in another order"),
    "other ids": (Broken(each=lambda case: replace(answered(case), id="x")), "other ids"),
    "same object": (Broken(each=lambda case: case), "the same object"),
    "nothing added": (Broken(each=lambda case: replace(case)), "neither a step nor evidence"),
    "given cases changed": (Broken(each=changes_evidence), "changed the cases it was given"),
    "input changed": (Broken(each=lambda case: replace(answered(case), input="x")), "the input was changed"),
    "steps dropped": (Broken(each=lambda case: replace(answered(case), steps=answered(case).steps[-1:])), "steps were"),
    "evidence dropped": (Broken(each=lambda case: replace(answered(case), evidence=())), "evidence was changed"),
    "answer without state": (Broken(each=lambda case: replace(answered(case), state=State.OPEN)), "in the state open"),
    "no answer": (Broken(each=lambda case: replace(answered(case), answer=None)), "answered without an answer"),
    "confidence": (Broken(each=lambda case: answered(case, confidence=1.5)), "confidence is 1.5"),
    "not a number": (Broken(each=lambda case: answered(case, confidence=float("nan"))), "confidence is nan"),
    "value not JSON": (Broken(each=lambda case: answered(case, value={1, 2})), "not JSON"),
    "unsorted": (
        Broken(each=lambda case: answered(case, alternatives=(("a", 0.2), ("b", 0.5)))),
        "most probable first",
    ),
    "more than one": (Broken(each=lambda case: answered(case, alternatives=(("a", 0.7), ("b", 0.5)))), "sum to 1.2"),
    "alternative": (Broken(each=lambda case: answered(case, alternatives=(("a", -0.1),))), "alternative's probability"),
    "feature": (Broken(each=lambda case: answered(case, features={"x": float("inf")})), "feature"),
    "usage": (Broken(each=lambda case: answered(case).passed("x", "", Usage(seconds=-1))), "usage"),
    "not empty": (Broken(whole=lambda cases: cases or [Case("x", "y")]), "no cases were given"),
    "not the same twice": (Broken(each=count_calls()), "twice gives different"),
    "depends on the batch": (
        Broken(whole=lambda cases: [replace(c, answer=replace(c.answer, value=len(cases))) for c in cases]),  # type: ignore[type-var]
        "than in a batch",
    ),
    "raises": (Broken(each=raises(KeyError("x"), lambda case: True)), "raised KeyError"),
    "empty text": (Broken(each=raises(IndexError("x"), lambda case: not case.text)), "an empty text"),
    "blanks": (Broken(each=raises(IndexError("x"), lambda case: not case.text.strip())), "IndexError"),
    "long text": (Broken(each=raises(MemoryError("x"), lambda case: len(case.text) > 9999)), "100,000"),
    "surrogate": (Broken(each=lambda case: answered(case, value=case.text.encode().hex())), "a lone surrogate"),
    "mapping": (Broken(each=lambda case: answered(case, value=case.input.upper())), "a mapping"),  # type: ignore[union-attr]
    "never stops": (Broken(checks=False), "expected Stopped"),
    "no fingerprint": (Broken(prints=lambda: ""), "fingerprint is ''"),
    "other fingerprint": (Broken(prints=lambda: str(time.perf_counter_ns())), "from call to call"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_checker_catches(name: str) -> None:
    layer, clause = BROKEN[name]
    cases = [replace(case.passed("before", "no"), evidence=(Evidence("x", "y", 1.0, data={}),)) for case in CASES[:3]]
    with pytest.raises(ContractError, match=clause):
        check_layer(layer, cases)


def test_the_checker_lets_a_right_layer_through_and_can_allow_batch_dependence() -> None:
    check_layer(Broken(), CASES)
    layer, _ = BROKEN["depends on the batch"]
    check_layer(layer, CASES, batch_matters=True)


def test_the_checker_needs_cases_and_a_layer() -> None:
    with pytest.raises(ContractError, match="expected at least 2"):
        check_layer(Broken(), CASES[:1])
    with pytest.raises(ContractError, match="no Layer"):
        check_layer(object(), CASES)  # type: ignore[type-var]


@dataclass
class Learner:
    """Majority with a fault in what it learns or saves."""

    value: Any = None
    share: float = 0.0
    name: str = "learner"
    fault: str = ""
    kind: ClassVar[str] = "learner.v1"

    def fit(self, train: Any, tune: Any, ctx: Context) -> Any:
        fitted = Majority().fit(train, tune, ctx)
        if self.fault == "same object":
            self.value, self.share = fitted.value, fitted.share
            return self
        if self.fault == "old changed":
            self.share = 0.5
        share = float(np.random.default_rng().uniform(0.1, 0.9)) if self.fault == "random" else fitted.share
        return type(self)(fitted.value, share, self.name, self.fault)

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        ctx.check()
        return [answered(case, self.value, self.share) for case in cases]

    def fingerprint(self) -> str:
        return "always" if self.fault == "blind" else fingerprint(self.kind, value=self.value, share=self.share)

    def save(self, folder: Path) -> dict[str, Any]:
        if self.fault == "pickle by name":
            (folder / "model.joblib").write_bytes(b"x")
        if self.fault == "pickle by content":
            (folder / "model.bin").write_bytes(pickle.dumps(self.value))
        if self.fault == "objects":
            np.savez(folder / "model.npz", values=np.array([{"a": 1}], dtype=object))
        return {"value": {self.value} if self.fault == "settings" else self.value, "share": self.share}

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path, resources: Mapping[str, object]) -> Any:  # noqa: ARG003
        return cls(settings["value"], settings["share"], settings["name"])


@dataclass
class Forgets(Learner):
    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path, resources: Mapping[str, object]) -> Any:  # noqa: ARG003
        return cls("other", settings["share"], settings["name"])


@dataclass
class AnswersOtherwise(Forgets):
    def fingerprint(self) -> str:
        return "the same"


UNEVEN = [*TRAIN, *(example for example in TUNE if example.reference == "refund")]
LEARNERS = {
    "same object": "fit returned the layer itself",
    "old changed": "fit changed the layer",
    "random": "fitting twice on the same data",
    "blind": "under the same fingerprint",
    "pickle by name": "model.joblib, a pickle",
    "pickle by content": "model.bin, a pickle",
    "objects": "pickled objects",
    "settings": "settings that JSON",
}


@pytest.mark.parametrize("fault", LEARNERS)
def test_the_checker_catches_in_fitting_and_saving(fault: str) -> None:
    with pytest.raises(ContractError, match=LEARNERS[fault]):
        check_layer(Learner(fault=fault), CASES, train=UNEVEN, tune=TUNE)


def test_the_checker_catches_in_loading() -> None:
    with pytest.raises(ContractError, match="another fingerprint than the saved"):
        check_layer(Forgets("a", 0.5), CASES)
    with pytest.raises(ContractError, match="other answers than the saved"):
        check_layer(AnswersOtherwise("a", 0.5), CASES)


def test_a_learner_without_fault_passes() -> None:
    fitted = check_layer(Learner(), CASES, train=UNEVEN, tune=TUNE)
    assert (fitted.value, fitted.share) == ("refund", 28 / 88)
