"""Stages in order: propose, check, accept. A stack is itself a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from strati.core.context import Context
from strati.core.errors import LayerDown, StratiError
from strati.core.identity import fingerprint
from strati.core.lock import raise_if_full
from strati.core.records import JSON, Case, Example, Failure, Outcome, State
from strati.stack.calibration import Combiner
from strati.stack.contract import Adaptive, Check, Finding, Layer, Trainable
from strati.statistics.metric import wrong

Loss = Callable[[JSON, JSON], float]  # (delivered value, reference) -> loss in [0, 1]
BATCH = 1000  # cases run at once when no layer asks for fewer


@dataclass(frozen=True)
class Stage:
    """A layer, its checks, and the confidence at which its answer is delivered.

    `combiner` turns the layer's own confidence, and the features that `uses` names, into the probability of being
    right; it is fitted on tune. With `threshold` 0 every answer that no check vetoes is delivered.

    With `anew` its layer sees nothing of earlier stages, neither evidence nor steps. A rung of a composed stack begins
    so: it was measured by itself, and what is certified has to be what is run.
    """

    layer: Layer
    checks: tuple[Check, ...] = ()
    threshold: float = 0.0
    combiner: Combiner = field(default_factory=Combiner)
    uses: tuple[str, ...] = ()
    anew: bool = False

    @property
    def name(self) -> str:
        return self.layer.name

    def fingerprint(self) -> str:
        return fingerprint(
            "stage.v1",
            layer=self.layer.fingerprint(),
            checks=[check.fingerprint() for check in self.checks],
            threshold=self.threshold,
            combiner=self.combiner.fingerprint(),
            uses=list(self.uses),
            **({"anew": True} if self.anew else {}),
        )

    @property
    def proposes(self) -> bool:
        """Whether its layer ever answers, or only gives evidence to later ones (a class attribute `evidence_only`)."""
        return not getattr(type(self.layer), "evidence_only", False)

    def run(self, cases: Sequence[Case], ctx: Context) -> list[Case]:
        """Propose, check and accept for open cases; same length, same order."""
        proposed = self.propose(cases, ctx)
        return [self._accept(case) for case in proposed]

    def propose(self, cases: Sequence[Case], ctx: Context) -> list[Case]:
        """What the layer proposes, after the vetoes, with the features of the checks on the answers."""
        proposed = [_settled(case) for case in self._run_layer(cases, ctx)]
        for check in self.checks:
            places = [i for i, case in enumerate(proposed) if case.state is State.ANSWERED]
            checked = _checked(check, [proposed[i] for i in places], ctx) if places else []
            for i, case in zip(places, checked, strict=True):
                proposed[i] = case
        return proposed

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:
        """The stage with its layer fitted; the combiner is fitted later, by the stack, on cases as they arrive."""
        if isinstance(self.layer, Trainable):
            return replace(self, layer=self.layer.fit(train, tune, ctx))
        return self

    def fit_cases(
        self, cases: Sequence[Case], references: Sequence[JSON], ctx: Context, loss: Loss, *, adapt: bool = True
    ) -> tuple[Self, list[Case]]:
        """The stage fitted on tune cases as they arrive at it, and those cases after it.

        Without `adapt` its layer stays as it is and only the combiner is fitted.
        """
        stage = self
        if adapt and isinstance(stage.layer, Adaptive):
            stage = replace(stage, layer=stage.layer.fit_cases(cases, ctx))
        proposed = stage.propose(cases, ctx)
        answered = [
            (case.answer, reference)
            for case, reference in zip(proposed, references, strict=True)
            if case.answer is not None
        ]
        if not answered:
            return stage, [stage._accept(case) for case in proposed]
        combiner = Combiner.fit(
            [answer for answer, _ in answered],
            [answer.features for answer, _ in answered],
            [1.0 - loss(answer.value, reference) for answer, reference in answered],
            self.uses,
        )
        stage = replace(stage, combiner=combiner)
        return stage, [stage._accept(case) for case in proposed]

    def _accept(self, case: Case) -> Case:
        if case.answer is None:
            return case
        confidence = self.combiner.confidence(case.answer, case.answer.features)
        answer = replace(case.answer, confidence=confidence, own=case.answer.confidence)
        step = replace(case.steps[-1], confidence=confidence, stage=self.name)
        case = replace(case, answer=answer, steps=(*case.steps[:-1], step))
        if confidence >= self.threshold:
            return case
        return case.reopened(Outcome.PASSED, f"confidence {confidence:.3f} is below the threshold {self.threshold:.3f}")

    def _run_layer(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        if not cases:
            return []
        if self.anew:
            alone = replace(self, anew=False)._run_layer([replace(c, evidence=(), steps=()) for c in cases], ctx)
            return [replace(new, steps=(*old.steps, *new.steps)) for old, new in zip(cases, alone, strict=True)]
        try:
            found = self.layer.run(cases, ctx)
        except LayerDown as error:
            return [case.failed(self.name, Failure.LAYER_DOWN, str(error)) for case in cases]
        except StratiError:
            raise
        except Exception as error:
            raise_if_full(error, Path(self.name))
            reason = f"{type(error).__name__}: {error}"
            return [case.failed(self.name, Failure.LAYER_ERROR, reason) for case in cases]
        if [case.id for case in found] != [case.id for case in cases]:
            raise StratiError(
                f"the layer {self.name} returned {len(found)} cases for {len(cases)}, or in another order; "
                "expected the same cases in the same order"
            )
        for old, new in zip(cases, found, strict=True):
            if (new.state is State.ANSWERED) != (new.answer is not None) or (new.answer and new.steps == old.steps):
                raise StratiError(f"the layer {self.name} gave case {new.id} an answer without its state or step")
        return found


@dataclass(frozen=True)
class Stack:
    """Stages in order. Each sees the cases that are still open; nothing delivered is reopened.

    A case ends answered, pending (a person has it, or the layer it needed is down) or withheld (no stage delivered).

    >>> from strati.stack.layers.function import Function
    >>> stack = Stack((Stage(Function(lambda text: "spam" if "win" in text else None, "win")),))
    >>> [str(case.state) for case in stack.run([Case("1", "win now"), Case("2", "hello")], Context())]
    ['answered', 'withheld']
    """

    stages: tuple[Stage, ...]
    name: str = "stack"

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError(f"the stack {self.name!r} has no stages, expected at least one")

    @classmethod
    def of(cls, *layers: Layer, name: str = "stack") -> Self:
        """A stack of plain stages, one per layer."""
        return cls(tuple(Stage(layer) for layer in layers), name)

    @property
    def batch(self) -> int:
        """How many cases it is best given at once: the smallest wish of its layers that have one."""
        return min((int(stage.layer.batch) for stage in self.stages if hasattr(stage.layer, "batch")), default=BATCH)

    def fingerprint(self) -> str:
        return fingerprint("stack.v1", stages=[stage.fingerprint() for stage in self.stages])

    def run(self, cases: Sequence[Case], ctx: Context) -> list[Case]:
        """Run open cases through the stages; same length, same order."""
        current = list(cases)
        for stage in self.stages:
            _advance(current, lambda part, stage=stage: stage.run(part, ctx))  # type: ignore[misc]
        return [_ended(case) for case in current]

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context, loss: Loss = wrong) -> Self:
        """A stack with every layer fitted on train, and every combiner on the tune cases that reach it."""
        return self.fit_and_run(train, tune, ctx, loss)[0]

    def fit_and_run(
        self, train: Sequence[Example], tune: Sequence[Example], ctx: Context, loss: Loss = wrong
    ) -> tuple[Self, list[Case]]:
        """The fitted stack, and the tune cases as it ends them."""
        return self._fit(tune, ctx, loss, lambda stage: stage.fit(train, tune, ctx), adapt=True)

    def recalibrate(self, tune: Sequence[Example], ctx: Context, loss: Loss = wrong) -> tuple[Self, list[Case]]:
        """The stack with its layers as they are and its combiners fitted on other tune rows, and those cases after it.

        With thresholds of 0 it gives the same answers as before, with another confidence.
        """
        return self._fit(tune, ctx, loss, lambda stage: stage, adapt=False)

    def _fit(
        self, tune: Sequence[Example], ctx: Context, loss: Loss, prepare: Callable[[Stage], Stage], *, adapt: bool
    ) -> tuple[Self, list[Case]]:
        references = {example.id: example.reference for example in tune}
        current = [Case.of(example) for example in tune]
        fitted: list[Stage] = []
        for stage in self.stages:
            stage = prepare(stage)

            def arrive(part: Sequence[Case], stage: Stage = stage) -> list[Case]:
                done, after = stage.fit_cases(part, [references[case.id] for case in part], ctx, loss, adapt=adapt)
                fitted.append(done)
                return after

            _advance(current, arrive)
        return replace(self, stages=tuple(fitted)), [_ended(case) for case in current]


def _advance(current: list[Case], run: Callable[[Sequence[Case]], Sequence[Case]]) -> None:
    """Replace the open cases of a list by what `run` makes of them."""
    places = [i for i, case in enumerate(current) if case.state is State.OPEN]
    for i, case in zip(places, run([current[i] for i in places]), strict=True):
        current[i] = case


def _checked(check: Check, cases: Sequence[Case], ctx: Context) -> list[Case]:
    """Answered cases after a check. What it could not look at is not delivered."""
    try:
        findings = check.run(cases, ctx)
    except LayerDown as error:
        return [_unchecked(case, check, Failure.LAYER_DOWN, str(error)) for case in cases]
    except StratiError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        return [_unchecked(case, check, Failure.LAYER_ERROR, reason) for case in cases]
    if len(findings) != len(cases):
        raise StratiError(f"the check {check.name} returned {len(findings)} findings for {len(cases)} cases")
    return [_with_finding(case, check, finding) for case, finding in zip(cases, findings, strict=True)]


def _with_finding(case: Case, check: Check, finding: Finding) -> Case:
    if finding.veto:
        return case.reopened(Outcome.VETOED, f"{check.name}: {finding.reason}")
    if not finding.features or case.answer is None:
        return case
    return replace(case, answer=replace(case.answer, features={**case.answer.features, **finding.features}))


def _unchecked(case: Case, check: Check, failure: Failure, reason: str) -> Case:
    case = case.reopened(Outcome.FAILED, f"{check.name}: {reason}")
    state = State.PENDING if failure is Failure.LAYER_DOWN else State.OPEN
    return replace(case, state=state, steps=(*case.steps[:-1], replace(case.steps[-1], failure=failure)))


def _settled(case: Case) -> Case:
    """An inner stack's withheld case is open for the next stage of the outer one."""
    return replace(case, state=State.OPEN) if case.state is State.WITHHELD else case


def _ended(case: Case) -> Case:
    return replace(case, state=State.WITHHELD) if case.state is State.OPEN else case
