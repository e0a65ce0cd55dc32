"""Candidates x examples -> journaled answers. Decides nothing, draws nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from strati.candidate import Candidate
from strati.choosing import Chosen, Tuner, merged_forms, raise_if_down
from strati.context import Context, VectorCache
from strati.contract import Saveable
from strati.dataset import Splits, Unit
from strati.effort import Effort, sample_ids, shuffled
from strati.errors import StackError, Stopped, StratiError
from strati.folder import save_stack, stack_folder_name
from strati.journal import Journal
from strati.metrics import Metric
from strati.probe import Probe, Prober, probe_here
from strati.records import JSON, Case, Example, Usage
from strati.stack import Stack


class Bench:
    """Measures candidates one after the other; what is in the journal already is not done again."""

    def __init__(
        self,
        splits: Splits,
        metric: Metric,
        journal: Journal,
        ctx: Context,
        effort: Effort | None = None,
        stacks: Path | None = None,
        prober: Prober = probe_here,
    ) -> None:
        self.splits = splits
        self.metric = metric
        self.journal = journal
        vectors = VectorCache()
        self.fitting = replace(ctx, vectors=vectors)
        self.ctx = replace(ctx, vectors=vectors, fresh=True)
        self.effort = effort or Effort()
        self.stacks = stacks
        self.prober = prober
        self.fitted: dict[tuple[str, str], Stack] = {}  # by candidate and unit: what studies ask further

    def run(self, candidates: Sequence[Candidate]) -> None:
        """Measure all candidates. One that fails is recorded as failed, the others go on; `Stopped` ends the run."""
        folders = stack_folder_name([candidate.name for candidate in candidates])
        for position, (candidate, folder) in enumerate(zip(candidates, folders, strict=True)):
            known = self.journal.candidates().get(candidate.name)
            if known and known["status"] in ("measured", "recorded") and known["candidate"] == candidate.fingerprint():
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
        tuner = Tuner(self.metric, self.fitting, self.effort, len(self.splits.units))
        fits: list[Chosen] = []
        probe, saved = Probe(()), False
        for unit in self.splits.units:
            chosen = tuner.choose(candidate, unit)
            self.journal.write_answers(candidate.name, f"tune/{unit.name}", chosen.cases)
            if not fits:
                saved = self._save(chosen.stack, folder)
                probe = self._probe(candidate, chosen.stack, folder if saved else None, unit)
            fits.append(chosen)
            self.fitted[candidate.name, unit.name] = chosen.stack
            self._answer(chosen.stack, candidate.name, "test", self._sampled(candidate, unit.test))
        stack, forms, refit = fits[0].stack, merged_forms([fit.forms for fit in fits]), None
        if self.splits.method == "published" and candidate.learns and not candidate.slow:
            refit = self._refit(stack, candidate.name)
        size = _folder_bytes(self.stacks / folder) if saved and self.stacks else 0
        return {
            "settings": next(form["settings"] for form in forms if form["chosen"]),
            "forms": forms,
            "fit_seconds": float(np.mean([fit.seconds for fit in fits])),
            "latency": list(probe.warm),
            "cold": probe.cold,
            "memory": probe.memory,
            "stack_bytes": size,
            "stack": folder if saved else None,
            "fingerprint": stack.fingerprint(),
            "preview": _preview(stack),
            "refit_rows": refit,
        }

    def _sampled(self, candidate: Candidate, test: Sequence[Example]) -> Sequence[Example]:
        """All test examples, or the common random subset for a slow candidate, in the subset's own order."""
        if not candidate.slow:
            return test
        chosen = sample_ids(self.splits, self.effort.sample, self.ctx.seed)
        return [example for example in shuffled(test, self.ctx.seed) if example.id in chosen]

    def _answer(
        self, stack: Stack, name: str, split: str, examples: Sequence[Example], ctx: Context | None = None
    ) -> None:
        done = self.journal.answered(name, split)
        todo = [example for example in examples if example.id not in done]
        self.ctx.begin(f"{name}: {split}", len(examples))
        self.ctx.advance(len(examples) - len(todo), Usage())
        for chunk in _chunks(todo, stack.batch):
            self.ctx.check()
            cases = stack.run([Case.of(example) for example in chunk], ctx or self.ctx)
            raise_if_down(cases)
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
        cases = [Case.of(example) for example in shuffled(unit.tune, self.ctx.seed)[:count]]
        self.ctx.begin(f"{candidate.name}: latency, one at a time", len(cases))
        return self.prober(stack, folder, cases)


def _chunks(examples: Sequence[Example], size: int) -> Iterator[Sequence[Example]]:
    for start in range(0, len(examples), size):
        yield examples[start : start + size]


def _folder_bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _preview(stack: Stack) -> list[str]:
    """The first lines of a layer that people can read."""
    for stage in stack.stages:
        text = getattr(stage.layer, "text", None)
        if callable(text):
            return str(text()).splitlines()[:12]
    return []
