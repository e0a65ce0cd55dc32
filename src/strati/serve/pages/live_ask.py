"""The page Ask while an answer is made: each sentence as soon as its checks let it out, then the answer whole.

A line of JSON each: `sentence`, then one of `html` (the answer as the page has it) and `error`. A page without scripts
sends its form to `/ask` instead.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from strati.core.records import JSON
from strati.serve.api.native import base_of
from strati.serve.api.who import gone
from strati.serve.errors import ClientGone, Refused
from strati.serve.pages.asked import in_paragraphs
from strati.serve.pages.forms import form_of
from strati.serve.pages.render import environment
from strati.serve.service import Question


async def ask_live(request: Request) -> Response:
    """POST /ask/live."""
    service, caller, form = await form_of(request)
    question, name = str(form.get("question", "")).strip(), str(form.get("base", ""))
    base_of(service, caller, name)
    if not question:
        raise Refused(400, "invalid_value", "the question is empty, expected one", "question")
    heard: asyncio.Queue[str | None] = asyncio.Queue()
    asked = service.ask(caller.key, Question(name, question, (question,)), partial(gone, request), heard.put_nowait)
    task = asyncio.create_task(asked)
    task.add_done_callback(lambda _: heard.put_nowait(None))

    async def lines() -> AsyncIterator[bytes]:
        try:
            while (sentence := await heard.get()) is not None:
                yield _line({"sentence": sentence})
            outcome = await task
            values = {"outcome": outcome, "paragraphs": in_paragraphs(outcome), "base": name}
            yield _line({"html": environment().get_template("answer.html").render(values)})
        except Refused as refused:
            yield _line({"error": refused.sentence})
        except ClientGone:
            return
        finally:
            task.cancel()  # who stopped or left is waited for by nobody; a finished task takes no notice

    return StreamingResponse(lines(), media_type="application/x-ndjson", headers={"cache-control": "no-store"})


def _line(value: JSON) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode(errors="replace") + b"\n"
