"""Latency and memory of a stack as it would be served: one case at a time, warm and cold."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from strati.core.context import Context
from strati.core.records import Case
from strati.stack.stack import Stack


@dataclass(frozen=True, slots=True)
class Probe:
    """Seconds per case when warm; seconds from nothing to the first answer; peak memory in bytes (None: not measured).

    `cold` counts loading the stack and its models in a process that has imported strati; None where a stack cannot be
    loaded from a folder.
    """

    warm: tuple[float, ...]
    cold: float | None = None
    memory: int | None = None


class Prober(Protocol):
    """Measures a fitted stack on a few cases. `folder` names its saved form under the stacks of the run, if any."""

    def __call__(self, stack: Stack, folder: str | None, cases: Sequence[Case]) -> Probe: ...


def probe_here(stack: Stack, folder: str | None, cases: Sequence[Case]) -> Probe:  # noqa: ARG001
    """Warm latency in this process, each case alone."""
    return Probe(tuple(warm_seconds(stack, cases)))


def warm_seconds(stack: Stack, cases: Sequence[Case]) -> list[float]:
    """Wall seconds of each case after one that is not counted."""
    seconds = []
    for case in (*cases[:1], *cases):
        start = time.perf_counter()
        stack.run([case], Context())
        seconds.append(time.perf_counter() - start)
    return seconds[1:]


def peak_memory() -> int | None:
    """The largest resident size of this process so far, in bytes; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size if sys.platform == "darwin" else size * 1024
