"""The batch endpoints of a server: files go up, batches are made, looked at and found again, output comes down."""

from __future__ import annotations

import json
import secrets
import time
from contextlib import suppress

from strati.core.context import Context
from strati.core.errors import ModelError
from strati.models.contract import ContextOverflow
from strati.models.hosted.batches.lines import ENDPOINT, upload_form
from strati.models.hosted.batches.state import NONCE, Batch, table
from strati.models.hosted.caller import LOOK_UP, Caller
from strati.models.hosted.completion import BadRequest, Fault, UnknownModel, refusal, said
from strati.models.hosted.pacing import RetryBudget
from strati.models.hosted.transport import LARGEST, HttpReply, Lost, Unsent

WINDOW = "24h"
"""The one completion window that there is."""
PAGE, PAGES = 100, 20
"""Batches listed at once, and pages looked through, newest first, when one is searched for."""
TRANSFER = 600.0
"""Seconds for a file to go up or come down, at least."""
LARGEST_FILE = 512 * 2**20


class BatchEndpoint:
    """One server's files and batches. Faults are waited out within the caller's bounds, then raise `LayerDown`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._settings = caller.settings

    def check(self, ctx: Context) -> None:
        """Raise `ModelError` when the server has no batch endpoints; nothing is sent to them."""
        reply = self._asked("GET", "/batches?limit=1", ctx, missing=(404, 405, 501))
        if reply is None or not isinstance(table(reply.json).get("data"), list):
            settings = self._settings
            raise ModelError(
                f"{settings.host} has no batch endpoints (none at {settings.url}/batches): expected no batch = true in "
                f"models.{settings.name}"
            )

    def upload(self, name: str, data: bytes, ctx: Context) -> str:
        """Upload a file of requests; returns the server's name of it."""
        boundary = secrets.token_hex(16)
        kind = f"multipart/form-data; boundary={boundary}"
        reply = self._asked("POST", "/files", ctx, upload_form(name, data, boundary), kind=kind, seconds=TRANSFER)
        found = None if reply is None else table(reply.json).get("id")
        if not isinstance(found, str):
            raise ModelError(f"{self._settings.host} took a file for a batch and gave it no name: expected an id")
        return found

    def create(self, file: str, nonce: str, ctx: Context) -> Batch:
        """Hand a file in, once. Raises `Fault` when the batch may have been made all the same."""
        asked = {
            "input_file_id": file,
            "endpoint": ENDPOINT,
            "completion_window": WINDOW,
            "metadata": {NONCE: nonce},
        }
        reply = self._once("POST", "/batches", ctx, json.dumps(asked).encode())
        found = Batch.of(reply.json, self._settings.key())
        if found is None:
            raise Fault(f"{self._settings.host} made a batch and told no id of it", lost=True)
        return found

    def find(self, nonce: str, file: str, ctx: Context) -> Batch | None:
        """The batch that was made for a job, among those that the server lists."""
        after = ""
        for _ in range(PAGES):
            reply = self._asked("GET", f"/batches?limit={PAGE}{after}", ctx)
            page = table(None if reply is None else reply.json)
            listed = page.get("data")
            batches = [Batch.of(entry, None) for entry in listed] if isinstance(listed, list) else []
            for found in batches:
                if found is not None and (found.nonce == nonce or (file and found.input == file)):
                    return found
            last = batches[-1] if batches else None
            if last is None or not page.get("has_more"):
                return None
            after = f"&after={last.id}"
        return None

    def get(self, batch: str, ctx: Context) -> Batch | None:
        """A batch as it is now, by one look; None when the server does not know it. Raises `Fault`."""
        try:
            reply = self._once("GET", f"/batches/{batch}", ctx, missing=(404,))
        except _Missing:
            return None
        found = Batch.of(reply.json, self._settings.key())
        if found is None:
            raise Fault(f"{self._settings.host} told no id and status of a batch")
        return found

    def content(self, file: str, ctx: Context) -> bytes | None:
        """What a file holds; None when the server does not have it."""
        path = f"/files/{file}/content"
        reply = self._asked("GET", path, ctx, missing=(404,), seconds=TRANSFER, largest=LARGEST_FILE)
        return None if reply is None else reply.body

    def cancel(self, batch: str, ctx: Context) -> None:
        """Ask the server to do no more of a batch; what it has done comes all the same."""
        with suppress(Fault, ModelError, BadRequest, UnknownModel):
            self._once("POST", f"/batches/{batch}/cancel", ctx, b"{}")

    def delete(self, file: str | None) -> None:
        """Delete a file, if the server lets us: texts need not lie there longer than they are of use."""
        settings = self._settings
        if file:
            with suppress(Unsent, Lost, ModelError):
                self._caller.transport.send("DELETE", f"{settings.url}/files/{file}", settings.key(), seconds=LOOK_UP)

    def _asked(
        self,
        method: str,
        path: str,
        ctx: Context,
        data: bytes | None = None,
        *,
        missing: tuple[int, ...] = (),
        kind: str = "application/json",
        seconds: float = 0.0,
        largest: int = LARGEST,
    ) -> HttpReply | None:
        """A reply with success, after as many attempts as it takes; None for a status among `missing`."""
        attempt = 0
        while True:
            try:
                return self._once(method, path, ctx, data, kind=kind, seconds=seconds, largest=largest, missing=missing)
            except _Missing:
                return None
            except Fault as fault:
                attempt += 1
                self._caller.wait_again(fault, attempt, ctx)

    def _once(
        self,
        method: str,
        path: str,
        ctx: Context,
        data: bytes | None = None,
        *,
        kind: str = "application/json",
        seconds: float = 0.0,
        largest: int = LARGEST,
        missing: tuple[int, ...] = (),
    ) -> HttpReply:
        """One attempt. Raises `Fault` where another may help, `ModelError` where it cannot."""
        ctx.check()
        settings, key = self._settings, self._settings.key()
        seconds = max(seconds, settings.timeout)
        if ctx.deadline is not None:
            seconds = max(0.05, min(seconds, ctx.deadline - time.monotonic()))
        try:
            reply = self._caller.transport.send(
                method, f"{settings.url}{path}", key, data, seconds=seconds, kind=kind, largest=largest
            )
        except (Unsent, Lost) as error:
            ctx.check()
            raise Fault(str(error), lost=isinstance(error, Lost)) from None
        if 200 <= reply.status < 300:
            RetryBudget.of(ctx).succeeded()
            return reply
        if reply.status in missing:
            raise _Missing
        problem = refusal(reply, settings, key)
        if isinstance(problem, Fault | ModelError):
            raise problem
        why = said(table(table(reply.json).get("error")), key)
        if isinstance(problem, BadRequest | UnknownModel | ContextOverflow):
            why = f"{settings.host} refused a batch with status {reply.status}{why}"
        raise ModelError(f"{why} (models.{settings.name}.batch is true)")


class _Missing(Exception):
    """The server has no such thing."""
