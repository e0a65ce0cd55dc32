"""The application: /v1, /api, the pages, health and metrics, with the shield around them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from strati.core.errors import StratiError
from strati.serve.api.native import native
from strati.serve.api.openai import answer_refused, routes
from strati.serve.api.who import caller_of, service_of
from strati.serve.errors import ClientGone, Refused
from strati.serve.pages.routes import page_refused, page_routes
from strati.serve.service import Service
from strati.serve.shield import Shield


async def alive(request: Request) -> Response:  # noqa: ARG001
    """GET /health/live: the process runs."""
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> Response:
    """GET /health/ready: requests are taken."""
    service = service_of(request)
    if service.draining:
        return JSONResponse({"status": "draining"}, 503)
    return JSONResponse({"status": "ready", "models": len(service.stacks) + len(service.bases)})


async def metrics(request: Request) -> Response:
    """GET /metrics: for Prometheus; with a key, or from this machine."""
    service = service_of(request)
    near = request.client is None or request.client.host in ("127.0.0.1", "::1", "testclient")
    if not (service.settings.loopback and near):
        caller_of(request)
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def refused(request: Request, error: Exception) -> Response:
    """An error of ours, as a page for people and as JSON for programs."""
    if isinstance(error, Refused) and request.url.path.split("/")[1] not in ("v1", "api", "metrics"):
        return page_refused(request, error)
    return answer_refused(request, error)


async def failed(request: Request, error: Exception) -> Response:
    """What a page or a client asked for cannot be done: the sentence of the error, never a traceback."""
    return await refused(request, Refused(400, "invalid_request", str(error)))


def application(service: Service) -> Shield:
    """The ASGI application of a service."""

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:  # noqa: ARG001
        await service.start()
        yield
        await service.stop()

    api = native()
    api.state.service = service
    app = Starlette(
        routes=[
            *routes(),
            Mount("/api", api),
            Route("/health/live", alive),
            Route("/health/ready", ready),
            Route("/metrics", metrics),
            *page_routes(),
        ],
        exception_handlers={Refused: refused, ClientGone: refused, StratiError: failed},
        lifespan=life,
    )
    app.state.service = service
    return Shield(app, service.settings)
