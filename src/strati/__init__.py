"""strati: do you need an LLM, which one, is it good enough to ship, and what will it cost? Measured on your own data.

The public names, in the order in which data flow through them. They are loaded when first used, so importing the
package is fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from strati.core.context import Context
    from strati.core.records import Answer, Case, Evidence, Example
    from strati.data import Dataset, read
    from strati.kinds.classify.rules import Rules
    from strati.prove.bench import Outcome, bench
    from strati.stack.candidate import Candidate
    from strati.stack.contract import Check, Layer
    from strati.stack.folder import load_stack, save_stack
    from strati.stack.layers.function import Function
    from strati.stack.stack import Stack, Stage
    from strati.task.task import Goal, Task

_HOME = {
    "Example": "strati.core.records",
    "Case": "strati.core.records",
    "Answer": "strati.core.records",
    "Evidence": "strati.core.records",
    "Context": "strati.core.context",
    "Goal": "strati.task.task",
    "Task": "strati.task.task",
    "Dataset": "strati.data",
    "read": "strati.data",
    "Layer": "strati.stack.contract",
    "Check": "strati.stack.contract",
    "Function": "strati.stack.layers.function",
    "Rules": "strati.kinds.classify.rules",
    "Stage": "strati.stack.stack",
    "Stack": "strati.stack.stack",
    "save_stack": "strati.stack.folder",
    "load_stack": "strati.stack.folder",
    "Candidate": "strati.stack.candidate",
    "bench": "strati.prove.bench",
    "Outcome": "strati.prove.bench",
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
