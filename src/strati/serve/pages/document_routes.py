"""The routes of documents and of the places that are cited in them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from strati.core.errors import StratiError, UserError
from strati.knowledge.document import Document
from strati.knowledge.store.contract import Entry
from strati.serve.api.native import base_of, forgotten
from strati.serve.api.who import Caller, caller_of, service_of
from strati.serve.errors import Refused
from strati.serve.pages.forms import form_of
from strati.serve.pages.render import page
from strati.serve.pages.sources import MEDIA, page_image, recording_of, source_view, why_no_image
from strati.serve.records import Role

_SHORTLY = {"cache-control": "private, max-age=600"}


async def documents(request: Request) -> Response:
    """GET /documents."""
    caller = caller_of(request)
    return await _documents(request, caller, request.query_params.get("base", ""), None)


async def _documents(request: Request, caller: Caller, name: str, receipt: Any) -> Response:
    service = service_of(request)
    mine = [one for one in service.bases if caller.key.may_use(one)]
    name = name or (mine[0] if mine else "")
    entries = []
    if name:
        base = base_of(service, caller, name)
        entries = await service.with_base(base, base.entries())
    uploads = service.uploads.recent(name, 12) if name else []
    return page(
        request,
        "documents.html",
        caller,
        bases=mine,
        base=name,
        documents=entries,
        passages=sum(entry.passages for entry in entries),
        uploads=uploads,
        busy=any(one.state in ("waiting", "reading") for one in uploads),
        admin=caller.key.role.may(Role.ADMIN),
        limit=service.settings.upload,
        receipt=receipt,
    )


async def forget(request: Request) -> Response:
    """POST /documents/forget."""
    service, caller, form = await form_of(request, Role.ADMIN)
    base = base_of(service, caller, str(form.get("base", "")))
    try:
        receipt = await forgotten(service, base, str(form.get("id", "")))
    except UserError as error:
        raise Refused(404, "not_found", str(error)) from error
    return await _documents(request, caller, base.name, receipt)


async def _asked(request: Request) -> tuple[Entry, Document]:
    """The document of an address. Raises `Refused` where the base does not hold it."""
    service, caller = service_of(request), caller_of(request)
    name = request.path_params["base"]
    base = base_of(service, caller, name)
    try:
        return await service.with_base(base, base.document(request.path_params["document"]))
    except StratiError as error:
        raise Refused(404, "not_found", f"this document is not in {name}: it was forgotten, or never there") from error


async def source(request: Request) -> Response:
    """GET /source/BASE/DOCUMENT?start=&end=: a cited place."""
    entry, document = await _asked(request)
    try:
        start, end = (int(request.query_params.get(part, "0")) for part in ("start", "end"))
    except ValueError as error:
        raise Refused(404, "not_found", "start and end are no numbers, so there is no such place") from error
    view = source_view(entry, document, start, end)
    return page(
        request,
        "source.html",
        caller_of(request),
        base=request.path_params["base"],
        id=request.path_params["document"],
        name=Path(entry.name).name,
        title=entry.title,
        date=entry.date,
        place=view.place,
        note=view.note,
        page=view.page,
        table=view.table,
        media=view.media,
        before=view.before,
        cited=view.cited,
        after=view.after,
        before_cut=view.before_cut,
        after_cut=view.after_cut,
    )


async def source_page(request: Request) -> Response:
    """GET /source/BASE/DOCUMENT/page/N.png."""
    entry, _ = await _asked(request)
    drawn = None
    if entry.media_type == "application/pdf" and not why_no_image(entry):
        drawn = await asyncio.to_thread(page_image, Path(entry.path), request.path_params["number"])
    if drawn is None:
        raise Refused(404, "not_found", "this page cannot be drawn")
    return Response(drawn, media_type="image/png", headers=_SHORTLY)


async def source_media(request: Request) -> Response:
    """GET /source/BASE/DOCUMENT/media: the recording, also in parts."""
    entry, _ = await _asked(request)
    recording = recording_of(entry)
    if recording is None:
        raise Refused(404, "not_found", "this document has no recording, or it is not as it was read")
    kind = MEDIA.get(recording.suffix.lower(), "application/octet-stream")
    return FileResponse(recording, media_type=kind, headers=_SHORTLY)


def document_routes() -> list[Route]:
    """The routes of both pages."""
    return [
        Route("/documents", documents),
        Route("/documents/forget", forget, methods=["POST"]),
        Route("/source/{base}/{document}/page/{number:int}.png", source_page),
        Route("/source/{base}/{document}/media", source_media),
        Route("/source/{base}/{document}", source),
    ]
