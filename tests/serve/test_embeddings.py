"""/v1/embeddings: what it gives, every wrong input as one sentence, and a base whose embedder is not here."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from strati.knowledge.base import KnowledgeBase
from strati.models.scripted import ScriptedEmbedder
from strati.serve import run
from strati.serve.app import application
from strati.serve.engine.bases import Base, without_embedder
from strati.serve.settings import Settings
from tests.serve.conftest import READER, World, make_service, served
from tests.serve.test_security import log_in


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("embedded")
    (folder / "note.md").write_text("# Returns\n\nAn article may be returned within 60 days.\n")
    with KnowledgeBase.open(folder / "notes.kb", ScriptedEmbedder()) as base:
        base.ingest([folder / "note.md"])
    return folder / "notes.kb"


@pytest.fixture
def embedding(tmp_path: Path, made_once: Path) -> Iterator[World]:
    folder = Path(shutil.copytree(made_once, tmp_path / "notes.kb"))
    base = Base(folder, lambda folder: ScriptedEmbedder())
    service = make_service(tmp_path / "service", served(), bases=(base,))
    with TestClient(application(service), base_url="http://127.0.0.1") as client:
        yield World(service, client)


def test_numbers_and_base64_are_the_same(embedding: World) -> None:
    body: dict[str, Any] = {"model": "notes", "input": ["desk", "lamp"]}
    plain = embedding.post("/v1/embeddings", body).json()["data"]
    packed = embedding.post("/v1/embeddings", {**body, "encoding_format": "base64"}).json()["data"]
    assert [one["index"] for one in plain] == [0, 1]
    for one, other in zip(plain, packed, strict=True):
        read = np.frombuffer(base64.b64decode(other["embedding"]), "<f4")
        assert np.allclose(read, one["embedding"])
    wide = len(plain[0]["embedding"])
    assert embedding.post("/v1/embeddings", {**body, "dimensions": wide}).status_code == 200


WRONG: list[tuple[dict[str, Any], str, str, str]] = [
    ({"input": "x"}, "missing_parameter", "model", "'model' is missing"),
    ({"model": "notes"}, "missing_parameter", "input", "'input' is missing"),
    ({"model": "notes", "input": None}, "missing_parameter", "input", "'input' is missing"),
    ({"model": 5, "input": "x"}, "invalid_type", "model", "a whole number, expected a text"),
    ({"model": "notes", "input": ""}, "invalid_type", "input", "none of them empty"),
    ({"model": "notes", "input": []}, "invalid_type", "input", "none of them empty"),
    ({"model": "notes", "input": ["a", ""]}, "invalid_type", "input", "none of them empty"),
    ({"model": "notes", "input": [1, 2]}, "invalid_type", "input", "no list of texts"),
    ({"model": "notes", "input": {"a": 1}}, "invalid_type", "input", "no list of texts"),
    ({"model": "notes", "input": ["x"] * 300}, "invalid_value", "input", "300 texts, expected at most 256"),
    ({"model": "notes", "input": "x", "encoding_format": "hex"}, "invalid_value", "encoding_format", "'hex', expected"),
    ({"model": "notes", "input": "x", "dimensions": 7}, "invalid_value", "dimensions", "dimensions is 7, this"),
    ({"model": "notes", "input": "x", "dimensions": -1}, "invalid_value", "dimensions", "dimensions is -1, this"),
    ({"model": "notes", "input": "x", "dimensions": "8"}, "invalid_type", "dimensions", "expected a whole number"),
    ({"model": "notes", "input": "x", "dimensions": True}, "invalid_type", "dimensions", "expected a whole number"),
    ({"model": "notes", "input": "x", "modle": 1}, "unknown_parameter", "modle", "'modle' is not known"),
]


@pytest.mark.parametrize(("body", "code", "param", "words"), WRONG)
def test_wrong_input_is_said_in_a_sentence(
    embedding: World, body: dict[str, Any], code: str, param: str, words: str
) -> None:
    reply = embedding.post("/v1/embeddings", body)
    error = reply.json()["error"]
    assert (reply.status_code, error["code"], error["param"]) == (400, code, param)
    assert words in error["message"]


@pytest.mark.parametrize("path", ["/v1/embeddings", "/v1/chat/completions"])
@pytest.mark.parametrize("raw", [b"{no", b"\xff\xfe", b'{"model": "notes", "input": "\\ud800"}', b"[" * 100_000])
def test_a_body_that_is_no_text_is_refused(embedding: World, path: str, raw: bytes) -> None:
    reply = embedding.client.post(path, content=raw, headers={"authorization": f"Bearer {READER}"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "invalid_json")


def test_a_stack_embeds_nothing(embedding: World) -> None:
    reply = embedding.post("/v1/embeddings", {"model": "tickets", "input": "x"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "model_not_found")


def test_a_whole_character_of_two_halves_is_taken(embedding: World) -> None:
    raw = b'{"model": "notes", "input": "\\ud83d\\ude00"}'
    reply = embedding.client.post("/v1/embeddings", content=raw, headers={"authorization": f"Bearer {READER}"})
    assert reply.status_code == 200


def test_a_base_whose_embedder_is_not_here_says_so_everywhere(
    tmp_path: Path, made_once: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRATI_MODELS", str(tmp_path / "no-models"))
    folder = Path(shutil.copytree(made_once, tmp_path / "notes.kb"))
    note = without_embedder(folder)
    assert note.startswith(f"notes.kb was made with the embedder {ScriptedEmbedder().card.name}, which ")
    assert note.endswith("until then it is searched by words alone")
    settings = Settings(folder=tmp_path / "service")
    _, bases = run.load_all([], [folder], settings, None)
    service = make_service(tmp_path / "service", bases=tuple(bases))
    opening = run.opening_of(service, 1, ("", "", service.keys.all()[0]))
    assert opening.notes == (note,)
    with TestClient(application(service), base_url="http://127.0.0.1") as client:
        world = World(service, client)
        reply = world.post("/v1/embeddings", {"model": "notes", "input": "x"})
        assert (reply.status_code, reply.json()["error"]["message"]) == (400, note)
        assert world.post("/api/search", {"base": "notes", "query": "returned article"}).json()["hits"]
        log_in(world)
        assert "which is not here" in client.get("/stacks").text or "needs packages" in client.get("/stacks").text


def test_a_base_made_without_one_has_no_note(base_folder: Path) -> None:
    assert without_embedder(base_folder) == ""
