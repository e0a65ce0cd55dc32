"""Starting a service: what is served is found and loaded, the keys are made, the port is opened, and it is told."""

from __future__ import annotations

import gc
import logging
import os
import shlex
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.errors import ModelError, TaskError, UserError
from strati.core.records import JSON
from strati.serve.engine.bases import Base, embedder_for, without_embedder
from strati.serve.engine.stacks import Served, load_served
from strati.serve.keys import Key
from strati.serve.service import Service
from strati.serve.settings import Settings

if TYPE_CHECKING:
    from types import FrameType

    from strati.models.contract import LanguageModel
    from strati.serve.engine.desk import Desk


@dataclass(frozen=True, slots=True)
class Opening:
    """What a user is told when the service is up."""

    address: str
    key: str  # the new key, told this once, or ""
    key_note: str
    login: str
    stacks: tuple[Served, ...]
    bases: tuple[str, ...]
    curl: str
    notes: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()

    def to_json(self) -> dict[str, JSON]:
        return {
            "address": self.address,
            "key": self.key or None,
            "login": self.login,
            "stacks": [served.to_json() for served in self.stacks],
            "bases": list(self.bases),
            "curl": self.curl,
            "notes": list(self.notes),
            "tables": list(self.tables),
        }


def found_here(folder: Path) -> tuple[list[Path], list[Path]]:
    """The stacks and bases that a folder holds."""
    stacks = sorted(path for path in folder.glob("*.stack") if (path / "stack.toml").is_file())
    bases = sorted(path for path in folder.glob("*.kb") if (path / "base.db").is_file())
    return stacks, bases


def load_all(
    stacks: Sequence[Path], bases: Sequence[Path], settings: Settings, config: Path | None, model: str | None = None
) -> tuple[list[Served], list[Base]]:
    """Load what is to be served; `model` writes the answers of bases from their evidence.

    Raises:
        StackError, ModelError, DataError: one of them cannot be loaded; the message says which and why.
        TaskError: two have the same name.
    """
    served = [load_served(path, settings.catalogs, config) for path in stacks]
    writer = _writer(model, settings, config) if model else None
    opened = []
    for path in bases:
        base = Base(path, lambda folder: embedder_for(folder, settings.catalogs), settings.waiting, writer)
        base.note = without_embedder(base.folder, settings.catalogs)
        opened.append(base)
    names = [one.name for one in served] + [base.name for base in opened]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise TaskError(f"two things that are served have the name {twice!r}: rename one, clients call them by it")
    return served, opened


def open_tables(
    paths: Sequence[Path], settings: Settings, config: Path | None, model: str | None, approved: Path | None = None
) -> Desk:
    """Open files of tables, with a file of approved queries. Raises `DataError` when one holds none."""
    from strati.serve.engine.desk import Desk

    return Desk(paths, _writer(model, settings, config) if model else None, approved=approved)


def _writer(name: str, settings: Settings, config: Path | None) -> LanguageModel:
    """The language model by name. Raises `ModelError` when it is not here, or is none."""
    from strati.models.open import open_models
    from strati.task.config import load_config

    hosted = load_config(config).models if config is not None else {}
    found = open_models([name], settings.catalogs, llms=True, hosted=hosted)[0]
    if not found:
        raise ModelError(f"the model {name} is no language model")
    return found[0]


def open_port(settings: Settings) -> socket.socket:
    """The listening socket. Raises `UserError` when the port is in use or may not be opened."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio sets no TCP_NODELAY
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((settings.host, settings.port))
        sock.listen(1024)
    except OSError as error:
        sock.close()
        raise UserError(
            f"{settings.host} port {settings.port} cannot be opened: {error.strerror or error}; --port takes another, "
            "--port 0 a free one"
        ) from error
    return sock


def prepare_keys(
    service: Service, environment: Mapping[str, str], file: Path | None, new_key: bool
) -> tuple[str, str, Key]:
    """The keys of a service: a new key, told this once, or ""; a sentence on it; the key that the pages log in with."""
    keys = service.keys
    if file is not None:
        keys.from_file(file)
    own = environment.get("STRATI_KEY", "")
    if own:
        return "", "the key is the one in STRATI_KEY", keys.from_environment(own)
    if new_key or not len(keys):
        if new_key:
            keys.revoke("first")
        secret = keys.make("first")
        found = keys.find(secret)
        assert found is not None
        return secret, "told this once, only its hash is kept; --new-key makes another", found
    note = "the key was told when it was made; --new-key makes another"
    admin = next((key for key in keys.all() if key.role == "admin"), keys.all()[0])
    return "", note, admin


def opening_of(service: Service, port: int, key: tuple[str, str, Key]) -> Opening:
    """What to tell."""
    host = service.settings.host
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    address = f"http://{shown}:{port}"
    secret, note, admin = key
    stacks = tuple(service.stacks.values())
    return Opening(
        address,
        secret,
        note,
        f"{address}/login?code={service.sessions.code(admin)}",
        stacks,
        tuple(service.bases),
        _curl(service, address, secret),
        tuple(base.note for base in service.bases.values() if base.note),
        () if service.desk is None else tuple(path.name for path in service.desk.paths),
    )


def _curl(service: Service, address: str, secret: str) -> str:
    name = next(iter((*service.stacks, *service.bases)), "MODEL")
    body = f'{{"model": "{name}", "messages": [{{"role": "user", "content": "Hello"}}]}}'
    return (
        f"curl {address}/v1/chat/completions -H 'Content-Type: application/json' "
        f'-H "Authorization: Bearer {secret or "$STRATI_KEY"}" -d {shlex.quote(body)}'
    )


def must_be_safe(settings: Settings, environment: Mapping[str, str], file: Path | None, known_keys: int) -> None:
    """Outside of this machine only with a key that somebody chose to give out."""
    if not settings.loopback and not environment.get("STRATI_KEY") and file is None and not known_keys:
        raise TaskError(
            f"--host {settings.host} can be reached from other machines: set STRATI_KEY or give --keys FILE first"
        )


def serve_forever(service: Service, sock: socket.socket, ready: Callable[[], None]) -> None:
    """Answer until the process is told to end; then finish what was taken in."""
    import uvicorn

    from strati.serve.app import application

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002
            service.drain()
            self.force_exit = self.should_exit and sig == signal.SIGINT  # a second Ctrl-C ends it at once
            self.should_exit = True

    config = uvicorn.Config(
        application(service),
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=30,
        timeout_keep_alive=30,
        server_header=False,
        h11_max_incomplete_event_size=65_536,
    )
    gc.collect()
    gc.freeze()  # what is loaded stays: the collector need not look at it again and again
    Server(config).run(sockets=[sock])


def log_to(path: Path) -> None:
    """Structured lines, without content, in a file that only its owner reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    handler = logging.StreamHandler(os.fdopen(descriptor, "a", encoding="utf-8"))
    handler.setFormatter(logging.Formatter("%(message)s"))
    for name in ("strati.serve", "strati.serve.requests", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO if name != "uvicorn.error" else logging.WARNING)
        logger.propagate = False
        logger.addHandler(handler)
    logging.getLogger("strati.serve.requests").handlers[1:] = []
