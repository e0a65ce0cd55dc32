"""`strati ask` and `strati check` as a user calls them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from strati.cli import main
from tests.knowledge.small import write

KEYS = "question answer state reason confidence sentences citations nearest steps usage snapshot"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRATI_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("STRATI_CATALOG", raising=False)
    lease = "# Lease\n\n## Ending it\n\nEither party may end the lease with 30 days' notice.\n"
    write(tmp_path, {"in/lease.md": lease, "note.md": "Note.\n\nThe lease ends with 60 days' notice.\n"})
    assert run(monkeypatch, "ingest", "in", "--kb", "work") == 0
    capsys.readouterr()
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["strati", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    code = ended.value.code
    return code if isinstance(code, int) else 0


@pytest.mark.usefixtures("folder")
def test_a_question_and_one_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "ask", "Who may end the lease?", "--explain") == 0
    shown = capsys.readouterr().out
    assert "Either party may end the lease with 30 days' notice. [1]" in shown
    assert "[1] in/lease.md, Lease > Ending it, line 5" in shown
    assert "nothing left this machine" in shown
    assert run(monkeypatch, "ask", "When did Django add Zorvania support?", "--kb", "work") == 0
    assert "Not in your sources: 'Django' and 'Zorvania'." in capsys.readouterr().out
    assert run(monkeypatch, "ask", "Who may end the lease?", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == KEYS.split()
    assert list(told["citations"][0]) == "n document name start end quote place locator".split()  # noqa: SIM905
    assert told["citations"][0]["name"] == "in/lease.md"


@pytest.mark.usefixtures("folder")
def test_a_note_with_one_wrong_number(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    for options in (["--kb", "work"], ["--against", "in/lease.md"]):
        assert run(monkeypatch, "check", "note.md", *options) == 1
        shown = capsys.readouterr().out
        assert "note.md:3  contradicted" in shown
        assert "the claim says '60 days', the source '30 days'" in shown
    Path("note.md").write_text("The lease ends with 30 days' notice.", encoding="utf-8")
    assert run(monkeypatch, "check", "note.md", "--json") == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["ask", " "], "the question is empty"),
        (["ask", "Who?", "--kb", "none"], "there is no knowledge base none.kb"),
        (["ask", "Who?", "--model", "none-such"], "no catalog has a model 'none-such'"),
        (["ask", "Who?", "--classifier", "in"], "in holds no model.onnx"),
        (["check", "note.md", "--judge", "none-such"], "no catalog has a model 'none-such'"),
        (["check", "none.md"], "none.md cannot be read"),
        (["check", "note.md", "--against", "none.pdf"], "none.pdf cannot be read"),
        (["check", "work.kb/base.db"], "cannot be read"),
    ],
)
def test_mistakes_are_told_in_a_sentence(
    line: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, *line) == 2
    told = capsys.readouterr().err
    assert words in told
    assert told.count("\n") == 1


def test_which_base(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(monkeypatch, "ingest", "in", "--kb", "other")
    capsys.readouterr()
    assert run(monkeypatch, "ask", "Who may end the lease?") == 2
    assert "there are 2 knowledge bases here: name one" in capsys.readouterr().err
    (folder / "empty").mkdir()
    monkeypatch.chdir(folder / "empty")
    assert run(monkeypatch, "ask", "Who may end the lease?") == 2
    assert "there is no knowledge base in this folder" in capsys.readouterr().err
