"""Who asks: a key in the Authorization header, or the session of a page."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from starlette.requests import Request

from strati.serve.errors import Refused
from strati.serve.keys import Key
from strati.serve.records import Role
from strati.serve.service import Service

COOKIE = "strati_session"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """A key, and the name of the person behind it where there is one. `cookie` is empty for programs."""

    key: Key
    person: str
    cookie: str = ""

    def models(self, service: Service) -> list[str]:
        """The stacks and bases that it may use."""
        return [name for name in (*service.stacks, *service.bases) if self.key.may_use(name)]


def service_of(request: Request) -> Service:
    found: Service = request.app.state.service
    return found


def caller_of(request: Request, needed: Role = Role.READER) -> Caller:
    """Who asks.

    Raises `Refused` (401) when nobody known does, (403) when the key's role does not allow it, or when a page's request
    does not prove that it comes from a page of ours.
    """
    service = service_of(request)
    header = request.headers.get("authorization")
    found = _by_key(service, header) if header is not None else _by_session(service, request)
    if found is None:
        raise Refused(
            401, "invalid_api_key", "the key is missing or wrong, expected the header Authorization: Bearer KEY"
        )
    if not found.key.role.may(needed):
        raise Refused(
            403, "not_allowed", f"this key has the role {found.key.role}, expected {needed} for what was asked"
        )
    if found.cookie and request.method not in SAFE:
        _must_be_ours(service, request, found.cookie)
    return found


def _by_key(service: Service, header: str) -> Caller | None:
    scheme, _, secret = header.partition(" ")
    key = service.keys.find(secret.strip()) if scheme.lower() == "bearer" else None
    return None if key is None else Caller(key, key.name)


def _by_session(service: Service, request: Request) -> Caller | None:
    cookie = request.cookies.get(COOKIE, "")
    session = service.sessions.read(cookie) if cookie else None
    key = service.keys.get(session[0]) if session else None
    return None if key is None or session is None else Caller(key, session[1], cookie)


def _must_be_ours(service: Service, request: Request, cookie: str) -> None:
    """A form of ours sends the token along in a header (scripts) or in a field (checked by the page itself)."""
    token = request.headers.get("x-csrf-token") or getattr(request.state, "form_token", "")
    if not token or not service.sessions.is_ours(cookie, token):
        raise Refused(403, "forged", "this request does not come from a page of this service: reload the page")


async def gone(request: Request) -> None:
    """Returns when the client goes away."""
    while not await request.is_disconnected():
        await asyncio.sleep(0.05)
