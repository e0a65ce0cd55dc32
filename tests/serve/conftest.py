"""A small service to ask: a stack of one rule and people, a base of three files, keys of every role."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from strati.core.records import JSON
from strati.knowledge.base import KnowledgeBase
from strati.serve.app import application
from strati.serve.engine.bases import Base
from strati.serve.engine.stacks import Served
from strati.serve.keys import digest_of
from strati.serve.records import Role
from strati.serve.service import Service
from strati.serve.settings import Settings
from strati.stack.layers.function import Function
from strati.stack.layers.person import Person
from strati.stack.stack import Stack, Stage

ADMIN, REVIEWER, READER = "admin-key-0123456789", "reviewer-key-0123456789", "reader-key-0123456789"


def sure(text: str) -> tuple[str, float] | None:
    """Knows refunds; unsure about cancelling; fails where it is told to."""
    if "explode" in text:
        raise RuntimeError("it exploded")
    if "refund" in text:
        return "refund", 0.95
    return ("cancel", 0.6) if "cancel" in text else None


def served(function: Callable[[str], JSON] = sure, name: str = "tickets", **more: JSON) -> Served:
    """A stack of one function and people, as if it had been certified."""
    stack = Stack((Stage(Function(function, "rule"), threshold=0.9), Stage(Person())), name)
    known = {"labels": ("refund", "cancel", "delivery"), "state": "none", "certificate": None, **more}
    return Served(name, Path(name), stack, fingerprint=stack.fingerprint(), **known)


@dataclass
class World:
    """A running service and clients of each role."""

    service: Service
    client: TestClient

    def post(self, path: str, body: JSON, key: str = READER, **headers: str) -> Response:
        return self.client.post(path, json=body, headers={"authorization": f"Bearer {key}", **headers})

    def get(self, path: str, key: str = READER) -> Response:
        return self.client.get(path, headers={"authorization": f"Bearer {key}"})


@pytest.fixture(scope="session")
def read_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base with two notes and a table, read once."""
    files = tmp_path_factory.mktemp("base") / "files"
    files.mkdir()
    (files / "returns.md").write_text("# Returns\n\nAn article may be returned within 60 days of delivery.\n")
    (files / "prices.csv").write_text("article,price\ndesk,349\nlamp,59\n")
    (files / "evil.md").write_text("# Evil\n\n<script>alert(1)</script> <img src=x onerror=alert(2)> marzipan\n")
    folder = files.parent / "work.kb"
    with KnowledgeBase.open(folder) as base:
        base.ingest([files])
    return folder


@pytest.fixture
def base_folder(tmp_path: Path, read_once: Path) -> Path:
    """A copy of that base, for one test."""
    return Path(shutil.copytree(read_once, tmp_path / "work.kb"))


def make_service(folder: Path, *stacks: Served, bases: tuple[Base, ...] = (), **settings: JSON) -> Service:
    """A service with a key of each role."""
    service = Service(Settings(folder=folder, **{"audit": 0.0, "grace": 0.0, **settings}), stacks, bases)
    for name, secret, role in (("a", ADMIN, Role.ADMIN), ("v", REVIEWER, Role.REVIEWER), ("r", READER, Role.READER)):
        service.keys.put(name, digest_of(secret), role)
    return service


@pytest.fixture
def world(tmp_path: Path, base_folder: Path) -> Iterator[World]:
    service = make_service(tmp_path / "service", served(), bases=(Base(base_folder),))
    with TestClient(application(service), base_url="http://127.0.0.1") as client:
        yield World(service, client)
