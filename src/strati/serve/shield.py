"""The outermost layer: which hosts and origins are answered, how large a body may be, which headers go out, one line of
log a request without content."""

from __future__ import annotations

import ipaddress
import json
import logging
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from strati.serve.api.errors import error_response
from strati.serve.errors import Refused
from strati.serve.settings import Settings

log = logging.getLogger("strati.serve.requests")
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
HEADERS: Mapping[str, str] = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
        "connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # with no-referrer the forms of our own pages would come from "null"
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_OUT = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_SAFE = ("GET", "HEAD", "OPTIONS")


class TooLarge(Exception):
    """A body went over its limit while it came in."""


class Shield:
    """Pure ASGI around everything else."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, headers, told = time.perf_counter(), _headers(scope), _Told()
        limit = self.settings.upload if scope["path"].startswith("/api/documents") else self.settings.body

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                told.status = message["status"]
                message.setdefault("headers", [])
                message["headers"] = [*message["headers"], *_OUT]
            await send(message)

        counted = _Counted(receive, limit)
        try:
            self._must_be_fine(scope, headers, limit)
            await self.app(scope, counted, sending)
        except Refused as refused:
            await error_response(refused)(scope, receive, sending)
        except TooLarge:
            if not told.status:
                large = Refused(413, "too_large", f"the body is larger than {limit:,} bytes")
                await error_response(large)(scope, receive, sending)
        finally:
            if log.isEnabledFor(logging.INFO):
                _write(scope, told.status, time.perf_counter() - began)

    def _must_be_fine(self, scope: Scope, headers: Mapping[bytes, bytes], limit: int) -> None:
        host = headers.get(b"host", b"").decode("latin-1")
        if not self.knows(host):
            raise Refused(421, "wrong_host", f"the host {host!r} is not served here: --origin NAME allows it")
        origin = headers.get(b"origin")
        if origin is not None and scope["method"] not in _SAFE:
            found = urlsplit(origin.decode("latin-1"))
            if found.netloc != host and found.hostname not in self.settings.origins:
                raise Refused(403, "wrong_origin", f"requests from {found.netloc or 'another site'!r} are not taken")
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > limit:
            raise Refused(413, "too_large", f"the body has {int(length):,} bytes, expected at most {limit:,}")

    def knows(self, host: str) -> bool:
        """Whether a Host header is one of ours. Names that point here without our knowing (DNS rebinding) are not."""
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if name in LOOPBACK or name == self.settings.host or name in self.settings.origins:
            return True
        return not self.settings.loopback and _is_address(name)


class _Told:
    status = 0


class _Counted:
    """`receive` that counts."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                raise TooLarge
        return message


def _headers(scope: Scope) -> dict[bytes, bytes]:
    return dict(scope["headers"])


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _write(scope: Scope, status: int, seconds: float) -> None:
    """Method, route and figures only: a path may hold a name that somebody gave a document."""
    route = getattr(scope.get("route"), "path", scope["path"].split("/")[1][:20])
    line = {"at": round(time.time(), 3), "method": scope["method"], "route": route, "status": status}
    log.info(json.dumps({**line, "ms": round(1000 * seconds, 2)}))
