"""Weights of a BERT encoder to train from: a safetensors file and its tokenizer.

The format is read here (8 bytes of length, a JSON header, plain numbers): nothing in such a file is ever run.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strati.core.errors import ModelError
from strati.core.identity import fingerprint, sha256_of

KIND = "encoder-weights"
_TYPES = {"F32": np.float32, "F16": np.float16, "I64": np.int64}


class Shape(NamedTuple):
    """The measures of an encoder, as its tensors tell."""

    layers: int
    width: int
    heads: int
    tokens: int
    positions: int


class EncoderWeights:
    """A BERT whose tensors can be read. Raises `ModelError` for files that are missing or hold something else.

    Args:
        path: the safetensors file.
        tokenizer_path: the `tokenizer.json` that belongs to it.
        name, licence: as on its card.
        sha256: hashes of both files, where known already.
    """

    def __init__(
        self, path: Path, tokenizer_path: Path, *, name: str, licence: str, sha256: tuple[str, str] | None = None
    ) -> None:
        for file in (path, tokenizer_path):
            if not file.is_file():
                raise ModelError(f"there is no file {file}, expected encoder weights and their tokenizer.json")
        self.path, self.tokenizer_path, self.name, self.licence = path, tokenizer_path, name, licence
        self._sha256 = sha256

    def fingerprint(self) -> str:
        self._sha256 = self._sha256 or (sha256_of(self.path), sha256_of(self.tokenizer_path))
        return fingerprint("encoder-weights.v1", sha256=list(self._sha256))

    def tokenizer(self) -> str:
        """The text of `tokenizer.json`."""
        return self.tokenizer_path.read_text(encoding="utf-8")

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """All tensors by name, without a leading `bert.`."""
        try:
            with self.path.open("rb") as file:
                (length,) = struct.unpack("<Q", file.read(8))
                if length > self.path.stat().st_size - 8:
                    raise ValueError(f"a header of {length:,} bytes does not fit into it")
                header = json.loads(file.read(length))
                start = 8 + length
                found = {}
                for name, about in header.items():
                    if name == "__metadata__":
                        continue
                    begin, end = about["data_offsets"]
                    file.seek(start + begin)
                    values = np.frombuffer(file.read(end - begin), dtype=_TYPES[about["dtype"]])
                    found[name.removeprefix("bert.")] = values.reshape(about["shape"]).astype(np.float32)
        except (OSError, ValueError, KeyError, struct.error) as error:
            raise ModelError(f"{self.path} is no safetensors file of an encoder: {error}") from error
        return found


def shape_of(tensors: dict[str, NDArray[np.float32]], name: str) -> Shape:
    """The measures of a BERT; raises `ModelError` where the tensors are of something else."""
    try:
        tokens, width = tensors["embeddings.word_embeddings.weight"].shape
        positions = tensors["embeddings.position_embeddings.weight"].shape[0]
        layers = 0
        while f"encoder.layer.{layers}.output.dense.weight" in tensors:
            layers += 1
    except KeyError as error:
        raise ModelError(f"the weights of {name} have no tensor {error}: expected those of a BERT encoder") from error
    if not layers or width % 32:
        raise ModelError(f"{name} has {layers} layers of width {width}: expected a BERT with heads of 32 or 64 numbers")
    return Shape(layers, width, width // 32 if width < 768 else width // 64, tokens, positions)
