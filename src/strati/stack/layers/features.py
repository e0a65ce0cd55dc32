"""Texts as numbers: word and character n-grams weighted by TF-IDF, joined with sentence embeddings if wanted."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from strati.core.context import Context
from strati.core.errors import ModelError
from strati.core.records import JSON
from strati.core.scripts import TOKEN
from strati.models.contract import Embedder

MOST_FEATURES = 200_000  # per block; above it the rarest n-grams go, so memory stays bounded


class SharedFits:
    """Work on the training texts that several forms of one candidate share. Thread safe."""

    def __init__(self, most: int = 3) -> None:
        self._fits: OrderedDict[str, Any] = OrderedDict()
        self._most = most
        self._lock = threading.Lock()

    def once(self, kind: str, texts: Sequence[str], make: Any) -> Any:
        """`make()`, or what it gave for the same kind and texts before."""
        key = hashlib.sha256(f"{kind}\x00{chr(1).join(texts)}".encode("utf-8", "surrogatepass")).hexdigest()
        with self._lock:
            if key not in self._fits:
                self._fits[key] = make()
                while len(self._fits) > self._most:
                    self._fits.popitem(last=False)
            self._fits.move_to_end(key)
            return self._fits[key]


@dataclass(frozen=True)
class TextFeatures:
    """N-gram and embedding features; immutable, `fit` returns a fitted copy.

    Each block has rows of length 1 (cosine geometry); `weight` scales the embedding block against each n-gram block.
    Character n-grams stay within word boundaries.
    """

    word_range: tuple[int, int] = (1, 2)
    char_range: tuple[int, int] = (2, 5)
    embedder: Embedder | None = None
    weight: float = 1.0
    blocks: tuple[Any, ...] = ()

    def settings(self) -> dict[str, JSON]:
        """What changes the numbers, as JSON."""
        return {
            "word_range": list(self.word_range),
            "char_range": list(self.char_range),
            "weight": self.weight,
            "embedder": self.embedder.fingerprint() if self.embedder else None,
            "embedder_name": self.embedder.card.name if self.embedder else None,
        }

    def fit(self, texts: Sequence[str], shared: SharedFits, ctx: Context) -> tuple[Self, Any]:
        """A fitted copy and the sparse matrix of the training texts, shape (texts, features)."""

        def make() -> tuple[tuple[Any, ...], list[Any]]:
            blocks = tuple(_vectorizers(self.word_range, self.char_range, len(texts)))
            return blocks, [block.fit_transform(texts) for block in blocks]

        blocks, matrices = shared.once(f"n-grams {self.word_range} {self.char_range}", texts, make)
        fitted = replace(self, blocks=blocks)
        return fitted, fitted._joined(matrices, self._vectors(texts, ctx))

    def transform(self, texts: Sequence[str], ctx: Context) -> tuple[Any, NDArray[np.float64]]:
        """The sparse matrix of texts, shape (texts, features), and how familiar each text is, shape (texts,).

        Familiar is the number of its different word n-grams that the training texts had, for each of its words: a text
        about something else has few, whatever the classes say.
        """
        matrices = [block.transform(texts) for block in self.blocks]
        known = np.diff(matrices[0].indptr) / np.array([text.count(" ") + 1 for text in texts], dtype=np.float64)
        return self._joined(matrices, self._vectors(texts, ctx)), known

    def names(self, places: Sequence[int]) -> list[str]:
        """What the columns of the matrix stand for: word n-grams as they are, `characters ...`, "" for an embedding."""
        tables = [block.get_feature_names_out() for block in self.blocks]
        starts = np.cumsum([0, *(len(table) for table in tables)]).tolist()
        found = []
        for place in places:
            block = next((number for number in range(len(tables)) if place < starts[number + 1]), None)
            name = "" if block is None else str(tables[block][place - starts[block]])
            found.append(f"characters {name!r}" if block else name)
        return found

    def _vectors(self, texts: Sequence[str], ctx: Context) -> NDArray[np.float32] | None:
        return None if self.embedder is None else ctx.embed(self.embedder, texts)

    def _joined(self, matrices: Sequence[Any], vectors: NDArray[np.float32] | None) -> Any:
        from scipy.sparse import csr_matrix, hstack

        parts = list(matrices)
        if vectors is not None:
            parts.append(csr_matrix(vectors * np.float32(self.weight)))
        return hstack(parts, format="csr", dtype=np.float32)

    def save(self, folder: Path) -> dict[str, JSON]:
        """Write vocabularies and weights; JSON and npz only."""
        arrays = {f"idf{number}": block.idf_ for number, block in enumerate(self.blocks)}
        np.savez_compressed(folder / "features.npz", **arrays)
        vocabularies = [list(map(str, block.get_feature_names_out())) for block in self.blocks]
        (folder / "vocabulary.json").write_text(json.dumps(vocabularies, ensure_ascii=False), encoding="utf-8")
        return self.settings()

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:
        """The inverse of `save`; the embedder comes from `resources` and must be the very same."""
        embedder = needed_embedder(settings, resources)
        word_range = (int(settings["word_range"][0]), int(settings["word_range"][1]))
        char_range = (int(settings["char_range"][0]), int(settings["char_range"][1]))
        blocks = tuple(_vectorizers(word_range, char_range, 0))
        vocabularies = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        with np.load(folder / "features.npz", allow_pickle=False) as arrays:
            for number, (block, vocabulary) in enumerate(zip(blocks, vocabularies, strict=True)):
                block.vocabulary = dict(zip(vocabulary, range(len(vocabulary)), strict=True))
                block.idf_ = arrays[f"idf{number}"]
        return cls(word_range, char_range, embedder, float(settings["weight"]), blocks)


def needed_embedder(settings: Mapping[str, JSON], resources: Mapping[str, object]) -> Embedder | None:
    """The embedder that saved settings name, None if they name none; raises `ModelError` unless it is the very same."""
    if not settings.get("embedder"):
        return None
    found = resources.get(settings["embedder_name"])
    if not isinstance(found, Embedder) or found.fingerprint() != settings["embedder"]:
        raise ModelError(
            f"the stack needs the embedder {settings['embedder_name']} with fingerprint {settings['embedder']}; "
            "it was not found among the models given"
        )
    return found


def _vectorizers(word_range: tuple[int, int], char_range: tuple[int, int], rows: int) -> list[Any]:
    from sklearn.feature_extraction.text import TfidfVectorizer

    common = {
        "sublinear_tf": True,
        "min_df": 2 if rows > 20_000 else 1,
        "max_features": MOST_FEATURES,
        "dtype": np.float32,
        "lowercase": True,
        "strip_accents": None,
    }
    return [
        TfidfVectorizer(analyzer="word", ngram_range=word_range, token_pattern=TOKEN + r"|[^\w\s]", **common),
        TfidfVectorizer(analyzer="char_wb", ngram_range=char_range, **common),
    ]
