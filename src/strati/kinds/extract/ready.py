"""A ready spaCy pipeline: its own labels are mapped to the task's on a few labelled texts; nothing is trained.

A pipeline is an installed package (`python -m spacy download en_core_web_sm`, or a wheel of it). Saved with a stack
are its name, version and the mapping, never the model itself.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Self

from strati.core.context import Context
from strati.core.errors import MissingExtra, ModelError
from strati.core.identity import fingerprint
from strati.core.records import JSON, Answer, Case, Example, Usage
from strati.kinds.extract.values import Entity, Extraction
from strati.stack.layers.timing import Stopwatch


@dataclass(frozen=True)
class ReadyNER:
    """Finds spans with a spaCy pipeline and calls them what the task calls them.

    Attributes:
        model: the pipeline's package, such as en_core_web_sm.
        version: its version; another one is another layer.
        mapping: the pipeline's label -> the task's; spans with other labels are left out.
    """

    model: str
    version: str
    mapping: Mapping[str, str] | None = None
    name: str = "ready NER"
    kind: ClassVar[str] = "ready_ner.v1"
    answers_from_train: ClassVar[bool] = True

    @classmethod
    def of(cls, model: str) -> Self:
        """The layer of an installed pipeline.

        Raises:
            MissingExtra: spaCy is not installed.
            ModelError: the pipeline is not.
        """
        version = _about(model).get("version") if find_spec("spacy") is not None else None
        return cls(model, str(version or _pipeline(model).meta["version"]), name=model)

    def fingerprint(self) -> str:
        return fingerprint(self.kind, model=self.model, version=self.version, mapping=dict(self.mapping or {}))

    def fit(self, train: Sequence[Example], tune: Sequence[Example], ctx: Context) -> Self:
        """Choose the mapping on tune (on train where there is no tune)."""
        ctx.check()
        rows = list(tune) or list(train)
        found = self._found([example.text for example in rows])
        return replace(self, mapping=mapped(found, [Extraction.from_json(e.reference).entities for e in rows]))

    def run(self, cases: Sequence[Case], ctx: Context) -> Sequence[Case]:
        ctx.check()
        known = self.mapping or {}
        with Stopwatch() as watch:
            found = self._found([case.text for case in cases])
        usage = Usage(seconds=watch.each(len(cases))) if cases else Usage()
        done = []
        for case, spans in zip(cases, found, strict=True):
            named = tuple(one._replace(label=known[one.label]) for one in spans if one.label in known)
            done.append(case.answered(Answer(Extraction(named).to_json(), None, self.name), usage))
        return done

    def _found(self, texts: Sequence[str]) -> list[list[Entity]]:
        """The pipeline's spans with its own labels, without the blanks around them."""
        pipeline = _pipeline(self.model)
        if str(pipeline.meta["version"]) != self.version:
            raise ModelError(f"{self.model} is here as {pipeline.meta['version']}, expected {self.version}")
        return [
            [_entity(text, one) for one in made.ents] for text, made in zip(texts, pipeline.pipe(texts), strict=True)
        ]

    def save(self, folder: Path) -> dict[str, JSON]:  # noqa: ARG002
        return {"model": self.model, "version": self.version, "mapping": dict(self.mapping or {})}

    @classmethod
    def load(cls, settings: Mapping[str, JSON], folder: Path, resources: Mapping[str, object]) -> Self:  # noqa: ARG003
        return cls(settings["model"], settings["version"], settings["mapping"], settings["name"])


def mapped(found: Sequence[Sequence[Entity]], right: Sequence[Sequence[Entity]]) -> dict[str, str]:
    """Which of a pipeline's labels stands for which of ours: the mapping with the best micro-F1 on these texts.

    Each label goes to the one of ours with which its spans agree most; labels come in by how often they are right, as
    long as F1 rises.

    >>> mapped([[Entity(0, 3, "GPE"), Entity(4, 7, "DATE")]], [[Entity(0, 3, "Loc")]])
    {'GPE': 'Loc'}
    """
    total = sum(map(len, right))
    told: Counter[str] = Counter(one.label for some in found for one in some)
    both: Counter[tuple[str, str]] = Counter()
    for some, wanted in zip(found, right, strict=True):
        labels = {(one.start, one.end): one.label for one in wanted}
        both.update((one.label, labels[one.start, one.end]) for one in some if (one.start, one.end) in labels)
    best: dict[str, tuple[int, str]] = {}
    for (own, ours), count in sorted(both.items()):
        if count > best.get(own, (0, ""))[0]:
            best[own] = (count, ours)
    chosen: dict[str, str] = {}
    hits = said = 0
    quality = 0.0
    for own, (count, ours) in sorted(best.items(), key=lambda one: (-one[1][0] / told[one[0]], one[0])):
        value = 2 * (hits + count) / (said + told[own] + total)
        if value > quality:
            chosen[own], quality, hits, said = ours, value, hits + count, said + told[own]
    return dict(sorted(chosen.items()))


def installed() -> list[str]:
    """The spaCy pipelines of this installation that find names, by what their packages say: none is opened."""
    if find_spec("spacy") is None:
        return []
    from importlib.metadata import entry_points

    names = sorted({one.name for one in entry_points(group="spacy_models")})
    return [name for name in names if "ner" in _about(name).get("pipeline", ())]


def _about(model: str) -> dict[str, Any]:
    """The `meta.json` of a pipeline's package; empty where there is none."""
    spec = find_spec(model)
    for folder in spec.submodule_search_locations or () if spec is not None else ():
        file = Path(folder) / "meta.json"
        if file.is_file():
            found = json.loads(file.read_text(encoding="utf-8"))
            return found if isinstance(found, dict) else {}
    return {}


@lru_cache(maxsize=2)
def _pipeline(model: str) -> Any:
    if find_spec("spacy") is None:
        raise MissingExtra("spacy", "spacy")
    import spacy

    try:
        return spacy.load(model, exclude=["lemmatizer", "attribute_ruler", "tagger", "parser"])
    except OSError as error:
        raise ModelError(
            f"the spaCy pipeline {model} is not installed, expected its package: python -m spacy download {model}"
        ) from error


def _entity(text: str, span: Any) -> Entity:
    start, end = int(span.start_char), int(span.end_char)
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Entity(start, end, str(span.label_))
