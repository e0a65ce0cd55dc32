"""A GGUF model with its weights in fewer bits, written as another file; by the pure-Python package gguf.

Tables and products of the weights change, row by row in blocks; vectors (norms, biases), metadata and the vocabulary
stay as they are. What would not become smaller stays too. Q8_0 keeps about 8.5 bits a weight, Q4_0 about 4.5.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from strati.core.errors import MissingExtra, ModelError

TARGETS = ("q8_0", "q4_0")
PLAIN = {"F32", "F16", "BF16"}
ROWS = 4096  # of a table that are in memory as float32 at once
_FILE_TYPES = {"q8_0": 7, "q4_0": 2}  # general.file_type in the GGUF specification

Tick = Callable[[int, int], None]
"""Told of (tensors done, tensors in all)."""


def need_gguf() -> None:
    """Raises `MissingExtra` where the package gguf is not installed."""
    if find_spec("gguf") is None:
        raise MissingExtra("gguf", "train")


def main_type(path: Path) -> str:
    """How most weights of a GGUF file are kept, such as "F16" or "Q4_1"."""
    need_gguf()
    counts: dict[str, int] = {}
    for tensor in _tensors(path):
        if len(tensor.shape) > 1:
            name = tensor.tensor_type.name
            counts[name] = counts.get(name, 0) + int(tensor.n_elements)
    if not counts:
        raise ModelError(f"{path} holds no weights")
    return max(counts, key=lambda name: counts[name])


def smaller_types(path: Path) -> tuple[str, ...]:
    """The targets that take fewer bits a weight than the file does, the largest first."""
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    def bits(name: str) -> float:
        block, size = GGML_QUANT_SIZES[GGMLQuantizationType[name]]
        return size / block

    own = bits(main_type(path))
    return tuple(target for target in TARGETS if bits(target.upper()) < own)


def requantise(source: Path, target: str, to: Path, tick: Tick = lambda done, total: None) -> None:
    """Write `source` to `to` with its weights as `target`, one of `TARGETS`; the same file for the same source.

    Raises:
        MissingExtra: the package gguf is not installed.
        ModelError: weights are of a type that cannot be read, or the file cannot be written.
    """
    need_gguf()
    from gguf import GGMLQuantizationType, GGUFWriter

    if target not in TARGETS:
        raise ModelError(f"found the type {target!r}, expected one of: {', '.join(TARGETS)}")
    wanted = GGMLQuantizationType[target.upper()]
    reader = _reader(source)
    part = to.with_name(f"{to.name}.{os.getpid()}.part")
    tensors = list(reader.tensors)
    try:
        writer = GGUFWriter(str(part), str(_value(reader, "general.architecture")))
        for name, one in reader.fields.items():
            if not name.startswith("GGUF.") and name not in ("general.architecture", "general.file_type"):
                kind, inner = one.types[0], one.types[-1] if len(one.types) > 1 else None
                writer.add_key_value(name, one.contents(), kind, inner)
        writer.add_file_type(_FILE_TYPES[target])
        made = [_kept_as(tensor, wanted) for tensor in tensors]
        for tensor, kind in zip(tensors, made, strict=True):
            shape, size = _bytes_of(tensor, kind)
            writer.add_tensor_info(tensor.name, shape, np.dtype(np.uint8), size, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for done, (tensor, kind) in enumerate(zip(tensors, made, strict=True), 1):
            writer.write_tensor_data(_as_type(tensor, kind, source))
            tick(done, len(tensors))
        writer.close()
        part.replace(to)
    except OSError as error:
        raise ModelError(f"{to} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


def _reader(path: Path) -> Any:
    from gguf import GGUFReader

    from strati.models.local.gguf_file import read_header

    read_header(path)  # says what is wrong with a damaged file
    return GGUFReader(str(path))


def _tensors(path: Path) -> list[Any]:
    return list(_reader(path).tensors)


def _value(reader: Any, key: str) -> Any:
    return reader.fields[key].contents()


def _kept_as(tensor: Any, wanted: Any) -> Any:
    """The wanted type where the tensor is a table whose rows fit its blocks and becomes smaller; else its own."""
    from gguf import GGML_QUANT_SIZES

    own = tensor.tensor_type
    block, size = GGML_QUANT_SIZES[wanted]
    own_block, own_size = GGML_QUANT_SIZES[own]
    fits = len(tensor.shape) > 1 and int(tensor.shape[0]) % block == 0
    return wanted if fits and size / block < own_size / own_block else own


def _bytes_of(tensor: Any, kind: Any) -> tuple[tuple[int, ...], int]:
    """The shape in bytes (rows first, as numpy has it) and the size of a tensor kept as a type."""
    from gguf import GGML_QUANT_SIZES

    block, size = GGML_QUANT_SIZES[kind]
    shape = tuple(int(length) for length in reversed(tensor.shape))
    shape = (*shape[:-1], shape[-1] // block * size)
    return shape, int(np.prod(shape))


def _as_type(tensor: Any, kind: Any, source: Path) -> np.ndarray[Any, Any]:
    """The bytes of a tensor in a type: [rows, bytes of a row], or as they are."""
    from gguf.quants import dequantize, quantize

    own = tensor.tensor_type
    if kind == own:
        return np.ascontiguousarray(tensor.data)
    rows = tensor.data.reshape(-1, tensor.data.shape[-1])
    try:
        parts = [
            quantize(dequantize(rows[start : start + ROWS], own).astype(np.float32, copy=False), kind)
            for start in range(0, len(rows), ROWS)
        ]
    except NotImplementedError as error:
        raise ModelError(f"{source}: weights of the type {own.name} cannot be read, expected another file") from error
    return np.concatenate(parts)
