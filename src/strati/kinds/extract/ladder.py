"""The rungs of an extraction task, simplest first."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from strati.core.errors import MissingExtra
from strati.kinds.extract.crf import CRF
from strati.kinds.extract.fields import Fields
from strati.kinds.extract.gazetteer import Gazetteer
from strati.kinds.extract.pairs import Pairs
from strati.kinds.extract.ready import ReadyNER, installed
from strati.kinds.extract.space import fields_in, relations_in
from strati.stack.candidate import Candidate, Form
from strati.stack.stack import Stack
from strati.task.kind import Space
from strati.task.task import Task

if TYPE_CHECKING:
    from strati.models.contract import LanguageModel

RULES, TAGGER = "gazetteer and patterns", "CRF"


def ladder(task: Task, space: Space, models: Sequence[LanguageModel] = ()) -> list[Candidate]:
    """Gazetteer and patterns of train, a CRF, ready spaCy pipelines, then language models, small ones first.

    A pipeline that is installed is a rung of tasks about spans without relations.

    Raises:
        MissingExtra: python-crfsuite is not installed.
    """
    if find_spec("pycrfsuite") is None:
        raise MissingExtra("python-crfsuite", "extract")
    names = fields_in(space)
    rungs = [_rules(names), _tagger(names, bool(relations_in(space)))]
    if not names and not relations_in(space):
        rungs += [_ready(model) for model in installed()]
    return [*rungs, *_models(task, space, models)]


def _rules(names: tuple[str, ...]) -> Candidate:
    forms = []
    for precision in (0.5, 0.7, 0.9):
        layer = Gazetteer(precision, name=RULES)
        chosen = Fields(layer, names, name=RULES) if names else layer
        forms.append(Form({"precision": precision}, Stack.of(chosen, name=RULES)))
    return Candidate(RULES, tuple(forms), learns=True)


def _tagger(names: tuple[str, ...], relations: bool) -> Candidate:
    forms = []
    for l1, l2 in ((0.1, 0.01), (0.02, 0.05)):
        layer = CRF(l1, l2, pairs=Pairs() if relations and not names else None, name=TAGGER)
        chosen = Fields(layer, names, name=TAGGER) if names else layer
        forms.append(Form({"L1": l1, "L2": l2}, Stack.of(chosen, name=TAGGER)))
    return Candidate(TAGGER, tuple(forms), learns=True)


def _ready(model: str) -> Candidate:
    return Candidate(model, (Form({}, Stack.of(ReadyNER.of(model), name=model)),), learns=True)


def _models(task: Task, space: Space, models: Sequence[LanguageModel]) -> list[Candidate]:
    if not models:
        return []
    from strati.kinds.extract.llm import rungs

    return rungs(task, space, models)
