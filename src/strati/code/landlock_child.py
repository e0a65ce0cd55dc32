"""The process that holds a program by sandlock: it starts it, waits, and ends whatever it left behind.

The file is run by itself, so it imports nothing of strati.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: a process whose parent ended becomes a child of this one, not of the system
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_DENIED = (
    *("memfd_create", "memfd_secret", "unshare", "setns", "keyctl", "add_key", "request_key", "userfaultfd"),
    # Landlock does not guard what is known about a file: its owner could change that, whoever may not open it
    *("chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "utime", "utimes"),
    *("futimesat", "utimensat", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "lremovexattr", "fremovexattr"),
)


def main() -> int:
    from sandlock import Sandbox

    libc = ctypes.CDLL(None)
    libc.prctl(_SUBREAPER, 1, 0, 0, 0)
    libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    settings = json.loads(sys.argv[1])
    box = Sandbox(
        fs_readable=settings["readable"],
        fs_writable=settings["writable"],
        extra_deny_syscalls=list(_DENIED),
        max_memory=settings["memory"],
        max_processes=settings["processes"],
        max_open_files=256,
        no_coredump=True,
        clean_env=True,
        env=settings["environment"],
        cwd=settings["folder"],
        uid=65534 if os.geteuid() == 0 else None,
        gid=65534 if os.geteuid() == 0 else None,
    )
    code = int(box.run_interactive(settings["command"]))
    while left := _children():
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
            with suppress(OSError):
                os.waitpid(pid, 0)
    return code


def _children() -> list[int]:
    found: list[int] = []
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError, ValueError):
            found += [int(pid) for pid in (task / "children").read_text(encoding="ascii").split()]
    return found


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code & 0xFF)
