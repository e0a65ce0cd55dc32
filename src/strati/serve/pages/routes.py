"""The pages' routes: each reads what it shows, each form changes one thing and leads back to a page."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from strati.core.errors import StratiError
from strati.serve.api.explain import explained
from strati.serve.api.live import live_of
from strati.serve.api.native import base_of, checked_text
from strati.serve.api.who import COOKIE, Caller, caller_of, gone, service_of
from strati.serve.engine.rungs import Rung, compared
from strati.serve.errors import Refused
from strati.serve.pages.asked import in_paragraphs
from strati.serve.pages.document_routes import document_routes
from strati.serve.pages.examples import curl_of, python_of
from strati.serve.pages.forms import form_of
from strati.serve.pages.know_routes import know_routes
from strati.serve.pages.live_ask import ask_live
from strati.serve.pages.render import HERE, PAGES, page
from strati.serve.pages.stacks import stack_view
from strati.serve.pages.table_routes import table_routes
from strati.serve.records import Action, Role
from strati.serve.service import Question, Service

Handler = Callable[[Request], Awaitable[Response]]


def page_refused(request: Request, error: Refused) -> Response:
    """An error as a page; who is not logged in is asked to."""
    if error.status == 401:
        return RedirectResponse("/login", 303)
    try:
        caller = caller_of(request)
    except Refused:
        caller = None
    return page(request, "error.html", caller, error.status, code=error.status, sentence=error.sentence)


# Logging in


async def login(request: Request) -> Response:
    """GET /login: by the link that was printed, or by a form."""
    service = service_of(request)
    code = request.query_params.get("code")
    if code:
        key = service.keys.get(service.sessions.redeem(code) or "")
        if key is not None:
            return _logged_in(request, service.sessions.begin(key), request.query_params.get("to", ""))
        return page(request, "login.html", None, 401, wrong="That link was used or is over. Log in with the key.")
    return page(request, "login.html", None, wrong="")


async def log_in(request: Request) -> Response:
    """POST /login."""
    service, form = service_of(request), await request.form()
    key = service.keys.find(str(form.get("key", "")).strip())
    if key is None:
        return page(request, "login.html", None, 401, wrong="No key is like that.")
    return _logged_in(request, service.sessions.begin(key, " ".join(str(form.get("person", "")).split())[:60]))


def _logged_in(request: Request, cookie: str, to: str = "") -> Response:
    """Logged in, and on to a page of ours: `to` is the name of one, never an address."""
    service = service_of(request)
    reply = RedirectResponse(f"/{to if to in dict(PAGES) else _first(service)}", 303)
    secure = service.settings.secure or request.url.scheme == "https"
    reply.set_cookie(
        COOKIE, cookie, max_age=service.sessions.LASTS, httponly=True, samesite="lax", secure=secure, path="/"
    )
    return reply


def _first(service: Service) -> str:
    has = {"try": service.stacks, "ask": service.bases, "tables": service.desk}
    return next((name for name, held in has.items() if held), "try")


async def log_out(request: Request) -> Response:
    """POST /logout."""
    await form_of(request)
    reply = RedirectResponse("/login", 303)
    reply.delete_cookie(COOKIE, path="/")
    return reply


# Try


async def try_(request: Request) -> Response:
    """GET /try."""
    return _try(request, caller_of(request), "", (), [], {})


async def try_it(request: Request) -> Response:
    """POST /try."""
    service, caller, form = await form_of(request)
    text = str(form.get("input", ""))[: service.settings.text]
    mine = [name for name in service.stacks if caller.key.may_use(name)]
    chosen = [str(name) for name in form.getlist("model") if name in mine] or mine
    rungs = await compared(service, caller.key, text, chosen) if text.strip() else []
    return _try(request, caller, text, chosen, rungs, await explained(service, text, rungs))


def _try(
    request: Request, caller: Caller, text: str, chosen: Sequence[str], rungs: Sequence[Rung], words: dict[Any, Any]
) -> Response:
    service = service_of(request)
    mine = [name for name in service.stacks if caller.key.may_use(name)]
    first = (chosen or mine or [""])[0]
    best = next((rung for rung in rungs if rung.delivered), next(iter(rungs), None))
    address = str(request.base_url).rstrip("/")
    return page(
        request,
        "try.html",
        caller,
        stacks=mine,
        chosen=chosen or mine,
        input=text,
        limit=service.settings.text,
        rungs=[_shown(rung, text, words.get((rung.stack, rung.rung), ())) for rung in rungs],
        labels=service.labels(first),
        guess=best.answer if best else None,
        first=first,
        curl=curl_of(address, first, text),
        python=python_of(address, first, text),
        told="Saved as a labelled example." if "saved" in request.query_params else "",
    )


def _shown(rung: Rung, text: str, words: Sequence[Any]) -> dict[str, Any]:
    """A rung with the words of its input, each with how much it matters (0 to 4) and which way."""
    most = max((abs(word["weight"]) for word in words), default=0.0)
    shown, at = [], 0
    for word in words:
        level = 0 if most < 0.005 else min(4, round(4 * abs(word["weight"]) / most))
        shown.append((text[at : word["start"]], 0, ""))
        shown.append((text[word["start"] : word["end"]], level, "for" if word["weight"] > 0 else "against"))
        at = word["end"]
    return {**rung.to_json(), "words": shown if most >= 0.005 else []}


async def save_example(request: Request) -> Response:
    """POST /try/example."""
    import time

    service, caller, form = await form_of(request)
    model, text, label = (str(form.get(name, "")) for name in ("model", "input", "label"))
    service.must_know(caller.key, model)
    if not text.strip() or not label.strip() or (service.labels(model) and label not in service.labels(model)):
        raise Refused(400, "invalid_value", f"{label!r} is none of the labels of {model}")
    with service.database.writing() as db:
        db.execute(
            "INSERT INTO examples (model, input, label, by, at) VALUES (?, ?, ?, ?, ?)",
            (model, json.dumps(text), label, caller.person, time.time()),
        )
    return RedirectResponse("/try?saved", 303)


# Ask


async def ask(request: Request) -> Response:
    """GET /ask."""
    caller = caller_of(request)
    return _ask(request, caller, "", "", None)


async def ask_it(request: Request) -> Response:
    """POST /ask."""
    service, caller, form = await form_of(request)
    question, name = str(form.get("question", "")).strip(), str(form.get("base", ""))
    base_of(service, caller, name)
    if not question:
        return _ask(request, caller, "", name, None)
    outcome = await service.ask(caller.key, Question(name, question, (question,)), partial(gone, request))
    return _ask(request, caller, question, name, outcome)


async def check_it(request: Request) -> Response:
    """POST /ask/check: a text, its claims held against the base."""
    service, caller, form = await form_of(request)
    text, name = str(form.get("text", "")).strip()[:20_000], str(form.get("base", ""))
    if not text:
        return _ask(request, caller, "", name, None, checking=True)
    report = await checked_text(service, caller, name, text, request)
    return _ask(request, caller, "", name, None, text, report, checking=True)


def _ask(
    request: Request,
    caller: Caller,
    question: str,
    name: str,
    outcome: Any,
    text: str = "",
    report: Any = None,
    *,
    checking: bool = False,
) -> Response:
    service = service_of(request)
    mine = [one for one in service.bases if caller.key.may_use(one)]
    return page(
        request,
        "ask.html",
        caller,
        bases=mine,
        base=name or (mine[0] if mine else ""),
        question=question,
        limit=service.settings.text,
        outcome=outcome,
        paragraphs=in_paragraphs(outcome) if outcome is not None else [],
        text=text,
        report=report,
        checking=checking or "check" in request.query_params,
    )


# Review


async def review(request: Request) -> Response:
    """GET /review: the most urgent item, leased."""
    return _review(request, caller_of(request, Role.REVIEWER), "")


def _review(request: Request, caller: Caller, problem: str) -> Response:
    service = service_of(request)
    item = service.reviews.lease(caller.person, caller.models(service))
    last = service.reviews.undoable(caller.person)
    said = ""
    if last is not None:
        said = "No right answer" if last.answer is None else f"Decided: {last.answer}"
    return page(
        request,
        "review.html",
        caller,
        item=item,
        waiting=service.reviews.count(caller.models(service)),
        last=None if last is None else {"said": said, "release_at": last.release_at},
        look_first=service.settings.look_first,
        problem=problem,
    )


async def decide(request: Request) -> Response:
    """POST /review/decide."""
    service, caller, form = await form_of(request, Role.REVIEWER)
    ticket, lease = str(form.get("ticket", "")), str(form.get("lease", ""))
    what, _, label = str(form.get("action", "")).partition(":")
    try:
        if what == "skip":
            service.reviews.skip(ticket, lease)
        elif what in list(Action):
            answer = label or str(form.get("answer", "")) if what == "edit" else None
            comment = str(form.get("comment", ""))[:4000]
            service.reviews.decide(ticket, lease, Action(what), answer, comment, _seen(form))
        else:
            return _review(request, caller, f"{what!r} is nothing that can be done with an item")
    except StratiError as error:
        return _review(request, caller, str(error))
    return RedirectResponse("/review", 303)


def _seen(form: FormData) -> dict[str, Any]:
    try:
        found = json.loads(str(form.get("seen", "{}"))[:2000])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


async def undo(request: Request) -> Response:
    """POST /review/undo."""
    service, caller, _ = await form_of(request, Role.REVIEWER)
    if service.reviews.undo(caller.person) is None:
        return _review(request, caller, "It is out already, so it cannot be undone")
    return RedirectResponse("/review", 303)


# Stacks, Live


async def stacks(request: Request) -> Response:
    """GET /stacks."""
    service, caller = service_of(request), caller_of(request)
    mine = [one for name, one in service.stacks.items() if caller.key.may_use(name)]
    shown = [stack_view(served, service.alarm(served.name)) for served in mine]
    bases = [name for name in service.bases if caller.key.may_use(name)]
    notes = {name: service.bases[name].note for name in bases}
    return page(request, "stacks.html", caller, stacks=shown, bases=bases, notes=notes)


async def live(request: Request) -> Response:
    """GET /live."""
    service, caller = service_of(request), caller_of(request)
    settings = service.settings
    return page(
        request,
        "live.html",
        caller,
        live=live_of(service),
        share=settings.audit,
        confidence=settings.confidence,
        admin=caller.key.role.may(Role.ADMIN),
    )


async def clear_alarm(request: Request) -> Response:
    """POST /live/clear."""
    service, caller, form = await form_of(request, Role.ADMIN)
    service.audit.clear(str(form.get("model", "")), caller.person)
    service.look()
    return RedirectResponse("/live", 303)


async def home(request: Request) -> Response:
    """GET /: the first page that has something to show."""
    return RedirectResponse(f"/{_first(service_of(request))}", 303)


async def lost(request: Request) -> Response:
    raise Refused(404, "not_found", f"{request.url.path} is no page of this service")


def page_routes() -> list[Route | Mount]:
    """The routes of all pages."""
    return [
        Route("/", home),
        Route("/login", login),
        Route("/login", log_in, methods=["POST"]),
        Route("/logout", log_out, methods=["POST"]),
        Route("/try", try_),
        Route("/try", try_it, methods=["POST"]),
        Route("/try/example", save_example, methods=["POST"]),
        Route("/ask", ask),
        Route("/ask", ask_it, methods=["POST"]),
        Route("/ask/live", ask_live, methods=["POST"]),
        Route("/ask/check", check_it, methods=["POST"]),
        *document_routes(),
        *table_routes(),
        *know_routes(),
        Route("/review", review),
        Route("/review/decide", decide, methods=["POST"]),
        Route("/review/undo", undo, methods=["POST"]),
        Route("/stacks", stacks),
        Route("/live", live),
        Route("/live/clear", clear_alarm, methods=["POST"]),
        Mount("/static", StaticFiles(directory=HERE / "static")),
        Route("/{rest:path}", lost),
    ]
