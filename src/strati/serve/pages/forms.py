"""A form that a page sent."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request

from strati.serve.api.who import Caller, caller_of, service_of
from strati.serve.errors import Refused
from strati.serve.limits import tokens_of
from strati.serve.records import Role
from strati.serve.service import Service


async def form_of(request: Request, needed: Role = Role.READER) -> tuple[Service, Caller, FormData]:
    """A form of ours, by somebody who may. Raises `Refused` for a forged one."""
    form = await request.form(max_files=1, max_fields=200)
    request.state.form_token = str(form.get("csrf", ""))
    return service_of(request), caller_of(request, needed), form


def must_be_in_time(service: Service, caller: Caller, text: str) -> None:
    """Count a text against the key's rate. Raises `Refused` over it."""
    wait, which = service.rates.take(caller.key, tokens_of(text))
    if wait:
        raise Refused(429, "rate_limit_exceeded", f"this key is limited to {which}", retry_after=wait)
