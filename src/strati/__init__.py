"""strati: do you need an LLM, which one, is it good enough to ship, and what will it cost? Measured on your own data.

The public names, in the order in which data flow through them. They are loaded when first used, so importing the
package is fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from strati.candidate import Candidate
    from strati.context import Context
    from strati.contract import Check, Layer
    from strati.dataset import Dataset, read
    from strati.folder import load_stack, save_stack
    from strati.layers.function import Function
    from strati.layers.rules import Rules
    from strati.records import Answer, Case, Evidence, Example
    from strati.run import Outcome, bench
    from strati.stack import Stack, Stage
    from strati.task import Goal, Task

_HOME = {
    "Example": "strati.records",
    "Case": "strati.records",
    "Answer": "strati.records",
    "Evidence": "strati.records",
    "Context": "strati.context",
    "Goal": "strati.task",
    "Task": "strati.task",
    "Dataset": "strati.dataset",
    "read": "strati.dataset",
    "Layer": "strati.contract",
    "Check": "strati.contract",
    "Function": "strati.layers.function",
    "Rules": "strati.layers.rules",
    "Stage": "strati.stack",
    "Stack": "strati.stack",
    "save_stack": "strati.folder",
    "load_stack": "strati.folder",
    "Candidate": "strati.candidate",
    "bench": "strati.run",
    "Outcome": "strati.run",
}

__all__ = [  # noqa: RUF022 (in flow order)
    "Example",
    "Case",
    "Answer",
    "Evidence",
    "Context",
    "Goal",
    "Task",
    "Dataset",
    "read",
    "Layer",
    "Check",
    "Function",
    "Rules",
    "Stage",
    "Stack",
    "save_stack",
    "load_stack",
    "Candidate",
    "bench",
    "Outcome",
    "__version__",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'strati' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
