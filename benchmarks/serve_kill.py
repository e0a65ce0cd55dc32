"""What is left after `kill -9` at random moments under load: every acknowledged answer, decision and release, once.

    python benchmarks/serve_kill.py [--kills 100]

Clients ask and reviewers decide, over HTTP, with leases and a short grace, until the process is killed; then it starts
again on the same folder. At the end the service database is compared with what was acknowledged.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

from serve_rate import KEY, start
from strati.core.records import State
from strati.kinds.classify.rules import Rules
from strati.serve.queue.reviews import Reviews
from strati.serve.store.database import Database
from strati.stack.folder import save_stack
from strati.stack.layers.person import Person
from strati.stack.stack import Stack, Stage

GONE = (OSError, ValueError, http.client.HTTPException)


class Seen:
    """What clients and reviewers were told."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.pending: set[str] = set()
        self.decisions: dict[str, str] = {}
        self.lock = threading.Lock()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=100)
    given, draw, seen = options.parse_args(), random.Random(3), Seen()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "rules.txt").write_text('when "money" then refund\n')
        rules = Rules.from_file(folder / "rules.txt")
        save_stack(Stack((Stage(rules), Stage(Person())), "tickets"), folder / "tickets.stack")
        for _ in range(given.kills):
            process, address = start(folder, "--audit", "0.1", "--grace", "0.1", "--rate", "1000000")
            run(process, address, draw.uniform(0.05, 0.8), seen)
        judge(folder, seen, given.kills)


def run(process: subprocess.Popen[str], address: str, seconds: float, seen: Seen) -> None:
    ended = threading.Event()
    workers = [threading.Thread(target=ask, args=(address, ended, seen, text)) for text in ("money", "money", "hello")]
    workers += [threading.Thread(target=review, args=(address, ended, seen)) for _ in range(2)]
    for worker in workers:
        worker.start()
    time.sleep(seconds)
    process.kill()
    process.wait()
    ended.set()
    for worker in workers:
        worker.join()


def post(address: str, path: str, body: Any) -> Any:
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    with urllib.request.urlopen(
        urllib.request.Request(address + path, json.dumps(body).encode(), headers), timeout=5
    ) as reply:
        return json.loads(reply.read())


def ask(address: str, ended: threading.Event, seen: Seen, text: str) -> None:
    while not ended.is_set():
        try:
            found = post(address, "/api/answer", {"model": "tickets", "input": text})
        except GONE:
            return
        with seen.lock:
            if found["state"] == "answered":
                seen.answers[found["id"]] = found["answer"]
            else:
                seen.pending.add(found["id"])
        time.sleep(0.002 if text == "money" else 0.02)


def review(address: str, ended: threading.Event, seen: Seen) -> None:
    while not ended.is_set():
        try:
            item = post(address, "/api/review/lease", {})["item"]
            if item is None:
                time.sleep(0.01)
                continue
            body = {"lease": item["lease"], "action": "edit", "answer": "refund"}
            post(address, f"/api/review/{item['ticket']}/decide", body)
        except urllib.error.HTTPError:
            continue
        except GONE:
            return
        with seen.lock:
            seen.decisions[item["ticket"]] = "refund"


def judge(folder: Path, seen: Seen, kills: int) -> None:
    queue = Reviews(Database(folder / ".strati" / "service"))
    time.sleep(0.2)
    queue.release()
    lost = [id for id, answer in seen.answers.items() if (f := queue.outcomes.get(id)) is None or f.answer != answer]
    gone = [id for id in seen.pending if queue.outcomes.get(id) is None]
    undecided = [id for id in seen.decisions if len(queue.decisions(id)) != 1]
    twice = Counter(
        row[0] for row in queue.database.db.execute("SELECT ticket FROM decisions WHERE released_at IS NOT NULL")
    )
    stuck = [
        id
        for id in seen.decisions
        if id in seen.pending and (f := queue.outcomes.get(id)) is not None and f.state is State.PENDING
    ]
    print(
        f"{kills} kills; {len(seen.answers):,} answers acknowledged, {len(lost)} lost; {len(seen.pending):,} pending "
        f"cases, {len(gone)} lost; {len(seen.decisions):,} decisions acknowledged, {len(undecided)} lost; "
        f"{sum(twice.values()):,} released, {sum(n > 1 for n in twice.values())} twice, {len(stuck)} never"
    )


if __name__ == "__main__":
    main()
