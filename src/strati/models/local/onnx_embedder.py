"""Sentence embeddings from an ONNX encoder: mean over the tokens, then length 1 (Reimers & Gurevych, Sentence-BERT,
arXiv 1908.10084, section 3)."""

from __future__ import annotations

import importlib.metadata
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strati.core.errors import LayerDown, MissingExtra, ModelError
from strati.core.identity import fingerprint, sha256_of
from strati.core.threads import threads as thread_budget
from strati.models.contract import ModelCard

MAX_TOKENS = 256
BATCH = 32


class OnnxEmbedder:
    """An encoder with its tokenizer, loaded at its first use. Safe to call from several threads.

    Texts longer than `max_tokens` are cut there: what an encoder was not trained to read makes its vectors worse.

    Args:
        model_path: an ONNX file with the inputs `input_ids` and `attention_mask` (and `token_type_ids`, if it has
            them) whose first output of rank 3 has one vector per token.
        tokenizer_path: the `tokenizer.json` that belongs to this very model.
        name: what it is called in reports; the model file's name by default.
        licence: the licence of the weights.
        threads: processor cores to use; None means all that the process may use.
        batch: texts evaluated together; they are sorted by length first.
        max_tokens: longest input in tokens.
        sha256: hashes of model and tokenizer, where known already.

    Raises `ModelError` for missing files; damaged or unfitting ones are noticed when they are loaded.
    """

    def __init__(
        self,
        model_path: Path | str,
        tokenizer_path: Path | str,
        *,
        name: str | None = None,
        licence: str = "unknown",
        threads: int | None = None,
        batch: int = BATCH,
        max_tokens: int = MAX_TOKENS,
        sha256: tuple[str, str] | None = None,
    ) -> None:
        self.model_path, self.tokenizer_path = Path(model_path), Path(tokenizer_path)
        for path in (self.model_path, self.tokenizer_path):
            if not path.is_file():
                raise ModelError(f"there is no file {path}, expected an ONNX model and its tokenizer.json")
        for setting, value in {"batch": batch, "max_tokens": max_tokens, "threads": threads or 1}.items():
            if value < 1:
                raise ModelError(f"{setting} is {value}, expected at least 1")
        self.name = name or self.model_path.stem
        self._licence = licence
        self._threads = threads or 0
        self._batch = batch
        self._max_tokens = max_tokens
        self._sha256 = sha256
        self._loaded: _Loaded | None = None
        self._lock = threading.Lock()

    @property
    def card(self) -> ModelCard:
        details = {"kind": "onnx-embedder"} | ({"sha256": self._sha256[0]} if self._sha256 else {})
        return ModelCard(self.name, self._licence, self.model_path.stat().st_size, True, details)

    def fingerprint(self) -> str:
        with self._lock:
            self._sha256 = self._sha256 or (sha256_of(self.model_path), sha256_of(self.tokenizer_path))
        settings = {"max_tokens": self._max_tokens, "batch": self._batch}
        return fingerprint("onnx-embedder.v1", sha256=list(self._sha256), engine=_version(), **settings)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One row of length 1 per text, in their order; shape (texts, dimensions)."""
        with self._lock:
            self._loaded = self._loaded or self._load()
            loaded = self._loaded
        result = np.zeros((len(texts), loaded.dimensions), dtype=np.float32)
        encoded = loaded.tokenizer.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda number: len(encoded[number].ids))
        for start in range(0, len(order), self._batch):
            rows = order[start : start + self._batch]
            result[rows] = _vectors(loaded, [encoded[row].ids for row in rows])
        return result

    def close(self) -> None:
        """Free the memory. The next call loads the model again."""
        with self._lock:
            self._loaded = None

    def _load(self) -> _Loaded:
        tokenizer = _tokenizer(self.tokenizer_path, self._max_tokens)
        session = _session(self.model_path, self._threads)
        inputs = {entry.name for entry in session.get_inputs()}
        if not {"input_ids", "attention_mask"} <= inputs:
            found = ", ".join(sorted(inputs))
            raise ModelError(f"{self.model_path} has the inputs {found}, expected input_ids and attention_mask")
        output = next((entry for entry in session.get_outputs() if len(entry.shape) == 3), None)
        if output is None:
            raise ModelError(f"{self.model_path} has no output of rank 3, expected one vector per token")
        loaded = _Loaded(session, tokenizer, inputs, output.name, 0)
        self._must_fit(loaded)
        return loaded._replace(dimensions=_vectors(loaded, [[0]]).shape[1])

    def _must_fit(self, loaded: _Loaded) -> None:
        """The vocabulary's last token must be in the model's table, and the one after it should not.

        A tokenizer that is too large would fail in the middle of the work, one that is too small gives poor vectors
        without any sign. Models whose table was padded to a round number are let pass.
        """
        size = loaded.tokenizer.get_vocab_size()
        problem = f"the tokenizer {self.tokenizer_path} has {size:,} tokens and the model {self.model_path}"
        if not _knows(loaded, size - 1):
            raise ModelError(f"{problem} fewer: expected the tokenizer.json that belongs to the model")
        if _knows(loaded, size + max(512, size // 10)):
            raise ModelError(f"{problem} many more: expected the tokenizer.json that belongs to the model")


class _Loaded(NamedTuple):
    session: Any
    tokenizer: Any
    inputs: set[str]
    output: str
    dimensions: int


def _version() -> str:
    try:
        return "onnxruntime " + importlib.metadata.version("onnxruntime")
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingExtra("onnxruntime", "local") from error


def _tokenizer(path: Path, max_tokens: int) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingExtra("tokenizers", "local") from error
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises nothing narrower
        raise ModelError(f"{path} is not a tokenizer: {str(error).splitlines()[0]}") from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _session(path: Path, threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtra("onnxruntime", "local") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    # Threads that spin after a call hold up the comparison of vectors that follows it.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.intra_op_num_threads = threads or thread_budget()
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # a different class for each kind of damage
        raise ModelError(f"the engine cannot load the ONNX model {path}: {str(error).splitlines()[0]}") from error


def _run(loaded: _Loaded, ids: Sequence[Sequence[int]]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Token vectors (texts, tokens, dimensions) and the mask (texts, tokens)."""
    width = max(1, *map(len, ids))
    tokens = np.zeros((len(ids), width), dtype=np.int64)
    mask = np.zeros_like(tokens)
    for row, text in enumerate(ids):
        tokens[row, : len(text)] = text
        mask[row, : len(text)] = 1
    feed = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
    (vectors,) = loaded.session.run([loaded.output], {name: feed[name] for name in loaded.inputs if name in feed})
    return np.asarray(vectors, dtype=np.float32), mask


def _vectors(loaded: _Loaded, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    try:
        vectors, mask = _run(loaded, ids)
    except Exception as error:  # a different class for each kind of failure
        raise LayerDown(f"the embedding engine failed: {str(error).splitlines()[0]}") from error
    weights = mask[:, :, None].astype(np.float32)
    mean = (vectors * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)
    length = np.linalg.norm(mean, axis=1, keepdims=True)
    return np.asarray(mean / np.maximum(length, 1e-12), dtype=np.float32)


def _knows(loaded: _Loaded, token: int) -> bool:
    """Whether the model's table has this token."""
    try:
        _run(loaded, [[token]])
    except Exception:  # an index out of range, raised as the engine's own class
        return False
    return True
