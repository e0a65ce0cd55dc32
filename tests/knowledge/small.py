"""A small world for the tests: documents made by hand and an embedder that knows letters."""

from __future__ import annotations

import os
import signal
import subprocess
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.document import Document, Kind
from strati.knowledge.locator import Locator
from strati.knowledge.record import Record, record_of
from strati.models.contract import ModelCard


class Trigrams:
    """Embeds by counts of letter triples: like words give like vectors, and a text always the same one."""

    card = ModelCard("trigrams", "none", None, True, {})

    def __init__(self) -> None:
        self.texts: list[str] = []

    def fingerprint(self) -> str:
        return "trigrams.v1"

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.texts += texts
        rows = np.zeros((len(texts), 64), np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[0] = 0.1
            for at in range(len(text) - 2):
                row[zlib.crc32(text[at : at + 3].lower().encode("utf-8", "replace")) % 64] += 1
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def document(*paragraphs: str, name: str = "a.txt", title: str = "") -> Document:
    """Paragraphs on a line each, under a heading if there is a title."""
    made = DocumentBuilder()
    if title:
        made.block(Kind.HEADING, title, level=1, at=Locator(line=1))
    for number, text in enumerate(paragraphs, 2):
        made.block(Kind.PARAGRAPH, text, at=Locator(line=number))
    return made.document(name, media_type="text/plain", reader="text.v1")


def record(name: str, *paragraphs: str, title: str = "", modified: str = "2024-05-01") -> Record:
    found = document(*paragraphs, name=name, title=title)
    data = "\n\n".join([title, *paragraphs]).encode("utf-8", "replace")
    return record_of(found, path=f"/docs/{name}", name=name, container="", data=data, modified=modified)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def killed(command: Sequence[str], after: int) -> None:
    """Run a command that prints how much is done, a number a line, and kill it once so much is."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) >= after:
                process.send_signal(signal.SIGKILL)
                break
