"""A cited second of a recording: the page has a player that begins there, and the file comes in parts."""

from __future__ import annotations

import re
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from strati.knowledge.base import KnowledgeBase
from strati.serve.app import application
from strati.serve.engine.bases import Base
from tests.serve.conftest import READER, World, make_service
from tests.serve.test_security import log_in

CAPTIONS = """WEBVTT

00:00:01.000 --> 00:00:04.000
The heron stands in the water.

00:00:07.500 --> 00:00:09.000
The kestrel hovers above the field.
"""


def sound(path: Path, seconds: int = 10) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"\0\0" * 8000 * seconds)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "birds.vtt").write_text(CAPTIONS)
    (tmp_path / "alone.vtt").write_text(CAPTIONS.replace("kestrel", "osprey"))
    sound(tmp_path / "birds.wav")
    with KnowledgeBase.open(tmp_path / "work.kb") as base:
        base.ingest([tmp_path / "birds.vtt", tmp_path / "alone.vtt"])
    service = make_service(tmp_path / "service", bases=(Base(tmp_path / "work.kb"),))
    with TestClient(application(service), base_url="http://127.0.0.1") as client:
        found = World(service, client)
        log_in(found, READER)
        yield found


def cited(world: World, word: str) -> str:
    found = world.post("/api/search", {"base": "work", "query": word})
    hit = next(one for one in found.json()["hits"] if word in one["text"])
    at = hit["start"] + hit["text"].index(word)
    return f"/source/work/{hit['document']}?start={at}&end={at + len(word)}"


def test_the_player_begins_at_the_cited_second(world: World) -> None:
    page = world.client.get(cited(world, "kestrel")).text
    player = re.search(r'<audio [^>]*src="(/source/work/[^"#]+/media)#t=([\d.]+)"', page)
    assert player is not None
    assert float(player[2]) == 7.5
    whole = world.client.get(player[1])
    assert whole.status_code == 200
    assert whole.headers["content-type"] == "audio/wav"
    part = world.client.get(player[1], headers={"range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole.content[100:200]
    assert "media-src 'self'" in whole.headers["content-security-policy"]


def test_captions_without_a_recording_have_no_player(world: World) -> None:
    place = cited(world, "osprey")
    assert "<audio" not in world.client.get(place).text
    assert world.client.get(place.split("?")[0] + "/media").status_code == 404


def test_nobody_hears_it_without_a_key(world: World) -> None:
    place = cited(world, "kestrel").split("?")[0] + "/media"
    world.client.cookies.clear()
    assert world.client.get(place, follow_redirects=False).status_code in (303, 401)
