"""The default ladder for answers: from the best sentence by words to models with and without checks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.errors import TaskError
from strati.knowledge.ask.extract import LEAST as NEAR_ENOUGH
from strati.knowledge.ask.extract import Extract
from strati.knowledge.ask.gate import LEAST, Gate
from strati.knowledge.ask.judge import Rules
from strati.knowledge.ask.retrieve import Retrieve
from strati.knowledge.ask.sources import Sources
from strati.knowledge.ask.write import Write
from strati.models.ask import Remote
from strati.stack.candidate import Candidate, Form
from strati.stack.contract import Layer
from strati.stack.stack import Stack

if TYPE_CHECKING:
    from strati.models.contract import Embedder, LanguageModel
    from strati.task.kind import Resources


def ladder(resources: Resources) -> list[Candidate]:
    """The rungs for each base, cheapest first. Raises `TaskError` when there is no base, or it is empty."""
    if not resources.bases:
        raise TaskError("questions are answered from a knowledge base and none was given: add --kb NAME")
    found: list[Candidate] = []
    for path in resources.bases:
        found += _rungs(path, resources, f"{path.stem}: " if len(resources.bases) > 1 else "")
    return found


def _rungs(path: Path, resources: Resources, before: str) -> list[Candidate]:
    from strati.knowledge.base import folder_of

    folder = folder_of(path)
    words = Sources.open(folder, mode="bm25")
    if not words.size:
        raise TaskError(f"{folder} holds no passages yet: strati ingest PATH --kb {folder}")
    embedder = _own(words, resources.embedders)
    both = Sources.open(folder, embedder) if embedder is not None else words
    rungs = [_rung(f"{before}BM25 sentence", [Retrieve(words), Extract(words, 1)])]
    if embedder is not None:
        rungs.append(_rung(f"{before}hybrid sentence", [Retrieve(both), Extract(both, 1)]))
    rungs.append(
        _rung(f"{before}sentences or none", [Retrieve(both), Gate(both, LEAST), Extract(both, least=NEAR_ENOUGH)])
    )
    for model in _ordered(resources.models):
        written: list[Layer] = [Retrieve(both), Gate(both, LEAST)]
        rungs.append(_rung(f"{before}{model.card.name} unchecked", [*written, Write(both, model, ())]))
        rungs.append(_rung(f"{before}{model.card.name} + rules", [*written, Write(both, model, (Rules(),))]))
    return rungs


def _rung(name: str, layers: Sequence[Layer]) -> Candidate:
    return Candidate(name, (Form({}, Stack.of(*layers, name=name)),))


def _own(sources: Sources, embedders: Sequence[Embedder]) -> Embedder | None:
    """The embedder whose vectors the base holds, if it is at hand."""
    kept = sources.base.store.embedder()
    return next((one for one in embedders if kept is not None and one.fingerprint() == kept[1]), None)


def _ordered(models: Sequence[LanguageModel]) -> list[LanguageModel]:
    """Those that run here by size, then those behind servers."""
    return sorted(models, key=lambda model: (isinstance(model, Remote), model.card.size_bytes or 0, model.card.name))
