"""How long measuring a candidate will take: timed on a few rows and questions, and scaled in a stated way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

import numpy as np

from strati.core.context import Context, VectorCache
from strati.core.errors import StratiError
from strati.core.records import Case, Example
from strati.data import Splits
from strati.measure.effort import Effort, spread
from strati.measure.forecast.dry_run import Question, Rehearsal
from strati.measure.journal import Journal
from strati.models.ask import Quote, Remote, concurrency
from strati.models.ask_in_batches import batches
from strati.models.contract import LanguageModel
from strati.stack.candidate import Candidate, Form
from strati.stack.models_of import held_models

FEW, MANY, TRIED = 100, 300, 50  # training rows of two timed fits, and rows answered
CALL_SECONDS = 1.0  # a call to a model elsewhere, where no journal tells better
WRITTEN = 64  # tokens of a reply that is written to time it
PROBE_SECONDS = 3.0  # a fresh process that loads the stack and is asked a few cases
JOURNALS, ANSWERS = 5, 200  # the latest journals looked into, and the answers of each


@dataclass(frozen=True)
class Pace:
    """Expected seconds of candidates.

    Args:
        runs: the folder with journals of earlier runs: they tell how fast a server was.
    """

    runs: Path | None = None
    vectors: dict[int, VectorCache] = field(default_factory=dict)
    speeds: dict[object, tuple[float, float]] = field(default_factory=dict)

    def of(
        self,
        candidate: Candidate,
        hypotheses: Sequence[Mapping[str, Quote]],
        rehearsal: Rehearsal,
        splits: Splits,
        effort: Effort,
        ctx: Context,
    ) -> tuple[float | None, str]:
        """Seconds of one candidate, the rehearsal's own work not counted, and what they rest on.

        Args:
            hypotheses: the calls to be made, once for each form that may be chosen.
            rehearsal: it kept a few of the questions.
        """
        models = {id(model): model for form in candidate.forms for model in held_models(form.stack)}
        if not models:
            return self._trained(
                candidate, splits, effort, ctx
            ), f"fits on {FEW} and {MANY} rows timed here, extrapolated"
        elsewhere = [model for model in models.values() if isinstance(model, Remote) or candidate.paid]
        if elsewhere:
            return self._remote(candidate, elsewhere[0], float(np.mean([len(calls) for calls in hypotheses])))
        fresh = [sum(q.usage.tokens_in - q.usage.tokens_cached for q in calls.values()) for calls in hypotheses]
        if not any(fresh):
            return PROBE_SECONDS, "all replies are known"
        read, written = self._seconds_per_token(rehearsal)
        out = [sum(q.usage.tokens_out for q in calls.values()) for calls in hypotheses]
        seconds = float(np.mean(fresh)) * read + float(np.mean(out)) * written + PROBE_SECONDS
        return seconds, "a question timed here, by tokens"

    def _trained(self, candidate: Candidate, splits: Splits, effort: Effort, ctx: Context) -> float:
        """Fits by a straight line through two sizes, further forms like the last one; answers by the row.

        Learning curves are not counted. What trains long compiles for the first time that it is fitted.
        """
        unit, forms = splits.units[0], candidate.forms
        tune = spread(unit.tune, TRIED)
        small, large = (spread(unit.train, size) for size in (FEW, MANY))
        total = PROBE_SECONDS
        if candidate.trains_long:
            total += self._fit(forms[0], small, tune, ctx)[0]
        few = self._fit(forms[0], small, tune, ctx)[0]
        first, row = self._fit(forms[0], large, tune, ctx)
        further = 0.0
        if len(forms) > 1:
            further = min(first, self._fit(forms[-1], large, tune, ctx)[0]) * (len(forms) - 1)
        slope = max(0.0, first - few) / max(1, len(large) - len(small))

        def scale(rows: int) -> float:
            return (first + slope * max(0, rows - len(large))) / first

        for part in splits.units:
            total += scale(len(part.train)) * (first + further)
            total += row * (len(part.test) + min(effort.fast_tune_rows, len(part.tune)))
        if candidate.learns and len(splits.units) == 1 and splits.calibrate:  # what is delivered learns from all
            total += scale(len(unit.train) + len(unit.tune) + len(unit.test)) * first
        return total

    def _fit(self, form: Form, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> tuple[float, float]:
        """Seconds of fitting, and of one answer. An embedding that an earlier fit needed is there, as in the run."""
        vectors = self.vectors.setdefault(len(train), VectorCache())
        quiet = replace(ctx, vectors=vectors, begin=lambda what, total: None)
        start = perf_counter()
        stack = form.stack.fit(train, tune, quiet)
        middle = perf_counter()
        stack.run([Case.of(example) for example in tune], replace(quiet, fresh=True))
        return max(1e-9, middle - start), (perf_counter() - middle) / max(1, len(tune))

    def _seconds_per_token(self, rehearsal: Rehearsal) -> tuple[float, float]:
        """Seconds per token read, and per token that a reply may have: most replies end before.

        Of the last of a few questions to the model, really asked: those before it warm the model up.
        """
        speed = (0.0, 0.0)
        for name, questions in rehearsal.questions.items():
            key = (name, questions[-1][1:])
            if key not in self.speeds:
                self.speeds[key] = _timed(questions)
            speed = self.speeds[key]
        return speed

    def _remote(self, candidate: Candidate, model: LanguageModel, calls: float) -> tuple[float | None, str]:
        if batches(model) and calls:
            return None, "batches come back when the provider has done them, each within 24 hours"
        at_once = concurrency(model)
        known = self._seen(candidate)
        seconds = CALL_SECONDS if known is None else known
        basis = f"{seconds:.2g} s a call ({'assumed' if known is None else 'as in an earlier run'}), {at_once} at once"
        return calls * seconds / at_once, basis

    def _seen(self, candidate: Candidate) -> float | None:
        """Mean seconds of an answer by a candidate of this name in the latest journal that has some."""
        paths = [] if self.runs is None else sorted(self.runs.glob("*.db"), key=lambda path: -path.stat().st_mtime)
        for path in paths[:JOURNALS]:
            try:
                with Journal(path, read_only=True) as journal:
                    ids = sorted(journal.answered(candidate.name, "test"))[:ANSWERS]
                    found = journal.answers(candidate.name, "test", ids)
            except StratiError:
                continue
            seconds = [answer["usage"]["seconds"] for answer in found.values() if _waited(answer["usage"])]
            if seconds:
                return float(np.mean(seconds))
        return None


def _waited(usage: Mapping[str, float]) -> bool:
    """Whether some call was waited for: those of a batch were not."""
    return usage["calls"] > usage.get("batched", 0)


def _timed(questions: Sequence[Question]) -> tuple[float, float]:
    read = written = 0.0
    for model, prompt, asked in questions:
        start = perf_counter()
        usage = model.generate(prompt, 1).usage if isinstance(asked, int) else model.choose(prompt, asked).usage
        middle = perf_counter()
        read = (middle - start) / max(1, usage.tokens_in - usage.tokens_cached)
    if isinstance(asked, int):
        made = model.generate(prompt, min(asked, WRITTEN))
        spent = (perf_counter() - middle) / max(1, made.usage.tokens_out)
        written = spent * (made.usage.tokens_out / asked if made.finished else 1.0)
    return read, written
