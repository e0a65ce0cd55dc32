"""Which speech model reads recordings on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from strati.core.errors import ModelError
from strati.models.catalog.catalog import Catalog, Entry, cache_folder
from strati.models.catalog.store import Store
from strati.models.local.whisper_files import KIND, folder_hash, missing_file, model_hash


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """A folder with a Whisper model in CTranslate2's format, its name, and one hash of all its files."""

    name: str
    folder: Path
    sha256: str


def speech_model(environment: Mapping[str, str] | None = None) -> SpeechModel:
    """The model that STRATI_WHISPER names (a name of the catalog, or a folder); else the largest that is pulled.

    Raises:
        ModelError: there is none, or its files are not those that were pulled.
    """
    environment = os.environ if environment is None else environment
    catalog, store = Catalog.load(environment=environment), Store(cache_folder(environment))
    if named := environment.get("STRATI_WHISPER"):
        return pulled_model(catalog[named], store) if named in catalog else _folder(Path(named))
    here = [entry for entry in store.pulled(catalog) if entry.kind == KIND]
    if not here:
        raise ModelError(
            "no speech model is on this machine: run `strati models pull whisper-tiny-en`, "
            "or let STRATI_WHISPER name a folder with a Whisper model in CTranslate2's format"
        )
    return pulled_model(max(here, key=store.size), store)


def pulled_model(entry: Entry, store: Store) -> SpeechModel:
    """The speech model behind an entry. Raises `ModelError` when it is another kind of model, missing or altered."""
    if entry.kind != KIND:
        raise ModelError(f"{entry.name} is of the kind {entry.kind!r}, expected a speech model ({KIND})")
    folder = store.folder(entry)
    return SpeechModel(entry.name, folder, model_hash({name: one.sha256 for name, one in entry.files.items()}))


def _folder(folder: Path) -> SpeechModel:
    if not folder.is_dir():
        raise ModelError(f"STRATI_WHISPER names {folder}, which is neither a folder nor a model of the catalog")
    try:
        if missing := missing_file([file.name for file in folder.iterdir()]):
            raise ModelError(
                f"{folder}, which STRATI_WHISPER names, has no {missing}: "
                "expected a folder with a Whisper model in CTranslate2's format"
            )
        return SpeechModel(folder.resolve().name, folder, folder_hash(folder))
    except OSError as error:
        raise ModelError(f"{folder}, which STRATI_WHISPER names, cannot be read: {error.strerror or error}") from error
