"""The fault server with batch endpoints: files, batches, and the faults that they may have.

    with BatchServer({"slow", "error-lines"}) as server: ... server.handed_in ... server.stats()

`watch` is told of every step, before it is done and after its reply was sent: "upload", "uploaded", "create",
"created", "poll", "polled", "content", "fetched", "delete", "deleted". From a shell, printing its URL on the first
line: `python -m tests.models.batch_server --polls 3`.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Callable, Collection
from typing import Any

from .fault_server import Behaviour, FaultServer, Handler, completion, refusal_of

FAULTS = {
    "none": "there are no batch endpoints: status 404",
    "upload-500": "the first upload fails",
    "create-500": "the first batch is not made, status 500",
    "create-500-made": "the first batch is made, the reply says status 500",
    "create-cut": "the first batch is made, the connection is closed before a reply",
    "create-garbled": "the first batch is made, the reply is no JSON",
    "refused": "status 400 for every batch",
    "slow": "a batch takes three more looks",
    "poll-500": "every other look fails",
    "away": "every look fails",
    "content-500": "the first download fails",
    "content-gone": "output cannot be had: status 404",
    "gone": "a batch is not known any more once it was made",
    "rejected": "the file is not accepted: the batch fails",
    "queue": "a batch of more than `queue` requests fails, the account may have no more in the queue",
    "expired": "the first batch expires when half is done",
    "always-expired": "every batch expires when half is done",
    "cancelled": "somebody cancels the batch when half is done",
    "stuck": "a batch never ends, unless it is cancelled",
    "error-lines": "every third request failed with status 500",
    "missing": "every third request has no line at all, though it was done",
    "garbage": "between the lines are others: cut ones, doubled ones, some for unknown requests, no JSON",
    "no-usage": "every third reply tells no usage",
    "upper": "statuses are in capitals",
}
FACTOR = 0.5


class BatchServer(FaultServer):
    """A server that takes batches. `polls`: looks that a batch takes to be done; `queue`: requests it may have."""

    def __init__(
        self,
        batch_faults: Collection[str] = (),
        behaviour: Behaviour | None = None,
        *,
        polls: int = 1,
        queue: int = 5,
        watch: Callable[[str], None] = lambda step: None,
        **more: Any,
    ) -> None:
        for fault in batch_faults:
            assert fault in FAULTS, fault
        self.batch_faults = set(batch_faults)
        self.polls = polls
        self.queue = queue
        self.watch = watch
        self.files: dict[str, bytes] = {}
        self.uploads: list[bytes] = []
        self.batches: dict[str, dict[str, Any]] = {}
        self.looked: Counter[str] = Counter()
        self.once: set[str] = set()
        super().__init__(behaviour=behaviour or Behaviour(), **more)

    @property
    def handed_in(self) -> list[list[str]]:
        """What each batch asked: the contents of its last messages."""
        return [[row["body"]["messages"][-1]["content"] for row in batch["rows"]] for batch in self.batches.values()]

    def first(self, fault: str) -> bool:
        """Whether a fault is to happen that happens once."""
        if fault in self.once or (fault in FAULTS and fault not in self.batch_faults):
            return False
        self.once.add(fault)
        return True

    def add_file(self, data: bytes) -> str:
        name = f"file-{len(self.uploads) + len(self.files)}x{len(data)}"
        self.files[name] = data
        return name

    def make(self, asked: dict[str, Any]) -> dict[str, Any]:
        rows = [json.loads(line) for line in self.files[asked["input_file_id"]].splitlines()]
        batch = {
            "id": f"batch_{len(self.batches)}",
            "object": "batch",
            "endpoint": asked["endpoint"],
            "input_file_id": asked["input_file_id"],
            "metadata": asked.get("metadata"),
            "status": "validating",
            "output_file_id": None,
            "error_file_id": None,
            "request_counts": {"total": len(rows), "completed": 0, "failed": 0},
            "rows": rows,
        }
        self.batches[batch["id"]] = batch
        return batch

    def look(self, batch: dict[str, Any], authorization: str) -> None:
        """Move a batch on, as every look at it does here."""
        self.looked[batch["id"]] += 1
        ended = ("completed", "failed", "expired", "cancelled")
        if batch["status"].lower() in ended or "stuck" in self.batch_faults:
            return
        needed = self.polls + (3 if "slow" in self.batch_faults else 0)
        if self.looked[batch["id"]] < needed:
            batch["status"] = "in_progress"
            return
        rows, status = batch["rows"], "completed"
        if "rejected" in self.batch_faults:
            self._fail(batch, "invalid_json_line", "This line is not parseable as valid JSON.")
            return
        if "queue" in self.batch_faults and len(rows) > self.queue:
            self._fail(batch, "token_limit_exceeded", "Enqueued token limit reached.")
            return
        if self.first("expired") or "always-expired" in self.batch_faults:
            status = "expired"
        if "cancelled" in self.batch_faults:
            status = "cancelled"
        self.end(batch, status, len(rows) if status == "completed" else len(rows) // 2, authorization)

    def end(self, batch: dict[str, Any], status: str, done: int, authorization: str) -> None:
        """Do the first so many requests of a batch, and end it."""
        output, errors = [], []
        for number, row in enumerate(batch["rows"]):
            third = number % 3 == 2
            line: dict[str, Any] = {"id": f"r{number}", "custom_id": row["custom_id"], "response": None, "error": None}
            if number >= done:
                errors.append({**line, "error": {"code": "batch_expired", "message": "This request was not done."}})
                continue
            refused = refusal_of(row["body"], self.behaviour, authorization)
            if third and "error-lines" in self.batch_faults:
                refused = 500, "The server had an error", "server_error"
            if refused:
                error = {"error": {"message": refused[1], "code": refused[2]}}
                errors.append({**line, "response": {"status_code": refused[0], "body": error}})
                continue
            reply = completion(row["body"], self.behaviour, "ok")
            self.bill(row["body"], reply["usage"], FACTOR)
            if third and "missing" in self.batch_faults:
                continue
            if third and "no-usage" in self.batch_faults:
                del reply["usage"]
            output.append({**line, "response": {"status_code": 200, "request_id": "q", "body": reply}})
        batch["request_counts"] |= {"completed": len(output), "failed": len(errors)}
        lines = [json.dumps(line) for line in reversed(output)]
        if "garbage" in self.batch_faults:
            other = json.dumps({"custom_id": "another-0", "response": {"status_code": 200, "body": {}}, "error": None})
            lines = [*lines[:1], "", "{", "null", "[]", lines[0][:50], other, *lines[::-1], '{"custom_id": 7}', "\x00"]
        batch["output_file_id"] = self.add_file("\n".join(lines).encode()) if output else None
        error_lines = "\n".join(json.dumps(line) for line in errors)
        batch["error_file_id"] = self.add_file(error_lines.encode()) if errors else None
        batch["status"] = status

    def _fail(self, batch: dict[str, Any], code: str, why: str) -> None:
        batch["status"] = "failed"
        batch["errors"] = {"object": "list", "data": [{"code": code, "message": why, "line": 1}]}


class BatchHandler(Handler):
    """Adds files and batches to the fault server's paths."""

    @property
    def own(self) -> BatchServer:
        owner = self.server.owner
        assert isinstance(owner, BatchServer)
        return owner

    def do_GET(self) -> None:  # noqa: N802
        if not re.match(r"/v1/(files|batches)", self.path) or "none" in self.own.batch_faults:
            super().do_GET()
        elif "/content" in self.path:
            self._step("content", "fetched", self._content)
        elif self.path.startswith("/v1/batches/"):
            self._step("poll", "polled", self._poll)
        else:
            self._list()

    def do_POST(self) -> None:  # noqa: N802
        if not re.match(r"/v1/(files|batches)", self.path) or "none" in self.own.batch_faults:
            super().do_POST()
        elif self.path == "/v1/files":
            self._step("upload", "uploaded", self._upload)
        elif self.path == "/v1/batches":
            self._step("create", "created", self._create)
        else:
            self._cancel()

    def do_DELETE(self) -> None:  # noqa: N802
        def delete() -> None:
            self.own.files.pop(self.path.rpartition("/")[2], None)
            self._send(200, {"deleted": True})

        self._step("delete", "deleted", delete)

    def _step(self, before: str, after: str, do: Callable[[], None]) -> None:
        self.own.watch(before)
        do()
        self.wfile.flush()
        self.own.watch(after)

    def _read(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _upload(self) -> None:
        data = self._read()
        if self.own.first("upload-500"):
            self._error(500, "The server had an error")
            return
        boundary = self.headers["Content-Type"].partition("boundary=")[2].encode()
        purpose, file = data.split(b"--" + boundary)[1:3]
        assert purpose.endswith(b"\r\n\r\nbatch\r\n")
        rows = file.partition(b"\r\n\r\n")[2][:-2]
        name = self.own.add_file(rows)
        self.own.uploads.append(rows)
        self._send(200, {"id": name, "object": "file", "purpose": "batch", "bytes": len(rows)})

    def _create(self) -> None:
        asked = json.loads(self._read())
        assert asked["completion_window"] == "24h"
        own = self.own
        if "refused" in own.batch_faults:
            self._error(400, "The model does not support the Batch API", "model_not_supported")
        elif own.first("create-500"):
            self._error(500, "The server had an error")
        else:
            batch = own.make(asked)
            if own.first("create-500-made"):
                self._error(500, "The server had an error")
            elif own.first("create-cut"):
                self.close_connection = True
            elif own.first("create-garbled"):
                self._send(200, "{")
            else:
                self._tell(batch)

    def _poll(self) -> None:
        own, name = self.own, self.path.rpartition("/")[2]
        if "away" in own.batch_faults:
            self._error(503, "Try again later")
        elif "poll-500" in own.batch_faults and own.looked[name] % 2 == 0 and own.first(f"poll {own.looked[name]}"):
            self._error(500, "The server had an error")
        elif name not in own.batches or "gone" in own.batch_faults:
            self._error(404, "No such batch")
        else:
            own.look(own.batches[name], self.headers.get("Authorization", ""))
            self._tell(own.batches[name])

    def _content(self) -> None:
        name = self.path.split("/")[3]
        if self.own.first("content-500"):
            self._error(500, "The server had an error")
        elif name not in self.own.files or "content-gone" in self.own.batch_faults:
            self._error(404, "No such file")
        else:
            self._send(200, self.own.files[name].decode(), kind="application/octet-stream")

    def _list(self) -> None:
        newest = list(self.own.batches.values())[::-1]
        size = int(re.findall(r"limit=(\d+)", self.path)[0])
        after = re.findall(r"after=(\w+)", self.path)
        start = next((place + 1 for place, batch in enumerate(newest) if [batch["id"]] == after), 0)
        page = [self._public(batch) for batch in newest[start : start + size]]
        self._send(200, {"object": "list", "data": page, "has_more": start + size < len(newest)})

    def _cancel(self) -> None:
        self._read()
        batch = self.own.batches[self.path.split("/")[3]]
        self.own.end(batch, "cancelled", len(batch["rows"]) // 2, self.headers.get("Authorization", ""))
        self._tell(batch)

    def _tell(self, batch: dict[str, Any]) -> None:
        self._send(200, self._public(batch))

    def _public(self, batch: dict[str, Any]) -> dict[str, Any]:
        shown = {key: value for key, value in batch.items() if key != "rows"}
        return {**shown, "status": shown["status"].upper()} if "upper" in self.own.batch_faults else shown


BatchServer.handler = BatchHandler


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--polls", type=int, default=1)
    given = parser.parse_args()
    server = BatchServer(polls=given.polls, behaviour=Behaviour(price_cached=1.0), port=given.port)
    server.keep_bodies = False
    print(server.url, flush=True)
    server._thread.join()


if __name__ == "__main__":
    main()
