"""From a task to one proposed change: sample, test, repair once, rank. Nothing on disk is touched here."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from strati.code.agreement import Difference, Output, Probe, difference, outputs, shares
from strati.code.change import Change, change_of
from strati.code.edits import Malformed, read
from strati.code.inputs import MOST, more, seeds
from strati.code.judge import Expected, TestRun, expected, run_tests
from strati.code.project import Project
from strati.code.samples import MAX_TOKENS, draw, first_prompt, repair_prompt
from strati.code.sandbox import Limits, Sandbox
from strati.core.errors import DataError, Stopped, StratiError
from strati.core.records import Usage
from strati.models.contract import ContextOverflow, LanguageModel, Prompt

REPAIRS = 3
"""Failed attempts that are repaired, at most, where none passes."""


class Status(StrEnum):
    """What can be said of the best attempt."""

    PASSES = "passes"
    UNTESTED = "untested"
    NONE_PASSES = "none passes"
    NO_CHANGE = "no usable reply"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One reply and what came of it.

    Attributes:
        number: counted from 1.
        reply: the model's words.
        change: the change it makes; None where it is malformed.
        problem: why it is no change, or what it is not delivered for.
        run: its tests; None where there are none, or no change.
        passes: whether every test passed.
        agreement: the mean share of passing attempts that behave the same on the inputs; None where not measured.
        repaired: the number of the attempt that this one corrects.
        usage: what the reply took.
    """

    number: int
    reply: str
    change: Change | None
    problem: str = ""
    run: TestRun | None = None
    passes: bool = False
    agreement: float | None = None
    repaired: int | None = None
    usage: Usage = field(default_factory=Usage)

    @property
    def passed(self) -> int:
        return self.run.passed if self.run else 0


@dataclass(frozen=True, slots=True)
class Solution:
    """The best attempt, the others, and how sure one may be.

    `inputs` counts the inputs on which attempts were compared, `compared` the attempts; `differs` is an input on which
    others that pass all tests do something else: a test that is missing.
    """

    status: Status
    best: Attempt | None
    attempts: tuple[Attempt, ...]
    before: TestRun | None
    inputs: int = 0
    compared: int = 0
    differs: Difference | None = None

    @property
    def usage(self) -> Usage:
        return sum((attempt.usage for attempt in self.attempts), Usage())


def solve(
    project: Project,
    task: str,
    sandbox: Sandbox,
    model: LanguageModel | None = None,
    *,
    replies: Sequence[str] = (),
    samples: int = 8,
    limits: Limits | None = None,
    max_tokens: int = MAX_TOKENS,
    told: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Solution:
    """Ask for a change, test each reply shut away, and choose.

    Args:
        project: the files that may change and the tests.
        task: what is wanted, in words.
        sandbox: where programs run.
        model: who is asked; None where `replies` are given.
        replies: replies from elsewhere, used before the model's.
        samples: how many replies the model gives.
        limits: of each run in the sandbox.
        max_tokens: of each reply.
        told: called with what is being done, how much is done and of how much.
    """
    bounds = limits or Limits()
    return _Solving(project, task, sandbox, model, bounds, max_tokens, told).solve(replies, samples if model else 0)


class _Solving:
    def __init__(
        self,
        project: Project,
        task: str,
        sandbox: Sandbox,
        model: LanguageModel | None,
        limits: Limits,
        max_tokens: int,
        told: Callable[[str, int, int], None],
    ) -> None:
        self.project, self.task, self.sandbox, self.model = project, task, sandbox, model
        self.limits, self.max_tokens, self.told = limits, max_tokens, told
        self.tests = [(path, _text(project, path)) for path in project.tests]
        self.known: dict[str, TestRun] = {}
        self.expected = Expected(frozenset())

    def solve(self, replies: Sequence[str], samples: int) -> Solution:
        before = run_tests(self.project, {}, self.sandbox, self.limits) if self.tests else None
        self.expected = expected(self.project, before)
        attempts = [self._attempt(number, reply, Usage()) for number, reply in enumerate(replies, 1)]
        prompt = first_prompt(self.project, self.task, self.tests)
        for number in range(samples):
            self.told("asking", number, samples)
            try:
                attempts.append(self._asked(prompt, number, len(attempts) + 1))
            except Stopped:  # the money or the time is spent: what there is is judged
                if not attempts:
                    raise
                break
        self.told("asking", samples, samples)
        if self.tests and self.model and not any(attempt.passes for attempt in attempts):
            attempts += self._repaired(prompt, attempts)
        return self._ranked(attempts, before)

    def _asked(self, prompt: Prompt, sample: int, number: int, repaired: int | None = None) -> Attempt:
        assert self.model is not None
        try:
            found = draw(self.model, prompt, sample, self.max_tokens)
        except ContextOverflow as error:
            raise DataError(f"the files do not fit the model: {error}; expected smaller files, or fewer") from None
        if not found.finished:
            problem = f"the reply was cut off after {self.max_tokens} tokens"
            return Attempt(number, found.text, None, problem, repaired=repaired, usage=found.usage)
        return self._attempt(number, found.text, found.usage, repaired)

    def _attempt(self, number: int, reply: str, usage: Usage, repaired: int | None = None) -> Attempt:
        try:
            reading = read(reply, self.project)
            change = change_of(self.project, reading.texts)
        except (Malformed, DataError) as reason:
            return Attempt(number, reply, None, str(reason), repaired=repaired, usage=usage)
        attempt = Attempt(number, reply, change, repaired=repaired, usage=usage)
        if not self.tests:
            return attempt
        if change.hash not in self.known:
            self.known[change.hash] = run_tests(self.project, after(change), self.sandbox, self.limits)
        run = self.known[change.hash]
        passes = self.expected.met(run)
        return replace(attempt, run=run, passes=passes, problem="" if passes else _why(run, self.expected))

    def _repaired(self, prompt: Prompt, attempts: Sequence[Attempt]) -> list[Attempt]:
        """One more try for the best attempts that differ."""
        chosen: dict[str, Attempt] = {}
        for attempt in sorted(attempts, key=lambda attempt: -attempt.passed):
            key = attempt.change.hash if attempt.change else attempt.reply
            if len(chosen) < REPAIRS:
                chosen.setdefault(key, attempt)
        found: list[Attempt] = []
        for done, attempt in enumerate(chosen.values()):
            self.told("repairing", done, len(chosen))
            again = repair_prompt(prompt, attempt.reply, _failure(attempt))
            try:
                made = self._asked(again, 0, len(attempts) + len(found) + 1, attempt.number)
            except StratiError:  # the longer prompt does not fit: the attempt stays as it is
                continue
            found.append(made)
            if made.passes:
                break
        self.told("repairing", len(chosen), len(chosen))
        return found

    def _ranked(self, attempts: list[Attempt], before: TestRun | None) -> Solution:
        """The best first: by tests passed, then by agreement, then by the smaller change."""
        usable = [attempt for attempt in attempts if attempt.change is not None]
        if not usable:
            return Solution(Status.NO_CHANGE, None, tuple(attempts), before)
        rivals = [attempt for attempt in usable if attempt.passes or not self.tests]
        probes = self._probes(rivals)
        self.told("comparing", 0, 1)
        rows = self._outputs(rivals, probes) if probes and len(rivals) > 1 else []
        if rows:
            for attempt, share in zip(rivals, shares(rows), strict=True):
                attempts[attempt.number - 1] = replace(attempt, agreement=share)
        self.told("comparing", 1, 1)
        ranked = sorted((attempts[attempt.number - 1] for attempt in usable), key=_rank)
        best = ranked[0]
        status = Status.UNTESTED if not self.tests else Status.PASSES if best.passes else Status.NONE_PASSES
        differs = None
        if rows and status is not Status.NONE_PASSES:
            numbers = [attempt.number for attempt in rivals]
            others = [row for number, row in zip(numbers, rows, strict=True) if number != best.number]
            differs = difference(rows[numbers.index(best.number)], others, probes)
        compared = len(rows)
        return Solution(status, best, tuple(attempts), before, len(probes) if rows else 0, compared, differs)

    def _probes(self, rivals: Sequence[Attempt]) -> list[Probe]:
        """Inputs for the functions that rivals change, made from calls in the tests, the files and the task."""
        places: dict[str, str] = {}
        for attempt in rivals:
            assert attempt.change is not None
            for file in attempt.change.files:
                if file.path.endswith(".py") and file.after:
                    places |= dict.fromkeys(_functions(file.after), file.path)
        sources = [text for _, text in self.tests] + [named.text for named in self.project.files] + [self.task]
        found = seeds(sources, places)
        each = max(1, MOST // max(1, len(found)))
        return [Probe(places[name], name, repr(inputs)) for name in found for inputs in more(found[name], each)]

    def _outputs(self, rivals: Sequence[Attempt], probes: Sequence[Probe]) -> list[tuple[Output, ...]]:
        known: dict[str, tuple[Output, ...]] = {}
        for attempt in rivals:
            assert attempt.change is not None
            if attempt.change.hash not in known:
                changed = after(attempt.change)
                known[attempt.change.hash] = outputs(self.project, changed, probes, self.sandbox, self.limits)
        return [known[attempt.change.hash] for attempt in rivals if attempt.change is not None]


def after(change: Change) -> Mapping[str, bytes]:
    """The bytes of each changed file after a change."""
    return {file.path: file.after for file in change.files if file.after is not None}


def _rank(attempt: Attempt) -> tuple[bool, int, float, int, int]:
    lines = attempt.change.lines if attempt.change else 0
    return not attempt.passes, -attempt.passed, -(attempt.agreement or 0.0), lines, attempt.number


def _why(run: TestRun, wanted: Expected) -> str:
    if run.problem:
        return run.problem
    if run.failed:
        return f"{len(run.failed)} of {len(run.results)} tests fail"
    if not run.passed:
        return "no test was run"
    return "tests were skipped or are gone, expected all of them to run" if wanted.names else "not all tests passed"


def _failure(attempt: Attempt) -> str:
    if attempt.run is None:
        return attempt.problem
    texts = [f"{result.id}: {result.text}" for result in attempt.run.failed[:3]]
    return "\n".join(texts) or attempt.problem


def _functions(content: bytes) -> list[str]:
    tree = ast.parse(content)
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def _text(project: Project, path: str) -> str:
    try:
        return (project.folder / path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as text: {error}") from None
