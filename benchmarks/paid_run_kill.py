"""Is anything paid twice, and is the ledger right, when a paid run is killed again and again?

    python benchmarks/paid_run_kill.py [--kills N] [--seed N] [--faults 429=0.05,500=0.03] [--batch] [--json]

A server on this machine answers in 50 ms, fails at the given rates and counts what it bills. Benchmarks of two rungs
with a paid model run against it, eight calls in flight; each is killed with `kill -9` a random time after its first
call and begun again until it is done, then another one follows until there were N kills. Then the server's count is
compared with the journals: no more prompts may be billed again than calls were billed and never settled, those were
reserved, the amounts settled must be those billed, and what was not settled must be covered by what the journals hold
as reserved. Exit code 1 when it is not so.

With `--batch` the model is asked in batches, which the server does at the third look; whole batches are in flight at a
kill then, and none may be made twice.

Faults that lose an answer on its way (cut, hang-up) make the ledger book the worst case, so amounts then differ by
design; the default faults bill nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Any

from strati.core.budget import NANO
from strati.core.records import Example
from strati.data import Dataset
from strati.kinds.classify.ladder import ladder
from strati.measure.effort import Effort
from strati.measure.journal import Journal
from strati.models.hosted.batches import batching
from strati.models.hosted.openai_compatible import OpenAICompatible
from strati.prove.bench import bench
from strati.prove.studies import Studies
from strati.task.task import Goal, Task

ROOT = Path(__file__).parent.parent
LABELS = {"delivery": "parcel", "invoice": "bill", "refund": "money back", "repair": "broken leg"}
THINGS = ("sofa", "lamp", "desk", "chair", "shelf", "table", "mirror", "carpet", "vase", "stool")
WHEN = ("since monday", "from the sale", "ordered in may", "of last week", "for my office", "in red", "in oak")
CONCURRENCY = 8
CALLS = """SELECT coalesce(sum(iif(paid > 0, coalesce(requests, 1), 0)), 0), coalesce(sum(paid IS NULL), 0)
    FROM spending LEFT JOIN jobs ON entry = number"""
"""Calls that were paid and settled, those of batches among them; and those never settled."""
LONGEST = 1.0  # seconds after its first call at which a process is killed at the latest


@dataclass
class Count:
    """What the server and the journals of all runs say. Money in billionths of a dollar."""

    runs: int = 0
    kills: int = 0
    asked: int = 0
    billed: int = 0
    billed_again: int = 0
    billed_in_flight: int = 0
    in_flight: int = 0
    billed_dollars: int = 0
    settled_dollars: int = 0
    lost_dollars: int = 0

    @property
    def right(self) -> bool:
        """Repeats only of what was in flight, and amounts that agree but for a billionth for each rounding.

        A call is in flight while it is reserved and not settled; the server has billed some of those.
        """
        unknown = self.billed_dollars - self.settled_dollars
        repeats = self.billed_again <= self.billed_in_flight <= self.in_flight <= CONCURRENCY * self.kills
        return repeats and -self.billed <= unknown <= self.lost_dollars


def rows() -> list[Example]:
    texts = [(f"the {words} of the {thing} {when}", label) for thing, when in product(THINGS, WHEN)
             for label, words in LABELS.items()]  # fmt: skip
    return [Example(f"e{number}", text, label) for number, (text, label) in enumerate(texts)]


def run(url: str, runs: Path, seed: int, batch: bool) -> None:
    """One benchmark, in this process."""
    batching.FIRST_POLL = batching.LONGEST_POLL = 0.1
    batching.LOOK_AFTER = 0.3
    prices = {"price_in": 1.0, "price_out": 4.0}
    values = {"url": url, "model": "fake-1", "private": False, "concurrency": CONCURRENCY, "batch": batch, **prices}
    model = OpenAICompatible.of("fake", values)
    task = Task(goal=Goal(private=False))
    candidates = [rung for rung in ladder(task, sorted(LABELS), [model]) if rung.uses_llm]
    effort = Effort(sample=60, form_rows=12, tune_rows=16)
    once = Studies(curve=False, repeats=False)  # second answers ask the same prompts again on purpose
    data = Dataset(tuple(rows()))
    bench(data, task, candidates=candidates, effort=effort, seed=seed, runs=runs, max_dollars=10.0, studies=once)


def attempt(url: str, runs: Path, seed: int, seconds: float | None, batch: bool) -> bool:
    """Run in a process of its own, killed so many seconds after its first call; whether it came to its end."""
    before = stats(url)["asked"]
    child = os.fork()
    if child == 0:
        try:
            run(url, runs, seed, batch)
            os._exit(0)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
    until: float | None = None
    while until is None or time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            if os.waitstatus_to_exitcode(status):
                raise SystemExit("a run failed")
            return True
        if until is None and seconds is not None and (batch or stats(url, wait=False)["asked"] > before):
            until = time.monotonic() + seconds
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def stats(url: str, wait: bool = True) -> dict[str, Any]:
    """The server's counts, once nothing is in flight."""
    while True:
        with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as reply:
            found: dict[str, Any] = json.load(reply)
        if not found["in_flight"] or not wait:
            return found
        time.sleep(0.05)


def measure(url: str, folder: Path, kills: int, draw: random.Random, batch: bool) -> Count:
    count, before = Count(), stats(url)
    while count.kills < kills:
        runs = folder / str(count.runs)
        while True:
            left = count.kills < kills
            if attempt(url, runs, count.runs, draw.uniform(0.0, LONGEST) if left else None, batch):
                break
            count.kills += 1
        after = stats(url)
        billed = Counter(after["billed_by_prompt"])
        billed.subtract(before["billed_by_prompt"])
        count.billed_again += sum(number - 1 for number in billed.values() if number > 1)
        (path,) = runs.glob("*.db")
        with Journal(path, read_only=True) as journal:
            settled, lost = journal.totals()
            settled_calls, unsettled = journal._db.execute(CALLS).fetchone()
        count.in_flight += unsettled
        count.billed_in_flight += after["billed"] - before["billed"] - settled_calls
        count.settled_dollars += settled
        count.lost_dollars += lost
        for name, key in (("asked", "asked"), ("billed", "billed"), ("billed_dollars", "nanodollars")):
            setattr(count, name, getattr(count, name) + after[key] - before[key])
        count.runs += 1
        before = after
    return count


def show(count: Count) -> None:
    rows = {
        "runs, kills": f"{count.runs}, {count.kills}",
        "requests, billed": f"{count.asked:,}, {count.billed:,}",
        "calls in flight at a kill (reserved, never settled)": f"{count.in_flight:,}",
        "of them billed": f"{count.billed_in_flight:,}",
        "prompts billed again": f"{count.billed_again:,}",
        "billed by the server": f"${count.billed_dollars / NANO:.6f}",
        "settled in the journals": f"${count.settled_dollars / NANO:.6f}",
        "billed and not settled: was in flight": f"${(count.billed_dollars - count.settled_dollars) / NANO:.6f}",
        "reserved for what was in flight": f"${count.lost_dollars / NANO:.6f}",
    }
    for name, value in rows.items():
        print(f"{name:52} {value}")
    print("nothing was paid twice but what was in flight" if count.right else "WRONG")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--faults", default="429=0.01,500=0.05")
    parser.add_argument("--batch", action="store_true", help="ask in batches")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    server_of = "batch_server" if given.batch else "fault_server"
    command = [sys.executable, "-m", f"tests.models.{server_of}"]
    command += ["--polls", "3"] if given.batch else ["--latency", "0.05", "--faults", given.faults]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        with tempfile.TemporaryDirectory() as folder:
            count = measure(url, Path(folder), given.kills, random.Random(given.seed), given.batch)
    finally:
        server.kill()
        server.wait()
    print(json.dumps({**asdict(count), "right": count.right})) if given.json else show(count)
    sys.exit(not count.right)


if __name__ == "__main__":
    main()
