"""Single programs: a text of Python that answers a task, run against tests and against other programs.

Tests of a task are statements in Python, most often `assert f(1) == 2`; they are run in the program's own names.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from strati.code import driver
from strati.code.agreement import SECONDS_EACH, Output
from strati.code.inputs import more, seeds
from strati.code.sandbox import End, Limits, NoSandbox, Ran, Sandbox

_FENCED = re.compile(r"```[\w+-]*[ \t]*\n(.*?)```", re.S)
LONGEST = 100_000
LIMITS = Limits(seconds=10.0, memory=512 << 20, processes=16)


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether a program passed its tests; the reason when not."""

    passed: bool
    reason: str = ""


def program_in(reply: str) -> str | None:
    """The program in a model's reply: its first fenced block that is Python, or the whole where it is Python.

    Statements that only show or try the program (prints, assertions, `if __name__`) are left out; None for no program.

    >>> program_in("Sure:\\n```python\\ndef f():\\n    return 1\\nprint(f())\\n```")
    'def f():\\n    return 1\\n'
    """
    from strati.code.edits import Malformed, with_definitions

    for text in [*_FENCED.findall(reply), reply] if len(reply) <= LONGEST else []:
        try:
            return with_definitions("", text, "program.py")[0]
        except Malformed:
            continue
    return None


def check(program: str, tests: str, sandbox: Sandbox, limits: Limits = LIMITS) -> Checked:
    """Run a program's tests, shut away."""
    ran, lines = _run(program, driver.job("check", program=program, tests=tests), sandbox, limits)
    if ran.end is not End.DONE:
        return Checked(False, f"stopped: the limit on {ran.end}")
    passed = any("passed" in line for line in lines) and any("end" in line for line in lines)
    reasons = [str(line["failed"]) for line in lines if "failed" in line]
    return Checked(passed, "" if passed else reasons[0] if reasons else "the program ended the run")


def inputs_for(tests: str, names: Sequence[str], count: int) -> dict[str, list[str]]:
    """Inputs, as literal texts, for the functions that tests call: theirs, and others made from them."""
    found = seeds([tests], names)
    return {name: [repr(given) for given in more(found[name], count)] for name in found}


def behaviour(
    program: str, function: str, inputs: Sequence[str], sandbox: Sandbox, limits: Limits = LIMITS
) -> tuple[Output, ...]:
    """What a function of a program gives on each input."""
    job = driver.job("calls", file="program.py", function=function, inputs=list(inputs), seconds_each=SECONDS_EACH)
    _, lines = _run(program, job, sandbox, limits)
    found: list[Output] = [("none", "")] * len(inputs)
    for line in lines:
        at = line.get("input")
        if isinstance(at, int) and 0 <= at < len(found):
            found[at] = (str(line.get("kind")), str(line.get("value")))
    return tuple(found)


def _run(program: str, job: bytes, sandbox: Sandbox, limits: Limits) -> tuple[Ran, list[dict[str, object]]]:
    with tempfile.TemporaryDirectory(prefix="strati-") as name:
        folder = Path(name, "project")
        folder.mkdir(mode=0o755)
        (folder / "program.py").write_text(program, encoding="utf-8")
        ran = sandbox.run(folder, job, limits)
    if ran.end is End.SANDBOX:
        raise NoSandbox(f"the sandbox {sandbox.name} failed: {ran.printed.decode('utf-8', 'replace').strip()[-300:]}")
    return ran, driver.lines(job, ran.report)
