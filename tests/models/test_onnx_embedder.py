from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from strati.core.errors import ModelError
from strati.models.contract import Embedder
from strati.models.local.onnx_embedder import OnnxEmbedder

# A model of four tokens with two dimensions each: the embedding of a token is its row, the mean of a text is by hand.
TABLE = [[0.0, 0.0], [3.0, 0.0], [0.0, 4.0], [3.0, 4.0]]
VOCABULARY = {"[UNK]": 0, "red": 1, "blue": 2, "green": 3}


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: int | str | bytes) -> bytes:
    """One field of a protobuf message: a number, or bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensor_info(name: str, kind: int, rank: int) -> bytes:
    shape = b"".join(field(1, field(2, f"d{n}")) for n in range(rank))
    return field(1, name) + field(2, field(1, field(1, kind) + field(2, shape)))


def write_model(path: Path, table: list[list[float]], mask: str = "attention_mask") -> Path:
    """An ONNX file whose only node gathers rows of `table` by `input_ids`."""
    raw = struct.pack(f"<{len(table) * 2}f", *(value for row in table for value in row))
    weights = field(1, len(table)) + field(1, 2) + field(2, 1) + field(8, "table") + field(9, raw)
    node = field(1, "table") + field(1, "input_ids") + field(2, "last_hidden_state") + field(4, "Gather")
    graph = field(1, node) + field(2, "tiny") + field(5, weights)
    graph += field(11, tensor_info("input_ids", 7, 2)) + field(11, tensor_info(mask, 7, 2))
    graph += field(12, tensor_info("last_hidden_state", 1, 3))
    path.write_bytes(field(1, 8) + field(8, field(2, 13)) + field(7, graph))
    return path


def write_tokenizer(path: Path, vocabulary: dict[str, int]) -> Path:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(path))
    return path


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write_model(tmp_path / "m.onnx", TABLE), write_tokenizer(tmp_path / "tokenizer.json", VOCABULARY)


def test_mean_over_the_mask_then_length_one(files: tuple[Path, Path]) -> None:
    embedder = OnnxEmbedder(*files, batch=2)
    assert isinstance(embedder, Embedder)
    rows = embedder.embed(["green", "red", "red blue blue red", "blue green green blue"])
    # (3,4)/5; (1,0); mean (1.5, 2)/2.5; mean (1.5, 4)/sqrt(18.25)
    expected = [[0.6, 0.8], [1, 0], [0.6, 0.8], [1.5 / 18.25**0.5, 4 / 18.25**0.5]]
    assert rows == pytest.approx(np.array(expected), abs=1e-6)
    assert rows.dtype == np.float32


def test_no_text_and_empty_text(files: tuple[Path, Path]) -> None:
    embedder = OnnxEmbedder(*files)
    assert embedder.embed([]).shape == (0, 2)
    assert embedder.embed([""]).tolist() == [[0.0, 0.0]]


def test_text_is_cut_at_max_tokens(files: tuple[Path, Path]) -> None:
    assert OnnxEmbedder(*files, max_tokens=1).embed(["red blue blue"]).tolist() == [[1.0, 0.0]]


def test_order_and_batches_do_not_matter(files: tuple[Path, Path]) -> None:
    texts = [" ".join(["red", "blue", "green"][n % 3 :] * (n % 5 + 1)) for n in range(20)]
    small, large = OnnxEmbedder(*files, batch=3), OnnxEmbedder(*files, batch=64)
    assert small.embed(texts) == pytest.approx(large.embed(texts[::-1])[::-1], abs=1e-6)


def test_fingerprint_follows_the_files(files: tuple[Path, Path], tmp_path: Path) -> None:
    other = write_model(tmp_path / "other.onnx", [[1.0, 1.0], *TABLE[1:]])
    assert OnnxEmbedder(*files).fingerprint() == OnnxEmbedder(*files, name="x").fingerprint()
    assert OnnxEmbedder(*files).fingerprint() != OnnxEmbedder(other, files[1]).fingerprint()


def test_a_tokenizer_with_more_tokens_than_the_model(files: tuple[Path, Path], tmp_path: Path) -> None:
    large = write_tokenizer(tmp_path / "large.json", {**VOCABULARY, "grey": 4})
    with pytest.raises(ModelError, match="belongs to the model"):
        OnnxEmbedder(files[0], large).embed(["red"])


def test_a_tokenizer_with_far_fewer_tokens_than_the_model(files: tuple[Path, Path], tmp_path: Path) -> None:
    model = write_model(tmp_path / "large.onnx", [[1.0, 0.0]] * 1000)
    with pytest.raises(ModelError, match="many more"):
        OnnxEmbedder(model, files[1]).embed(["red"])


def test_files_that_are_missing_or_wrong(files: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no file .*none\.onnx"):
        OnnxEmbedder(tmp_path / "none.onnx", files[1])
    broken = tmp_path / "broken"
    broken.write_bytes(b"{}")
    with pytest.raises(ModelError, match="not a tokenizer"):
        OnnxEmbedder(files[0], broken).embed(["red"])
    with pytest.raises(ModelError, match="cannot load the ONNX model"):
        OnnxEmbedder(broken, files[1]).embed(["red"])
    with pytest.raises(ModelError, match="expected input_ids and attention_mask"):
        OnnxEmbedder(write_model(tmp_path / "odd.onnx", TABLE, "something"), files[1]).embed(["red"])
    with pytest.raises(ModelError, match="batch is 0"):
        OnnxEmbedder(*files, batch=0)
