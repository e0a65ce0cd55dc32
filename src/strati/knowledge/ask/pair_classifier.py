"""A check by a classifier of the user's: an ONNX model that reads a text and a claim and says how well they fit.

For models of the FactCG, MiniCheck and HHEM kinds: a cross-encoder with a tokenizer file. What its outputs mean is
told by `Settings`, because it cannot be seen in the file.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

from strati.core.errors import MissingExtra, ModelError
from strati.core.identity import fingerprint, sha256_of
from strati.core.records import JSON, Evidence
from strati.knowledge.ask.judge import Judged, best, nearest
from strati.knowledge.ask.sources import Sources
from strati.knowledge.ask.support import Verdict

FILES = ("model.onnx", "tokenizer.json")
TOP = 3  # passages that are asked about: those that come nearest by words


@dataclass(frozen=True, slots=True)
class Settings:
    """How a classifier is asked and read.

    Attributes:
        template: the claim and the evidence as one text, for models that want that; "" gives them as a pair.
        supported: which output says "supported", where there are two or more; for a single output it is ignored.
        contradicted: which output says "contradicted", for models that tell; -1 where none does.
        threshold: probability from which a claim counts as supported.
        length: tokens of a pair at most; the evidence is cut to fit.
    """

    template: str = ""
    supported: int = 1
    contradicted: int = -1
    threshold: float = 0.5
    length: int = 512

    @classmethod
    def read(cls, path: Path) -> Settings:
        """From a JSON file. Raises `ModelError` for a setting that is not known."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise ModelError(f"{path} does not describe a pair classifier: {error}") from error


@dataclass(frozen=True)
class PairClassifier:
    """The check by the model in `folder`: model.onnx, tokenizer.json and, if its outputs are others than the usual,
    settings.json."""

    folder: Path
    name: str = "classifier"
    kind: ClassVar[str] = "sentence_classifier.v1"

    def save(self, folder: Path) -> dict[str, JSON]:
        """Its files are copied: a stack folder answers by itself."""
        for file in FILES:
            shutil.copyfile(self.folder / file, folder / file)
        return {"reads": asdict(self.settings)}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        (made := cls(folder)).__dict__["settings"] = Settings(**settings["reads"])
        return made

    def fingerprint(self) -> str:
        files = [sha256_of(self.folder / file) for file in FILES]
        return fingerprint("pair_classifier.v1", files=files, settings=asdict(self.settings))

    @cached_property
    def settings(self) -> Settings:
        path = self.folder / "settings.json"
        return Settings.read(path) if path.is_file() else Settings()

    def opened(self) -> PairClassifier:
        """Itself, with the files loaded: what is wrong with them is told now. Raises `ModelError`, `MissingExtra`."""
        _ = self.settings, self._loaded
        return self

    def judge(self, claim: str, passages: Sequence[Evidence], sources: Sources) -> Judged | None:
        """The place is found by words, the verdict by the model; the best of the nearest passages counts."""
        return best(self._judged(claim, one) for one in nearest(claim, passages, sources, TOP))

    def _judged(self, claim: str, near: Judged) -> Judged:
        chances = self.probabilities(claim, near.passage.text)
        yes = chances[self.settings.supported] if len(chances) > 1 else chances[0]
        no = chances[self.settings.contradicted] if len(chances) > 1 and self.settings.contradicted >= 0 else 0.0
        verdict = Verdict.SUPPORTED if yes >= self.settings.threshold else Verdict.NOT_FOUND
        verdict = Verdict.CONTRADICTED if no > max(yes, self.settings.threshold) else verdict
        reason = "" if verdict is Verdict.SUPPORTED else f"{self.name} gives it a probability of {yes:.2f}"
        return replace(near, support=replace(near.support, verdict=verdict, score=yes, reason=reason))

    def probabilities(self, claim: str, evidence: str) -> list[float]:
        """The probability of each output: a softmax, or a logistic function where there is one output only."""
        session, tokenizer = self._loaded
        template = self.settings.template
        encoded = (
            tokenizer.encode(template.format(claim=claim, evidence=evidence))
            if template
            else tokenizer.encode(evidence, claim)
        )
        import numpy as np

        known = {
            "input_ids": encoded.ids,
            "attention_mask": encoded.attention_mask,
            "token_type_ids": encoded.type_ids,
        }
        wanted = [one.name for one in session.get_inputs()]
        unknown = [name for name in wanted if name not in known]
        if unknown:
            raise ModelError(f"{self.folder} wants the input {unknown[0]!r}, expected {', '.join(known)}")
        logits = np.asarray(session.run(None, {name: np.array([known[name]], np.int64) for name in wanted})[0])[0]
        logits = np.ravel(logits).astype(float)
        if len(logits) == 1:
            return [1 / (1 + math.exp(-float(logits[0])))]
        weights = np.exp(logits - logits.max())
        return [float(one) for one in weights / weights.sum()]

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingExtra(str(error.name), "local") from error
        for file in FILES:
            if not (self.folder / file).is_file():
                raise ModelError(f"{self.folder} holds no {file}, expected model.onnx and tokenizer.json")
        tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        tokenizer.enable_truncation(
            self.settings.length, strategy="only_first" if not self.settings.template else "longest_first"
        )
        try:
            session = onnxruntime.InferenceSession(str(self.folder / "model.onnx"), providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has no common class for what can be wrong with a file
            raise ModelError(f"{self.folder / 'model.onnx'} cannot be run: {error}") from error
        return session, tokenizer
