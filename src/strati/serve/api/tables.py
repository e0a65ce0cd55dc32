"""/api/tables: questions to the tables that are served, and the queries that people approve."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from strati.serve.api.bodies import must_pass
from strati.serve.api.native_bodies import ApproveBody, TablesBody
from strati.serve.api.who import Caller, caller_of, gone, service_of
from strati.serve.engine.desk import Desk
from strati.serve.errors import Refused
from strati.serve.limits import tokens_of
from strati.serve.records import Role
from strati.serve.service import Gone, Service

if TYPE_CHECKING:
    from strati.tables import TableAnswer
    from strati.tables.approved import Approved


def add_tables(app: FastAPI) -> None:
    """Add the routes of tables."""

    @app.post("/tables/ask", tags=["tables"])
    async def ask(body: TablesBody, request: Request) -> Response:
        """Ask the tables: an answer with its query, or why there is none; `sql` is the asker's own query."""
        service, caller = service_of(request), caller_of(request)
        answer = await ask_tables(service, caller, body.question, partial(gone, request), body.sql)
        return JSONResponse(answer.to_json())

    @app.post("/tables/approve", tags=["tables"])
    async def approve(body: ApproveBody, request: Request) -> Response:
        """Keep a query as right for a question; it answers all that ask the same but for values."""
        service, caller = service_of(request), caller_of(request, Role.REVIEWER)
        answer = await approve_query(service, caller, body.question, body.sql, partial(gone, request))
        return JSONResponse(answer.to_json())

    @app.post("/tables/withdraw", tags=["tables"])
    async def withdraw(body: ApproveBody, request: Request) -> Response:
        """Take an approved query back; `in_use` are the queries that the question still has."""
        service, caller = service_of(request), caller_of(request, Role.REVIEWER)
        rest = await withdraw_query(service, caller, body.question, body.sql, partial(gone, request))
        return JSONResponse({"withdrawn": True, "in_use": [one.sql for one in rest]})


def desk_of(service: Service, caller: Caller) -> Desk:
    """The tables, for a key that is not for some models only."""
    if service.desk is None or not caller.key.may_use("tables"):
        raise Refused(404, "not_found", "no tables are served to this key: strati serve --tables FILE")
    return service.desk


async def ask_tables(
    service: Service, caller: Caller, question: str, away: Gone, sql: str | None = None
) -> TableAnswer:
    """An answer from the tables, by `sql` if the asker wrote the query.

    Raises `Refused` over a limit, or when it takes too long, and `UserError` for a query that may not run.
    """
    desk = desk_of(service, caller)
    _must_be_taken(service, caller, question, sql or "")
    return await service.patiently(desk.ask(question, sql), "the tables", away)


async def approve_query(service: Service, caller: Caller, question: str, sql: str, away: Gone) -> TableAnswer:
    """Keep a query as approved by the caller; the answer it gives. Raises as `ask_tables` does."""
    desk = desk_of(service, caller)
    _must_be_taken(service, caller, question, sql)
    return await service.patiently(desk.approve(question, sql, caller.person), "the tables", away)


async def withdraw_query(service: Service, caller: Caller, question: str, sql: str, away: Gone) -> tuple[Approved, ...]:
    """Take an approved query back, by the caller; those still in use for the question.

    Raises `Refused` over a limit, and `DataError` when no such query is in use.
    """
    desk = desk_of(service, caller)
    _must_be_in_time(service, caller, question + sql)
    return await service.patiently(desk.withdraw(question, sql, caller.person), "the tables", away)


def _must_be_taken(service: Service, caller: Caller, question: str, sql: str) -> None:
    """Count a question and its query against the key's rate, and hold them to the guards."""
    _must_be_in_time(service, caller, question + sql)
    must_pass(service, question, "question")
    if sql:
        must_pass(service, sql, "sql")


def _must_be_in_time(service: Service, caller: Caller, text: str) -> None:
    wait, which = service.rates.take(caller.key, tokens_of(text))
    if wait:
        raise Refused(429, "rate_limit_exceeded", f"this key is limited to {which}", retry_after=wait)
