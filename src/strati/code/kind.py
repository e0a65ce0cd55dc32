"""The kind `code`: a program for each task, right when the hidden tests pass."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from strati.code.find import default_sandbox
from strati.code.programs import Checked, check, program_in
from strati.core.errors import TaskError
from strati.core.records import JSON
from strati.statistics.metric import Metric, Share
from strati.task.kind import NOTHING, BadRow, Resources, Space, Unusable

if TYPE_CHECKING:
    from strati.data.doctor.finding import DataFinding
    from strati.data.doctor.look import Look
    from strati.stack.candidate import Candidate
    from strati.task.task import Task

SAMPLES = 5


class CodeKind:
    """Programs in Python. The input is a task with its public tests; the reference is the hidden tests.

    A delivered program is right when it passes every hidden test, run in the sandbox.

    >>> CodeKind().reference({"hidden": ["assert f(1) == 2", "assert f(0) == 1"]})
    'assert f(1) == 2\\nassert f(0) == 1'
    """

    name = "code"
    metrics = ("works",)
    inputs = ("task", "prompt", "text")
    further_inputs = ("tests",)
    references = ("hidden", "hidden_tests")
    scored_once = True

    def reference(self, cells: Mapping[str, object]) -> JSON:
        found = [value for name in self.references if (value := cells.get(name)) is not None]
        if not found:
            return None
        parts = found[0] if isinstance(found[0], list) else [found[0]]
        texts = [part for part in parts if isinstance(part, str)]
        if len(texts) < len(parts):
            raise BadRow(f"the hidden tests are {type(found[0]).__name__}, expected text or a list of texts")
        text = "\n".join(texts)
        if not text.strip():
            return None
        try:
            ast.parse(text)
        except (SyntaxError, ValueError) as error:
            raise BadRow(f"the hidden tests are no valid Python: {error}") from None
        return text

    def space(self, task: Task, seen: Iterable[JSON]) -> Space:  # noqa: ARG002
        return Space()

    def stratum(self, reference: JSON) -> str:  # noqa: ARG002
        return "task"

    def metric(self, name: str, space: Space, resources: Resources = NOTHING) -> Metric:  # noqa: ARG002
        if name not in self.metrics:
            raise TaskError(f"the metric is {name!r}, expected one of: {', '.join(self.metrics)}")
        return Share("works", loss, show=self.show)

    def same(self, a: JSON, b: JSON) -> bool:
        """The same program, but for layout and comments."""
        return bool(a == b or _tree(str(a)) == _tree(str(b)))

    def read(self, text: str, space: Space) -> JSON:  # noqa: ARG002
        program = program_in(text)
        if program is None:
            raise Unusable("the reply holds no Python program, expected one in a ``` block")
        return program

    def show(self, value: JSON) -> str:
        lines = str(value).strip().splitlines()
        more = f" ... {len(lines)} lines" if len(lines) > 1 else ""
        named = next((line for line in lines if line.startswith(("def ", "class "))), lines[0] if lines else "")
        return f"{named[:100]}{more}"

    def ladder(self, task: Task, space: Space, resources: Resources) -> list[Candidate]:  # noqa: ARG002
        from strati.code.layer import Programmer
        from strati.stack.candidate import Candidate

        if not resources.models:
            raise TaskError("the kind code needs a language model, found none: strati models pull NAME, or --model")
        rungs = []
        for model in resources.models:
            for samples, words in ((1, "one reply"), (SAMPLES, f"best of {SAMPLES}")):
                name = f"{model.card.name} {words}"
                rungs.append(Candidate.of(Programmer(model, samples, name=name), name))
        return rungs

    def checks(self) -> Sequence[Callable[[Look], Iterable[DataFinding]]]:
        return ()


def loss(value: JSON, reference: JSON) -> float:
    """0 when a program passes the hidden tests, else 1."""
    return 0.0 if _checked(str(value), str(reference)).passed else 1.0


@lru_cache(maxsize=4096)
def _checked(program: str, tests: str) -> Checked:
    return check(program, tests, default_sandbox())


def _tree(program: str) -> str:
    try:
        return ast.dump(ast.parse(program))
    except (SyntaxError, ValueError):
        return program
