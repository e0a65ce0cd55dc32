"""What the runner adds to a call, how busy it keeps a server, and what memory answers take.

    python benchmarks/runner_overhead.py [overhead] [busy] [memory] [--calls N] [--rounds N]

overhead: milliseconds a call for memo, budget, journal, answers and statistics, over a model in this process that
replies at once, with log probabilities as servers tell them, which are kept until the answer is; no HTTP. Rounds of
their own journal each, median with a 95 % bootstrap interval. Target: under 2 ms.
busy: a server in a process of its own that takes 200 ms a call, asked through the adapter with 32 calls in flight; the
server integrates its calls in flight over the time from its first request to its last reply, and over each second of
it. In the median second nothing begins or ends; the whole has the beginning and end of every part of a run (choosing,
race, test, calibrate) in it. Target: 95 % of 32.
memory: resident memory while 100,000 answers are journaled, judged and written out, beyond that with the data read.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import statistics
import string
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strati.core.budget import Budget
from strati.core.context import Context
from strati.core.records import Example, Usage
from strati.data import Dataset, plan
from strati.kinds.classify.llm import LLM
from strati.kinds.classify.metrics import get_metric
from strati.measure.answers_file import answer_lines
from strati.measure.effort import Effort
from strati.measure.journal import Journal, StoredExample
from strati.measure.results import load_results
from strati.measure.runner import Bench
from strati.models.contract import Choice, Generation, LanguageModel, ModelCard, Prompt
from strati.models.hosted.kept_replies import KeptReplies
from strati.models.hosted.openai_compatible import OpenAICompatible
from strati.models.hosted.transport import HttpReply
from strati.stack.candidate import Candidate, Form
from strati.stack.stack import Stack
from strati.task.task import Goal, Task
from strati.verdict.verdict import judge

ROOT = Path(__file__).parent.parent
LABELS = tuple(f"label {number}" for number in range(8))
EFFORT = Effort(sample=10**9, form_rows=64, tune_rows=64)
IN_FLIGHT = 32


def body_of(label: str) -> bytes:
    """A reply of three tokens, each with twenty alternatives."""
    draw = random.Random(label)

    def token() -> dict[str, Any]:
        text = "".join(draw.choices(string.ascii_letters, k=5))
        return {"token": text, "logprob": -10 * draw.random(), "bytes": list(text.encode())}

    content = [{**token(), "top_logprobs": [token() for _ in range(20)]} for _ in range(3)]
    choice = {"index": 0, "message": {"content": label}, "finish_reason": "stop", "logprobs": {"content": content}}
    return json.dumps({"model": "at-once", "choices": [choice], "usage": {"prompt_tokens": 200}}).encode()


REPLIES = [HttpReply(200, {}, body_of(label)) for label in LABELS]


@dataclass(frozen=True)
class AtOnce:
    """A paid model that replies at once, with the label that the text names."""

    concurrency: int = IN_FLIGHT
    ctx: Context | None = None
    kept: KeptReplies | None = None

    @property
    def card(self) -> ModelCard:
        return ModelCard("at once", "none", None, False, {}, (1.0, 4.0), True)

    def fingerprint(self) -> str:
        return "at once"

    def within(self, ctx: Context) -> LanguageModel:
        return AtOnce(self.concurrency, ctx)

    def of_key(self, key: str) -> LanguageModel:
        return self if self.ctx is None else AtOnce(self.concurrency, self.ctx, KeptReplies(key, self.ctx))

    def choose(self, prompt: Prompt, options: Sequence[str]) -> Choice:
        if self.ctx is None or self.kept is None:
            raise RuntimeError("asked outside a run")
        held = self.ctx.budget.reserve(0.001, "at once")
        place = sum(prompt.user.encode()) % len(options)
        shares = tuple(0.93 if n == place else 0.01 for n in range(len(options)))
        close = self.kept.keep(0, "sk-0123456789")(REPLIES[place], Usage())
        return Choice(shares, Usage(0.0, 1, 200, 0, 3, held.settle(0.0002, close)))

    def generate(self, prompt: Prompt, max_tokens: int, grammar: str | None = None) -> Generation:
        raise NotImplementedError

    def count_tokens(self, text: str) -> int:
        return len(text) // 4


def examples(count: int) -> list[Example]:
    draw = random.Random(0)
    words = [f"w{number}" for number in range(500)]
    return [Example(f"e{n}", f"{n} {' '.join(draw.choices(words, k=25))}", LABELS[n % 8]) for n in range(count)]


def candidate(model: Any) -> Candidate:
    stack = Stack.of(LLM(model, LABELS, form="list", name="llm"), name="llm")
    return Candidate("llm", (Form({}, stack),), uses_llm=True, slow=True, cards=(model.card,))


def measured(model: Any, count: int, path: Path, told: Any = lambda done, usage: None) -> tuple[float, int]:
    """Seconds of measuring and reading the results, and the calls made."""
    rows, few = examples(count + 800), 800
    task = Task(goal=Goal(private=False))
    splits = plan(Dataset(tuple(rows[:few])), Dataset(tuple(rows[few:])), task, 0)
    test = splits.units[0].test
    with Journal(path) as journal:
        journal.write("run", _meta(task))
        journal.write_examples("test", [StoredExample(e.id, str(e.reference), None, None) for e in test])
        ctx = Context(memo=journal, budget=Budget(1e6, journal), advance=told)
        start = time.perf_counter()
        Bench(splits, get_metric("accuracy", LABELS), journal, ctx, EFFORT).run([candidate(model)])
        load_results(journal)
        seconds = time.perf_counter() - start
        return seconds, sum(row.calls for row in journal.spending())


def _meta(task: Task) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "id": "overhead", "strati": "", "created": "", "seed": 0, "task": asdict(task), "labels": list(LABELS),
        "candidates": [["llm", True]], "data": {"splits": {}}, "units": ["holdout"], "environment": {}, "ledger": {},
        "limits": {},
    }  # fmt: skip


def overhead(folder: Path, calls: int, rounds: int) -> None:
    for at_once in (1, IN_FLIGHT):
        each, worked = [], []
        for number in range(rounds):
            start = time.process_time()
            seconds, made = measured(AtOnce(at_once), calls, folder / f"{at_once}-{number}.db")
            each.append(1000 * seconds / made)
            worked.append(1000 * (time.process_time() - start) / made)
        low, high = interval(each)
        middle = statistics.median(each)
        print(
            f"overhead: {middle:.2f} ms a call ({low:.2f} to {high:.2f}), {at_once} in flight, {calls:,} calls; ",
            end="",
        )
        print(f"of it {statistics.median(worked):.2f} ms of processor time")


def interval(values: list[float]) -> tuple[float, float]:
    draw = random.Random(0)
    medians = sorted(statistics.median(draw.choices(values, k=len(values))) for _ in range(2000))
    return medians[49], medians[1949]


def busy(folder: Path, calls: int, rounds: int) -> None:
    shares, seconds = [], []
    for number in range(rounds):
        server = subprocess.Popen([sys.executable, __file__, "serve"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        try:
            url = (server.stdout.readline() if server.stdout else "").strip()
            model = OpenAICompatible.of(
                "fake", {"url": url, "model": "fake-1", "price_in": 1.0, "price_out": 4.0, "concurrency": IN_FLIGHT}
            )
            measured(model, calls, folder / f"busy-{number}.db")
            model.close()
            with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as reply:
                found = json.load(reply)
        finally:
            server.kill()
            server.wait()
        share = found["busy"] / found["span"] / IN_FLIGHT
        shares.append(100 * share)
        seconds.append(100 * statistics.median(found["by_second"]) / IN_FLIGHT)
        print(
            f"busy: {shares[-1]:.1f} % of {IN_FLIGHT} over {found['span']:.1f} s, {found['asked']:,} calls; "
            f"{seconds[-1]:.1f} % in the median second"
        )
    for what, values in (("whole run", shares), ("median second", seconds)):
        low, high = interval(values)
        print(f"busy, {what}: median {statistics.median(values):.1f} % ({low:.1f} to {high:.1f})")


def serve() -> None:
    """The server: 200 ms a call, and how long how many calls were in it."""
    sys.path.insert(0, str(ROOT))
    from tests.models.fault_server import Behaviour, FaultServer

    areas: dict[int, float] = {}  # call seconds by second

    class Watched(FaultServer):
        first = last = 0.0
        inside = 0

        def _move(self, step: int) -> None:
            with self._lock:
                now = time.monotonic()
                self.first = self.first or now
                self._add((self.last or now) - self.first, now - self.first)
                self.inside += step
                self.last = now

        def _add(self, start: float, end: float) -> None:
            """Count the calls in flight from one moment to another, in seconds since the first request."""
            while start < end:
                until = min(end, int(start) + 1.0)
                areas[int(start)] = areas.get(int(start), 0.0) + self.inside * (until - start)
                start = until

        def arrive(self, body: dict[str, Any], key: str) -> str:
            self._move(1)
            return super().arrive(body, key)

        def leave(self) -> None:
            super().leave()
            self._move(-1)

        def stats(self) -> dict[str, Any]:
            return {
                **super().stats(),
                "busy": sum(areas.values()),
                "by_second": list(areas.values())[:-1],
                "span": self.last - self.first,
            }

    server = Watched((), Behaviour(latency=0.2))
    server.keep_bodies = False
    print(server.url, flush=True)
    server._thread.join()


def memory(folder: Path, answers: int) -> None:
    base: list[float] = []
    seen = 0

    def told(done: int, _: Usage) -> None:
        nonlocal seen
        before, seen = seen, seen + done
        if not base or seen * 5 // answers > before * 5 // answers:
            base.append(resident())
            print(f"memory: {base[-1] - base[0]:+6.1f} MB after {seen:,} answers")

    seconds, _ = measured(AtOnce(), answers, folder / "memory.db", told)
    gc.collect()
    print(f"memory: {resident() - base[0]:+6.1f} MB after reading the results ({seconds:.0f} s)")
    with Journal(folder / "memory.db", read_only=True) as journal:
        verdict = judge(journal).to_json()
        print(f"memory: {resident() - base[0]:+6.1f} MB after the verdict ({len(verdict['candidates'])} candidate)")
        with (folder / "answers.jsonl").open("w") as file:
            lines = sum(bool(file.write(json.dumps(line) + "\n")) for line in answer_lines(journal))
        print(f"memory: {resident() - base[0]:+6.1f} MB after {lines:,} lines of answers.jsonl")


def resident() -> float:
    """Resident memory of this process in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["overhead", "busy", "memory"])
    parser.add_argument("--calls", type=int, default=3200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--answers", type=int, default=100_000)
    given = parser.parse_args()
    if given.parts == ["serve"]:
        serve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "overhead" in given.parts:
            overhead(folder, given.calls, given.rounds)
        if "busy" in given.parts:
            busy(folder, given.calls, given.rounds)
        if "memory" in given.parts:
            memory(folder, given.answers)


if __name__ == "__main__":
    main()
