"""The routes of Graph and Write."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from strati.core.errors import StratiError, install
from strati.serve.api.native import base_of
from strati.serve.api.who import Caller, caller_of, gone, service_of
from strati.serve.errors import Refused
from strati.serve.pages.forms import form_of, must_be_in_time
from strati.serve.pages.graph import decided, graph_is_here, looked_up
from strati.serve.pages.render import page
from strati.serve.pages.write import DIALECTS, MOST, WriteView, drafts, writing_is_here
from strati.serve.records import Role

_NAME = 200  # characters of the name of an entity


async def graph(request: Request) -> Response:
    """GET /graph?base=&entity=&to=&like=: an entity of a base, the way to another, what is like it."""
    return await _graph(request, caller_of(request), "")


async def _graph(request: Request, caller: Caller, problem: str) -> Response:
    service = service_of(request)
    if not graph_is_here():
        raise Refused(404, "not_found", "this installation shows no graphs")
    mine = [one for one in service.bases if caller.key.may_use(one)]
    asked = {one: " ".join(request.query_params.get(one, "").split())[:_NAME] for one in ("base", "entity", "to")}
    name = asked["base"] or (mine[0] if mine else "")
    found = None
    if name:
        base = base_of(service, caller, name)
        must_be_in_time(service, caller, asked["entity"])
        work = looked_up(asked["entity"], asked["to"] if asked["entity"] else "", like="like" in request.query_params)
        found = await service.with_base(base, work, partial(gone, request))
    return page(
        request,
        "graph.html",
        caller,
        bases=mine,
        base=name,
        graph=found,
        entity=asked["entity"],
        to=asked["to"],
        reviewer=caller.key.role.may(Role.REVIEWER),
        told=problem or ("Kept. `strati graph review` takes it back." if "decided" in request.query_params else ""),
        told_kind="bad" if problem else "good",
    )


async def decide_doubt(request: Request) -> Response:
    """POST /graph/decide: two names are one, or they are not."""
    from urllib.parse import urlencode

    service, caller, form = await form_of(request, Role.REVIEWER)
    base = base_of(service, caller, str(form.get("base", "")))
    what = str(form.get("action", ""))
    if what not in ("same", "apart"):
        raise Refused(400, "invalid_value", f"the action is {what!r}, expected same or apart")
    try:
        await service.with_base(base, decided(str(form.get("doubt", "")), same=what == "same"))
    except StratiError as error:
        return await _graph(request, caller, str(error))
    return RedirectResponse("/graph?" + urlencode({"base": base.name, "decided": ""}), 303)


async def write(request: Request) -> Response:
    """GET /write."""
    return _write(request, caller_of(request), "", DIALECTS[0], None)


async def write_it(request: Request) -> Response:
    """POST /write: the edits for a draft. Neither the draft nor the edits are kept or logged."""
    service, caller, form = await form_of(request)
    _must_be_here()
    text = str(form.get("text", "")).replace("\r\n", "\n")
    dialect = str(form.get("dialect", ""))
    if dialect not in DIALECTS:
        raise Refused(400, "invalid_value", f"the English is {dialect!r}, expected one of {', '.join(DIALECTS)}")
    if len(text) > MOST:
        raise Refused(413, "too_large", f"the draft has {len(text):,} characters, expected at most {MOST:,}")
    if not text.strip():
        return _write(request, caller, "", dialect, None)
    must_be_in_time(service, caller, text)
    shown = str(form.get("hash", ""))
    kept = [str(one) for one in form.getlist("keep")]
    if not all(one.isdecimal() for one in kept):
        raise Refused(400, "invalid_value", "a choice is not the number of an edit")
    chosen = frozenset(map(int, kept)) if shown else None
    found = await service.patiently(drafts().look(text, dialect, chosen), "Write", partial(gone, request))
    if shown and found.hash != shown:
        raise Refused(409, "changed", "these are not the edits that were shown: propose them again")
    return _write(request, caller, text, dialect, found)


def _must_be_here() -> None:
    if not writing_is_here():
        raise Refused(404, "not_found", f"this installation corrects no drafts: {install('write')} adds it")


def _write(request: Request, caller: Caller, text: str, dialect: str, found: WriteView | None) -> Response:
    _must_be_here()
    return page(
        request, "write.html", caller, text=text, limit=MOST, dialects=DIALECTS, dialect=dialect, proposal=found
    )


def know_routes() -> list[Route]:
    """The routes of both pages."""
    return [
        Route("/graph", graph),
        Route("/graph/decide", decide_doubt, methods=["POST"]),
        Route("/write", write),
        Route("/write", write_it, methods=["POST"]),
    ]
