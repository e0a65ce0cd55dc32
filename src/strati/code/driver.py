"""What runs inside the sandbox: it gives up its rights, sets limits, then runs tests or calls a function.

The file stands alone (it is shown to the sandbox by itself), so it imports the standard library only. The job comes on
standard input; the report goes to what was standard output, one JSON line at a time, each behind the job's nonce. All
that the program prints goes to standard error.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import gc
import importlib.util
import json
import os
import resource
import secrets
import signal
import sys
import traceback
from typing import Any

PLACE = "{project}"
ENVIRONMENT = {
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONPATH": f"{PLACE}:{PLACE}/src",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}
LONGEST = 2000
"""Characters of one output that are compared; a longer one is compared by its length and beginning."""


# What the side outside uses -------------------------------------------------------------------------------------------


def job(mode: str, **settings: Any) -> bytes:
    """A job as bytes, with a fresh nonce."""
    return json.dumps({"mode": mode, "nonce": secrets.token_hex(16), **settings}).encode()


def with_limits(task: bytes, limits: Any, uid: int | None) -> bytes:
    """The job with its limits, and the user that the driver must become."""
    bounds = {name: getattr(limits, name) for name in ("seconds", "memory", "processes", "disk")}
    return json.dumps({**json.loads(task), "limits": bounds, "uid": uid}).encode()


def lines(task: bytes, report: bytes) -> list[dict[str, Any]]:
    """The lines of a report that carry the job's nonce, read; others were not written by the driver."""
    nonce = json.loads(task)["nonce"].encode() + b" "
    found = []
    for line in report.split(b"\n"):
        if line.startswith(nonce):
            with contextlib.suppress(ValueError, RecursionError):
                told = json.loads(line[len(nonce) :])
                found += [told] if isinstance(told, dict) else []
    return found


# Inside ---------------------------------------------------------------------------------------------------------------


def main() -> int:
    task = json.loads(sys.stdin.buffer.read())
    report = os.dup(1)
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    _give_up_rights(task.pop("uid"))
    _limit(task.pop("limits"))
    tell = _teller(report, task.pop("nonce"))
    tell({"ready": True})
    folder = os.getcwd()
    sys.path[:0] = [folder, os.path.join(folder, "src")]
    mode = task["mode"]
    if mode == "tests":
        _run_tests(task["tests"], tell)
    elif mode == "calls":
        _call(task, tell)
    elif mode == "check":
        _check(task, tell)
    tell({"end": True})
    return 0


def _give_up_rights(uid: int | None) -> None:
    """Become a user that owns nothing; whoever can come back from there is not let in."""
    if uid is None:
        return
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    with contextlib.suppress(PermissionError):
        os.setuid(0)
        os._exit(97)


def _limit(limits: dict[str, float]) -> None:
    seconds, disk = int(limits["seconds"]) + 1, int(limits["disk"])
    bounds = {
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_AS: int(limits["memory"]),
        resource.RLIMIT_NPROC: int(limits["processes"]),
        resource.RLIMIT_FSIZE: disk,
        resource.RLIMIT_NOFILE: 256,
        resource.RLIMIT_CORE: 0,
    }
    for name, bound in bounds.items():
        hard = resource.getrlimit(name)[1]
        bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(name, (bound, bound))


def _teller(report: int, nonce: str) -> Any:
    """The function that writes a line of the report; in a process that was forked off it writes nothing."""
    owner, begin, dump, getpid, write = os.getpid(), nonce.encode() + b" ", json.dumps, os.getpid, os.write

    def tell(line: dict[str, Any]) -> None:
        if getpid() != owner:
            return
        text = begin + dump(line).encode() + b"\n"
        while text:
            text = text[write(report, text) :]

    return tell


def _run_tests(files: list[str], tell: Any) -> None:
    try:
        import pytest
    except ImportError:
        _run_without_pytest(files, tell)
        return
    settings = ["-q", "-p", "no:cacheprovider", "-o", "addopts=", "--tb=short", "--color=no", "--rootdir", os.getcwd()]
    code = pytest.main([*settings, *files], plugins=[_Plugin(tell)])
    tell({"exit": int(code)})


class _Plugin:
    """Tells what became of each test, once."""

    def __init__(self, tell: Any) -> None:
        self._tell = tell

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self._tell({"test": report.nodeid, "outcome": "error", "text": str(report.longrepr)[-LONGEST:]})

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.when == "call" or report.outcome != "passed":
            outcome = "skipped" if hasattr(report, "wasxfail") else report.outcome
            text = "" if outcome == "passed" else str(report.longrepr)[-LONGEST:]
            self._tell({"test": report.nodeid, "outcome": outcome, "text": text, "when": report.when})


def _run_without_pytest(files: list[str], tell: Any) -> None:
    """Functions named test_... without parameters, and test cases of unittest."""
    import inspect
    import unittest

    for number, file in enumerate(files):
        try:
            module = _load(file, f"strati_tests_{number}")
        except BaseException as error:
            tell({"test": file, "outcome": "error", "text": _last_lines(error)})
            continue
        for name, value in list(vars(module).items()):
            if name.startswith("test") and inspect.isfunction(value):
                _tell_of(f"{file}::{name}", value, tell)
            elif isinstance(value, type) and issubclass(value, unittest.TestCase):
                for method in unittest.defaultTestLoader.getTestCaseNames(value):
                    _tell_of(f"{file}::{name}::{method}", _unittest_call(value(method)), tell)


def _unittest_call(case: Any) -> Any:
    def call() -> None:
        import unittest

        result = unittest.TestResult()
        case.run(result)
        for _, text in [*result.failures, *result.errors]:
            raise AssertionError(text[-LONGEST:])
        if result.skipped or result.expectedFailures:
            raise unittest.SkipTest(str(result.skipped))

    return call


def _tell_of(test: str, call: Any, tell: Any) -> None:
    import unittest

    try:
        call()
    except unittest.SkipTest:
        tell({"test": test, "outcome": "skipped", "text": ""})
    except BaseException as error:
        text = _last_lines(error)
        print(f"FAILED {test}\n{text}", file=sys.stderr)
        tell({"test": test, "outcome": "failed", "text": text})
    else:
        tell({"test": test, "outcome": "passed", "text": ""})


def _last_lines(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-LONGEST:]


def _load(file: str, name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _check(task: dict[str, Any], tell: Any) -> None:
    """Run a program and then, in its names, the statements of a text of tests."""
    names: dict[str, Any] = {"__name__": "program"}
    try:
        exec(compile(task["program"], "program.py", "exec"), names)
        exec(compile(task["tests"], "tests.py", "exec"), names)
    except BaseException as error:
        tell({"failed": f"{type(error).__name__}: {error}"[:LONGEST]})
    else:
        tell({"passed": True})


class _TooLong(BaseException):
    """One call took longer than it may."""


def _call(task: dict[str, Any], tell: Any) -> None:
    """Call a function on each input, and tell its output in a form that can be compared."""

    def stop(*_: object) -> None:
        raise _TooLong

    signal.signal(signal.SIGALRM, stop)
    try:
        signal.setitimer(signal.ITIMER_REAL, 5 * task["seconds_each"])
        module = _load(task["file"], "strati_program")
        function = getattr(module, task["function"])
    except BaseException as error:
        tell({"broken": f"{type(error).__name__}: {error}"[:LONGEST]})
        return
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    for number, text in enumerate(task["inputs"]):
        arguments = ast.literal_eval(text)
        kind, value = _outcome(function, copy.deepcopy(arguments), task["seconds_each"])
        tell({"input": number, "kind": kind, "value": value})
        if number % 64 == 63:
            gc.collect()


def _outcome(function: Any, arguments: tuple[Any, ...], seconds: float) -> tuple[str, str]:
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        value = function(*arguments)
        if hasattr(value, "__next__"):
            value = [part for _, part in zip(range(10_000), value, strict=False)]
        return "value", shown(value)
    except _TooLong:
        return "time", ""
    except BaseException as error:
        return "error", type(error).__name__
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def shown(value: object) -> str:
    """A value in a form that is equal for equal values: sets sorted, floats to nine digits, lists and tuples apart.

    >>> shown({3, 1}), shown(0.1 + 0.2), shown((1, True))
    ('{1, 3}', '0.3', '(1, True,)')
    """
    text = _shown(value, 0)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... {len(text)}"


def _shown(value: object, depth: int) -> str:
    if depth > 50:
        return "..."
    if isinstance(value, float):
        return f"{value:.9g}" if not value.is_integer() else f"{value:.9g}.0"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(part, depth + 1) for part in value) + "]"
    if isinstance(value, tuple):
        return "(" + "".join(_shown(part, depth + 1) + ", " for part in value).rstrip() + ")"
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(_shown(part, depth + 1) for part in value)) + "}"
    if isinstance(value, dict):
        pairs = sorted(f"{_shown(key, depth + 1)}: {_shown(part, depth + 1)}" for key, part in value.items())
        return "{" + ", ".join(pairs) + "}"
    if value is None or isinstance(value, bool | int | str | bytes | complex):
        return repr(value)
    return f"<{type(value).__name__}>"


if __name__ == "__main__":
    sys.exit(main())
