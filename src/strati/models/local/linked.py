"""A folder that shows files of the store under the names an engine expects, without a second copy where possible."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from strati.core.identity import sha256_of


def link_files(folder: Path, files: Mapping[str, Path], hashes: Mapping[str, str]) -> Path:
    """The folder, in which each name stands for its file: by a link, or a copy where there are no links.

    What is there already and not the same file must have the right SHA-256; otherwise it is put there anew, in one
    step, so that two processes may do this at once. Raises `OSError` where that cannot be done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, file in files.items():
        if not _stands_for(folder / name, file, hashes[name]):
            _put(folder / name, file.resolve())
    return folder


def _stands_for(place: Path, file: Path, sha256: str) -> bool:
    try:
        return place.samefile(file) or sha256_of(place) == sha256
    except OSError:
        return False


def _put(place: Path, file: Path) -> None:
    fresh = place.with_name(f".{place.name}.{secrets.token_hex(4)}")
    try:
        _link(file, fresh)
        fresh.replace(place)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def _link(file: Path, fresh: Path) -> None:
    for make in (os.symlink, os.link):
        try:
            make(file, fresh)
        except (OSError, NotImplementedError):  # not on this file system, or not for this user
            continue
        return
    shutil.copyfile(file, fresh)
