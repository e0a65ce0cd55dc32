"""How programs behave: their outputs on the same inputs, and how far they agree."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from strati.code import driver
from strati.code.judge import run_driver
from strati.code.project import Project
from strati.code.sandbox import Limits, Sandbox

SECONDS_EACH = 1.0
Output = tuple[str, str]
"""("value", the value shown), ("error", the exception's name) or ("time", "")."""
_NONE: Output = ("none", "")


@dataclass(frozen=True, slots=True)
class Probe:
    """A function in a file, and an input for it as literal text."""

    file: str
    function: str
    input: str

    @property
    def call(self) -> str:
        """As a person would write it."""
        inner = self.input.removesuffix(",)").removesuffix(")").removeprefix("(")
        return f"{self.function}({inner})"


@dataclass(frozen=True, slots=True)
class Difference:
    """An input on which programs that pass all tests do different things."""

    call: str
    here: str
    there: str
    others: int


def outputs(
    project: Project, changed: Mapping[str, bytes], probes: Sequence[Probe], sandbox: Sandbox, limits: Limits
) -> tuple[Output, ...]:
    """What a version of the project gives on each probe; ("none", "") where it came to no end."""
    found = dict.fromkeys(range(len(probes)), _NONE)
    places: dict[tuple[str, str], list[int]] = {}
    for at, probe in enumerate(probes):
        places.setdefault((probe.file, probe.function), []).append(at)
    for (file, function), numbers in places.items():
        inputs = [probes[at].input for at in numbers]
        job = driver.job("calls", file=file, function=function, inputs=inputs, seconds_each=SECONDS_EACH)
        _, lines = run_driver(project, changed, sandbox, limits, job)
        for line in lines:
            number = line.get("input")
            if isinstance(number, int) and 0 <= number < len(numbers):
                found[numbers[number]] = (str(line.get("kind")), str(line.get("value")))
    return tuple(found.values())


def shares(all_outputs: Sequence[Sequence[Output]]) -> list[float]:
    """For each program, the mean share of programs (itself counted) that give the same output, over the inputs.

    >>> shares([[("value", "1")], [("value", "1")], [("value", "2")]])
    [0.6666666666666666, 0.6666666666666666, 0.3333333333333333]
    """
    if not all_outputs or not all_outputs[0]:
        return [1.0 for _ in all_outputs]
    rows = [[loose(output) for output in row] for row in all_outputs]
    counts = [Counter(column) for column in zip(*rows, strict=True)]
    whole = len(rows) * len(counts)
    return [sum(count[output] for count, output in zip(counts, row, strict=True)) / whole for row in rows]


def difference(
    chosen: Sequence[Output], others: Sequence[Sequence[Output]], probes: Sequence[Probe]
) -> Difference | None:
    """The probe on which most of the others do something else than the chosen one; None where all agree."""
    best: tuple[int, int] = (0, 0)
    for at in range(len(probes)):
        apart = sum(loose(row[at]) != loose(chosen[at]) for row in others)
        best = max(best, (apart, -at))
    apart, at = best[0], -best[1]
    if not apart:
        return None
    there = Counter(row[at] for row in others if loose(row[at]) != loose(chosen[at])).most_common(1)[0][0]
    return Difference(probes[at].call, told(chosen[at]), told(there), apart)


def loose(output: Output) -> Output:
    """An output so that values that Python holds equal are equal: 1, 1.0 and True.

    >>> loose(("value", "[True, 2.0]"))
    ('value', '[1, 2]')
    """
    kind, value = output
    value = re.sub(r"\bTrue\b", "1", re.sub(r"\bFalse\b", "0", value))
    return kind, re.sub(r"(?<=\d)\.0\b", "", value)


def told(output: Output) -> str:
    """An output in words.

    >>> told(("error", "IndexError"))
    'raises IndexError'
    """
    kind, value = output
    if kind == "value":
        return value if len(value) <= 80 else value[:80] + "..."
    return f"raises {value}" if kind == "error" else "does not end in time" if kind == "time" else "ends the process"
