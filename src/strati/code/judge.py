"""The user's tests, run in the sandbox on a version of the project."""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from strati.code import driver
from strati.code.project import Project
from strati.code.sandbox import End, Limits, NoSandbox, Ran, Sandbox

SHOWN = 20_000
"""Characters of the tests' output that are kept: the last ones."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test: its id, its outcome (passed, failed, error, skipped), and the end of what it said when it failed."""

    __test__ = False  # no test class, whatever pytest thinks of the name

    id: str
    outcome: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class TestRun:
    """All tests on one version: what became of each, what was printed, how the run ended."""

    __test__ = False

    results: tuple[TestResult, ...]
    end: End
    whole: bool
    printed: str
    seconds: float

    @property
    def passed(self) -> int:
        return sum(result.outcome == "passed" for result in self.results)

    @property
    def failed(self) -> tuple[TestResult, ...]:
        """Tests that did not pass and were not skipped."""
        return tuple(result for result in self.results if result.outcome not in ("passed", "skipped"))

    @property
    def problem(self) -> str:
        """Why the run itself did not come to its end; empty where it did."""
        if self.end is End.TIME:
            return "the tests did not end within the time limit"
        if self.end is End.MEMORY:
            return "the tests took more memory than the limit"
        if self.end is End.OUTPUT:
            return "the tests printed more than the limit"
        if self.end is End.DISK:
            return "the tests wrote more than the limit"
        return "" if self.whole else "the tests were ended by the program before they were done"


@dataclass(frozen=True, slots=True)
class Expected:
    """What must pass: the tests that the files define, and those that were skipped before anything was changed."""

    names: frozenset[str]
    skipped: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()

    def met(self, run: TestRun) -> bool:
        """Whether every test ran and passed; one that is skipped or gone now does not count as passing."""
        found = {_name(result.id) for result in run.results}
        seen = {result.id for result in run.results}
        good = all(
            result.outcome == "passed" or (result.outcome == "skipped" and result.id in self.skipped)
            for result in run.results
        )
        return not run.problem and run.passed > 0 and good and self.names <= found and self.before <= seen


def expected(project: Project, before: TestRun | None) -> Expected:
    """What a version must pass: every test that is defined now, and every one that was found before."""
    names = {name for path in project.tests for name in _defined(project.folder / path)}
    if before is None or before.problem:
        return Expected(frozenset(names))
    skipped = frozenset(result.id for result in before.results if result.outcome == "skipped")
    found = frozenset(result.id for result in before.results if result.outcome != "error")
    return Expected(frozenset(names), skipped, found)


def run_tests(project: Project, changed: Mapping[str, bytes], sandbox: Sandbox, limits: Limits) -> TestRun:
    """Run the project's tests with some files changed. Raises `NoSandbox` when the sandbox cannot be set up."""
    ran, lines = run_driver(project, changed, sandbox, limits, driver.job("tests", tests=list(project.tests)))
    results: dict[str, TestResult] = {}
    for line in lines:
        if "test" in line:
            name, outcome = str(line["test"]), str(line.get("outcome"))
            if name not in results or results[name].outcome == "passed":
                results[name] = TestResult(name, outcome, str(line.get("text")))
    whole = ran.end is End.DONE and any("end" in line for line in lines)
    printed = ran.printed.decode("utf-8", "replace").replace(sandbox.project(project.folder) + "/", "")[-SHOWN:]
    return TestRun(tuple(results.values()), ran.end, whole, printed, ran.seconds)


def run_driver(
    project: Project, changed: Mapping[str, bytes], sandbox: Sandbox, limits: Limits, job: bytes
) -> tuple[Ran, list[dict[str, object]]]:
    """Run one job on a copy of the project; the lines that the driver reported."""
    with tempfile.TemporaryDirectory(prefix="strati-") as name:
        copy = Path(name, "project")
        copy.mkdir(mode=0o755)
        project.copy(copy, changed)
        ran = sandbox.run(copy, job, limits)
    if ran.end is End.SANDBOX:
        raise NoSandbox(f"the sandbox {sandbox.name} failed: {ran.printed.decode('utf-8', 'replace').strip()[-300:]}")
    return ran, driver.lines(job, ran.report)


def _defined(path: Path) -> Sequence[str]:
    """Names of the test functions that a file defines, by its text alone."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return ()
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    nodes = [*tree.body, *(inner for node in classes for inner in node.body)]
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node.name for node in nodes if isinstance(node, functions) and node.name.startswith("test")]


def _name(test: str) -> str:
    """The function's name in a test's id: `tests/test_x.py::TestA::test_b[1]` gives `test_b`."""
    return test.rpartition("::")[2].partition("[")[0]
