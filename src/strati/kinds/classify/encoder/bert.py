"""A BERT encoder in JAX, for training: Devlin et al., arXiv 1810.04805, with the post-layer normalisation of the paper.

Parameters are plain arrays by short names, the same that `onnx_file` writes. Word, position and type embeddings stay as
they were pulled: freezing them costs nothing in quality on a few thousand rows, and saves half of the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strati.models.weights import Shape

Arrays = dict[str, NDArray[np.float32]]
EPSILON = 1e-12
SHARPNESS = 8.0  # vectors have length 1: times this, a linear head can be as sure as it has to be
PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "o": "attention.output.dense",
    "n1": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "n2": "output.LayerNorm",
}


def frozen(tensors: Arrays) -> Arrays:
    """What is not trained: the tables of words, and of positions with that of the first type added."""
    positions = tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
    return {"words": tensors["embeddings.word_embeddings.weight"], "positions": positions}


def trainable(tensors: Arrays, layers: int) -> Arrays:
    """What is trained: normalisation of the embeddings and the first `layers` layers. Matrices are [in, out]."""
    found = {"n0.w": tensors["embeddings.LayerNorm.weight"], "n0.b": tensors["embeddings.LayerNorm.bias"]}
    for layer in range(layers):
        for short, long in PARTS.items():
            weight = tensors[f"encoder.layer.{layer}.{long}.weight"]
            found[f"{layer}.{short}.w"] = weight if short in ("n1", "n2") else np.ascontiguousarray(weight.T)
            found[f"{layer}.{short}.b"] = tensors[f"encoder.layer.{layer}.{long}.bias"]
    return found


def pooled(params: Mapping[str, Any], tables: Mapping[str, Any], ids: Any, mask: Any, shape: Shape, layers: int) -> Any:
    """Vectors of length 1, shape [B, width], of token ids and their mask, both [B, T]."""
    import jax
    import jax.numpy as jnp

    def normal(x: Any, name: str) -> Any:
        mean = x.mean(-1, keepdims=True)
        spread = ((x - mean) ** 2).mean(-1, keepdims=True)
        return (x - mean) * jax.lax.rsqrt(spread + EPSILON) * params[f"{name}.w"] + params[f"{name}.b"]

    def dense(x: Any, name: str) -> Any:
        return x @ params[f"{name}.w"] + params[f"{name}.b"]

    batch, width = ids.shape
    each = shape.width // shape.heads
    x = normal(tables["words"][ids] + tables["positions"][:width], "n0")
    bias = (1.0 - mask[:, None, None, :]) * -1e9
    for layer in range(layers):
        q, k, v = (
            dense(x, f"{layer}.{part}").reshape(batch, width, shape.heads, each).transpose(0, 2, 1, 3) for part in "qkv"
        )
        weights = jax.nn.softmax(q @ k.transpose(0, 1, 3, 2) / np.sqrt(each) + bias, axis=-1)
        seen = (weights @ v).transpose(0, 2, 1, 3).reshape(batch, width, shape.width)
        x = normal(x + dense(seen, f"{layer}.o"), f"{layer}.n1")
        inner = jax.nn.gelu(dense(x, f"{layer}.up"), approximate=False)
        x = normal(x + dense(inner, f"{layer}.down"), f"{layer}.n2")
    mean = (x * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)
    return mean / jnp.maximum(jnp.linalg.norm(mean, axis=-1, keepdims=True), 1e-12)
