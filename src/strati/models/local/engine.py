"""One llama.cpp engine in this process, through the package xllamacpp: tokens, templates and completions.

The engine also opens an HTTP address, which is the only way to its tokenizer. It is a socket file in a folder that only
this user can enter (a loopback port where there are no such sockets), and asks for a random key.
"""

from __future__ import annotations

import http.client
import importlib.metadata
import json
import os
import secrets
import socket
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from strati.core.errors import LayerDown, MissingExtra, ModelError
from strati.core.records import JSON
from strati.models.local.scratch import Scratch


def engine_version() -> str:
    """Name and version of the engine, as part of fingerprints."""
    try:
        return "xllamacpp " + importlib.metadata.version("xllamacpp")
    except importlib.metadata.PackageNotFoundError as error:
        raise MissingExtra("xllamacpp", "local") from error


class Engine:
    """A loaded model with one slot. Not thread safe: its owner holds a lock."""

    def __init__(self, path: Path, context: int, threads: int) -> None:
        # Idle threads of the engine spin for long by default, which starves it where the cores are shared: it was
        # several times slower beside one busy process. Read once, when the engine's library is loaded.
        os.environ.setdefault("GOMP_SPINCOUNT", "1000")
        try:
            import xllamacpp
        except ImportError as error:
            raise MissingExtra("xllamacpp", "local") from error
        self._key = secrets.token_hex(16)
        self._scratch = Scratch()
        self._folder = self._scratch.path
        self._connection: http.client.HTTPConnection | None = None
        params = xllamacpp.CommonParams()
        _configure(params, path, context, threads)
        params.slot_save_path = f"{self._folder}{os.sep}"
        params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.api_keys = [self._key]
        address = str(self._folder / "s.sock")
        if hasattr(socket, "AF_UNIX") and os.name == "posix" and len(address) < 100:
            params.hostnames = [address]
        try:
            self._server: Any = xllamacpp.Server(params)
        except RuntimeError as error:
            self._scratch.close()
            raise ModelError(f"the engine cannot load the model file {path}: damaged, or of an unknown kind") from error
        self._address: str = self._server.listening_address
        # The engine's task loop begins in a thread of its own; an engine that is freed before that waits for ever. One
        # answered call shows that the loop runs.
        self._server.handle_completions({"prompt": [0], "n_predict": 1, "cache_prompt": False})

    def complete(self, prompt: Sequence[int], settings: Mapping[str, JSON]) -> dict[str, Any]:
        """The engine's own reply to a prompt given as token ids. Raises `LayerDown` when it reports an error."""
        try:
            reply: dict[str, Any] = self._server.handle_completions({"prompt": list(prompt), **settings})
        except RuntimeError as error:
            raise LayerDown(f"the engine failed: {error}") from error
        if "error" in reply:
            raise LayerDown(f"the engine failed: {reply['error'].get('message', reply['error'])}")
        return reply

    def stream(self, prompt: Sequence[int], settings: Mapping[str, JSON]) -> Generator[dict[str, Any], None, None]:
        """The engine's reply piece by piece. Closing the generator hangs up, which stops the engine within a token.

        Raises `LayerDown` when the engine reports an error or goes away.
        """
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"}
        body = {"prompt": list(prompt), "stream": True, "stream_options": {"include_usage": True}, **settings}
        connection = _connect(self._address)
        try:
            connection.request("POST", "/v1/completions", json.dumps(body).encode(), headers)
            reply = connection.getresponse()
            if reply.status != 200:
                raise LayerDown(f"the engine failed: {reply.read(2000).decode('utf-8', 'replace')}")
            for line in reply:
                said = line.strip().removeprefix(b"data: ")
                if said and said != b"[DONE]" and said[:1] == b"{":
                    piece: dict[str, Any] = json.loads(said)
                    if "error" in piece:
                        raise LayerDown(f"the engine failed: {piece['error'].get('message', piece['error'])}")
                    yield piece
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise LayerDown(f"the engine does not answer: {error!r}") from error
        finally:
            connection.close()

    def tokens(self, text: str, special: bool = False, start: bool = False) -> tuple[int, ...]:
        """The tokens of a text. `special` reads control tokens in it; `start` adds what begins a sequence."""
        body = {"content": text, "parse_special": special, "add_special": start}
        return tuple(self._ask("POST", "/tokenize", body)["tokens"])

    def render(self, messages: Sequence[Mapping[str, str]]) -> str:
        """Messages by the model's chat template, up to where the reply begins.

        Thinking is off and the date, which some templates print, is fixed: the same call gives the same prompt.
        """
        settings = {"enable_thinking": False, "date_string": "01 Jan 2025"}
        body = {"messages": list(messages), "chat_template_kwargs": settings}
        return str(self._ask("POST", "/apply-template", body)["prompt"])

    def save(self, name: str, tokens: int) -> int:
        """Write the state after the last prompt, of so many tokens, to a file of its own; returns its bytes.

        Raises `LayerDown` when it could not be written whole.
        """
        found = self._ask("POST", "/slots/0?action=save", {"filename": name})
        size = (self._folder / name).stat().st_size if (self._folder / name).exists() else 0
        if found.get("n_saved") != tokens or found.get("n_written") != size:
            raise LayerDown(f"the engine kept {found.get('n_saved')} of {tokens} tokens in {size} bytes")
        return size

    def restore(self, name: str, tokens: int) -> None:
        """Bring back the state in a file; raises `LayerDown` when it is not there or not of so many tokens."""
        found = self._ask("POST", "/slots/0?action=restore", {"filename": name})
        if found.get("n_restored") != tokens:
            raise LayerDown(f"the engine read {found.get('n_restored')} of {tokens} tokens")

    def forget(self, name: str) -> None:
        """Remove the file of a state."""
        (self._folder / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Free the model's memory."""
        if self._connection:
            self._connection.close()
        self._server = None
        self._scratch.close()

    def _ask(self, method: str, path: str, body: JSON) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"}
        data = json.dumps(body).encode()
        for attempt in (1, 2):
            connection = self._connection = self._connection or _connect(self._address)
            try:
                connection.request(method, path, data, headers)
                reply = connection.getresponse()
                content = json.loads(reply.read())
                break
            except (OSError, http.client.HTTPException, ValueError) as error:
                # The engine closes a connection that was idle for some seconds.
                connection.close()
                self._connection = None
                if attempt == 2:
                    raise LayerDown(f"the engine does not answer: {error!r}") from error
        if reply.status != 200:
            raise LayerDown(f"the engine refused {path}: {content.get('error', {}).get('message', reply.status)}")
        return dict(content)


def _configure(params: Any, path: Path, context: int, threads: int) -> None:
    """One slot, no cutting of what is too long, no guessing of sizes, no output."""
    params.model.path = str(path)
    params.n_ctx = context
    params.n_parallel = 1
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.ctx_shift = False
    params.fit_params = False
    params.cache_ram_mib = 0
    params.swa_full = True  # else a cached prefix cannot be reused by models with sliding windows
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = -1


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket file."""

    def __init__(self, file: str) -> None:
        super().__init__("localhost")
        self._file = file

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self._file)


def _connect(address: str) -> http.client.HTTPConnection:
    scheme, _, place = address.partition("://")
    return _UnixConnection(place) if scheme == "unix" else http.client.HTTPConnection(place)
