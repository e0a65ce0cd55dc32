from __future__ import annotations

import re
from pathlib import Path

import pytest

from strati.code.project import open_project
from strati.code.sandbox import Limits, Sandbox
from strati.code.solve import Status, solve
from strati.core.errors import BudgetReached, DataError, TaskError
from strati.models.contract import Prompt
from strati.models.scripted import ScriptedModel
from tests.code.small import GUARDED, RIGHT, TESTS, WRONG, block, project, write


def test_the_best_of_several_and_what_tells_them_apart(tmp_path: Path, sandbox: Sandbox) -> None:
    opened = open_project(["stats.py"], ["tests/test_stats.py"], project(tmp_path))
    replies = [block(WRONG), "no", block(GUARDED), block(RIGHT), block(RIGHT)]
    found = solve(opened, "make median work for even lists", sandbox, replies=replies)
    assert found.before is not None
    assert (found.before.passed, len(found.before.results)) == (2, 3)
    assert found.status is Status.PASSES
    assert found.best is not None
    assert found.best.number == 4
    assert [attempt.passed for attempt in found.attempts] == [2, 0, 3, 3, 3]
    assert found.best.agreement is not None
    assert 0.9 < found.best.agreement < 1
    assert found.differs is not None
    assert (found.differs.call, found.differs.there) == ("median([])", "None")
    assert (tmp_path / "stats.py").read_text().endswith("// 2]\n")


def test_a_failed_attempt_is_repaired_once_with_the_tests_words(tmp_path: Path, sandbox: Sandbox) -> None:
    opened = open_project(["stats.py"], ["tests/test_stats.py"], project(tmp_path))

    def script(prompt: Prompt) -> str:
        if not prompt.shots:
            return block(WRONG)
        assert "test_odd" in prompt.user
        assert prompt.shots[0][1] == block(WRONG)
        return block(RIGHT)

    found = solve(opened, "make median work", sandbox, ScriptedModel(script), samples=2)
    assert found.status is Status.PASSES
    assert found.best is not None
    assert (found.best.number, found.best.repaired) == (3, 1)
    hopeless = solve(opened, "make median work", sandbox, ScriptedModel(lambda prompt: block(WRONG)), samples=1)
    assert hopeless.status is Status.NONE_PASSES
    assert len(hopeless.attempts) == 2
    assert hopeless.best is not None
    assert hopeless.best.run is not None
    assert [result.id.rpartition("::")[2] for result in hopeless.best.run.failed] == ["test_odd"]


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import os\nX = os._exit(0)\n" + RIGHT, "ended by the program"),
        ("import sys\nX = sys.exit(0)\n" + RIGHT, "no test was run"),
        ("import pytest\nX = pytest.skip('no', allow_module_level=True)\n" + RIGHT, "skipped|no test was run"),
        ("def median(values):\n    while True:\n        pass\n", "time limit"),
        ("def median(values):\n    return [0] * 10**10\n", "fail|ended"),
        ("X = open('tests/test_stats.py', 'w')\n" + RIGHT, "fail"),
        ("X = open('conftest.py', 'w')\n" + RIGHT, "fail"),
        ("import missing_thing\n" + RIGHT, "fail"),
    ],
)
def test_what_does_not_earn_a_pass(tmp_path: Path, sandbox: Sandbox, code: str, problem: str) -> None:
    opened = open_project(["stats.py"], ["tests/test_stats.py"], project(tmp_path))
    found = solve(opened, "x", sandbox, replies=[block(code)], limits=Limits(seconds=4 if "while" in code else 30))
    assert found.status is Status.NONE_PASSES
    assert found.best is not None
    assert re.search(problem, found.best.problem)


def test_when_the_money_is_spent_what_there_is_is_judged(tmp_path: Path, sandbox: Sandbox) -> None:
    opened = open_project(["stats.py"], ["tests/test_stats.py"], project(tmp_path))
    asked: list[Prompt] = []

    def spent(prompt: Prompt) -> None:
        asked.append(prompt)
        if len(asked) > 1:
            raise BudgetReached("the budget is spent")

    model = ScriptedModel(lambda prompt: block(RIGHT), fail=spent)
    found = solve(opened, "x", sandbox, model, samples=4)
    assert (found.status, len(found.attempts)) == (Status.PASSES, 1)
    with pytest.raises(BudgetReached):
        solve(opened, "x", sandbox, model, samples=4)


def test_without_tests_it_is_untested(tmp_path: Path, sandbox: Sandbox) -> None:
    opened = open_project(["stats.py"], [], project(tmp_path))
    found = solve(opened, "median([4, 1, 2, 3]) is 2.5", sandbox, replies=[block(RIGHT), block(WRONG), block(RIGHT)])
    assert found.status is Status.UNTESTED
    assert found.best is not None
    assert found.best.number == 1
    assert found.inputs > 10


def test_a_new_file(tmp_path: Path, sandbox: Sandbox) -> None:
    write(tmp_path, {"test_new.py": "from new import f\n\ndef test_f():\n    assert f(2) == 3\n"})
    opened = open_project(["new.py"], ["test_new.py"], tmp_path)
    found = solve(opened, "f adds one", sandbox, replies=[block("def f(x):\n    return x + 1\n")])
    assert found.status is Status.PASSES
    assert not (tmp_path / "new.py").exists()


def test_files_that_may_not_be_changed(tmp_path: Path) -> None:
    more: dict[str, str | bytes] = {"conftest.py": "", "big.py": b"x" * (2 << 20), "bin.py": b"\xff\0", "x.pth": ""}
    project(tmp_path, **more)
    (tmp_path / "link.py").symlink_to("stats.py")
    (tmp_path / "again.py").hardlink_to(tmp_path / "tests" / "test_stats.py")
    for name, words in (
        ("tests/test_stats.py", "both to be changed and a test"),
        ("again.py", "both to be changed and a test"),
        ("conftest.py", "decides how"),
        ("x.pth", "decides how"),
    ):
        with pytest.raises(TaskError, match=words):
            open_project([name], ["tests/test_stats.py"], tmp_path)
    for name, words in (
        ("big.py", "expected at most"),
        ("bin.py", "no text in UTF-8"),
        ("link.py", "symbolic link"),
        ("tests", "no plain file"),
        ("none/x.py", "no folder"),
    ):
        with pytest.raises(DataError, match=words):
            open_project([name], ["tests/test_stats.py"], tmp_path)
    with pytest.raises(DataError, match="no file, expected a file of tests"):
        open_project(["stats.py"], ["tests/none.py"], tmp_path)
    with pytest.raises(TaskError, match="no file is named"):
        open_project([], [], tmp_path)


def test_hidden_files_and_environments_are_not_shown(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    hidden = {".env": "KEY", ".git/config": "x", "venv/pyvenv.cfg": "x", "venv/lib/a.py": "x", "data/rows.csv": "1"}
    project(tmp_path, **hidden)
    (tmp_path / "away").symlink_to("/etc")
    (tmp_path / "passwd").symlink_to("/etc/passwd")
    opened = open_project(["stats.py"], ["tests/test_stats.py"], tmp_path)
    copy = tmp_path_factory.mktemp("copy")
    opened.copy(copy, {"stats.py": b"changed"})
    shown = sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*") if path.is_file())
    assert shown == ["data/rows.csv", "pyproject.toml", "stats.py", "tests/test_stats.py"]
    assert (copy / "stats.py").read_bytes() == b"changed"
    assert (copy / "tests" / "test_stats.py").read_text() == TESTS
