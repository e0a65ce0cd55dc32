"""A user's own Python function as a layer."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from numbers import Real
from types import CodeType
from typing import ClassVar

from strati.core.context import Context
from strati.core.errors import LayerDown, Stopped
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Failure, Usage
from strati.stack.layers.timing import Stopwatch


@dataclass(frozen=True)
class Function:
    """Calls `function(text)`; it returns an answer, an (answer, confidence) pair, or None to pass.

    For inputs of several columns `text` is the mapping from column to text. An exception in the function is a failure
    of that case, with the exception as its reason. `source` is the hash of the file it comes from, where there is one.

    >>> layer = Function(lambda text: "refund" if "money back" in text else None, "money back")
    >>> layer.run([Case("1", "I want my money back")], Context())[0].answer.value
    'refund'
    """

    function: Callable[..., JSON]
    name: str = ""
    source: str = ""
    answers_from_train: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise TypeError(f"found {self.function!r}, expected a function of one text")
        if not self.name:
            object.__setattr__(self, "name", getattr(self.function, "__name__", type(self.function).__name__))

    def fingerprint(self) -> str:
        """From its byte code, its defaults, what it closes over, and `source`; what it calls is not seen otherwise."""
        return fingerprint("function.v1", code=_shown(self.function), source=self.source)

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        return [self._one(case, ctx) for case in cases]

    def _one(self, case: Case, ctx: Context) -> Case:
        ctx.check()
        with Stopwatch() as watch:
            try:
                found = self.function(case.input)
            except (Stopped, LayerDown):
                raise
            except (Exception, SystemExit) as error:
                found = error
        usage = Usage(seconds=watch.seconds)
        if isinstance(found, Exception | SystemExit):
            return case.failed(self.name, Failure.LAYER_ERROR, f"{type(found).__name__}: {found}", usage)
        if found is None:
            return case.passed(self.name, "the function had no answer", usage)
        wrong = _unusable(found)
        if wrong:
            return case.failed(self.name, Failure.UNUSABLE_REPLY, f"the function gave {wrong}", usage)
        value, confidence = found if isinstance(found, tuple) else (found, None)
        return case.answered(Answer(value, None if confidence is None else float(confidence), self.name), usage)


def _unusable(found: object) -> str:
    """What is wrong with what the function gave; "" when nothing is."""
    if isinstance(found, tuple) and len(found) != 2:
        return f"a tuple of {len(found)}, expected (answer, confidence)"
    value, confidence = found if isinstance(found, tuple) else (found, None)
    if confidence is not None and not (isinstance(confidence, Real) and 0 <= float(confidence) <= 1):
        return f"a confidence of {confidence!r}, expected a number from 0 to 1"
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return f"a {type(value).__name__}, expected text or another JSON value"
    return ""


def _shown(part: object) -> JSON:
    """A function as JSON, the same in every process."""
    if isinstance(part, partial):
        return ["partial", _shown(part.func), _shown(part.args), _shown(part.keywords)]
    if inspect.isfunction(part):
        inside = list(inspect.getclosurevars(part).nonlocals.values())
        cells = [_byte_code(found.__code__) if inspect.isfunction(found) else _shown(found) for found in inside]
        return [_byte_code(part.__code__), _shown(part.__defaults__), _shown(part.__kwdefaults__), cells]
    if isinstance(part, CodeType):
        return _byte_code(part)
    if isinstance(part, tuple | list):
        return [_shown(item) for item in part]
    if isinstance(part, Mapping):
        return [[str(key), _shown(item)] for key, item in part.items()]
    if isinstance(part, set | frozenset):
        return sorted(json.dumps(_shown(item)) for item in part)
    if part is None or isinstance(part, str | bytes | int | float | complex | bool):
        return repr(part)
    named = part if hasattr(part, "__qualname__") else type(part)
    return f"{getattr(named, '__module__', '')}.{getattr(named, '__qualname__', '')}"


def _byte_code(code: CodeType) -> JSON:
    return [code.co_code.hex(), list(code.co_names), [_shown(constant) for constant in code.co_consts]]
