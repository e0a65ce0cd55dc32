"""Candidates x examples -> journaled answers. Decides nothing, draws nothing."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from strati.candidate import Candidate, Form
from strati.context import Context, VectorCache
from strati.contract import Saveable
from strati.dataset import Splits, Unit
from strati.errors import LayerDown, StackError, Stopped, StratiError, TaskError
from strati.folder import load_stack, save_stack, stack_folder_name
from strati.identity import fingerprint
from strati.journal import Journal
from strati.metrics import Metric
from strati.probe import Probe, Prober, probe_here
from strati.records import JSON, Case, Example, Failure, Usage
from strati.stack import Stack

CHUNK = 256  # answers journaled together at most


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is asked of the rungs. Numbers, not times: the same command gives the same verdict on any machine.

    Attributes:
        sample: test examples that a slow rung answers, one common random subset.
        form_rows: tune examples on which a slow rung's forms are compared.
        tune_rows: tune examples on which a slow rung's confidence is calibrated.
        fast_tune_rows: the same two for fast rungs.
        probes: cases answered one at a time to measure latency.
    """

    sample: int = 200
    form_rows: int = 32
    tune_rows: int = 100
    fast_tune_rows: int = 3000
    probes: int = 60

    @classmethod
    def of(cls, sample: int) -> Self:
        """Effort in proportion to the sample: what slow rungs do on tune shrinks with it."""
        if sample < 1:
            raise TaskError(f"the sample is {sample}, expected at least 1 example")
        return cls(sample, form_rows=min(32, max(12, sample // 5)), tune_rows=min(100, max(12, sample // 2)))


class Bench:
    """Measures candidates one after the other; what is in the journal already is not done again."""

    def __init__(
        self,
        splits: Splits,
        metric: Metric,
        journal: Journal,
        ctx: Context,
        effort: Effort = Effort(),
        stacks: Path | None = None,
        prober: Prober = probe_here,
    ) -> None:
        self.splits = splits
        self.metric = metric
        self.journal = journal
        vectors = VectorCache()
        self.fitting = replace(ctx, vectors=vectors)
        self.ctx = replace(ctx, vectors=vectors, fresh=True)
        self.effort = effort
        self.stacks = stacks
        self.prober = prober

    def run(self, candidates: Sequence[Candidate]) -> None:
        """Measure all candidates. One that fails is recorded as failed, the others go on; `Stopped` ends the run."""
        folders = stack_folder_name([candidate.name for candidate in candidates])
        for position, (candidate, folder) in enumerate(zip(candidates, folders, strict=True)):
            known = self.journal.candidates().get(candidate.name)
            if known and known["status"] == "measured" and known["candidate"] == candidate.fingerprint():
                continue
            if known and known["candidate"] != candidate.fingerprint():
                self.journal.forget_answers(candidate.name)
            record = self._describe(candidate)
            self.journal.write_candidate(candidate.name, position, {**record, "status": "partial"})
            try:
                record.update(self._measure(candidate, folder))
                record["status"] = "recorded" if candidate.recorded else "measured"
            except Stopped:
                raise
            except StratiError as error:
                record.update(status="failed", reason=str(error))
            except Exception as error:  # a layer of the user's own; what it raises ends that candidate only
                record.update(status="failed", reason=f"{type(error).__name__}: {error}")
            self.journal.write_candidate(candidate.name, position, record)

    def _describe(self, candidate: Candidate) -> dict[str, JSON]:
        return {
            "candidate": candidate.fingerprint(),
            "layers": list(candidate.layer_names),
            "uses_llm": candidate.uses_llm,
            "slow": candidate.slow,
            "recorded": candidate.recorded,
            "learns": candidate.learns,
            "private": candidate.private,
            "costs_known": candidate.costs_known,
            "models": [card.name for card in candidate.cards],
            "licences": sorted({card.licence for card in candidate.cards}) or [candidate.licence],
            "model_bytes": sum(card.size_bytes or 0 for card in candidate.cards),
        }

    def _measure(self, candidate: Candidate, folder: str) -> dict[str, JSON]:
        forms: list[list[dict[str, JSON]]] = []
        fit_seconds: list[float] = []
        probe = Probe(())
        stack = candidate.forms[0].stack
        saved = False
        for number, unit in enumerate(self.splits.units):
            stack, tried, seconds = self._choose(candidate, unit)
            forms.append(tried)
            fit_seconds.append(seconds)
            if number == 0:
                saved = self._save(stack, folder)
                probe = self._probe(candidate, stack, folder if saved else None, unit)
            self._answer(stack, candidate.name, "test", self._sampled(candidate, unit.test))
        refit = None
        if self.splits.method == "published" and candidate.learns and not candidate.slow:
            refit = self._refit(stack, candidate.name)
        size = _folder_bytes(self.stacks / folder) if saved and self.stacks else 0
        chosen = next(form for form in forms[0] if form["chosen"])
        return {
            "settings": chosen["settings"],
            "forms": _merged(forms),
            "fit_seconds": float(np.mean(fit_seconds)),
            "latency": list(probe.warm),
            "cold": probe.cold,
            "memory": probe.memory,
            "stack_bytes": size,
            "stack": folder if saved else None,
            "fingerprint": stack.fingerprint(),
            "preview": _preview(stack),
            "refit_rows": refit,
        }

    def _choose(self, candidate: Candidate, unit: Unit) -> tuple[Stack, list[dict[str, JSON]], float]:
        """The candidate fitted in the form that is best on tune; the forms tried; seconds of fitting the chosen one."""
        tune = _shuffled(unit.tune, self.ctx.seed)[: self._rows(candidate, choosing=True)]
        tried: list[dict[str, JSON]] = []
        fitted: list[tuple[Stack, list[Case]]] = []
        self.ctx.begin(f"{candidate.name}: {_settings_on_tune(candidate)}", len(candidate.forms) * max(len(tune), 1))
        for stack, cases, seconds in self._fit_all(candidate, unit.train, tune):
            tried.append(self._form_row(candidate.forms[len(tried)], cases, tune, seconds))
            fitted.append((stack, cases))
        best = max(range(len(tried)), key=lambda i: (tried[i]["tune"] or 0.0, -i))
        tried[best]["chosen"] = True
        seconds = float(tried[best]["seconds"])
        stack, cases = fitted[best]
        more = _shuffled(unit.tune, self.ctx.seed)[: self._rows(candidate, choosing=False)]
        if len(more) > len(tune):
            start = time.perf_counter()
            self.ctx.begin(f"{candidate.name}: calibrating on tune", len(more))
            stack, cases = self._fit(candidate.forms[best], unit.train, more)
            seconds += time.perf_counter() - start
        self.journal.write_answers(candidate.name, f"tune/{unit.name}", cases)
        return stack, tried, seconds

    def _fit_all(
        self, candidate: Candidate, train: Sequence[Example], tune: Sequence[Example]
    ) -> Iterator[tuple[Stack, list[Case], float]]:
        """Every form fitted, with its tune cases and seconds; two at a time where the forms need no shared engine."""

        def fit(form: Form) -> tuple[Stack, list[Case], float]:
            start = time.perf_counter()
            stack, cases = self._fit(form, train, tune)
            return stack, cases, time.perf_counter() - start

        if candidate.slow or len(candidate.forms) == 1:
            yield from map(fit, candidate.forms)
            return
        with ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
            yield from pool.map(fit, candidate.forms)

    def _fit(self, form: Form, train: Sequence[Example], tune: Sequence[Example]) -> tuple[Stack, list[Case]]:
        self.ctx.check()
        stack, cases = form.stack.fit_and_run(train, tune, self.fitting)
        self.ctx.advance(len(tune), sum((case.usage for case in cases), Usage()))
        _raise_if_down(cases)
        return stack, cases

    def _form_row(self, form: Form, cases: Sequence[Case], tune: Sequence[Example], seconds: float) -> dict[str, JSON]:
        scores = [
            self.metric.score(example.reference, case.answer.value if case.answer else None).statistics
            for example, case in zip(tune, cases, strict=True)
        ]
        value = float(self.metric.aggregate(np.sum(scores, axis=0, dtype=float))) if scores else None
        row: dict[str, JSON] = {"settings": dict(form.settings), "tune": value, "n": len(tune)}
        return {**row, "chosen": False, "seconds": seconds}

    def _rows(self, candidate: Candidate, *, choosing: bool) -> int:
        if not candidate.slow:
            return self.effort.fast_tune_rows
        if choosing and len(candidate.forms) > 1:
            return self.effort.form_rows
        return self.effort.tune_rows

    def _sampled(self, candidate: Candidate, test: Sequence[Example]) -> Sequence[Example]:
        """All test examples, or the common random subset for a slow candidate, in the subset's own order."""
        if not candidate.slow:
            return test
        chosen = sample_ids(self.splits, self.effort.sample, self.ctx.seed)
        return [example for example in _shuffled(test, self.ctx.seed) if example.id in chosen]

    def _answer(
        self, stack: Stack, name: str, split: str, examples: Sequence[Example], ctx: Context | None = None
    ) -> None:
        done = self.journal.answers(name, split)
        todo = [example for example in examples if example.id not in done]
        self.ctx.begin(f"{name}: {split}", len(examples))
        self.ctx.advance(len(examples) - len(todo), Usage())
        for chunk in _chunks(todo, min(stack.batch, CHUNK)):
            self.ctx.check()
            cases = stack.run([Case.of(example) for example in chunk], ctx or self.ctx)
            _raise_if_down(cases)
            self.journal.write_answers(name, split, cases)
            self.ctx.advance(len(cases), sum((case.usage for case in cases), Usage()))

    def _refit(self, stack: Stack, name: str) -> int:
        """Fit on every row outside test, with the settings and calibration found before; answer the test again."""
        unit = self.splits.units[0]
        train = [*unit.train, *unit.tune, *self.splits.calibrate]
        self.ctx.begin(f"{name}: refit on all {len(train)} training rows", len(unit.test))
        refitted, _ = stack.fit_and_run(train, (), self.fitting)
        self._answer(refitted, name, "refit", unit.test, self.fitting)
        return len(train)

    def _save(self, stack: Stack, folder: str) -> bool:
        if self.stacks is None or not all(isinstance(stage.layer, Saveable) for stage in stack.stages):
            return False
        try:
            save_stack(stack, self.stacks / folder)
        except StackError:
            return False
        return True

    def _probe(self, candidate: Candidate, stack: Stack, folder: str | None, unit: Unit) -> Probe:
        if candidate.recorded:
            return Probe(())
        count = 1 if candidate.slow else self.effort.probes
        cases = [Case.of(example) for example in _shuffled(unit.tune, self.ctx.seed)[:count]]
        self.ctx.begin(f"{candidate.name}: latency, one at a time", len(cases))
        return self.prober(stack, folder, cases)


def sample_ids(splits: Splits, size: int, seed: int) -> frozenset[str]:
    """The ids of the common random subset of all test examples; a larger subset holds every smaller one."""
    everything = [example for unit in splits.units for example in unit.test]
    return frozenset(example.id for example in _shuffled(everything, seed)[:size])


def _shuffled(examples: Sequence[Example], seed: int) -> list[Example]:
    """In an order that depends on the seed and each example's own content, not on the order of the file."""
    keyed = sorted(examples, key=lambda example: fingerprint("order", id=example.id, text=example.text))
    random.Random(seed).shuffle(keyed)
    return keyed


def _chunks(examples: Sequence[Example], size: int) -> Iterator[Sequence[Example]]:
    for start in range(0, len(examples), size):
        yield examples[start : start + size]


def _raise_if_down(cases: Sequence[Case]) -> None:
    """A layer that is down is not an answer: nothing is journaled, a later run asks again."""
    for case in cases:
        if case.failure is Failure.LAYER_DOWN:
            raise LayerDown(case.steps[-1].reason)


def _merged(units: Sequence[Sequence[dict[str, JSON]]]) -> list[dict[str, JSON]]:
    """Forms tried, averaged over the units of cross-fitting; chosen is how often each was."""
    merged = []
    for rows in zip(*units, strict=True):
        values = [row["tune"] for row in rows if row["tune"] is not None]
        times = sum(bool(row["chosen"]) for row in rows)
        merged.append(
            {
                **rows[0],
                "tune": float(np.mean(values)) if values else None,
                "n": sum(row["n"] for row in rows),
                "chosen": times * 2 > len(rows) or (len(rows) > 1 and times == max(1, len(rows) // 2)),
                "seconds": sum(row["seconds"] for row in rows),
            }
        )
    return merged


def _settings_on_tune(candidate: Candidate) -> str:
    return f"choosing among {len(candidate.forms)} settings on tune" if len(candidate.forms) > 1 else "fitting"


def _folder_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _preview(stack: Stack) -> list[str]:
    """The first lines of a layer that people can read."""
    for stage in stack.stages:
        text = getattr(stage.layer, "text", None)
        if callable(text):
            return str(text()).splitlines()[:12]
    return []


__all__ = ["Bench", "Effort", "load_stack", "sample_ids"]
