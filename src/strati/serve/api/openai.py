"""/v1: chat completions, embeddings and models, as OpenAI's clients expect them. A stack and a base are models."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from strati.core.records import JSON, State
from strati.serve.api.bodies import field, must_know, read_json
from strati.serve.api.chat_body import ChatBody, chat_body
from strati.serve.api.errors import error_body, error_response
from strati.serve.api.replies import LiveChunks, chunks, completion, headers_of, sse
from strati.serve.api.who import Caller, caller_of, gone, service_of
from strati.serve.errors import ClientGone, Refused
from strati.serve.limits import tokens_of
from strati.serve.records import Outcome
from strati.serve.service import Service

_EMBEDDING = frozenset({"model", "input", "encoding_format", "dimensions", "user"})
MOST_TEXTS = 256
BEAT = 10.0  # seconds between signs of life on a stream that waits for a person


async def chat(request: Request) -> Response:
    """POST /v1/chat/completions."""
    service = service_of(request)
    caller = caller_of(request)
    body, digest = await read_json(request)
    labels = {name: served.labels for name, served in service.stacks.items()}
    asked = chat_body(body, digest, request.headers.get("idempotency-key"), labels)
    if asked.stream and asked.question.model in service.bases:
        return await _streamed_base(service, caller, asked, request)
    if asked.stream and asked.question.wait > 0:
        return await _streamed_wait(service, caller, asked, request)
    outcome = await service.ask(caller.key, asked.question, partial(gone, request))
    _must_be_ready(outcome, asked)
    headers = headers_of(outcome)
    if not asked.stream:
        return JSONResponse(completion(outcome, asked.form, service), headers=headers)
    events = chunks(outcome, asked.form, asked.include_usage, service)
    return StreamingResponse(events, media_type="text/event-stream", headers={**headers, "cache-control": "no-store"})


def _must_be_ready(outcome: Outcome, asked: ChatBody) -> None:
    if asked.conflict and outcome.state is State.PENDING:
        raise Refused(409, "pending", f"pending, {outcome.request.id}: {outcome.reason}")


async def _streamed_wait(service: Service, caller: Caller, asked: ChatBody, request: Request) -> Response:
    """The stream begins at once and shows signs of life until a person has decided."""
    from dataclasses import replace

    first = await service.ask(caller.key, replace(asked.question, wait=0.0), partial(gone, request))

    async def events() -> AsyncIterator[bytes]:
        outcome, left = first, asked.question.wait
        while outcome.state is State.PENDING and left > 0 and not service.draining:
            yield f": {outcome.request.id} waits for a person\n\n".encode()
            outcome = await service.wait(outcome, min(BEAT, left))
            left -= BEAT
        for event in chunks(outcome, asked.form, asked.include_usage, service):
            yield event

    headers = {**headers_of(first), "cache-control": "no-store"}
    return StreamingResponse(events(), media_type="text/event-stream", headers=headers)


async def _streamed_base(service: Service, caller: Caller, asked: ChatBody, request: Request) -> Response:
    """Sentences go out as they pass their checks; whether the whole stands is said in the last chunk."""
    heard: asyncio.Queue[str | None] = asyncio.Queue()
    task = asyncio.create_task(service.ask(caller.key, asked.question, partial(gone, request), heard.put_nowait))
    task.add_done_callback(lambda _: heard.put_nowait(None))
    first = await heard.get()
    if first is None:
        outcome = await task  # done at once, or refused: then with the status it deserves
        events = chunks(outcome, asked.form, asked.include_usage, service)
        return StreamingResponse(events, media_type="text/event-stream", headers=headers_of(outcome))

    async def events_of() -> AsyncIterator[bytes]:
        live = LiveChunks(asked.question.model)
        sentence: str | None = first
        try:
            while sentence is not None:
                yield live.piece(sentence)
                sentence = await heard.get()
            for event in live.end(await task, asked.include_usage, service):
                yield event
        except Refused as refused:  # the time was over, say: the client is told, in the form that clients expect
            yield sse(error_body(refused))
            yield b"data: [DONE]\n\n"
        except ClientGone:
            return
        finally:
            task.cancel()

    return StreamingResponse(events_of(), media_type="text/event-stream", headers={"cache-control": "no-store"})


async def models(request: Request) -> Response:
    """GET /v1/models."""
    caller, service = caller_of(request), service_of(request)
    return JSONResponse({"object": "list", "data": [_model(service, name) for name in caller.models(service)]})


async def model(request: Request) -> Response:
    """GET /v1/models/NAME."""
    caller, service = caller_of(request), service_of(request)
    name = request.path_params["name"]
    service.must_know(caller.key, name)
    return JSONResponse(_model(service, name))


def _model(service: Service, name: str) -> dict[str, JSON]:
    served = service.stacks.get(name)
    about = served.to_json() if served else {"kind": "base"}
    return {"id": name, "object": "model", "created": int(service.began), "owned_by": "strati", "strati": about}


async def embeddings(request: Request) -> Response:
    """POST /v1/embeddings, by the embedder of a base."""
    caller, service = caller_of(request), service_of(request)
    body, _ = await read_json(request)
    must_know(body, _EMBEDDING)
    name = field(body, "model", str, required=True)
    texts = _texts(body)
    form = field(body, "encoding_format", str, "float")
    if form not in ("float", "base64"):
        raise Refused(
            400, "invalid_value", f'encoding_format is {form!r}, expected "float" or "base64"', "encoding_format"
        )
    wanted = field(body, "dimensions", int)
    base = service.bases.get(name)
    if base is None or not caller.key.may_use(name):
        raise Refused(
            404, "model_not_found", f"{name!r} embeds nothing, expected the name of a knowledge base", "model"
        )
    tokens = sum(map(tokens_of, texts))
    wait, which = service.rates.take(caller.key, tokens)
    if wait:
        raise Refused(429, "rate_limit_exceeded", f"this key is limited to {which}", retry_after=wait)
    rows = await service.with_base(base, base.embed(texts), partial(gone, request))
    if rows is None:
        without = base.note or f"the base {name} was made without an embedder, so it embeds nothing"
        raise Refused(400, "no_embedder", without, "model")
    if wanted is not None and wanted != rows.shape[1]:
        raise Refused(400, "invalid_value", f"dimensions is {wanted}, this embedder has {rows.shape[1]}", "dimensions")

    def shown(row: JSON) -> JSON:
        return row.tolist() if form == "float" else base64.b64encode(row.astype("<f4").tobytes()).decode()

    data = [{"object": "embedding", "index": i, "embedding": shown(row)} for i, row in enumerate(rows)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return JSONResponse({"object": "list", "data": data, "model": name, "usage": usage})


def _texts(body: dict[str, JSON]) -> list[str]:
    given = body.get("input")
    if given is None:
        raise Refused(400, "missing_parameter", "the parameter 'input' is missing", "input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) and text for text in texts):
        raise Refused(400, "invalid_type", "input is no text and no list of texts, none of them empty", "input")
    if len(texts) > MOST_TEXTS:
        raise Refused(400, "invalid_value", f"input has {len(texts)} texts, expected at most {MOST_TEXTS}", "input")
    return texts


async def unknown(request: Request) -> Response:
    raise Refused(404, "not_found", f"there is no {request.method} {request.url.path} here")


def answer_refused(request: Request, error: Exception) -> Response:
    """An error of ours as a response."""
    if isinstance(error, ClientGone):
        return Response(status_code=499)
    assert isinstance(error, Refused)
    service_of(request).metrics.refused(error.code)
    return error_response(error)


def routes() -> list[Route]:
    """The routes under /v1."""
    return [
        Route("/v1/chat/completions", chat, methods=["POST"]),
        Route("/v1/embeddings", embeddings, methods=["POST"]),
        Route("/v1/models", models),
        Route("/v1/models/{name:path}", model),
        Route("/v1/{rest:path}", unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
    ]
