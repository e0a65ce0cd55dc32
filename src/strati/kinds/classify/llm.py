"""A language model that chooses one label: zero-shot, or with the examples that earlier layers found as shots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import ClassVar, Self

import numpy as np

from strati.core.context import Context
from strati.core.errors import ModelError
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Failure
from strati.kinds.classify.prompts import FORMS, options, render
from strati.models.ask import WAVES, choose, concurrency, each
from strati.models.ask_in_batches import TOGETHER, ask_ahead, batches
from strati.models.contract import Choice, ContextOverflow, LanguageModel, Prompt
from strati.stack.explain import SHOWN, Explanation, probabilities


@dataclass(frozen=True)
class LLM:
    """Chooses among the labels by the probability the model gives to each label's words.

    Attributes:
        model: the language model.
        labels: the answer space.
        task: one or two sentences for the model: what is wanted.
        form: the name of a prompt form.
        corrected: divide each label's probability by its mean over the tune inputs, a model's bias towards some labels
            (batch calibration, Zhou et al. 2023, arXiv 2309.17249, section 3). It needs inputs, no references.
        prior: those means, in the order of `labels`; filled by `fit_cases`.
        again: 1 asks a second time what was asked before, 2 a third time; to see how often a model changes its mind.
    """

    model: LanguageModel
    labels: tuple[str, ...]
    task: str = "Classify the text."
    form: str = "list"
    corrected: bool = False
    prior: tuple[float, ...] = ()
    name: str = "llm"
    again: int = 0
    kind: ClassVar[str] = "llm.v1"

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"the prompt form is {self.form!r}, expected one of: {', '.join(FORMS)}")
        if FORMS[self.form].letters and len(self.labels) > 26:
            raise ValueError(f"found {len(self.labels)} labels, expected at most 26 for options as letters")

    @property
    def batch(self) -> int:
        """How many cases it is best given at once."""
        if batches(self.model):
            return TOGETHER
        at_once = concurrency(self.model)
        return at_once * WAVES if at_once > 1 else 1

    def settings(self) -> dict[str, JSON]:
        """All that changes answers, but for the model, as JSON."""
        form = FORMS[self.form]
        return {
            "labels": list(self.labels),
            "task": self.task,
            "form": self.form,
            "words": fingerprint("prompt form", **asdict(form)),
            "corrected": self.corrected,
            "prior": list(self.prior),
        }

    def fingerprint(self) -> str:
        repeat: dict[str, JSON] = {"again": self.again} if self.again else {}
        return fingerprint(self.kind, model=self.model.fingerprint(), **self.settings(), **repeat)

    def fit_cases(self, cases: Sequence[Case], ctx: Context) -> Self:
        """Take the prior from tune cases as they arrive at this layer."""
        if not self.corrected:
            return self
        plain = replace(self, corrected=False)
        sums = np.full(len(self.labels), 1.0 / len(self.labels))  # one uniform row keeps unseen labels possible
        rows = 1
        place = {label: i for i, label in enumerate(self.labels)}

        def ask(case: Case) -> tuple[Choice, tuple[str, ...]] | None:
            try:
                return plain._choice(case, ctx)
            except (ContextOverflow, UnicodeEncodeError):
                return None

        plain._ask_ahead(cases, ctx)
        for found in each(ask, cases, concurrency(self.model)):
            if found is None:
                continue
            for label, probability in zip(found[1], found[0].probabilities, strict=True):
                sums[place[label]] += probability
            rows += 1
        return replace(self, prior=tuple(float(share) for share in sums / rows))

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        self._ask_ahead(cases, ctx)
        done = []
        for case in each(lambda case: self._one(case, ctx), cases, concurrency(self.model)):
            done.append(case)
            ctx.tick(1, case.steps[-1].usage)
        return done

    def _one(self, case: Case, ctx: Context) -> Case:
        try:
            choice, allowed = self._choice(case, ctx)
        except ContextOverflow as error:
            return case.failed(self.name, Failure.CONTEXT_OVERFLOW, str(error), error.usage)
        except UnicodeEncodeError:
            return case.failed(self.name, Failure.LAYER_ERROR, "the text holds half of a character (a lone surrogate)")
        usage = choice.usage
        weights = np.array(choice.probabilities)
        if self.corrected and self.prior and choice.basis == "tokens":  # shares of a few samples are too coarse
            prior = dict(zip(self.labels, self.prior, strict=True))
            weights = weights / np.array([prior[label] for label in allowed])
        total = float(weights.sum())
        if not np.isfinite(total) or total <= 0:
            said = "the model gave no label any probability"
            if choice.reply is not None:
                said = f"the model replied {choice.reply[:80]!r}, which is none of the labels"
            return case.failed(self.name, Failure.UNUSABLE_REPLY, said, usage)
        order = np.argsort(-weights, kind="stable")[:5]
        alternatives = tuple((allowed[i], float(weights[i] / total)) for i in order)
        features = {"margin": alternatives[0][1] - (alternatives[1][1] if len(alternatives) > 1 else 0.0)}
        if choice.mass is not None:
            features["mass"] = choice.mass
        near = [found.score for found in case.evidence if found.kind == "example"]
        if near:
            features["nearest"] = max(near)
        answer = Answer(alternatives[0][0], alternatives[0][1], self.name, alternatives, features)
        return case.answered(answer, usage)

    def explain(self, case: Case, ctx: Context) -> Explanation:  # noqa: ARG002
        """The probabilities that the model gave the labels, and the examples that it was shown."""
        found = probabilities(case, f"{self.model.card.name}: ")
        shots = [{"text": e.text, "label": e.data.get("value")} for e in case.evidence if e.kind == "example"][:SHOWN]
        return replace(found, data={**found.data, "examples": shots}) if shots else found

    def _ask_ahead(self, cases: Sequence[Case], ctx: Context) -> None:
        """Tell a model that answers in batches what it is about to be asked."""

        def questions() -> Iterator[tuple[Prompt, list[str]]]:
            for case in cases:
                with suppress(UnicodeEncodeError):
                    prompt, said, _ = self._question(case)
                    yield prompt, said

        ask_ahead(self.model, questions(), ctx, self.again)

    def _choice(self, case: Case, ctx: Context) -> tuple[Choice, tuple[str, ...]]:
        """The model's choice among the labels allowed for this case."""
        prompt, said, allowed = self._question(case)
        return choose(self.model, prompt, said, ctx, self.again), allowed

    def _question(self, case: Case) -> tuple[Prompt, list[str], tuple[str, ...]]:
        """The prompt for a case, the options as the model is to write them, and the labels they stand for."""
        form = FORMS[self.form]
        shots = [found for found in case.evidence if found.kind == "example"]
        listed = {found.text for found in case.evidence if found.kind == "label"}
        shortlist = tuple(label for label in self.labels if label in listed)
        prompt = render(form, self.task, self.labels, case.text, shots, shortlist)
        words = dict(zip(self.labels, options(form, self.labels), strict=True))
        allowed = shortlist if len(shortlist) > 1 else self.labels
        said = [words[label] for label in allowed]
        prompt.user.encode()  # what has no UTF-8 form can't be asked: UnicodeEncodeError
        return prompt, said, allowed

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {**self.settings(), "model": self.model.card.name, "model_fingerprint": self.model.fingerprint()}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        model = resources.get(settings["model"])
        if not isinstance(model, LanguageModel) or model.fingerprint() != settings["model_fingerprint"]:
            raise ModelError(
                f"the stack needs the model {settings['model']} with fingerprint {settings['model_fingerprint']}; "
                "it was not found among the models given"
            )
        return cls(
            model,
            tuple(settings["labels"]),
            settings["task"],
            settings["form"],
            settings["corrected"],
            tuple(settings["prior"]),
            name=settings["name"],
        )
