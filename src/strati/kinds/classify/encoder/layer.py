"""A small encoder fine-tuned on the user's labels: an ordinary saved layer, ONNX without pickle.

Training takes the extra [train]; running takes onnxruntime and tokenizers only. The saved folder holds all it needs:
the weights it was trained from need not be there. It names them, so that it can be trained again where they are.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self, cast

import numpy as np
from numpy.typing import NDArray

from strati.core.context import Context
from strati.core.errors import DataError, MissingExtra, ModelError
from strati.core.identity import fingerprint, sha256_of_array
from strati.core.records import JSON, Answer, Case, Example, Usage
from strati.core.threads import threads
from strati.kinds.classify.linear import ALTERNATIVES, softmax
from strati.models.weights import EncoderWeights
from strati.stack.explain import SHOWN, Explanation
from strati.stack.layers.timing import Stopwatch

FEWEST = 2  # labels that rows must have
TOKENS = 128
BATCH = 32
MOST_WORDS = 60  # of a text, left out in turn for an explanation


class Origin(NamedTuple):
    """The weights that an encoder was trained from."""

    name: str
    fingerprint: str


@dataclass(frozen=True)
class Encoder:
    """Labels by a fine-tuned encoder.

    Attributes:
        weights: what it is trained from; None where it was loaded without them.
        layers: how many of the encoder's layers it has; 0 means all.
        epochs: times that it sees each row.
        int8: whether its weights are bytes.
        model: the ONNX file, of a fitted layer.
        scale: what its scores are multiplied with before the softmax; fitted on tune.
        origin: the weights that a fitted layer was trained from; None where its folder does not say.
    """

    weights: EncoderWeights | None = None
    layers: int = 0
    epochs: int = 3
    int8: bool = True
    name: str = "encoder"
    labels: tuple[str, ...] = ()
    model: bytes = b""
    tokenizer: str = ""
    head: NDArray[np.float32] | None = None  # [width + 1, labels]; the last row is the bias
    scale: float = 1.0
    origin: Origin | None = None
    engine: _Engine = field(default_factory=lambda: _Engine(), compare=False, repr=False)
    kind: ClassVar[str] = "encoder.v1"
    answers_from_train: ClassVar[bool] = True

    def settings(self) -> dict[str, JSON]:
        return {"layers": self.layers, "epochs": self.epochs, "int8": self.int8, "scale": self.scale}

    def fingerprint(self) -> str:
        made = {
            "model": hashlib.sha256(self.model).hexdigest() if self.model else None,
            "head": None if self.head is None else sha256_of_array(self.head),
            "tokenizer": hashlib.sha256(self.tokenizer.encode()).hexdigest() if self.tokenizer else None,
        }
        start = self.weights.fingerprint() if self.weights is not None and not self.model else None
        return fingerprint(self.kind, labels=list(self.labels), weights=start, **made, **self.settings())

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:
        from strati.kinds.classify.encoder.bert import SHARPNESS
        from strati.kinds.classify.encoder.onnx_file import as_onnx, need_onnx
        from strati.kinds.classify.encoder.train import Recipe, Rows, need_training
        from strati.kinds.classify.encoder.train import train as train_encoder

        if self.weights is None:
            need_training()
            if self.origin is None:
                raise ModelError(f"the folder of {self.name} does not name the weights that it was trained from")
            raise ModelError(
                f"the very weights that {self.name} was trained from are not here ({self.origin.fingerprint[:12]}): "
                f"strati models pull {self.origin.name}"
            )
        need_onnx()
        labels = tuple(sorted({str(example.reference) for example in train}))
        if len(labels) < FEWEST:
            raise DataError(f"an encoder needs rows of at least {FEWEST} labels to learn from, found {len(labels)}")
        place = {label: number for number, label in enumerate(labels)}
        text = self.weights.tokenizer()
        tokens = _tokenizer(text)

        def rows(examples: Sequence[Example]) -> Rows:
            known = [example for example in examples if str(example.reference) in place]
            encoded = tokens.encode_batch([example.text for example in known])
            return Rows([one.ids for one in encoded], [place[str(example.reference)] for example in known])

        recipe = Recipe(self.layers, self.epochs)
        made = train_encoder(self.weights, rows(train), rows(tune), len(labels), recipe, ctx)
        head = SHARPNESS * np.vstack([made.head["w"], made.head["b"][None, :] / SHARPNESS])
        fitted = replace(
            self,
            labels=labels,
            model=as_onnx(made, int8=self.int8),
            tokenizer=text,
            head=head.astype(np.float32),
            origin=Origin(self.weights.name, self.weights.fingerprint()),
            engine=_Engine(),
        )
        return replace(fitted, scale=fitted._fit_scale(tune), engine=fitted.engine) if tune else fitted

    def in_bytes(self) -> Self:
        """The fitted layer with its weights as int8; raises `MissingExtra` where the package onnx is not installed."""
        from strati.kinds.classify.encoder.onnx_file import in_bytes

        if self.int8 or not self.model:
            return self
        return replace(self, model=in_bytes(self.model), int8=True, engine=_Engine())

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        ctx.check()
        if not cases:
            return []
        with Stopwatch() as watch:
            probabilities = softmax(self._scores([case.text for case in cases]) * self.scale)
            order = np.argsort(-probabilities, axis=1, kind="stable")[:, :ALTERNATIVES]
        usage = Usage(seconds=watch.each(len(cases)))
        return [
            case.answered(self._answer(row, best), usage)
            for case, row, best in zip(cases, probabilities, order, strict=True)
        ]

    def explain(self, case: Case, ctx: Context) -> Explanation:
        """The words without which the answer is least sure: each is left out in turn (Zeiler and Fergus, 1311.2901)."""
        ctx.check()
        assert case.answer is not None
        words = case.text.split()[:MOST_WORDS]
        texts = [case.text, *(" ".join([*words[:at], *words[at + 1 :]]) for at in range(len(words)))]
        shares = softmax(self._scores(texts) * self.scale)[:, self.labels.index(str(case.answer.value))]
        lost = [(word, float(shares[0] - share)) for word, share in zip(words, shares[1:], strict=True)]
        told = sorted(lost, key=lambda pair: -pair[1])[:SHOWN]
        line = (
            ", ".join(f"without “{word}” {-loss:+.2f}" for word, loss in told if loss > 0) or "no single word decides"
        )
        terms = [{"term": word, "weight": loss} for word, loss in told]
        return Explanation(f"{case.answer.value}: {line}", {"kind": "words", "terms": terms})

    def _answer(self, row: NDArray[np.float64], best: NDArray[np.int64]) -> Answer:
        alternatives = tuple((self.labels[i], float(row[i])) for i in best)
        margin = alternatives[0][1] - alternatives[1][1] if len(alternatives) > 1 else 1.0
        return Answer(alternatives[0][0], alternatives[0][1], self.name, alternatives, {"margin": margin})

    def _scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        if self.head is None:
            raise ValueError(f"the layer {self.name} is not fitted; call fit first")
        vectors = self.engine.vectors(self.model, self.tokenizer, texts)
        return np.asarray(vectors @ self.head[:-1] + self.head[-1], dtype=np.float64)

    def _fit_scale(self, tune: Sequence[Example]) -> float:
        """Temperature scaling on tune (Guo et al. 2017, section 4.2)."""
        from scipy.optimize import minimize_scalar

        place = {label: number for number, label in enumerate(self.labels)}
        known = [example for example in tune if str(example.reference) in place]
        if not known:
            return 1.0
        scores = self._scores([example.text for example in known])
        right = np.array([place[str(example.reference)] for example in known])

        def loss(log_scale: float) -> float:
            found = softmax(scores * np.exp(log_scale))[np.arange(len(right)), right]
            return float(-np.log(np.maximum(found, 1e-12)).mean())

        return float(np.exp(minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded").x))

    def save(self, folder: Path) -> dict[str, JSON]:
        if self.head is None:
            raise ValueError(f"the layer {self.name} is not fitted; call fit first")
        (folder / "encoder.onnx").write_bytes(self.model)
        (folder / "tokenizer.json").write_text(self.tokenizer, encoding="utf-8")
        np.savez_compressed(folder / "head.npz", head=self.head)
        origin = self.origin._asdict() if self.origin is not None else None
        return {**self.settings(), "labels": list(self.labels), "origin": origin}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:
        """As saved; it can be trained again where `resources` has the very weights that it was trained from."""
        origin = Origin(**settings["origin"]) if settings.get("origin") else None
        weights = resources.get(origin.name) if origin is not None else None
        same = isinstance(weights, EncoderWeights) and (weights.name, weights.fingerprint()) == origin
        with np.load(folder / "head.npz", allow_pickle=False) as arrays:
            head = arrays["head"]
        return cls(
            cast("EncoderWeights", weights) if same else None,
            settings["layers"],
            settings["epochs"],
            settings["int8"],
            settings["name"],
            tuple(settings["labels"]),
            (folder / "encoder.onnx").read_bytes(),
            (folder / "tokenizer.json").read_text(encoding="utf-8"),
            head,
            settings["scale"],
            origin,
        )


class _Engine:
    """The ONNX session of a fitted layer, made at its first use. Thread safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._session: Any = None
        self._tokens: Any = None

    def vectors(self, model: bytes, tokenizer: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Rows of length 1, one a text, in their order."""
        with self._lock:
            if self._session is None:
                self._session, self._tokens = _session(model), _tokenizer(tokenizer)
        encoded = self._tokens.encode_batch(list(texts))
        order = sorted(range(len(texts)), key=lambda place: len(encoded[place].ids))
        found: list[NDArray[np.float32] | None] = [None] * len(texts)
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            width = max(1, *(len(encoded[place].ids) for place in places))
            ids = np.zeros((len(places), width), dtype=np.int64)
            mask = np.zeros_like(ids)
            mask[:, 0] = 1
            for row, place in enumerate(places):
                ids[row, : len(encoded[place].ids)] = encoded[place].ids
                mask[row, : len(encoded[place].ids)] = 1
            (rows,) = self._session.run(["pooled"], {"input_ids": ids, "attention_mask": mask})
            for row, place in enumerate(places):
                found[place] = rows[row]
        return np.stack([row for row in found if row is not None])


def _session(model: bytes) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise MissingExtra("onnxruntime", "local") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.intra_op_num_threads = threads()
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _tokenizer(text: str) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingExtra("tokenizers", "local") from error
    tokenizer = Tokenizer.from_str(text)
    tokenizer.no_padding()
    tokenizer.enable_truncation(TOKENS)
    return tokenizer
