from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from strati.core.errors import ModelError
from strati.models.catalog.store import Store
from strati.models.local.speech import SpeechModel, speech_model
from strati.models.local.whisper import WhisperModel
from strati.models.local.whisper_files import folder_hash, missing_file, model_hash

from .speech_entries import contents, speech_entry, speech_toml


@pytest.fixture
def known(tmp_path: Path) -> dict[str, str]:
    """Variables with a catalog of two speech models and a list entry, and a store with nothing in it."""
    small, large = speech_entry(tmp_path, "small"), speech_entry(tmp_path, "large", size=200)
    listed = '[models.listed]\nkind = "ctranslate2-whisper"\nsources = ["pypi:a==1.0"]\nlicence = "MIT"\n'
    (tmp_path / "c.toml").write_text(speech_toml(small) + speech_toml(large) + listed)
    return {"STRATI_CATALOG": str(tmp_path / "c.toml"), "STRATI_MODELS": str(tmp_path / "store")}


def pull(tmp_path: Path, name: str) -> None:
    from strati.models.catalog.catalog import read_catalog

    Store(tmp_path / "store").pull(read_catalog(tmp_path / "c.toml")[name])


def test_none_is_pulled(known: dict[str, str]) -> None:
    with pytest.raises(
        ModelError, match="no speech model is on this machine: run `strati models pull whisper-tiny-en`"
    ):
        speech_model(known)


def test_the_largest_that_is_pulled(known: dict[str, str], tmp_path: Path) -> None:
    pull(tmp_path, "small")
    assert speech_model(known).name == "small"
    pull(tmp_path, "large")
    model = speech_model(known)
    assert model.name == "large"
    assert {file.name: file.read_bytes() for file in model.folder.iterdir()} == contents("large", 200)


def test_the_variable_wins(known: dict[str, str], tmp_path: Path) -> None:
    pull(tmp_path, "small")
    pull(tmp_path, "large")
    by_name = speech_model({**known, "STRATI_WHISPER": "small"})
    by_folder = speech_model({**known, "STRATI_WHISPER": str(tmp_path / "small")})
    assert (by_name.name, by_folder.name) == ("small", "small")
    assert by_folder.folder == tmp_path / "small"
    assert by_name.sha256 == by_folder.sha256  # the same bytes
    assert by_name.sha256 != speech_model(known).sha256


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("large", "large is not on this machine: run `strati models pull large`"),
        ("listed", r"c\.toml: models\.listed has no table `files`"),
        ("smollm2-135m", "smollm2-135m is of the kind 'gguf', expected a speech model"),
        ("no-such", "STRATI_WHISPER names no-such, which is neither a folder nor a model of the catalog"),
    ],
)
def test_one_sentence_for_a_name_that_will_not_do(known: dict[str, str], named: str, expected: str) -> None:
    with pytest.raises(ModelError, match=expected):
        speech_model({**known, "STRATI_WHISPER": named})


@pytest.mark.parametrize(
    ("gone", "expected"),
    [
        ("config.json", "config.json"),
        ("model.bin", "model.bin"),
        ("vocabulary.txt", "vocabulary.json or vocabulary.txt"),
    ],
)
def test_a_folder_with_a_file_missing(known: dict[str, str], tmp_path: Path, gone: str, expected: str) -> None:
    (tmp_path / "small" / gone).unlink()
    with pytest.raises(ModelError, match=f"which STRATI_WHISPER names, has no {expected}: expected a folder"):
        speech_model({**known, "STRATI_WHISPER": str(tmp_path / "small")})


def test_the_hash_counts_what_the_engine_reads(tmp_path: Path) -> None:
    entry = speech_entry(tmp_path)
    folder = tmp_path / "hear"
    before = folder_hash(folder)
    assert before == model_hash({name: file.sha256 for name, file in entry.files.items()})
    (folder / "README.md").write_text("not read")
    assert folder_hash(folder) == before
    (folder / "preprocessor_config.json").write_text("{}")
    assert folder_hash(folder) != before
    assert missing_file(list(contents("a"))) is None


def test_files_that_no_engine_runs(tmp_path: Path) -> None:
    if importlib.util.find_spec("faster_whisper") is None:
        pytest.skip("without the extra `audio`")
    speech_entry(tmp_path)
    with pytest.raises(ModelError, match=r"the speech model hear in .* cannot be loaded"):
        WhisperModel(SpeechModel("hear", tmp_path / "hear", "0")).load()
