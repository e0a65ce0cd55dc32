"""Layers that edit a text: as it is, by rules, by a language model; each keeps the facts or says what it dropped."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

from strati.core.context import Context
from strati.core.errors import ModelError
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Usage
from strati.models.contract import LanguageModel
from strati.stack.contract import Resource
from strati.write.harper import Harper
from strati.write.model import CHOOSING, REWRITING, SHOTS, ModelRanker, Rewriter
from strati.write.proposal import Proposal, changed
from strati.write.propose import Tools, propose
from strati.write.rerank import FirstWord, RuleRanker

_EACH = 0.95  # the confidence that one edit leaves


@dataclass(frozen=True)
class AsItIs:
    """Delivers the text unchanged: the rung that every other has to beat.

    It has no confidence, so that no stack is composed of it.
    """

    name: str = "as it is"
    kind: ClassVar[str] = "write_as_it_is.v1"
    answers: ClassVar[str] = "write"
    answers_from_train: ClassVar[bool] = True

    def fingerprint(self) -> str:
        return fingerprint(self.kind)

    def resources(self) -> tuple[Resource, ...]:
        return ()

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        ctx.check()
        return [case.answered(Answer(case.text, None, self.name)) for case in cases]

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls(settings["name"])


@dataclass(frozen=True)
class Rules:
    """Spelling and grammar rules; facts are kept.

    Attributes:
        ranker: "first" takes the first word that a rule gives, "rules" puts them in order by their context.
        dialect: the dialect of English.
        keep_facts: false applies every edit; only to see what that costs.
    """

    ranker: str = "rules"
    dialect: str = "american"
    keep_facts: bool = True
    name: str = "rules"
    kind: ClassVar[str] = "write_rules.v1"
    answers: ClassVar[str] = "write"
    answers_from_train: ClassVar[bool] = True

    def fingerprint(self) -> str:
        settings = {"ranker": self.ranker, "dialect": self.dialect, "facts": self.keep_facts}
        return fingerprint(self.kind, harper=Harper.version(), **settings)

    def resources(self) -> tuple[Resource, ...]:
        return ()

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        rules = Harper(self.dialect)
        using = Tools(rules=rules, ranker=FirstWord() if self.ranker == "first" else RuleRanker(rules.knows))
        return [self._one(case, using, ctx) for case in cases]

    def _one(self, case: Case, using: Tools, ctx: Context) -> Case:
        ctx.check()
        start = time.perf_counter()
        proposal = propose(case.text, using=using, language="en")
        return delivered(case, proposal, self.name, start, keep_facts=self.keep_facts)

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {"ranker": self.ranker, "dialect": self.dialect, "keep_facts": self.keep_facts}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls(settings["ranker"], settings["dialect"], settings["keep_facts"], settings["name"])


@dataclass(frozen=True)
class ModelEdits:
    """Rules, and a language model that chooses their words by context or rewrites sentences; facts are kept.

    Attributes:
        model: the language model.
        rewrites: it corrects whole sentences, too; what it changes is taken apart into edits.
        dialect: the dialect of English.
    """

    model: LanguageModel
    rewrites: bool = False
    dialect: str = "american"
    name: str = "rules + llm"
    kind: ClassVar[str] = "write_model.v1"
    answers: ClassVar[str] = "write"

    def fingerprint(self) -> str:
        words = fingerprint(
            "write prompts", choosing=CHOOSING, rewriting=REWRITING, shots=[list(shot) for shot in SHOTS]
        )
        settings = {"rewrites": self.rewrites, "dialect": self.dialect, "words": words}
        return fingerprint(self.kind, model=self.model.fingerprint(), harper=Harper.version(), **settings)

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        rules = Harper(self.dialect)
        done = []
        for case in cases:
            done.append(self._one(case, rules, ctx))
            ctx.tick(1, done[-1].steps[-1].usage)
        return done

    def _one(self, case: Case, rules: Harper, ctx: Context) -> Case:
        ctx.check()
        start = time.perf_counter()
        using = with_model(Tools(rules=rules, ranker=RuleRanker(rules.knows)), self.model, ctx, rewrites=self.rewrites)
        proposal = propose(case.text, using=using, language="en")
        usage = Usage()
        for part in (using.ranker, using.fluency):
            usage += part.usage if isinstance(part, ModelRanker | Rewriter) else Usage()
        return delivered(case, proposal, self.name, start, usage=replace(usage, seconds=time.perf_counter() - start))

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        model = {"model": self.model.card.name, "model_fingerprint": self.model.fingerprint()}
        return {"rewrites": self.rewrites, "dialect": self.dialect, **model}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        model = the_model(settings, resources)
        return cls(model, settings["rewrites"], settings["dialect"], settings["name"])


def with_model(using: Tools, model: LanguageModel, ctx: Context, *, rewrites: bool = True) -> Tools:
    """Tools in which a language model takes part."""
    ranker = ModelRanker(model, using.ranker, ctx) if isinstance(using.ranker, RuleRanker) else using.ranker
    return replace(using, ranker=ranker, fluency=Rewriter(model, ctx) if rewrites else None)


def delivered(
    case: Case, proposal: Proposal, name: str, start: float, *, keep_facts: bool = True, usage: Usage | None = None
) -> Case:
    """A case answered with the edits of a proposal made."""
    edits = proposal.edits if keep_facts else tuple(sorted((*proposal.edits, *proposal.dropped), key=lambda e: e.start))
    text = changed(case.text, edits)
    features = {"edits": float(len(edits)), "dropped": float(len(proposal.dropped))}
    answer = Answer(text, _EACH ** len(edits), name, features=features)
    said = f"{len(edits)} edits" + (f", {len(proposal.dropped)} dropped to keep facts" if proposal.dropped else "")
    return case.answered(answer, usage or Usage(time.perf_counter() - start), said)


def the_model(settings: Mapping[str, JSON], resources: Mapping[str, object]) -> LanguageModel:
    """The language model that a saved layer names. Raises `ModelError` when it is not the one that it was."""
    model = resources.get(settings["model"])
    if not isinstance(model, LanguageModel) or model.fingerprint() != settings["model_fingerprint"]:
        raise ModelError(
            f"the stack needs the model {settings['model']} with fingerprint {settings['model_fingerprint']}; "
            "it was not found among the models given"
        )
    return model
