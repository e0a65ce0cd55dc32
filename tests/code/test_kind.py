"""Programs as a kind of task: measured by hidden tests, saved, and judged like any other."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from strati import Task, bench, read
from strati.code.kind import CodeKind
from strati.code.layer import Programmer, prompt_for
from strati.code.programs import check, program_in
from strati.code.sandbox import Sandbox
from strati.core.context import Context
from strati.core.errors import TaskError
from strati.core.records import Case, State
from strati.models.contract import Prompt
from strati.models.scripted import ScriptedModel
from strati.prove.inputs import gather
from strati.report.facts import per_solved
from strati.task.kind import BadRow, Resources, Space, Unusable, kind_of


def row(number: int) -> dict[str, str]:
    return {
        "id": f"t{number}",
        "task": f"Write add_{number}(x), which adds {number} to x.",
        "tests": f"assert add_{number}(1) == {number + 1}",
        "hidden": f"assert add_{number}(-5) == {number - 5}\nassert add_{number}(10**6) == {10**6 + number}",
    }


def script(prompt: Prompt) -> str:
    """Right for most; for every fifth task only where the input is 1, and for every seventh not even there."""
    number = int(re.findall(r"add_(\d+)", prompt.user)[0])
    body = f"return x + {number}"
    if number % 7 == 0:
        body = "return None"
    elif number % 5 == 0 and not prompt.user.endswith("loop."):
        body = f"return {number + 1}"
    return f"```python\ndef add_{number}(x):\n    {body}\n```"


def test_a_case_is_answered_or_left_open(sandbox: Sandbox) -> None:
    layer = Programmer(ScriptedModel(script), samples=2, sandbox=sandbox)
    ctx = Context()
    cases = [Case(row(n)["id"], {key: row(n)[key] for key in ("task", "tests")}) for n in (3, 5, 7)]
    right, narrow, failing = layer.run(cases, ctx)
    assert right.answer is not None
    assert (right.state, right.answer.value) == (State.ANSWERED, "def add_3(x):\n    return x + 3\n")
    assert right.answer.confidence == 1.0
    assert narrow.answer is not None
    assert CodeKind().metric("works", Space()).loss(narrow.answer.value, row(5)["hidden"]) == 1.0
    assert CodeKind().metric("works", Space()).loss(right.answer.value, row(3)["hidden"]) == 0.0
    assert failing.state is State.OPEN
    assert "none of 2 programs passes the tests: AssertionError" in failing.steps[-1].reason
    untested = Programmer(ScriptedModel(script), samples=1, needs_tests=True, sandbox=sandbox)
    assert "has no tests" in untested.run([Case("a", "Write add_1(x).")], ctx)[0].steps[-1].reason
    odd = ScriptedModel(lambda prompt: "I cannot.")
    assert Programmer(odd, 1, sandbox=sandbox).run([Case("a", "x")], ctx)[0].failure is not None


def test_samples_that_disagree_lower_the_confidence(sandbox: Sandbox) -> None:
    def two_ways(prompt: Prompt) -> str:
        body = "return abs(x)" if "simplest" in prompt.user else "return x"
        return f"```python\ndef f(x):\n    {body}\n```"

    layer = Programmer(ScriptedModel(two_ways), samples=3, sandbox=sandbox)
    (case,) = layer.run([Case("a", {"task": "f", "tests": "assert f(2) == 2\nassert f(-0) == 0"})], Context())
    assert case.answer is not None
    assert case.answer.value == "def f(x):\n    return x\n"
    assert case.answer.confidence is not None
    assert 0.6 < case.answer.confidence < 1


def test_a_bench_of_programs(tmp_path: Path, sandbox: Sandbox) -> None:
    assert sandbox
    path = tmp_path / "tasks.jsonl"
    path.write_text("".join(json.dumps(row(n)) + "\n" for n in range(1, 41)))
    task = Task(kind="code", inputs=("task", "tests"), id="id")
    outcome = bench(read(path, task), task, models=[ScriptedModel(script)], runs=tmp_path / "runs", ctx=Context())
    rows = {each["name"]: each for each in outcome.verdict["candidates"]}
    assert set(rows) == {"scripted one reply", "scripted best of 5"}
    quality = rows["scripted one reply"]["quality"]["value"]
    assert 0.5 < quality < 0.9


def test_public_tests_are_part_of_the_input(tmp_path: Path) -> None:
    """As `strati bench tasks.jsonl --kind code` reads a file: the column `tests`, text or a list, goes to the model."""
    rows = [row(n) for n in range(1, 3)] + [{**row(3), "tests": ["assert add_3(1) == 4", "assert add_3(2) == 5"]}]
    path = tmp_path / "tasks.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    found = gather(str(path), None, {}, {"kind": "code"}, {})
    assert found.task.inputs == ("task", "tests")
    given = found.data.examples[2].input
    assert isinstance(given, dict)
    assert given["tests"] == "assert add_3(1) == 4\nassert add_3(2) == 5"
    path.write_text(json.dumps({"task": "x", "hidden": "assert f() == 1"}) + "\n")
    assert gather(str(path), None, {}, {"kind": "code"}, {}).task.inputs == ("task",)


def test_what_a_solved_task_costs() -> None:
    candidate = {"name": "a", "cost_per_1000": 2.0, "quality": {"value": 0.5}}
    assert per_solved({"task": {"kind": "code"}}, candidate) == 0.004
    assert per_solved({"task": {"kind": "classify"}}, candidate) is None
    assert per_solved({"task": {"kind": "code"}}, {**candidate, "quality": {"value": 0.0}}) is None


def test_references_and_replies() -> None:
    kind = kind_of("code")
    assert kind.reference({"hidden": None}) is None
    with pytest.raises(BadRow, match="no valid Python"):
        kind.reference({"hidden": "assert f(1"})
    with pytest.raises(BadRow, match="expected text"):
        kind.reference({"hidden": 3})
    assert kind.read("```python\ndef f():\n    return 1\n```", Space()) == "def f():\n    return 1\n"
    with pytest.raises(Unusable):
        kind.read("no", Space())
    assert kind.same("def f():\n  return 1", "def f():\n    return 1  # one\n")
    assert not kind.same("def f():\n  return 1", "def f():\n  return 2")
    assert kind.show("import os\n\ndef f():\n    return 1\n") == "def f(): ... 4 lines"
    with pytest.raises(TaskError, match="needs a language model"):
        kind.ladder(Task(kind="code"), Space(), Resources())


def test_programs_end_for_every_reason(sandbox: Sandbox) -> None:
    good = "def f():\n    return 1\n"
    assert check(good, "assert f() == 1", sandbox).passed
    assert "AssertionError" in check(good, "assert f() == 2", sandbox).reason
    assert check("import os\nos._exit(0)\n" + good, "assert f() == 1", sandbox).reason == "the program ended the run"
    assert "SystemExit" in check("import sys\nsys.exit(0)\n" + good, "assert f() == 1", sandbox).reason
    assert program_in("def f():\n    return 1") == good
    assert program_in("words only") is None
    assert program_in("```js\nlet a\n```\n```python\ndef f():\n    return 1\n```") == good
    assert prompt_for("a").user == "a"
