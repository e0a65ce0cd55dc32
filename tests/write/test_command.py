"""`strati write` as a user calls it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from strati.cli import main

DRAFT = b"# Plan\r\n\r\nI has an apple. We like teh Frobnicator.\r\n"


@pytest.fixture
def draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "draft.md"
    path.write_bytes(DRAFT)
    return path


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["strati", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    code = ended.value.code
    return code if isinstance(code, int) else 0


def test_show_apply_undo(draft: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "write", "draft.md") == 0
    shown = capsys.readouterr().out
    assert "I [-has-]{+have+} an apple." in shown
    assert "name: Frobnicator became" in shown
    assert "draft.md: 2 edits, 1 not proposed" in shown
    assert draft.read_bytes() == DRAFT

    assert run(monkeypatch, "write", "draft.md", "--json") == 0
    read = json.loads(capsys.readouterr().out)
    assert set(read) == {"file", "hash", "edits", "dropped", "notes"}
    assert f"--apply {read['hash']}" in shown

    assert run(monkeypatch, "write", "draft.md", "--apply", "f" * 16) == 2
    assert "no proposal for draft.md was shown under the hash" in capsys.readouterr().err
    assert run(monkeypatch, "write", "draft.md", "--apply", read["hash"]) == 0
    assert draft.read_bytes() == DRAFT.replace(b"has", b"have").replace(b"teh", b"the")
    assert run(monkeypatch, "write", "draft.md", "--undo") == 0
    assert draft.read_bytes() == DRAFT


def test_by_keyboard(draft: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\nwhat\ny\nn\n"))
    assert run(monkeypatch, "write", "draft.md", "--interactive") == 0
    assert draft.read_bytes() == DRAFT.replace(b"teh", b"the")
    assert "this changes a fact: name: Frobnicator became" in capsys.readouterr().out
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert run(monkeypatch, "write", "draft.md", "-i") == 0
    assert "nothing was changed" in capsys.readouterr().out


@pytest.mark.usefixtures("draft")
def test_bad_calls(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "write", "draft.md", "--undo", "--apply", "f") == 2
    assert "exclude one another" in capsys.readouterr().err
    assert run(monkeypatch, "write", "none.md") == 2
    assert "there is no file none.md" in capsys.readouterr().err
    assert run(monkeypatch, "write", "draft.md", "--style", "none.toml") == 2
    assert "the style file none.toml is not there" in capsys.readouterr().err
