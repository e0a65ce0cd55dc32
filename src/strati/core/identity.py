"""Fingerprints: the hash under which a layer, a stack, a data set or a model call is known."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strati.core.records import JSON

if TYPE_CHECKING:
    from numpy.typing import NDArray


def fingerprint(kind: str, **settings: JSON) -> str:
    """A SHA-256 over a kind and its settings, independent of their order; 32 hexadecimal digits.

    Settings are JSON values. A float is hashed by its shortest exact form, so equal settings give equal hashes.

    >>> fingerprint("majority.v1", label="a") == fingerprint("majority.v1", label="a")
    True
    """
    text = json.dumps([kind, settings], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_array(array: NDArray[Any]) -> str:
    """The SHA-256 of an array's type, shape and values."""
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(array.tobytes())
    return digest.hexdigest()
