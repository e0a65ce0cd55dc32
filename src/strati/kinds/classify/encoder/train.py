"""Fine-tuning an encoder on labelled texts, on the processor: extra [train] (JAX and optax).

What worked where it was tried (TREC, 1,000 labels): AdamW, 1e-4 for the body and 5e-3 for the head, a tenth of the
steps to warm up, then a cosine; batches of 16 of about the same length, padded to few widths, so that few programs are
compiled; the epoch that is best on tune is kept.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strati.core.context import Context
from strati.core.errors import MissingExtra
from strati.core.records import Usage
from strati.kinds.classify.encoder.bert import SHARPNESS, Arrays, frozen, pooled, trainable
from strati.models.weights import EncoderWeights, Shape, shape_of

WIDTHS = (12, 16, 24, 32, 48, 64, 96, 128)  # in tokens; what is longer is cut
BATCH = 16
CHUNK = 200  # rows sorted by length together
BODY_RATE, HEAD_RATE = 1e-4, 5e-3
WARM_UP = 0.1


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an encoder is trained; `layers` 0 means all."""

    layers: int = 0
    epochs: int = 3
    body_rate: float = BODY_RATE
    head_rate: float = HEAD_RATE


class Trained(NamedTuple):
    """Tables, layers and head of a trained encoder, and how many layers it has."""

    tables: Arrays
    body: Arrays
    head: Arrays
    layers: int
    shape: Shape


class Rows(NamedTuple):
    """Token ids of texts, and the place of the label of each."""

    ids: list[list[int]]
    labels: list[int]


def need_training() -> None:
    """Raises `MissingExtra` where a package that training takes is not installed."""
    for name in ("jax", "optax", "onnx"):
        if find_spec(name) is None:
            raise MissingExtra(name, "train")


def train(weights: EncoderWeights, rows: Rows, tune: Rows, classes: int, recipe: Recipe, ctx: Context) -> Trained:
    """The encoder fine-tuned on rows; of its epochs the one that is right most often on tune.

    Raises:
        MissingExtra: JAX or optax is not installed.
        ModelError: the weights are not those of a BERT encoder.
        Stopped: the run ended.
    """
    try:
        import jax
        import jax.numpy as jnp
        import optax
    except ImportError as error:
        raise MissingExtra(error.name or "jax", "train") from error

    tensors = weights.tensors()
    shape = shape_of(tensors, weights.name)
    layers = min(recipe.layers or shape.layers, shape.layers)
    tables = {name: jnp.asarray(part) for name, part in frozen(tensors).items()}
    start = np.random.default_rng(ctx.seed).normal(0, 0.02, (shape.width, classes)).astype(np.float32)
    head = {"w": jnp.asarray(start), "b": jnp.zeros(classes)}
    params = {"body": {k: jnp.asarray(v) for k, v in trainable(tensors, layers).items()}, "head": head}
    del tensors
    steps = recipe.epochs * sum(1 for _ in _batches(rows, random.Random(0)))
    warm = max(1, int(WARM_UP * steps))
    rate = optax.warmup_cosine_decay_schedule(0.0, 1.0, warm, max(steps, warm + 1))
    programs = _programs(shape, layers, recipe.body_rate, recipe.head_rate)
    state, done = programs.begin(params), 0

    best, kept = -1.0, params
    order = random.Random(f"encoder {ctx.seed}")
    for _ in range(recipe.epochs):
        for batch in _batches(rows, order):
            ctx.check()
            params, state = programs.step(params, state, tables, rate(done), batch)
            done += 1
            ctx.tick(0, Usage())
        right = _right(programs, params, tables, tune) if tune.ids else 0.0
        if right >= best:
            best, kept = right, params
    numbers = jax.tree.map(np.asarray, kept)
    return Trained({k: np.asarray(v) for k, v in tables.items()}, numbers["body"], numbers["head"], layers, shape)


class _Programs(NamedTuple):
    """What is compiled: the state that an optimizer begins with, a step of training, and the answers to a batch."""

    begin: Any
    step: Any
    answer: Any


@cache
def _programs(shape: Shape, layers: int, body_rate: float, head_rate: float) -> _Programs:
    """Compiled once in a process for each width of a batch, however many encoders of a shape are trained in it."""
    import jax
    import jax.numpy as jnp
    import optax

    rates = {"body": optax.adamw(body_rate), "head": optax.adamw(head_rate)}
    optimizer = optax.chain(
        optax.clip_by_global_norm(1.0), optax.multi_transform(rates, {"body": "body", "head": "head"})
    )

    def loss(params: Any, tables: Any, batch: _Batch) -> Any:
        logits = _logits(params, tables, batch.ids, batch.mask, shape, layers)
        each = optax.softmax_cross_entropy_with_integer_labels(logits, batch.labels)
        return (each * batch.real).sum() / jnp.maximum(batch.real.sum(), 1.0)

    def step(params: Any, state: Any, tables: Any, rate: Any, batch: _Batch) -> Any:
        gradient = jax.grad(loss)(params, tables, batch)
        updates, state = optimizer.update(gradient, state, params)
        return optax.apply_updates(params, jax.tree.map(lambda update: rate * update, updates)), state

    def answer(params: Any, tables: Any, batch: _Batch) -> Any:
        return _logits(params, tables, batch.ids, batch.mask, shape, layers).argmax(-1)

    return _Programs(optimizer.init, jax.jit(step), jax.jit(answer))


def _logits(params: Any, tables: Any, ids: Any, mask: Any, shape: Shape, layers: int) -> Any:
    vectors = pooled(params["body"], tables, ids, mask, shape, layers)
    return SHARPNESS * vectors @ params["head"]["w"] + params["head"]["b"]


class _Batch(NamedTuple):
    ids: NDArray[np.int32]
    mask: NDArray[np.float32]
    labels: NDArray[np.int32]
    real: NDArray[np.float32]  # 0 for rows that only fill a batch up


def _batches(rows: Rows, order: random.Random) -> Iterator[_Batch]:
    """All rows once, in batches of about the same length, in random order."""
    places = list(range(len(rows.ids)))
    order.shuffle(places)
    batches = []
    for start in range(0, len(places), CHUNK):
        chunk = sorted(places[start : start + CHUNK], key=lambda place: len(rows.ids[place]))
        batches += [chunk[at : at + BATCH] for at in range(0, len(chunk), BATCH)]
    order.shuffle(batches)
    for batch in batches:
        yield _batch(rows, batch)


def _batch(rows: Rows, places: Sequence[int]) -> _Batch:
    longest = max(len(rows.ids[place]) for place in places)
    width = next((width for width in WIDTHS if width >= longest), WIDTHS[-1])
    ids = np.zeros((BATCH, width), dtype=np.int32)
    mask = np.zeros((BATCH, width), dtype=np.float32)
    labels, real = np.zeros(BATCH, dtype=np.int32), np.zeros(BATCH, dtype=np.float32)
    mask[:, 0] = 1.0
    for row, place in enumerate(places):
        kept = rows.ids[place][:width]
        ids[row, : len(kept)], mask[row, : len(kept)] = kept, 1.0
        labels[row], real[row] = rows.labels[place], 1.0
    return _Batch(ids, mask, labels, real)


def _right(programs: _Programs, params: Any, tables: Any, rows: Rows) -> float:
    found = 0
    order = sorted(range(len(rows.ids)), key=lambda place: len(rows.ids[place]))
    for start in range(0, len(order), BATCH):
        places = order[start : start + BATCH]
        batch = _batch(rows, places)
        said = np.asarray(programs.answer(params, tables, batch))
        found += sum(int(said[row]) == rows.labels[place] for row, place in enumerate(places))
    return found / len(order)
