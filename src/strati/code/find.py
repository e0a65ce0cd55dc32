"""The best sandbox that works on this machine, or a sentence that says how to get one."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache

from strati.code.sandbox import NoSandbox, Sandbox
from strati.core.errors import TaskError, install

HOW_TO_GET_ONE = (
    "no sandbox works here, so nothing was run: install bubblewrap (apt install bubblewrap, or dnf install "
    f"bubblewrap), or {install('sandbox')}, for sandlock (Linux 5.13 or later)"
)


def find_sandbox(python: str | None = None, *, prefer: Sequence[str] = ("bubblewrap", "sandlock")) -> Sandbox:
    """The first sandbox of `prefer` that works on this machine, tried with a real run.

    Args:
        python: the interpreter that runs inside; this one by default.
        prefer: names of sandboxes, best first.

    Raises:
        NoSandbox: none works; the sentence says what was tried, why it failed, and how to get one.
    """
    from strati.code.interpreter import Interpreter

    interpreter = Interpreter.of(python or sys.executable)
    tried = []
    for name in prefer:
        try:
            if name == "bubblewrap":
                from strati.code.bubblewrap import Bubblewrap

                return Bubblewrap.tried(interpreter)
            if name == "sandlock":
                from strati.code.landlock import Sandlock

                return Sandlock.tried(interpreter)
            raise TaskError(f"the sandbox is {name!r}, expected bubblewrap or sandlock")
        except NoSandbox as reason:
            tried.append(f"{name}: {reason}")
    raise NoSandbox(f"{HOW_TO_GET_ONE} ({'; '.join(tried)})")


@cache
def default_sandbox() -> Sandbox:
    """The one that works here with this interpreter, tried once a process. Raises `NoSandbox`."""
    return find_sandbox()
