"""One budget of threads for a process: engines, linear algebra and worker processes share it.

It is the number of cores that this process may use, or what `STRATI_THREADS` says.
"""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "STRATI_THREADS"
_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def threads() -> int:
    """How many threads may work at once: at least 1.

    Raises `TaskError` where `STRATI_THREADS` is no whole number of at least 1.
    """
    from strati.core.errors import TaskError

    said = os.environ.get(VARIABLE)
    if said is None:
        return max(1, min(_cores(), _quota()))
    if not said.isdecimal() or int(said) < 1:
        raise TaskError(f"{VARIABLE} is {said!r}, expected a whole number of at least 1")
    return int(said)


def share_out() -> None:
    """Tell the libraries that read it once, when they are loaded; what the user has set stays."""
    count = str(threads())
    for name in _LIBRARIES:
        os.environ.setdefault(name, count)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _quota() -> int:
    """Whole cores that a container's limit allows; as many as there are where there is none."""
    try:
        most, period = _QUOTA.read_text(encoding="ascii").split()
        return max(1, round(int(most) / int(period)))
    except (OSError, ValueError):
        return _cores()
