"""A user's own Python function as a layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from strati.context import Context
from strati.errors import LayerDown, Stopped
from strati.identity import fingerprint
from strati.layers.timing import Stopwatch
from strati.records import JSON, Answer, Case, Failure, Usage


@dataclass(frozen=True)
class Function:
    """Calls `function(text)`; it returns an answer, an (answer, confidence) pair, or None to pass.

    For inputs of several columns `text` is the mapping from column to text. An exception in the function is a failure
    of that case, with the exception as its reason.

    >>> layer = Function(lambda text: "refund" if "money back" in text else None, "money back")
    >>> layer.run([Case("1", "I want my money back")], Context())[0].answer.value
    'refund'
    """

    function: Callable[..., JSON]
    name: str = ""

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"found {self.function!r}, expected a function of one text")
        if not self.name:
            object.__setattr__(self, "name", getattr(self.function, "__name__", type(self.function).__name__))

    def fingerprint(self) -> str:
        """From the function's source where Python can show it, else from its byte code: what it calls is not seen."""
        try:
            code = inspect.getsource(self.function)
        except (OSError, TypeError):
            code = getattr(
                getattr(self.function, "__code__", None), "co_code", repr(type(self.function)).encode()
            ).hex()
        return fingerprint("function.v1", code=code)

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        return [self._one(case, ctx) for case in cases]

    def _one(self, case: Case, ctx: Context) -> Case:
        ctx.check()
        with Stopwatch() as watch:
            try:
                found = self.function(case.input)
            except (Stopped, LayerDown):
                raise
            except Exception as error:
                found = error
        usage = Usage(seconds=watch.seconds)
        if isinstance(found, Exception):
            return case.failed(self.name, Failure.LAYER_ERROR, f"{type(found).__name__}: {found}", usage)
        if found is None:
            return case.passed(self.name, "the function had no answer", usage)
        value, confidence = found if isinstance(found, tuple) else (found, None)
        if confidence is not None and not 0 <= confidence <= 1:
            reason = f"the function gave a confidence of {confidence}, expected a number from 0 to 1"
            return case.failed(self.name, Failure.UNUSABLE_REPLY, reason, usage)
        return case.answered(Answer(value, None if confidence is None else float(confidence), self.name), usage)
