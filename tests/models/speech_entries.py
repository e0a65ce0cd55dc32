"""Small folders of files that look like speech models to the catalog and the store, though no engine runs them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from strati.models.catalog.catalog import Artefact, Entry
from strati.models.catalog.sources import FileSource
from strati.models.local.whisper_files import KIND


def contents(name: str, size: int = 100) -> dict[str, bytes]:
    """The files of a made-up model; `size` bytes in the largest."""
    return {
        "config.json": f'{{"name": "{name}"}}'.encode(),
        "model.bin": name.encode().ljust(size, b"."),
        "tokenizer.json": b"{}",
        "vocabulary.txt": b"a\nb\n",
    }


def speech_files(folder: Path, name: str, size: int = 100) -> dict[str, Artefact]:
    """Write the files into `folder / name`; an artefact for each."""
    (folder / name).mkdir(parents=True)
    found = {}
    for file, data in contents(name, size).items():
        (folder / name / file).write_bytes(data)
        source = FileSource(folder / name / file)
        found[file] = Artefact((source,), hashlib.sha256(data).hexdigest(), len(data))
    return found


def speech_entry(folder: Path, name: str = "hear", size: int = 100) -> Entry:
    """An entry of the catalog with sources in `folder`."""
    return Entry(name, KIND, "MIT", None, files=speech_files(folder, name, size))


def speech_toml(entry: Entry) -> str:
    """The entry as a catalog has it."""
    text = f'[models.{entry.name}]\nkind = "{entry.kind}"\nlicence = "MIT"\n'
    for name, file in entry.files.items():
        (source,) = file.sources
        assert isinstance(source, FileSource)
        text += f'[models.{entry.name}.files."{name}"]\nsources = ["file:{source.path}"]\n'
        text += f'sha256 = "{file.sha256}"\nbytes = {file.bytes}\n'
    return text
