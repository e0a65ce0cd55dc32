"""A layer that answers a programming task with a program: samples, tested in the sandbox, chosen by agreement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Self

from strati.code.agreement import shares
from strati.code.find import default_sandbox
from strati.code.programs import behaviour, check, inputs_for, program_in
from strati.code.samples import draw
from strati.code.sandbox import Sandbox
from strati.core.context import Context
from strati.core.errors import ModelError
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Failure, Usage
from strati.models.contract import ContextOverflow, LanguageModel, Prompt

SYSTEM = "You are a careful Python programmer. You reply with one ```python block that holds the whole program."
EXAMPLE = (
    "Find the largest even number of a list, or None where there is none.\n"
    "The program must pass these tests:\nassert largest_even([3, 8, 5, 2]) == 8\nassert largest_even([1]) is None",
    "```python\ndef largest_even(numbers):\n    return max((n for n in numbers if n % 2 == 0), default=None)\n```",
)
"""A task of ours and its answer: models that see it write shorter programs, without comments."""
INPUTS = 40


def prompt_for(task: str, tests: str = "") -> Prompt:
    """How a model is asked for a program.

    >>> prompt_for("Add two numbers.", "assert add(1, 2) == 3").user
    'Add two numbers.\\nThe program must pass these tests:\\nassert add(1, 2) == 3'
    """
    told = f"\nThe program must pass these tests:\n{tests.strip()}" if tests.strip() else ""
    return Prompt(task.strip() + told, system=SYSTEM, shots=(EXAMPLE,))


def parts(case: Case) -> tuple[str, str]:
    """The task and its public tests: the column `tests` where there is one, the other columns are the task."""
    if isinstance(case.input, str):
        return case.input, ""
    tests = case.input.get("tests", "")
    others = {name: text for name, text in case.input.items() if name != "tests"}
    if len(others) == 1:
        return next(iter(others.values())), tests
    return "\n".join(f"{name}: {text}" for name, text in others.items()), tests


@dataclass(frozen=True)
class Programmer:
    """Asks a model for programs and proposes the one that passes the public tests and agrees most with the others.

    Where none passes, the case stays open: a program that fails its tests is no answer. The confidence is the share of
    all samples that pass, times the agreement of the chosen one with them on generated inputs.

    Attributes:
        model: the language model.
        samples: how many replies are drawn; with 1 nothing is compared.
        needs_tests: whether a task without public tests stays open, too.
    """

    model: LanguageModel
    samples: int = 5
    max_tokens: int = 512
    needs_tests: bool = False
    name: str = "programs"
    sandbox: Sandbox | None = field(default=None, compare=False, repr=False)
    kind: ClassVar[str] = "programmer.v1"
    answers: ClassVar[str] = "code"
    batch: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.samples < 1:
            raise ValueError(f"samples is {self.samples}, expected at least 1")

    def settings(self) -> dict[str, JSON]:
        return {"samples": self.samples, "max_tokens": self.max_tokens, "needs_tests": self.needs_tests}

    def fingerprint(self) -> str:
        words = fingerprint("prompt", system=SYSTEM, shot=list(EXAMPLE), user=prompt_for("task", "tests").user)
        return fingerprint(self.kind, model=self.model.fingerprint(), words=words, **self.settings())

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        sandbox = self.sandbox or default_sandbox()
        done = []
        for case in cases:
            done.append(self._one(case, sandbox, ctx))
            ctx.tick(1, done[-1].steps[-1].usage)
        return done

    def _one(self, case: Case, sandbox: Sandbox, ctx: Context) -> Case:
        task, tests = parts(case)
        try:
            programs, usage = self._programs(prompt_for(task, tests), ctx)
        except ContextOverflow as error:
            return case.failed(self.name, Failure.CONTEXT_OVERFLOW, str(error), error.usage or Usage())
        except UnicodeEncodeError:
            return case.failed(self.name, Failure.LAYER_ERROR, "the text holds half of a character (a lone surrogate)")
        written = [program for program in programs if program]
        if not written:
            said = f"none of {self.samples} replies holds a Python program"
            return case.failed(self.name, Failure.UNUSABLE_REPLY, said, usage)
        if not tests and self.needs_tests:
            return case.passed(self.name, "the task has no tests, so no program can be shown to work", usage)
        passed: dict[str, str] = {}
        for program in dict.fromkeys(written):
            ctx.check()
            passed[program] = check(program, tests, sandbox).reason if tests else ""
        passing = [program for program in written if not passed[program]]
        if not passing:
            reason = next(iter(passed.values()))
            return case.passed(self.name, f"none of {self.samples} programs passes the tests: {reason}", usage)
        best, agreement = self._chosen(passing, tests, sandbox)
        share = len(passing) / self.samples
        features = {"passing": share, "agreement": agreement, "distinct": float(len(set(passing)))}
        answer = Answer(best, share * agreement, self.name, features=features)
        return case.answered(answer, usage, f"{len(passing)} of {self.samples} pass, agreement {agreement:.2f}")

    def _programs(self, prompt: Prompt, ctx: Context) -> tuple[list[str | None], Usage]:
        prompt.user.encode()
        programs: list[str | None] = []
        spent = Usage()
        for number in range(self.samples):
            ctx.check()
            text, usage = self._reply(prompt, number, ctx)
            programs.append(program_in(text))
            spent += usage
        return programs, spent

    def _reply(self, prompt: Prompt, number: int, ctx: Context) -> tuple[str, Usage]:
        asked = {
            "user": prompt.user,
            "system": prompt.system,
            "shots": prompt.shots,
            "number": number,
            "max_tokens": self.max_tokens,
        }
        key = fingerprint("program.v1", model=self.model.fingerprint(), **asked)
        if not ctx.fresh and (kept := ctx.memo.recall(key)) is not None:
            return str(kept[0]), kept[1]
        found = draw(_within(self.model, ctx), prompt, number, self.max_tokens)
        ctx.memo.remember(key, found.text, found.usage)
        return found.text, found.usage

    def _chosen(self, passing: Sequence[str], tests: str, sandbox: Sandbox) -> tuple[str, float]:
        """The program that agrees most with the others that pass, and how much."""
        if len(set(passing)) == 1:
            return passing[0], 1.0
        names = [name for name in _functions(passing[0]) if all(name in _functions(other) for other in passing)]
        inputs = inputs_for(tests, names, INPUTS)
        rows = {
            program: [output for name in inputs for output in behaviour(program, name, inputs[name], sandbox)]
            for program in dict.fromkeys(passing)
        }
        found = shares([rows[program] for program in passing])
        best = max(range(len(passing)), key=lambda at: (found[at], -at))
        return passing[best], found[best]

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {**self.settings(), "model": self.model.card.name, "model_fingerprint": self.model.fingerprint()}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        model = resources.get(settings["model"])
        if not isinstance(model, LanguageModel) or model.fingerprint() != settings["model_fingerprint"]:
            raise ModelError(f"the stack needs the model {settings['model']}, which was not found among those given")
        sizes = settings["samples"], settings["max_tokens"], settings["needs_tests"]
        return cls(model, *sizes, name=settings["name"])


def _functions(program: str) -> list[str]:
    import ast

    return [node.name for node in ast.parse(program).body if isinstance(node, ast.FunctionDef)]


def _within(model: LanguageModel, ctx: Context) -> LanguageModel:
    from strati.models.ask import Remote

    return model.within(ctx) if isinstance(model, Remote) else model
