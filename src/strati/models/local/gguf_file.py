"""The header of a GGUF file: metadata and the table of tensors, enough to see that the file is whole.

Format: the GGUF specification of the ggml project, versions 2 and 3, little-endian. Nothing here loads weights.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from strati.core.errors import ModelError

Scalar = int | float | bool | str

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9

# Tensor type -> (elements in a block, bytes of a block); a type that is not here is counted as no bytes.
_BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """Metadata of a GGUF file; arrays (the vocabulary) are left out."""

    metadata: Mapping[str, Scalar]
    tensors: int

    @property
    def context(self) -> int | None:
        """The context length the model was trained with."""
        value = self.metadata.get(f"{self.metadata.get('general.architecture')}.context_length")
        return value if isinstance(value, int) else None

    @property
    def has_template(self) -> bool:
        """Whether the file carries a chat template."""
        return bool(self.metadata.get("tokenizer.chat_template"))


def check_magic(path: Path) -> None:
    """Raise `ModelError` unless there is a file that begins as a GGUF model does."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelError(f"the model file {path} cannot be read: {error.strerror or error}") from error
    if magic != b"GGUF":
        raise ModelError(f"{path} is not a GGUF model: expected a file that begins with the letters GGUF")


def read_header(path: Path) -> Header:
    """Read and check the header.

    Raises `ModelError` when there is no such file, when it is not GGUF, or when bytes are missing at the end.
    """
    check_magic(path)
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Reader(data, path).header()
    except (struct.error, UnicodeDecodeError, IndexError, OverflowError) as error:
        raise ModelError(f"the model file {path} is damaged or cut off: its header does not end properly") from error


class _Reader:
    """A place in the file and what can be read from there."""

    def __init__(self, data: mmap.mmap, path: Path) -> None:
        self.data = data
        self.path = path
        self.at = 4

    def header(self) -> Header:
        version = self.number("I")
        if version not in (2, 3):
            raise ModelError(f"{self.path} is GGUF version {version}, expected version 2 or 3 (little-endian)")
        tensors, pairs = self.number("Q"), self.number("Q")
        metadata: dict[str, Scalar] = {}
        for _ in range(pairs):
            key = self.text()
            value = self.value(self.number("I"))
            if value is not None:
                metadata[key] = value
        needed = self.end_of_tensors(tensors, int(metadata.get("general.alignment", 32)))
        if needed > len(self.data):
            raise ModelError(
                f"the model file {self.path} is cut off: {len(self.data):,} bytes, its header asks for {needed:,}"
            )
        return Header(metadata, tensors)

    def end_of_tensors(self, count: int, alignment: int) -> int:
        """The length the file must have for the last byte of every tensor to be in it."""
        end = 0
        for _ in range(count):
            self.text()
            elements = 1
            for _ in range(self.number("I")):
                elements *= self.number("Q")
            block, size = _BLOCKS.get(self.number("I"), (1, 0))
            end = max(end, self.number("Q") + elements // block * size)
        return -(-self.at // alignment) * alignment + end

    def number(self, code: str) -> int:
        (value,) = struct.unpack_from("<" + code, self.data, self.at)
        self.at += struct.calcsize("<" + code)
        return int(value)

    def skip(self, size: int) -> None:
        self.at += size
        if self.at > len(self.data):
            raise IndexError

    def text(self) -> str:
        size = self.number("Q")
        start = self.at
        self.skip(size)
        return self.data[start : self.at].decode("utf-8", "replace")

    def value(self, kind: int) -> Scalar | None:
        """A scalar, or None for an array, which is passed over."""
        if kind == _STRING:
            return self.text()
        if kind == _ARRAY:
            self.array(self.number("I"), self.number("Q"))
            return None
        if kind not in _SCALARS:
            raise IndexError
        (value,) = struct.unpack_from("<" + _SCALARS[kind], self.data, self.at)
        self.at += struct.calcsize("<" + _SCALARS[kind])
        return value  # type: ignore[no-any-return]

    def array(self, kind: int, count: int) -> None:
        if kind in _SCALARS:
            self.skip(struct.calcsize("<" + _SCALARS[kind]) * count)
        elif kind == _STRING:
            for _ in range(count):
                self.skip(self.number("Q"))
        else:
            raise IndexError
