"""A fine-tuned encoder: weights read without running anything, ONNX like the encoder it was made from, saved, loaded.

A tiny BERT made here. Training takes the extra [train], which `make` does not install.
"""

from __future__ import annotations

import importlib.util
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from strati.core.context import Context
from strati.core.errors import DataError, ModelError
from strati.core.records import Case, Example
from strati.kinds.classify.encoder.bert import frozen, trainable
from strati.kinds.classify.encoder.layer import Encoder
from strati.kinds.classify.encoder.onnx_file import as_onnx
from strati.kinds.classify.encoder.train import Trained
from strati.models.weights import EncoderWeights, shape_of
from strati.stack.folder import load_stack, save_stack
from strati.stack.stack import Stack

WORDS = ["[PAD]", "[UNK]", "win", "prize", "lunch", "noon", "claim", "see", "you", "at", "a", "now"]
WIDTH, LAYERS = 64, 2
TRAINS = importlib.util.find_spec("jax") is not None and importlib.util.find_spec("optax") is not None
needs_training = pytest.mark.skipif(
    not TRAINS,
    reason="training an encoder takes the extra [train]: JAX and optax",
)


def tensors() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)

    def some(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.3, shape).astype(np.float32)

    found = {
        "embeddings.word_embeddings.weight": some(len(WORDS), WIDTH),
        "embeddings.position_embeddings.weight": some(40, WIDTH),
        "embeddings.token_type_embeddings.weight": some(2, WIDTH),
        "embeddings.LayerNorm.weight": np.ones(WIDTH, dtype=np.float32),
        "embeddings.LayerNorm.bias": np.zeros(WIDTH, dtype=np.float32),
    }
    sizes = {
        "attention.self.query": (WIDTH, WIDTH),
        "attention.self.key": (WIDTH, WIDTH),
        "attention.self.value": (WIDTH, WIDTH),
        "attention.output.dense": (WIDTH, WIDTH),
        "intermediate.dense": (2 * WIDTH, WIDTH),
        "output.dense": (WIDTH, 2 * WIDTH),
    }
    for layer in range(LAYERS):
        for name, (rows, columns) in sizes.items():
            found[f"encoder.layer.{layer}.{name}.weight"] = some(rows, columns)
            found[f"encoder.layer.{layer}.{name}.bias"] = some(rows)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            found[f"encoder.layer.{layer}.{name}.weight"] = np.ones(WIDTH, dtype=np.float32)
            found[f"encoder.layer.{layer}.{name}.bias"] = np.zeros(WIDTH, dtype=np.float32)
    return found


def write_weights(folder: Path) -> EncoderWeights:
    header, body, at = {}, b"", 0
    for name, array in tensors().items():
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        body, at = body + array.tobytes(), at + array.nbytes
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
    tokenizer = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    return EncoderWeights(folder / "model.safetensors", folder / "tokenizer.json", name="tiny", licence="ours")


@pytest.fixture
def weights(tmp_path: Path) -> EncoderWeights:
    return write_weights(tmp_path)


def made(layers: int = LAYERS) -> Trained:
    found = tensors()
    head = {"w": np.zeros((WIDTH, 2), dtype=np.float32), "b": np.zeros(2, dtype=np.float32)}
    return Trained(frozen(found), trainable(found, layers), head, layers, shape_of(found, "tiny"))


def by_hand(ids: list[int], layers: int) -> np.ndarray:
    """The encoder written out with loops over heads."""
    from scipy.special import erf

    t = tensors()

    def normal(x: np.ndarray) -> np.ndarray:
        scaled: np.ndarray = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        return scaled

    def dense(x: np.ndarray, name: str) -> np.ndarray:
        moved: np.ndarray = x @ t[f"{name}.weight"].T + t[f"{name}.bias"]
        return moved

    words = t["embeddings.word_embeddings.weight"][ids]
    x = normal(
        words + t["embeddings.position_embeddings.weight"][: len(ids)] + t["embeddings.token_type_embeddings.weight"][0]
    )
    for layer in range(layers):
        at = f"encoder.layer.{layer}."
        q, k, v = (dense(x, f"{at}attention.self.{name}") for name in ("query", "key", "value"))
        heads = []
        for start in range(0, WIDTH, 32):
            part = slice(start, start + 32)
            scores = q[:, part] @ k[:, part].T / np.sqrt(32)
            shares = np.exp(scores - scores.max(-1, keepdims=True))
            heads.append(shares / shares.sum(-1, keepdims=True) @ v[:, part])
        x = normal(x + dense(np.hstack(heads), f"{at}attention.output.dense"))
        inner = dense(x, f"{at}intermediate.dense")
        inner = 0.5 * inner * (1 + erf(inner / np.sqrt(2)))
        x = normal(x + dense(inner, f"{at}output.dense"))
    mean: np.ndarray = x.mean(0)
    unit: np.ndarray = mean / np.linalg.norm(mean)
    return unit


@pytest.mark.parametrize("layers", [1, 2])
def test_the_onnx_file_is_the_encoder(layers: int) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(as_onnx(made(layers), int8=False), providers=["CPUExecutionProvider"])
    ids = np.array([[2, 3, 4, 5], [6, 7, 0, 0]], dtype=np.int64)
    mask = np.array([[1, 1, 1, 1], [1, 1, 0, 0]], dtype=np.int64)
    (found,) = session.run(["pooled"], {"input_ids": ids, "attention_mask": mask})
    assert found == pytest.approx(np.stack([by_hand([2, 3, 4, 5], layers), by_hand([6, 7], layers)]), abs=1e-4)


def test_tensors_are_read_and_other_files_refused(weights: EncoderWeights, tmp_path: Path) -> None:
    assert weights.tensors()["encoder.layer.1.output.dense.weight"].shape == (WIDTH, 2 * WIDTH)
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"not weights at all")
    with pytest.raises(ModelError, match="no safetensors file"):
        EncoderWeights(other, weights.tokenizer_path, name="other", licence="ours").tensors()
    with pytest.raises(ModelError, match="those of a BERT"):
        shape_of({}, "other")


ROWS = [
    Example(str(n), text, label)
    for n, (text, label) in enumerate(
        [("win a prize now", "spam"), ("lunch at noon", "ham"), ("claim prize", "spam"), ("see you at lunch", "ham")]
        * 6
    )
]


@needs_training
def test_it_learns_and_a_loaded_stack_answers_the_same_without_the_weights(
    weights: EncoderWeights, tmp_path: Path
) -> None:
    layer = Encoder(weights, epochs=8, name="tiny fine-tuned").fit(ROWS, ROWS[:4], Context())
    cases = [Case.of(row) for row in ROWS[:4]]
    answers = [case.answer.value for case in layer.run(cases, Context()) if case.answer]
    assert answers == ["spam", "ham", "spam", "ham"]
    save_stack(Stack.of(layer, name="tiny"), tmp_path / "tiny.stack")
    weights.path.unlink()
    loaded = load_stack(tmp_path / "tiny.stack")
    assert [case.answer.value for case in loaded.run(cases, Context()) if case.answer] == answers
    with pytest.raises(ModelError, match=r"tiny fine-tuned was trained from are not here .*: strati models pull tiny"):
        loaded.fit(ROWS, (), Context())


@needs_training
def test_further_encoders_of_a_shape_are_not_compiled_anew(weights: EncoderWeights) -> None:
    from strati.kinds.classify.encoder.train import BODY_RATE, HEAD_RATE, _programs

    Encoder(weights).fit(ROWS, ROWS[:4], Context())
    programs = _programs(shape_of(weights.tensors(), "tiny"), LAYERS, BODY_RATE, HEAD_RATE)
    compiled = programs.step._cache_size(), programs.answer._cache_size()
    assert min(compiled) > 0
    Encoder(weights).fit(ROWS[:20], ROWS[20:], Context(seed=1))
    assert (programs.step._cache_size(), programs.answer._cache_size()) == compiled


def test_one_label_is_too_few(weights: EncoderWeights) -> None:
    with pytest.raises(DataError, match="at least 2 labels"):
        Encoder(weights).fit(ROWS[:1], (), Context())
