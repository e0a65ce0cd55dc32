"""One request over HTTP and what came of it: a whole reply, nothing sent, or an answer lost on its way."""

from __future__ import annotations

import importlib
import json
import logging
import threading
import time
import weakref
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from strati.core.errors import MissingExtra

if TYPE_CHECKING:
    import ssl

    import httpx2

CONNECT = 10.0
LARGEST = 32 * 2**20
"""Bytes of a reply, unless more is expected."""
IDLE = 2.0
"""Seconds for which an idle connection is kept: shorter than servers do, who else close it just as it is used."""


class Unsent(Exception):
    """No connection: nothing was asked, so nothing is billed."""


class Lost(Exception):
    """Asked, and no whole reply came: it may be billed. `slow` when time ran out."""

    def __init__(self, reason: str, slow: bool = False) -> None:
        super().__init__(reason)
        self.slow = slow


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A whole reply. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "no content type").partition(";")[0]

    @property
    def retry_after(self) -> float | None:
        """Seconds that the server asks to wait, whether it gives a number or a date."""
        text = self.headers.get("retry-after", "").strip()
        try:
            return max(0.0, float(text)) if text else None
        except ValueError:
            pass
        try:
            return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
        except (ValueError, TypeError, OverflowError):
            return None


@dataclass(frozen=True, slots=True)
class Opened:
    """A reply of which the status and the headers are here; its body comes in parts."""

    status: int
    headers: Mapping[str, str]
    parts: Iterator[bytes]

    def whole(self) -> HttpReply:
        """Wait for the rest of it."""
        return HttpReply(self.status, self.headers, b"".join(self.parts))


class Transport:
    """Connections to one server, each made when all others are busy. Follows no redirect, writes no log. Thread safe.

    Each connection is a client of its own: a pool looks through all of its connections before and after every request,
    which took a fifth of the processor time with 32 calls in flight.
    """

    def __init__(self, proxies: bool = True) -> None:
        self._proxies = proxies
        self._lock = threading.Lock()
        self._ssl: ssl.SSLContext | None = None
        self._idle: list[httpx2.Client] = []  # the one used last at the end: those before it may time out
        self._all: list[httpx2.Client] = []
        weakref.finalize(self, _close, self._all)

    def send(
        self,
        method: str,
        url: str,
        key: str | None,
        data: bytes | None = None,
        *,
        seconds: float,
        kind: str = "application/json",
        largest: int = LARGEST,
    ) -> HttpReply:
        """Send one request with data of that kind; `seconds` is for all of it, `largest` the most bytes of its reply.

        Raises:
            Unsent: no connection could be made.
            Lost: the connection broke, or the time was over, before the whole reply was here.
        """
        with self.opened(method, url, key, data, seconds=seconds, kind=kind, largest=largest) as reply:
            return reply.whole()

    @contextmanager
    def opened(
        self,
        method: str,
        url: str,
        key: str | None,
        data: bytes | None = None,
        *,
        seconds: float,
        kind: str = "application/json",
        largest: int = LARGEST,
    ) -> Iterator[Opened]:
        """A reply whose body is read inside the `with`; leaving it early closes the connection. Raises like `send`."""
        if not self._all:
            _import()
        import httpx2

        until = time.monotonic() + seconds
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        if data is not None:
            headers["Content-Type"] = kind
        timeout = httpx2.Timeout(seconds, connect=min(CONNECT, seconds), pool=seconds)
        where = urlsplit(url).netloc
        try:
            with (
                self._client() as client,
                client.stream(method, url, headers=headers, content=data, timeout=timeout) as reply,
            ):
                named = {name.lower(): value for name, value in reply.headers.items()}
                yield Opened(reply.status_code, named, _within(reply.iter_bytes(), where, until, seconds, largest))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError) as error:
            raise Unsent(f"no server answers at {where}: {_why(error)}") from None
        except httpx2.TimeoutException:
            raise Lost(f"{where} did not reply within {seconds:.0f} s", slow=True) from None
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise Lost(f"the reply of {where} was lost on its way: {_why(error)}") from None

    def close(self) -> None:
        with self._lock:
            self._idle.clear()
            _close(self._all)

    @contextmanager
    def _client(self) -> Iterator[httpx2.Client]:
        """A client that nobody else uses."""
        with self._lock:
            client = self._idle.pop() if self._idle else self._another()
        try:
            yield client
        finally:
            with self._lock:
                if not client.is_closed:
                    self._idle.append(client)

    def _another(self) -> httpx2.Client:
        import httpx2

        if self._ssl is None:
            self._ssl = httpx2.create_ssl_context(trust_env=self._proxies)  # it reads many certificates: once for all
        limits = httpx2.Limits(max_connections=1, keepalive_expiry=IDLE)
        client = httpx2.Client(follow_redirects=False, limits=limits, trust_env=self._proxies, verify=self._ssl)
        self._all.append(client)
        return client


def _within(
    parts: Iterator[bytes], where: str, until: float, seconds: float, largest: int
) -> Generator[bytes, None, None]:
    """The parts of a body; raises `Lost` once the time is over or they are too long together."""
    size = 0
    for part in parts:
        size += len(part)
        if time.monotonic() > until:
            raise Lost(f"{where} did not finish its reply within {seconds:.0f} s", slow=True)
        if size > largest:
            raise Lost(f"the reply of {where} is longer than {largest // 2**20} MB")
        yield part


def _close(clients: list[httpx2.Client]) -> None:
    while clients:
        clients.pop().close()


def _import() -> None:
    """Raises `MissingExtra` where the library is not installed."""
    try:
        importlib.import_module("httpx2")
    except ImportError as error:
        raise MissingExtra("httpx2", "hosted") from error
    for name in ("httpx2", "httpcore2"):  # what they log may hold texts and keys
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _why(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
