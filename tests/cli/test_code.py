"""`strati code` as a user calls it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from strati.cli import main
from strati.code.sandbox import Sandbox
from tests.code.conftest import sandbox as sandbox
from tests.code.small import RIGHT, STATS, WRONG, block, project, write
from tests.models.fault_server import Behaviour, FaultServer


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRATI_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("STRATI_CATALOG", raising=False)
    return project(tmp_path, **{"right.txt": block(RIGHT), "wrong.txt": block(WRONG)})


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["strati", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    code = ended.value.code
    return code if isinstance(code, int) else 0


def test_shown_applied_and_undone(
    folder: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sandbox
    asked = ("code", "fix median", "stats.py", "--tests", "tests/test_stats.py")
    assert run(monkeypatch, *asked, "--reply", "wrong.txt") == 1
    shown = capsys.readouterr().out
    assert "none passes: this is the best" in shown
    assert "test_odd" in shown
    assert run(monkeypatch, *asked, "--reply", "right.txt", "--reply", "wrong.txt") == 0
    shown = capsys.readouterr().out
    assert "as it is: 2 of 3 tests pass" in shown
    assert "+    middle = len(ordered) // 2" in shown
    assert "3 passed" in shown
    name = shown.split("--apply ")[1].strip()
    assert (folder / "stats.py").read_text() == STATS

    assert run(monkeypatch, "code", "--apply", name[:-1] + ("0" if name[-1] != "0" else "1")) == 2
    assert (folder / "stats.py").read_text() == STATS
    assert run(monkeypatch, "code", "--apply", name) == 0
    assert (folder / "stats.py").read_text().endswith(RIGHT)
    assert run(monkeypatch, "code", "--undo", "last") == 0
    assert (folder / "stats.py").read_text() == STATS
    capsys.readouterr()
    assert run(monkeypatch, "code", "--history") == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()] == ["proposed", "applied", "undone"]

    assert run(monkeypatch, *asked, "--reply", "right.txt", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["status"], told["hash"], told["attempts"][0]["passed"]) == ("passes", name, 3)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("code", "no task is given"),
        ("code --apply 1 --undo last", "--apply and --undo are given, expected one of them"),
        ("code --apply 0123456789abcdef", "nothing was proposed in"),
        ("code x", "no file is named"),
        ("code x none/stats.py --reply right.txt", "is no folder"),
        ("code x stats.py --reply none.txt", "cannot be read as a reply"),
        ("code x stats.py --tests none.py --reply right.txt", "is no file, expected a file of tests"),
        ("code x stats.py --tests stats.py --reply right.txt", "both to be changed and a test"),
        ("code x stats.py --seconds 0 --reply right.txt", "the time limit is 0 seconds"),
        ("code x stats.py --memory 1 --reply right.txt", "the limit on memory"),
        ("code x stats.py --python none --reply right.txt", "none cannot be run as a Python"),
        ("code x stats.py --sandbox box --reply right.txt", "the sandbox is 'box'"),
        ("code x stats.py --model none-such", "no catalog has a model 'none-such'"),
        ("code x stats.py", "--reply FILE needs none"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    line: str, words: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sandbox
    assert run(monkeypatch, *line.split()) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.startswith("strati: ")
    assert told.count("\n") == 1


def test_what_a_terminal_would_obey_is_written_out(
    folder: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sandbox
    write(folder, {"odd.txt": block("def f():\n    return 'a\x1b[2K\u202eb'\n")})
    assert run(monkeypatch, "code", "x", "stats.py", "--reply", "odd.txt") == 0
    shown = capsys.readouterr().out
    assert "a\\x1b[2K\\u202eb" in shown
    assert "untested: no tests were given" in shown


def test_a_model_behind_a_server_within_its_budget(
    folder: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sandbox
    pytest.importorskip("httpx2")
    asked = ("code", "fix median", "stats.py", "--tests", "tests/test_stats.py", "--samples", "2", "--model", "fake")
    with FaultServer(behaviour=Behaviour(reply=block(RIGHT))) as server:
        settings = f'url = "{server.url}"\nmodel = "fake-1"\nprice_in = 1.0\nprice_out = 4.0\n'
        write(folder, {"strati.toml": f"[models.fake]\n{settings}"})
        assert run(monkeypatch, *asked) == 3
        assert "the budget of $0.00" in capsys.readouterr().err
        assert server.stats()["asked"] == 0
        assert run(monkeypatch, *asked, "--max-dollars", "1") == 0
        assert "all 3 tests pass" in capsys.readouterr().out
        assert server.stats()["asked"] == 2
