"""/api: answers with everything that strati knows of them, search, documents, review, feedback; with OpenAPI."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.responses import JSONResponse, PlainTextResponse, Response

import strati
from strati.core.errors import StratiError
from strati.core.records import JSON
from strati.knowledge.ask import CheckReport
from strati.knowledge.store.contract import Filter
from strati.serve.api.bodies import must_pass
from strati.serve.api.errors import error_response
from strati.serve.api.explain import explained
from strati.serve.api.live import live_json
from strati.serve.api.native_bodies import (
    AnswerBody,
    AskBody,
    CheckBody,
    DecideBody,
    ExampleBody,
    FeedbackBody,
    HeldBody,
    LeaseBody,
    SearchBody,
    TryBody,
)
from strati.serve.api.replies import headers_of, outcome_json
from strati.serve.api.tables import add_tables
from strati.serve.api.who import Caller, caller_of, gone, service_of
from strati.serve.engine.bases import Base, place_of
from strati.serve.engine.rungs import compared
from strati.serve.errors import ClientGone, Refused
from strati.serve.limits import tokens_of
from strati.serve.queue.reviews import Conflict
from strati.serve.records import Item, Role
from strati.serve.service import Question, Service
from strati.serve.store.forgetting import forget_document, forget_request


def native() -> FastAPI:
    """The application under /api."""
    app = FastAPI(
        title="strati",
        version=strati.__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        description="Certified stacks and knowledge bases. Authorization: Bearer KEY.",
    )
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(ClientGone, _gone)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StratiError, _user_error)
    _answers(app)
    _knowledge(app)
    add_tables(app)
    _review(app)
    _operations(app)
    return app


def _answers(app: FastAPI) -> None:
    @app.post("/answer", tags=["answers"])
    async def answer(body: AnswerBody, request: Request) -> Response:
        """Answer one case: answered, pending (a person has it), or withheld."""
        service, caller = service_of(request), caller_of(request)
        if body.model not in service.stacks:
            raise Refused(404, "model_not_found", f"there is no stack {body.model!r}", "model")
        text = tuple(body.input.values()) if isinstance(body.input, dict) else (body.input,)
        question = Question(
            body.model, body.input, text, request.headers.get("idempotency-key"), _digest(body), body.wait, body.risk
        )
        outcome = await service.ask(caller.key, question, partial(gone, request))
        return JSONResponse(outcome_json(outcome, service), headers=headers_of(outcome))

    @app.get("/answers/{id}", tags=["answers"])
    async def read(id: str, request: Request, wait: float = 0.0) -> Response:
        """An answer by its id or ticket; with `wait`, when a person has decided."""
        service, caller = service_of(request), caller_of(request)
        outcome = service.outcomes.get(id)
        mine = outcome is not None and outcome.request.key == caller.key.id
        allowed = outcome is not None and caller.key.may_use(outcome.request.model)
        if outcome is None or not (mine or (allowed and caller.key.role.may(Role.REVIEWER))):
            raise Refused(404, "not_found", f"there is no answer {id!r} of this key")
        if wait > 0 and outcome.state == "pending":
            outcome = await service.wait(outcome, min(wait, 3600.0), partial(gone, request))
        return JSONResponse(outcome_json(outcome, service), headers=headers_of(outcome))

    @app.delete("/answers/{id}", tags=["answers"])
    async def forget(id: str, request: Request) -> Response:
        """Forget what one request held; the receipt says what stays."""
        service = service_of(request)
        caller_of(request, Role.ADMIN)
        if service.outcomes.get(id) is None:
            raise Refused(404, "not_found", f"there is no answer {id!r}")
        return JSONResponse(forget_request(service.database, id).to_json())

    @app.post("/feedback", tags=["answers"])
    async def feedback(body: FeedbackBody, request: Request) -> Response:
        """Say whether an answer was right. It helps to train and to find trouble; it never certifies."""
        service, caller = service_of(request), caller_of(request)
        outcome = service.outcomes.get(body.id)
        if outcome is None or outcome.request.key != caller.key.id:
            raise Refused(404, "not_found", f"there is no answer {body.id!r} of this key", "id")
        with service.database.writing() as db:
            db.execute(
                "INSERT INTO feedback (request, key, is_right, answer, comment, at) VALUES (?, ?, ?, ?, ?, ?)",
                (body.id, caller.key.id, int(body.right), json.dumps(body.answer), body.comment, time.time()),
            )
        return JSONResponse({"id": body.id, "right": body.right}, 201)

    @app.post("/try", tags=["answers"])
    async def try_(body: TryBody, request: Request) -> Response:
        """One input, every rung of the stacks side by side; nothing is kept, nobody is asked."""
        service, caller = service_of(request), caller_of(request)
        if service.draining:
            raise Refused(503, "shutting_down", "the service is shutting down", retry_after=5)
        if len(body.input) > service.settings.text:
            raise Refused(413, "context_length_exceeded", f"the input has {len(body.input):,} characters", "input")
        names = body.models or [name for name in service.stacks if caller.key.may_use(name)]
        for name in names:
            service.must_know(caller.key, name)
        rungs = await compared(service, caller.key, body.input, [name for name in names if name in service.stacks])
        words = await explained(service, body.input, rungs) if body.explain else {}
        return JSONResponse(
            {"rungs": [{**rung.to_json(), "words": words.get((rung.stack, rung.rung), [])} for rung in rungs]}
        )

    @app.post("/examples", tags=["answers"])
    async def example(body: ExampleBody, request: Request) -> Response:
        """Keep an input with its right answer."""
        service, caller = service_of(request), caller_of(request)
        service.must_know(caller.key, body.model)
        labels = service.labels(body.model)
        if labels and body.label not in labels:
            raise Refused(400, "invalid_value", f"{body.label!r} is none of the labels of {body.model}", "label")
        with service.database.writing() as db:
            db.execute(
                "INSERT INTO examples (model, input, label, by, at) VALUES (?, ?, ?, ?, ?)",
                (body.model, json.dumps(body.input), body.label, caller.person, time.time()),
            )
        return JSONResponse({"saved": True}, 201)


def _knowledge(app: FastAPI) -> None:
    @app.post("/ask", tags=["knowledge"])
    async def ask(body: AskBody, request: Request) -> Response:
        """Ask a knowledge base: an answer with its places, or "not in your sources"."""
        service, caller = service_of(request), caller_of(request)
        base_of(service, caller, body.base)
        question = Question(
            body.base, body.question, (body.question,), request.headers.get("idempotency-key"), _digest(body)
        )
        outcome = await service.ask(caller.key, question, partial(gone, request))
        return JSONResponse(outcome_json(outcome, service), headers=headers_of(outcome))

    @app.post("/check", tags=["knowledge"])
    async def check(body: CheckBody, request: Request) -> Response:
        """Hold every claim of a text against a knowledge base."""
        service, caller = service_of(request), caller_of(request)
        report = await checked_text(service, caller, body.base, body.text, request)
        return JSONResponse(report.to_json())

    @app.post("/search", tags=["knowledge"])
    async def search(body: SearchBody, request: Request) -> Response:
        """Passages of a knowledge base, with the place each comes from."""
        service, caller = service_of(request), caller_of(request)
        base = base_of(service, caller, body.base)
        wait, which = service.rates.take(caller.key, 1)
        if wait:
            raise Refused(429, "rate_limit_exceeded", f"this key is limited to {which}", retry_after=wait)
        must_pass(service, body.query, "query")
        filters = Filter(tuple(body.documents), tuple(body.types), body.since, body.until, tuple(body.languages))
        work = base.search(body.query, body.k, body.mode, filters)
        hits = await service.with_base(base, work, partial(gone, request))
        found = [{**hit.to_json(), "name": place_of(hit).split(",")[0], "place": place_of(hit)} for hit in hits]
        shown = [one for one in found if service.guards.outgoing(str(one["text"])) is None]
        return JSONResponse({"query": body.query, "hits": shown, "withheld": len(found) - len(shown)})

    @app.get("/documents", tags=["knowledge"])
    async def documents(base: str, request: Request) -> Response:
        """What a knowledge base holds, and the files on their way into it."""
        service, caller = service_of(request), caller_of(request)
        entries = await service.with_base(found := base_of(service, caller, base), found.entries())
        listed = [
            {
                "id": one.id,
                "name": one.name.replace("\\", "/").rpartition("/")[2],
                "title": one.title,
                "date": one.date,
                "type": one.media_type,
                "bytes": one.size,
                "passages": one.passages,
                "language": one.language,
            }
            for one in entries
        ]
        return JSONResponse({"documents": listed, "uploads": [asdict(one) for one in service.uploads.recent(base)]})

    @app.post("/documents", tags=["knowledge"])
    async def upload(base: str, name: str, request: Request) -> Response:
        """Send a file: its bytes are the body. It is read by contained workers; GET /api/uploads/ID tells how far."""
        service, caller = service_of(request), caller_of(request, Role.ADMIN)
        base_of(service, caller, base)
        taken = await service.uploads.take(base, name, request.stream(), caller.person)
        return JSONResponse(asdict(taken), 202)

    @app.get("/uploads/{id}", tags=["knowledge"])
    async def uploaded(id: str, request: Request) -> Response:
        """How far a file has come, or why it could not be read."""
        service, caller = service_of(request), caller_of(request)
        found = service.uploads.get(id)
        if found is None or not caller.key.may_use(found.base):
            raise Refused(404, "not_found", f"there is no upload {id!r}")
        return JSONResponse(asdict(found))

    @app.delete("/documents/{base}/{id}", tags=["knowledge"])
    async def forget(base: str, id: str, request: Request) -> Response:
        """Forget a document, and every answer that rests on it; the receipt says what stays and why."""
        service, caller = service_of(request), caller_of(request, Role.ADMIN)
        return JSONResponse(await forgotten(service, base_of(service, caller, base), id))


async def checked_text(service: Service, caller: Caller, name: str, text: str, request: Request) -> CheckReport:
    """The claims of a text, each with what the base says of it. A quote that may not go out is left out."""
    base = base_of(service, caller, name)
    wait, which = service.rates.take(caller.key, tokens_of(text))
    if wait:
        raise Refused(429, "rate_limit_exceeded", f"this key is limited to {which}", retry_after=wait)
    must_pass(service, text, "text")
    report = await service.with_base(base, base.check(text), partial(gone, request))
    safe = service.guards.outgoing
    claims = [
        replace(one, citations=tuple(cited for cited in one.citations if safe(cited.quote) is None))
        for one in report.claims
    ]
    return replace(report, claims=tuple(claims))


async def forgotten(service: Service, base: Base, id: str) -> dict[str, JSON]:
    """Forget a document everywhere; the receipt."""
    from pathlib import Path

    receipt = await service.with_base(base, base.forget(id))
    derived = forget_document(service.database, base.name, id)
    deleted = [entry.name for entry in receipt.forgotten if service.uploads.remove(Path(entry.path.split("!/")[0]))]
    found = {**receipt.to_json(), "service": derived.to_json(), "files_deleted": len(deleted)}
    if len(deleted) < len(receipt.forgotten):
        found["service"]["stays"].append("the file it was read from, which is yours: delete it yourself")
    return found


def _review(app: FastAPI) -> None:
    @app.get("/review", tags=["review"])
    async def waiting(request: Request) -> Response:
        """How many items wait for people."""
        service, caller = service_of(request), caller_of(request, Role.REVIEWER)
        return JSONResponse({"waiting": service.reviews.count(caller.models(service))})

    @app.post("/review/lease", tags=["review"])
    async def lease(request: Request, body: LeaseBody) -> Response:
        """The most urgent item, leased to the caller for a while; null when none waits."""
        service, caller = service_of(request), caller_of(request, Role.REVIEWER)
        mine = caller.models(service)
        models = [name for name in body.models if name in mine] if body.models is not None else mine
        item = service.reviews.lease(caller.person, models, body.ticket)
        return JSONResponse({"item": None if item is None else item_json(item)})

    @app.post("/review/{ticket}/decide", tags=["review"])
    async def decide(ticket: str, body: DecideBody, request: Request) -> Response:
        """Accept, edit or reject; the answer is released when the time to undo it is over."""
        service, _ = service_of(request), caller_of(request, Role.REVIEWER)
        made = service.reviews.decide(ticket, body.lease, body.action, body.answer, body.comment, body.seen)
        return JSONResponse({"ticket": ticket, "answer": made.answer, "release_at": made.release_at})

    @app.post("/review/{ticket}/renew", tags=["review"])
    async def renew(ticket: str, body: HeldBody, request: Request) -> Response:
        """More time for an item."""
        service, _ = service_of(request), caller_of(request, Role.REVIEWER)
        return JSONResponse({"until": service.reviews.renew(ticket, body.lease)})

    @app.post("/review/{ticket}/skip", tags=["review"])
    async def skip(ticket: str, body: HeldBody, request: Request) -> Response:
        """Give an item back."""
        service, _ = service_of(request), caller_of(request, Role.REVIEWER)
        service.reviews.skip(ticket, body.lease)
        return JSONResponse({"ticket": ticket})

    @app.post("/review/undo", tags=["review"])
    async def undo(request: Request) -> Response:
        """Take back the caller's last decision that is not out yet."""
        service, caller = service_of(request), caller_of(request, Role.REVIEWER)
        ticket = service.reviews.undo(caller.person)
        if ticket is None:
            raise Refused(409, "too_late", "there is no decision of yours that is not out yet")
        return JSONResponse({"ticket": ticket})

    @app.get("/labels", tags=["review"])
    async def labels(request: Request, source: Literal["audit", "review", "feedback", "examples"]) -> Response:
        """What people said, one JSON line each. Only labels of the audit may certify; the others may train."""
        from strati.serve.store.labels import label_lines

        service = service_of(request)
        caller_of(request, Role.ADMIN)
        return PlainTextResponse("".join(label_lines(service.database, source)), media_type="application/x-ndjson")


def _operations(app: FastAPI) -> None:
    @app.get("/stacks", tags=["operations"])
    async def stacks(request: Request) -> Response:
        """The stacks that are served, with their certificates."""
        service, caller = service_of(request), caller_of(request)
        shown = [one.to_json() for name, one in service.stacks.items() if caller.key.may_use(name)]
        return JSONResponse({"stacks": shown, "bases": [name for name in service.bases if caller.key.may_use(name)]})

    @app.get("/live", tags=["operations"])
    async def live(request: Request) -> Response:
        """How the service is doing: traffic by layer, latency, cost, audit, alarms."""
        caller_of(request)
        return JSONResponse(live_json(service_of(request)))

    @app.post("/alarms/{model}/clear", tags=["operations"])
    async def clear(model: str, request: Request) -> Response:
        """End an audit alarm after looking into it; its labels are left aside from then on."""
        service, caller = service_of(request), caller_of(request, Role.ADMIN)
        return JSONResponse({"cleared": service.audit.clear(model, caller.person)})

    @app.api_route("/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    async def unknown(rest: str, request: Request) -> Response:
        raise Refused(404, "not_found", f"there is no {request.method} /api/{rest} here")


def base_of(service: Service, caller: Caller, name: str) -> Base:
    """A base by name. Raises `Refused` when the caller has none of that name."""
    base = service.bases.get(name)
    if base is None or not caller.key.may_use(name):
        known = ", ".join(one for one in service.bases if caller.key.may_use(one)) or "none"
        raise Refused(404, "base_not_found", f"there is no knowledge base {name!r}, this key has: {known}", "base")
    return base


def item_json(item: Item) -> dict[str, JSON]:
    """An item as a reviewer gets it."""
    return asdict(item)


def _digest(body: BaseModel) -> str:
    from strati.core.identity import fingerprint

    return fingerprint("body.v1", **body.model_dump())


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    service_of(request).metrics.refused(error.code)
    return error_response(error)


async def _gone(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return Response(status_code=499)


async def _user_error(request: Request, error: Exception) -> Response:
    status, code = (409, "conflict") if isinstance(error, Conflict) else (400, "invalid_request")
    return await _refused(request, Refused(status, code, str(error)))


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    try:
        caller_of(request)  # who has no key is told nothing of what is expected
    except Refused as refused:
        return await _refused(request, refused)
    return await _refused(request, _in_words(error.errors()[0]))


def _in_words(first: Mapping[str, Any]) -> Refused:
    """The first thing that is wrong with a body, in a sentence."""
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query"))
    if first["type"] == "json_invalid":
        return Refused(400, "invalid_json", f"the body is not JSON: {first['ctx']['error']}")
    if first["type"] == "extra_forbidden":
        return Refused(400, "unknown_parameter", f"the parameter {where!r} is not known", where)
    if first["type"] == "missing":
        return Refused(400, "missing_parameter", f"the parameter {where or 'body'!r} is missing", where or None)
    message = str(first["msg"])
    return Refused(400, "invalid_value", f"{where or 'the body'}: {message[:1].lower()}{message[1:]}", where or None)
