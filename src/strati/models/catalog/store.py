"""Pulled models on this machine's disk, found by the hash of their bytes.

A file lies at `<root>/<first two digits>/<sha256>/<file>` with an `about.json` beside it, which keeps name, licence and
the size and time of the file when its hash was taken. A file that was touched since is hashed again before use.
A model that is a folder of files has one below `<root>/folders`, with a link to each of them.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from strati.core.errors import ModelError
from strati.core.identity import fingerprint, sha256_of
from strati.core.records import JSON
from strati.models.catalog.catalog import Artefact, Entry, cache_folder, read_catalog
from strati.models.catalog.sources import PIECE, FileSource
from strati.models.local.gguf import GgufModel
from strati.models.local.linked import link_files
from strati.models.local.onnx_embedder import OnnxEmbedder
from strati.models.weights import KIND as WEIGHTS
from strati.models.weights import EncoderWeights

Progress = Callable[[int, int | None], None]
"""Told of (bytes so far, bytes in all where known)."""


class Store:
    """Pulled models below a root folder, `cache_folder()` by default."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or cache_folder()

    def pulled(self, entries: Iterable[Entry]) -> list[Entry]:
        """The entries whose files are all here, by a look at their sizes."""
        return [entry for entry in entries if entry.artefacts and all(map(self._looks_whole, entry.artefacts))]

    def path(self, artefact: Artefact, name: str = "the model") -> Path:
        """The file, ready for use; hashed again when its size or time changed since it was pulled.

        Raises `ModelError` when it is not here or when its bytes are not those that were pulled.
        """
        file = self._file(artefact)
        if not file.is_file():
            raise ModelError(f"{name} is not on this machine: run `strati models pull {name}`")
        if self._about(artefact).get("stamp") != _stamp(file):
            self._rehash(artefact, name)
        return file

    def folder(self, entry: Entry) -> Path:
        """A folder with the `files` of a model under their names, each ready for use as `path` says.

        It is kept in the store, or made for this process alone where the store may only be read. Raises `ModelError`.
        """
        entry.check_usable()
        files = {name: self.path(artefact, entry.name) for name, artefact in entry.files.items()}
        hashes = {name: artefact.sha256 for name, artefact in entry.files.items()}
        try:
            return link_files(self.root / "folders" / fingerprint("folder", **hashes), files, hashes)
        except OSError:
            return _own_folder(entry, files, hashes)

    def size(self, entry: Entry) -> int:
        """Bytes that a pulled model takes here."""
        return sum(self._file(artefact).stat().st_size for artefact in entry.artefacts)

    def verify(self, entry: Entry) -> None:
        """Hash all files of a model. Raises `ModelError` when one is missing or changed."""
        for artefact in entry.artefacts:
            self.path(artefact, entry.name)
            self._rehash(artefact, entry.name)

    def pull(self, entry: Entry, progress: Progress = lambda done, total: None) -> None:
        """Bring the files of a model here, unless they are. Raises `ModelError` for any reason they cannot be had.

        A broken download goes on where it stopped, at the next pull. Two pulls of one model wait for each other.
        """
        entry.check_usable()
        done = 0
        for artefact in entry.artefacts:
            base = done

            def advance(count: int, base: int = base) -> None:
                progress(base + count, entry.bytes)

            try:
                with self._locked(artefact):
                    done += self._pull(entry, artefact, advance)
            except OSError as error:
                raise ModelError(self._trouble(entry, error)) from error
        if entry.files:
            self.folder(entry)

    def open(self, entry: Entry, **settings: JSON) -> GgufModel | OnnxEmbedder | EncoderWeights:
        """The model behind an entry; it loads at its first use.

        Raises `MissingExtra` when the package that runs it is missing and `ModelError` when it is not pulled.
        """
        entry.check_usable()
        if entry.file is None:
            raise ModelError(f"{entry.name} is a speech model, expected a language model or an embedder")
        entry.check_packages()
        path = self.path(entry.file, entry.name)
        if entry.tokenizer is None:
            return GgufModel(path, name=entry.name, licence=entry.licence, sha256=entry.file.sha256, **settings)
        tokenizer = self.path(entry.tokenizer, entry.name)
        hashes = (entry.file.sha256, entry.tokenizer.sha256)
        if entry.kind == WEIGHTS:
            return EncoderWeights(path, tokenizer, name=entry.name, licence=entry.licence, sha256=hashes)
        return OnnxEmbedder(path, tokenizer, name=entry.name, licence=entry.licence, sha256=hashes, **settings)

    def keep(self, name: str, source: Entry, file: Path) -> Entry:
        """Move a GGUF file that was made from a model into the store, and list it as a model of that name.

        It has the licence of what it was made from. Raises `ModelError` where it cannot be kept.
        """
        assert source.file is not None
        try:
            artefact = Artefact((), sha256_of(file), file.stat().st_size)
            to = self._file(artefact)
            with self._locked(artefact):
                shutil.move(file, to)
            artefact = replace(artefact, sources=(FileSource(to),))
            listed = self.root / "made-here.toml"
            entry = Entry(name, source.kind, source.licence, artefact, None, str(listed), made_from=source.file.sha256)
            self._note(name, entry.licence, entry.kind, artefact)
            with self._locked(Artefact((), "made-here")):
                known = {**(read_catalog(listed) if listed.is_file() else {}), name: entry}
                fresh = listed.with_name(f"made-here.{os.getpid()}.toml")
                fresh.write_text("".join(map(_listed, known.values())), encoding="utf-8")
                fresh.replace(listed)
        except OSError as error:
            raise ModelError(self._trouble(source, error)) from error
        return entry

    def _pull(self, entry: Entry, artefact: Artefact, advance: Callable[[int], None]) -> int:
        if self._looks_whole(artefact):
            with contextlib.suppress(ModelError):
                size = self.path(artefact, entry.name).stat().st_size
                advance(size)
                return size
        folder = self._file(artefact).parent
        part = folder / "file.part"
        self._must_have_room(entry, artefact, part)
        found = _download(artefact, part, folder, advance)
        if found != artefact.sha256:
            part.unlink()
            raise ModelError(
                f"the bytes of {_described(entry, artefact)} are not the expected ones and were removed: "
                f"found SHA-256 {found}, expected {artefact.sha256}"
            )
        part.replace(self._file(artefact))
        self._note(entry.name, entry.licence, entry.kind, artefact)
        return self._file(artefact).stat().st_size

    def _note(self, name: str, licence: str, kind: str, artefact: Artefact) -> None:
        file = self._file(artefact)
        about = {"name": name, "licence": licence, "kind": kind, "sha256": artefact.sha256, "stamp": _stamp(file)}
        fresh = file.with_name(f"about.{os.getpid()}.json")
        fresh.write_text(json.dumps(about, indent=1), encoding="utf-8")
        fresh.replace(file.with_name("about.json"))

    def _rehash(self, artefact: Artefact, name: str) -> None:
        file = self._file(artefact)
        found = sha256_of(file)
        if found != artefact.sha256:
            raise ModelError(
                f"the file of {name} at {file} was changed: found SHA-256 {found}, expected {artefact.sha256}; "
                f"run `strati models pull {name}` for a new copy"
            )
        about = self._about(artefact)
        with contextlib.suppress(OSError):  # a cache that may only be read is hashed each time
            self._note(about.get("name", name), about.get("licence", ""), about.get("kind", ""), artefact)

    def _about(self, artefact: Artefact) -> dict[str, JSON]:
        try:
            about = json.loads(self._file(artefact).with_name("about.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return about if isinstance(about, dict) else {}

    def _looks_whole(self, artefact: Artefact) -> bool:
        file = self._file(artefact)
        return file.is_file() and artefact.bytes in (None, file.stat().st_size)

    def _file(self, artefact: Artefact) -> Path:
        return self.root / artefact.sha256[:2] / artefact.sha256 / "file"

    @contextlib.contextmanager
    def _locked(self, artefact: Artefact) -> Iterator[None]:
        folder = self._file(artefact).parent
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            try:
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX)
            except ImportError:  # not a POSIX system: the user must not pull twice at once
                pass
            yield

    def _must_have_room(self, entry: Entry, artefact: Artefact, part: Path) -> None:
        there = part.stat().st_size if part.exists() else 0
        free = shutil.disk_usage(part.parent).free
        if artefact.bytes and free < artefact.bytes - there:
            raise ModelError(
                f"no space for {entry.name}: it needs {artefact.bytes - there:,} bytes, {self.root} has {free:,} free"
            )

    def _trouble(self, entry: Entry, error: OSError) -> str:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"no space left for {entry.name} in {self.root}: free some, or set STRATI_MODELS to another folder"
        return f"{entry.name} cannot be kept in {self.root}: {error.strerror or error}"


def _own_folder(entry: Entry, files: Mapping[str, Path], hashes: Mapping[str, str]) -> Path:
    try:
        own = Path(tempfile.mkdtemp(prefix="strati-model-"))
        atexit.register(shutil.rmtree, own, ignore_errors=True)
        return link_files(own, files, hashes)
    except OSError as error:
        raise ModelError(f"no folder can be made for the files of {entry.name}: {error.strerror or error}") from error


def _described(entry: Entry, artefact: Artefact) -> str:
    """The model, and which of its files where it has several."""
    names = [name for name, one in entry.files.items() if one == artefact]
    return f"{entry.name} ({names[0]})" if names else entry.name


def _listed(entry: Entry) -> str:
    """A model that was made here, as a table of a catalog."""
    assert entry.file is not None
    text = {"kind": entry.kind, "licence": entry.licence, "made_from": entry.made_from, "sha256": entry.file.sha256}
    sources = [f"file:{one.path}" for one in entry.file.sources if isinstance(one, FileSource)]
    lines = [f"{key} = {json.dumps(value)}" for key, value in {**text, "sources": sources}.items()]
    return "\n".join([f"[models.{json.dumps(entry.name)}]", *lines, f"bytes = {entry.file.bytes}", "", ""])


def _stamp(file: Path) -> list[int]:
    status = file.stat()
    return [status.st_size, status.st_mtime_ns]


def _download(artefact: Artefact, part: Path, folder: Path, advance: Callable[[int], None]) -> str:
    """Write the joined sources to `part`, after what is there if there is one source; the hash of all of it."""
    digest = hashlib.sha256()
    resume = len(artefact.sources) == 1 and part.exists()
    if resume:
        with part.open("rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
    with part.open("ab" if resume else "wb") as file:
        for source in artefact.sources:
            start = file.tell() if resume else 0
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                for piece in source.read(Path(scratch), start):
                    file.write(piece)
                    digest.update(piece)
                    advance(file.tell())
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()
