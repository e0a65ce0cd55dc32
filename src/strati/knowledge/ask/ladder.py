"""The default ladder for answers: from the best sentence by words to models with and without checks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.errors import TaskError
from strati.knowledge.ask.extract import LEAST as NEAR_ENOUGH
from strati.knowledge.ask.extract import Extract
from strati.knowledge.ask.gate import LEAST, Gate
from strati.knowledge.ask.judge import Rules, SentenceCheck
from strati.knowledge.ask.llm_judge import LlmJudge
from strati.knowledge.ask.retrieve import Retrieve
from strati.knowledge.ask.sources import Sources
from strati.knowledge.ask.trained import Trained
from strati.knowledge.ask.write import Write
from strati.models.ask import Remote
from strati.stack.candidate import Candidate, Form
from strati.stack.contract import Layer
from strati.stack.stack import Stack

if TYPE_CHECKING:
    from strati.models.contract import Embedder, LanguageModel
    from strati.task.kind import Resources

JUDGES = 2 * 10**9  # bytes: smaller models write, but say yes or no no better than chance


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
        for name, checks in _checks(resources).items():
            layers: list[Layer] = [Retrieve(both), Gate(both, LEAST), Write(both, model, checks)]
            rungs.append(_rung(f"{before}{model.card.name} {name}", layers))
    return rungs


def _checks(resources: Resources) -> dict[str, tuple[SentenceCheck, ...]]:
    """Each check by itself, and none; the user's own behind the rules; the largest model judges, if large enough."""
    found: dict[str, tuple[SentenceCheck, ...]] = {
        "unchecked": (), "+ rules": (Rules(),), "+ learned check": (Trained(),),
    }  # fmt: skip
    found |= {f"+ rules + {check.name}": (Rules(), check) for check in resources.checks}
    able = [
        model
        for model in _ordered(resources.models)
        if isinstance(model, Remote) or (model.card.size_bytes or 0) >= JUDGES
    ]
    if able:
        found[f"+ rules + judge {able[-1].card.name}"] = (Rules(), LlmJudge(able[-1]))
    return found


def _rung(name: str, layers: Sequence[Layer]) -> Candidate:
    return Candidate(name, (Form({}, Stack.of(*layers, name=name)),), learns=True)


def _own(sources: Sources, embedders: Sequence[Embedder]) -> Embedder | None:
    """The embedder whose vectors the base holds, if it is at hand."""
    kept = sources.base.store.embedder()
    return next((one for one in embedders if kept is not None and one.fingerprint() == kept[1]), None)


def _ordered(models: Sequence[LanguageModel]) -> list[LanguageModel]:
    """Those that run here by size, then those behind servers."""
    return sorted(models, key=lambda model: (isinstance(model, Remote), model.card.size_bytes or 0, model.card.name))
