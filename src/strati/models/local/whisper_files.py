"""Which files a Whisper model in CTranslate2's format consists of, and the hash of all of them together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from strati.core.identity import fingerprint, sha256_of

KIND = "ctranslate2-whisper"

NEEDED = ("config.json", "model.bin", "tokenizer.json")
VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
"""One of them has to be there."""

_READ = (*NEEDED, *VOCABULARIES, "preprocessor_config.json")


def missing_file(names: Collection[str]) -> str | None:
    """What is missing for a whole model, or None.

    >>> missing_file(["config.json", "model.bin", "tokenizer.json"])
    'vocabulary.json or vocabulary.txt'
    """
    missing = [name for name in NEEDED if name not in names]
    if not missing and not set(VOCABULARIES).intersection(names):
        missing = [" or ".join(VOCABULARIES)]
    return missing[0] if missing else None


def model_hash(hashes: Mapping[str, str]) -> str:
    """One hash, 16 digits, of the files by name that the engine reads; others do not count."""
    return fingerprint(KIND, **{name: hashes[name] for name in _READ if name in hashes})[:16]


def folder_hash(folder: Path) -> str:
    """The `model_hash` of a folder; it reads all bytes of the model. Raises `OSError`."""
    return model_hash({name: sha256_of(folder / name) for name in _READ if (folder / name).is_file()})
