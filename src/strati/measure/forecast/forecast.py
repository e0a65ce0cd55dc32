"""What a benchmark will ask, pay and take, before anything is spent: one forecast per candidate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

from strati.core.context import Context, VectorCache
from strati.core.errors import Stopped
from strati.core.records import Case, Example, Usage
from strati.data import Splits, Unit
from strati.measure.effort import Effort, sampled, shuffled, spread
from strati.measure.forecast.dry_run import Rehearsal
from strati.measure.forecast.pace import Pace
from strati.measure.journal import Journal
from strati.measure.race.halving import rounds_of
from strati.measure.race.racing import no_race, race_rows, rows_to_look
from strati.measure.race.sizing import likely_size
from strati.measure.tune import Tuner
from strati.models.ask import Quote
from strati.stack.candidate import Candidate
from strati.stack.models_of import all_in_reach, held_models
from strati.stack.stack import BATCH, Stack
from strati.statistics.metric import Metric
from strati.task.task import Goal

Calls = dict[str, Quote]
UNCOUNTED = "its own code keeps a language model out of reach: what it would ask cannot be counted beforehand"
REHEARSED = 2000  # training rows used when no reply is known yet: the number of calls does not depend on them


@dataclass(frozen=True, slots=True)
class RungForecast:
    """What measuring one candidate is expected to take from here on; what the journal has costs nothing again.

    Attributes:
        calls: requests to language models, the mean over the forms that may be chosen on tune; for a rung that stays in
            the race to the end (one that is retired asks less), its forms to the last round of choosing.
        dollars, most: expected, and at most: the dearest form, every reply as long as it may be; without retries.
        seconds: expected wall time; None where it could not be told.
        basis: where `seconds` comes from, in words.
        soonest: about which part of all that, between 0 and 1, the rung takes at least: its forms answer the first
            rows, and it races to the first look. 1 where it does not race, or has begun.
        done: measured already.
        problem: why the candidate could not be rehearsed; then it will fail as well.
    """

    name: str
    calls: int = 0
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    dollars: float = 0.0
    most: float = 0.0
    seconds: float | None = 0.0
    basis: str = ""
    soonest: float = 1.0
    done: bool = False
    problem: str | None = None

    def more(self, calls: int) -> RungForecast:
        """With further calls like those foreseen: second answers, twins."""
        if not calls or not self.calls:
            return self
        grown = (self.calls + calls) / self.calls
        return replace(
            self,
            calls=self.calls + calls,
            tokens_in=round(self.tokens_in * grown),
            tokens_cached=round(self.tokens_cached * grown),
            tokens_out=round(self.tokens_out * grown),
            dollars=self.dollars * grown,
            most=self.most * grown,
            seconds=None if self.seconds is None else self.seconds * grown,
        )


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecasts of all candidates of a run, in ladder order, and the dollars that the run has spent already."""

    run: str
    rungs: tuple[RungForecast, ...]
    spent: float = 0.0

    @property
    def calls(self) -> int:
        return sum(rung.calls for rung in self.rungs)

    @property
    def dollars(self) -> float:
        """Expected for the whole run, what is spent already included."""
        return self.spent + sum(rung.dollars for rung in self.rungs)

    @property
    def most(self) -> float:
        """At most for the whole run, what is spent already included."""
        return self.spent + sum(rung.most for rung in self.rungs)

    @property
    def seconds(self) -> float:
        """Expected from here on, of the rungs whose time could be told."""
        return sum(rung.seconds or 0.0 for rung in self.rungs)

    @property
    def soonest(self) -> tuple[int, float]:
        """Calls and seconds from here on, should every rung that races be retired as soon as possible."""
        calls = sum(round(rung.calls * rung.soonest) for rung in self.rungs)
        return calls, sum((rung.seconds or 0.0) * rung.soonest for rung in self.rungs)


@dataclass(frozen=True)
class Forecaster:
    """Rehearses candidates, in ladder order: what an earlier one is sure to ask is remembered by then.

    Asks no model that costs money; one that runs here is timed on two questions.

    Args:
        splits, metric, effort: of the run.
        ctx: its seed, cancellation and progress.
        journal: of the run if it has begun.
        pace: how long things take.
        goal: its margin and alpha say how many test examples slow rungs are likely to answer.
    """

    splits: Splits
    metric: Metric
    effort: Effort
    ctx: Context
    journal: Journal | None = None
    pace: Pace = field(default_factory=Pace)
    goal: Goal = field(default_factory=Goal)
    asked: set[str] = field(default_factory=set)

    def rung(self, candidate: Candidate) -> RungForecast:
        """The forecast for one candidate."""
        known = None if self.journal is None else self.journal.candidates().get(candidate.name)
        if known is not None and known.complete and known.candidate == candidate.fingerprint():
            return RungForecast(candidate.name, basis="measured already", done=True)
        if candidate.recorded:
            return RungForecast(candidate.name, basis="recorded")
        if not all(all_in_reach(form.stack) for form in candidate.forms):
            return RungForecast(candidate.name, seconds=None, problem=UNCOUNTED)
        self.ctx.begin(f"{candidate.name}: planning", 0)
        rehearsal = Rehearsal(self.journal)
        try:
            start = perf_counter()
            hypotheses = self._calls(candidate, rehearsal) if _asks(candidate) else [{}]
            own = perf_counter() - start
            hypotheses = [{key: calls[key] for key in calls if key not in self.asked} for calls in hypotheses]
            self.asked.update(set.intersection(*map(set, hypotheses)))
            seconds, basis = self.pace.of(candidate, hypotheses, rehearsal, self.splits, self.effort, self.ctx)
        except Stopped:
            raise
        except Exception as error:  # a layer of the user's own: it will fail in the run as well, and be recorded there
            return RungForecast(candidate.name, seconds=None, problem=f"{type(error).__name__}: {error}")
        usages = [sum((quote.usage for quote in calls.values()), Usage()) for calls in hypotheses]
        return RungForecast(
            candidate.name,
            _mean(usage.calls for usage in usages),
            _mean(usage.tokens_in for usage in usages),
            _mean(usage.tokens_cached for usage in usages),
            _mean(usage.tokens_out for usage in usages),
            sum(usage.dollars for usage in usages) / len(usages),
            max(sum(quote.most for quote in calls.values()) for calls in hypotheses),
            None if seconds is None else own + seconds,
            basis,
            1.0 if known else self._soonest(candidate),
        )

    def _calls(self, candidate: Candidate, rehearsal: Rehearsal) -> list[Calls]:
        """The distinct calls still to be made, once for each form that may be chosen in all units."""
        found: list[Calls] = [{} for _ in candidate.forms]
        stacks = [rehearsal.stack(form.stack) for form in candidate.forms]
        ctx = replace(self.ctx, memo=rehearsal, vectors=VectorCache(), begin=lambda what, total: None)
        tuner = Tuner(self.metric, ctx, self.effort, len(self.splits.units))
        for unit in self.splits.units:
            train = unit.train if self.journal is not None else spread(unit.train, REHEARSED)
            tune = shuffled(unit.tune, ctx.seed)
            first = tune[: tuner.rows(candidate, choosing=True)]
            more = tune[: tuner.rows(candidate, choosing=False)]
            if self._races(candidate):
                _, sizes = rounds_of(candidate.forms, min(len(tune), self.effort.form_rows))
                first = tune[: sizes[-1]]
                more = [*first, *tune[self.effort.form_rows :][: race_rows(len(tune), self.effort)]]
            asked = rehearsal.phase()
            fits = [stack.fit_and_run(train, first, ctx) for stack in stacks]
            possible: Sequence[int] = range(len(stacks))
            if not asked:  # every reply is known, and so is the choice
                values = [tuner.value(cases, first) or 0.0 for _, cases in fits]
                possible = [max(possible, key=lambda number: (values[number], -number))]
            rests: dict[int, Calls] = {}
            for number in possible:
                rests[number] = rehearsal.phase()
                fitted = fits[number][0]
                if len(more) > len(first):
                    fitted, _ = stacks[number].fit_and_run(train, more, ctx)
                self._answer(candidate, fitted, unit, ctx)
            for number, calls in enumerate(found):
                calls |= asked | rests.get(number, rests[possible[0]])
        return found

    @property
    def sample(self) -> int:
        """Examples that a slow rung answers: as the user says, as settled by the run, or as many as usually tell."""
        settled = None if self.journal is None else self.journal.read("sizes")
        most = sum(len(unit.test) for unit in self.splits.units)
        return self.effort.sample or (settled["sample"] if settled else likely_size(self.goal, most))

    def _races(self, candidate: Candidate) -> bool:
        return candidate.slow and no_race(self.splits, self.metric, self.effort) is None

    def _soonest(self, candidate: Candidate) -> float:
        """The least part of its questions that a rung is asked before it can be retired; 1 where it does not race."""
        if not self._races(candidate):
            return 1.0
        tune = len(self.splits.units[0].tune)
        racing, look = race_rows(tune, self.effort), rows_to_look(candidate.forms[0].stack)
        different, sizes = rounds_of(candidate.forms, min(tune, self.effort.form_rows))
        rest = self.sample + (min(self.sample, len(self.splits.calibrate)) if self.effort.calibrate else 0)
        return (different * sizes[0] + min(look, racing)) / (different * sizes[-1] + racing + rest)

    def _answer(self, candidate: Candidate, fitted: Stack, unit: Unit, ctx: Context) -> None:
        """Give the answers that the candidate would give in this unit."""
        test = sampled(self.splits, unit.test, self.sample, ctx.seed) if candidate.slow else unit.test
        _run(fitted, test, ctx)
        if self.effort.calibrate and candidate.slow:
            _run(fitted, shuffled(self.splits.calibrate, ctx.seed)[: self.sample], ctx)
        if self.splits.method == "published" and candidate.learns and not candidate.slow:
            train = [*unit.train, *unit.tune, *self.splits.calibrate]
            _run(fitted.fit_and_run(train, (), ctx)[0], unit.test, ctx)


def _asks(candidate: Candidate) -> bool:
    return any(held_models(form.stack) for form in candidate.forms)


def _run(stack: Stack, examples: Sequence[Example], ctx: Context) -> None:
    for start in range(0, len(examples), BATCH):
        ctx.check()
        stack.run([Case.of(example) for example in examples[start : start + BATCH]], ctx)


def _mean(values: Iterable[int]) -> int:
    numbers = list(values)
    return round(sum(numbers) / len(numbers))
