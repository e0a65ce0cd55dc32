from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.command import strati

DATA = b"GGUF but no more"


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STRATI_MODELS", str(tmp_path / "models"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("STRATI_CATALOG", raising=False)
    (tmp_path / "data").write_bytes(DATA)
    path = tmp_path / "c.toml"
    path.write_text(
        f'[models.tiny]\nkind = "gguf"\nsources = ["file:{tmp_path / "data"}"]\n'
        f'sha256 = "{hashlib.sha256(DATA).hexdigest()}"\nbytes = {len(DATA)}\nlicence = "MIT"\n'
        '[models.nlp]\nkind = "spacy"\nsources = ["pypi:nlp==1.0"]\nlicence = "MIT"\n'
    )
    return path


def run(*arguments: str) -> str:
    said = strati(Path.cwd(), "models", *arguments)
    assert said.returncode == 0, said.stderr
    return said.stdout


def test_list_pull_list(catalog: Path) -> None:
    first = {entry["name"]: entry for entry in json.loads(run("list", "--json", "--catalog", str(catalog)))}
    assert (first["tiny"]["pulled"], first["tiny"]["bytes"], first["nlp"]["usable"]) == (False, 16, False)
    assert "tiny is ready (MIT)" in run("pull", "tiny", "--catalog", str(catalog))
    second = {entry["name"]: entry for entry in json.loads(run("list", "--json", "--catalog", str(catalog)))}
    assert second["tiny"]["pulled"]


def test_the_table_fits_80_columns(catalog: Path) -> None:
    lines = run("list", "--catalog", str(catalog)).splitlines()
    assert lines[0].split() == ["model", "kind", "size", "licence", "here"]
    assert any(line.startswith("nlp") and "with pip" in line for line in lines)
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pull", "other"), "no model 'other'"),
        (("pull", "nlp"), "pip install nlp==1.0"),
        (("bench",), "run `strati models pull NAME` first"),
        (("bench", "tiny"), "run `strati models pull tiny`"),
    ],
)
def test_mistakes_are_user_errors(catalog: Path, arguments: tuple[str, ...], said: str) -> None:
    done = strati(catalog.parent, "models", *arguments, "--catalog", catalog)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())


def test_help_has_an_example() -> None:
    for command in ("list", "pull", "bench"):
        assert f"strati models {command}" in run(command, "--help")
