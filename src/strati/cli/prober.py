"""Latency, cold start and memory of a saved stack in a process of its own, as it would be served.

Run as `python -m strati.cli.prober`: reads a JSON request from standard input, writes a JSON reply.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from strati.core.records import Case
from strati.stack.probe import Probe, peak_memory, probe_here, warm_seconds
from strati.stack.stack import Stack

TIMEOUT = 600.0


@dataclass(frozen=True)
class ProcessProber:
    """Probes a stack in a fresh process; one that was not saved is probed here, without memory and cold start."""

    stacks: Path
    catalogs: Sequence[Path] = ()

    def __call__(self, stack: Stack, folder: str | None, cases: Sequence[Case]) -> Probe:
        if folder is None or not cases:
            return probe_here(stack, folder, cases)
        request = {
            "stack": str(self.stacks / folder),
            "catalogs": [str(path) for path in self.catalogs],
            "cases": [[case.id, case.input] for case in cases],
        }
        command = [sys.executable, "-m", "strati.cli.prober"]
        try:
            done = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, timeout=TIMEOUT)
            reply = json.loads(done.stdout.splitlines()[-1])
        except (OSError, subprocess.TimeoutExpired, ValueError, IndexError):
            return probe_here(stack, folder, cases)
        return Probe(tuple(reply["warm"]), reply["cold"], reply["memory"])


def main() -> None:
    """Load a stack, answer once, then answer each case alone."""
    request = json.load(sys.stdin)
    start = time.perf_counter()
    from strati.core.context import Context
    from strati.serve.resources import resources_of
    from strati.stack.folder import load_stack

    path = Path(request["stack"])
    resources = resources_of(path, [Path(name) for name in request["catalogs"]])
    cases = [Case(key, value) for key, value in request["cases"]]
    stack = load_stack(path, resources)
    stack.run(cases[:1], Context())
    cold = time.perf_counter() - start
    print(json.dumps({"warm": warm_seconds(stack, cases), "cold": cold, "memory": peak_memory()}))


if __name__ == "__main__":
    main()
