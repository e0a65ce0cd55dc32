"""A ready spaCy pipeline as a rung: labels are mapped on labelled texts; what is not installed is said."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from strati.core.context import Context
from strati.core.errors import MissingExtra, ModelError
from strati.core.records import Case, Example
from strati.kinds.extract import ready
from strati.kinds.extract.ready import ReadyNER, mapped
from strati.kinds.extract.values import Entity


class _Span(NamedTuple):
    start_char: int
    end_char: int
    label_: str


class _Made(NamedTuple):
    ents: Sequence[_Span]


class _Pipeline:
    """Calls words with a capital ORG, and numbers DATE, with a blank too many, as pipelines do."""

    pipe_names = ("tok2vec", "ner")

    def __init__(self) -> None:
        self.meta = {"version": "3.8.0"}

    def pipe(self, texts: Sequence[str]) -> Iterator[_Made]:
        for text in texts:
            spans, at = [], 0
            for word in text.split(" "):
                label = "ORG" if word[:1].isupper() else "DATE" if word.isdigit() else ""
                if label:
                    spans.append(_Span(at, min(len(text), at + len(word) + 1), label))
                at += len(word) + 1
            yield _Made(spans)


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "_pipeline", lambda _: _Pipeline())


def example(text: str, *entities: tuple[int, int, str]) -> Example:
    return Example("1", text, {"entities": [{"start": a, "end": b, "label": label} for a, b, label in entities]})


def test_labels_are_mapped_where_that_raises_f1() -> None:
    found = [[Entity(0, 4, "ORG"), Entity(9, 13, "DATE")], [Entity(0, 3, "ORG"), Entity(5, 8, "GPE")]]
    right = [[Entity(0, 4, "Firm")], [Entity(0, 3, "Firm"), Entity(5, 8, "Firm")]]
    assert mapped(found, right) == {"GPE": "Firm", "ORG": "Firm"}
    assert mapped(found, [[], []]) == {}
    rare = [[*(Entity(at, at + 1, "MISC") for at in range(0, 40, 2))]]
    assert mapped([[Entity(50, 54, "ORG"), *rare[0]]], [[Entity(50, 54, "Firm"), Entity(0, 1, "Firm")]]) == {
        "ORG": "Firm"
    }


@pytest.mark.usefixtures("pipeline")
def test_a_pipeline_answers_with_the_labels_of_the_task(tmp_path: Path) -> None:
    layer = ReadyNER.of("en_core_web_sm").fit([], [example("Acme paid 5", (0, 4, "Firm"))], Context())
    assert layer.mapping == {"ORG": "Firm"}
    answer = layer.run([Case("1", "then Beta sold 7 of Gamma")], Context())[0].answer
    assert answer is not None
    assert answer.value == {
        "entities": [{"start": 5, "end": 9, "label": "Firm"}, {"start": 20, "end": 25, "label": "Firm"}]
    }
    again = ReadyNER.load({**layer.save(tmp_path), "name": layer.name}, tmp_path, {})
    assert again == layer
    assert again.fingerprint() == layer.fingerprint()
    assert layer.run([], Context()) == []


@pytest.mark.usefixtures("pipeline")
def test_another_version_is_refused() -> None:
    layer = ReadyNER("en_core_web_sm", "3.7.1", {})
    with pytest.raises(ModelError, match=r"is here as 3\.8\.0, expected 3\.7\.1"):
        layer.run([Case("1", "Acme")], Context())


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    ready._pipeline.cache_clear()
    monkeypatch.setattr(ready, "find_spec", lambda _: None)
    assert ready.installed() == []
    with pytest.raises(MissingExtra, match="spacy"):
        ReadyNER.of("en_core_web_sm")

    def load(model: str, exclude: Sequence[str]) -> None:  # noqa: ARG001
        raise OSError("E050")

    monkeypatch.setattr(ready, "find_spec", lambda name: object() if name == "spacy" else None)
    monkeypatch.setitem(sys.modules, "spacy", types.SimpleNamespace(load=load))
    with pytest.raises(ModelError, match="en_core_web_zz is not installed"):
        ReadyNER.of("en_core_web_zz")


def test_no_pipeline_is_opened_to_see_what_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real packages in a folder: one that finds names, one that does not, one without a description."""
    for name, meta in (
        ("en_names", {"version": "3.8.1", "pipeline": ["tok2vec", "ner"]}),
        ("en_tags", {"version": "3.8.0", "pipeline": ["tagger"]}),
        ("en_bare", None),
        ("spacy", None),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('opened')\n")
        if meta is not None:
            (tmp_path / name / "meta.json").write_text(json.dumps(meta), encoding="utf-8")
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        if name != "spacy":
            (info / "entry_points.txt").write_text(f"[spacy_models]\n{name} = {name}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert ready.installed() == ["en_names"]
    assert ReadyNER.of("en_names") == ReadyNER("en_names", "3.8.1", name="en_names")
