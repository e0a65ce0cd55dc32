"""Speech models at the command line: pulled and listed like others, and never taken for a model of another kind."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from strati.cli.base import embedder_for, with_catalogs
from strati.core.errors import ModelError
from strati.models.open import open_models
from tests.command import strati
from tests.models.speech_entries import speech_entry, speech_toml


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalog with a speech model, which is pulled."""
    monkeypatch.setenv("STRATI_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STRATI_CATALOG", raising=False)
    path = tmp_path / "c.toml"
    path.write_text(speech_toml(speech_entry(tmp_path)))
    assert "hear is ready (MIT)" in run("pull", "hear", "--catalog", str(path))
    return path


def run(*arguments: str) -> str:
    said = strati(Path.cwd(), "models", *arguments)
    assert said.returncode == 0, said.stderr
    return said.stdout


def test_list(catalog: Path) -> None:
    (row,) = [one for one in json.loads(run("list", "--json", "--catalog", str(catalog))) if one["name"] == "hear"]
    assert (row["pulled"], row["usable"], row["sha256"]) == (True, True, None)
    assert sorted(row["files"]) == ["config.json", "model.bin", "tokenizer.json", "vocabulary.txt"]
    lines = run("list", "--catalog", str(catalog)).splitlines()
    assert any(line.split() == ["hear", "ctranslate2-whisper", "0", "MB", "MIT", "yes"] for line in lines)
    assert max(map(len, lines)) <= 80


def test_a_speech_model_takes_no_part_in_other_work(catalog: Path, tmp_path: Path) -> None:
    assert open_models([], [catalog], llms=True) == ([], [])
    assert embedder_for(tmp_path / "none.kb", None, [catalog]) is None
    for llms in (True, False):
        with pytest.raises(ModelError, match="hear is a speech model, expected a language model or an embedder"):
            open_models(["hear"], [catalog], llms=llms)


def test_processes_that_read_know_the_catalogs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATI_CATALOG", "a.toml")
    assert with_catalogs([]) == {}
    assert with_catalogs([Path("b.toml")]) == {"STRATI_CATALOG": f"a.toml{os.pathsep}b.toml"}
    monkeypatch.delenv("STRATI_CATALOG")
    assert with_catalogs([Path("b.toml")]) == {"STRATI_CATALOG": "b.toml"}
