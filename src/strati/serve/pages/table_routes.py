"""The routes of Tables: a question, a query of one's own, and what a reviewer approves."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from strati.core.errors import StratiError
from strati.serve.api.tables import approve_query, ask_tables, desk_of, withdraw_query
from strati.serve.api.who import Caller, caller_of, gone, service_of
from strati.serve.errors import Refused
from strati.serve.pages.forms import form_of
from strati.serve.pages.render import page
from strati.serve.records import Role

if TYPE_CHECKING:
    from strati.tables import TableAnswer

QUESTION = 2000  # characters
SQL = 20_000
_SHOWN = 12  # approved queries; the older ones are folded


async def tables(request: Request) -> Response:
    """GET /tables."""
    return await _tables(request, caller_of(request))


async def asked(request: Request) -> Response:
    """POST /tables."""
    service, caller, form = await form_of(request)
    question = _question(form)
    if not question:
        return await _tables(request, caller)
    try:
        answer = await ask_tables(service, caller, question, partial(gone, request))
    except (StratiError, Refused) as error:
        return await _tables(request, caller, question, problem=str(error))
    return await _tables(request, caller, question, answer)


async def own(request: Request) -> Response:
    """POST /tables/sql: the asker's own query, checked as every query is."""
    service, caller, form = await form_of(request)
    question, sql = _question(form), _sql(form)
    if not sql:
        return await _tables(request, caller, question, problem="the query is empty")
    try:
        answer = await ask_tables(service, caller, question, partial(gone, request), sql)
    except (StratiError, Refused) as error:
        return await _tables(request, caller, question, problem=str(error), sql=sql)
    return await _tables(request, caller, question, answer)


async def approve(request: Request) -> Response:
    """POST /tables/approve: a reviewer has read the query of a question and found it right."""
    service, caller, form = await form_of(request, Role.REVIEWER)
    question, sql = _question(form), _sql(form)
    if not question or not sql:
        return await _tables(request, caller, question, problem="a question and its query are approved together")
    try:
        answer = await approve_query(service, caller, question, sql, partial(gone, request))
    except (StratiError, Refused) as error:
        return await _tables(request, caller, question, problem=str(error), sql=sql)
    return await _tables(request, caller, question, answer, told="Approved. It answers this question from now on.")


async def withdraw(request: Request) -> Response:
    """POST /tables/withdraw: a reviewer takes an approved query back."""
    service, caller, form = await form_of(request, Role.REVIEWER)
    question, sql = str(form.get("question", "")), _sql(form)
    try:
        rest = await withdraw_query(service, caller, question, sql, partial(gone, request))
    except (StratiError, Refused) as error:
        return await _tables(request, caller, problem=str(error))
    told = "Withdrawn. It answers nothing any more."
    return await _tables(request, caller, told=f"{told} Another one for this question is in use." if rest else told)


def _question(form: FormData) -> str:
    return " ".join(str(form.get("question", "")).split())[:QUESTION]


def _sql(form: FormData) -> str:
    return str(form.get("sql", "")).replace("\r\n", "\n").strip()


async def _tables(
    request: Request,
    caller: Caller,
    question: str = "",
    answer: TableAnswer | None = None,
    *,
    problem: str = "",
    sql: str = "",
    told: str = "",
) -> Response:
    from strati.tables.answer import said

    desk = desk_of(service_of(request), caller)
    profile = await asyncio.wrap_future(desk.profile())
    try:
        kept = desk.approved(withdrawn=True)
    except StratiError as error:
        kept, problem = (), problem or str(error)
    used = [one for one in reversed(kept) if not one.withdrawn]
    return page(
        request,
        "tables.html",
        caller,
        profile=profile,
        question=question,
        answer=answer,
        sql=sql or (answer.sql if answer is not None and answer.state == "answered" else ""),
        writing=bool(sql),
        approved=used[:_SHOWN],
        older=used[_SHOWN:],
        withdrawn=[one for one in reversed(kept) if one.withdrawn],
        reviewer=caller.key.role.may(Role.REVIEWER),
        limit=SQL,
        cell=said,
        told=problem or told,
        told_kind="bad" if problem else "good",
    )


def table_routes() -> list[Route]:
    """The routes of the page."""
    return [
        Route("/tables", tables),
        Route("/tables", asked, methods=["POST"]),
        Route("/tables/sql", own, methods=["POST"]),
        Route("/tables/approve", approve, methods=["POST"]),
        Route("/tables/withdraw", withdraw, methods=["POST"]),
    ]
