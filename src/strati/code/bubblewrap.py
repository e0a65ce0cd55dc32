"""Bubblewrap (`bwrap`): new namespaces, a made-up file system, and a user that owns nothing.

Started by root, it makes the mounts as root and the driver then becomes the user nobody: the limit on processes does
not bind root. Started by anybody else it works in a user namespace, where the limit counts what is inside.
"""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from strati.code import driver, process, seccomp
from strati.code.interpreter import Interpreter
from strati.code.sandbox import PROJECT, End, Limits, NoSandbox, Ran

NOBODY = 65534
_SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")
_FROM_ETC = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime")
_DRIVER = "/strati/driver.py"


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """The sandbox, for one interpreter."""

    interpreter: Interpreter
    command: str

    @property
    def name(self) -> str:
        return "bubblewrap"

    @classmethod
    def tried(cls, interpreter: Interpreter) -> Self:
        """Find `bwrap` and run an empty job with it; raises `NoSandbox` with the reason when that does not work."""
        command = shutil.which("bwrap")
        if command is None:
            raise NoSandbox("there is no bwrap on the path")
        if not seccomp.known(platform.machine()):
            raise NoSandbox(f"there is no filter of system calls for {platform.machine()}")
        found = cls(interpreter, command)
        with tempfile.TemporaryDirectory(prefix="strati-") as folder:
            place = Path(folder, "project")
            place.mkdir(mode=0o755)
            ran = found.run(place, driver.job("nothing"), Limits(seconds=20))
        if ran.end is not End.DONE or b'"ready"' not in ran.report:
            lines = ran.printed.decode("utf-8", "replace").strip().splitlines() or [f"it ended with {ran.code}"]
            raise NoSandbox(f"a first run failed ({lines[-1][:200]})")
        return found

    def project(self, folder: Path) -> str:  # noqa: ARG002
        return PROJECT

    def run(self, folder: Path, job: bytes, limits: Limits) -> Ran:
        with _filter() as fd:
            command = [self.command, *self._namespaces(), "--seccomp", str(fd), *self._files(folder, limits)]
            command += ["--", self.interpreter.command, "-I", "-B", "-X", "utf8", _DRIVER]
            ran = process.run(command, driver.with_limits(job, limits, _uid()), limits, environment={}, keep_open=(fd,))
        if ran.end is End.DONE and ran.printed.startswith(b"bwrap: ") and not ran.report:
            return Ran(End.SANDBOX, ran.code, ran.report, ran.printed, ran.seconds)
        return ran

    def _namespaces(self) -> list[str]:
        flags = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        flags += ["--die-with-parent", "--new-session", "--hostname", "sandbox"]
        if _uid() is None:
            return [*flags, "--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY), "--cap-drop", "ALL"]
        return [*flags, "--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]

    def _files(self, folder: Path, limits: Limits) -> list[str]:
        """The file system seen inside; the last steps make all of it but two folders in memory read-only."""
        flags = ["--ro-bind", "/usr", "/usr"]
        for name in _SYSTEM:
            if os.path.islink(name):
                flags += ["--symlink", os.readlink(name), name]
            else:
                flags += ["--ro-bind-try", name, name]
        for name in (*_FROM_ETC, *self.interpreter.folders):
            flags += [*_above(name), "--ro-bind-try", name, name]
        flags += ["--proc", "/proc", "--dev", "/dev"]
        for name in ("/tmp", "/dev/shm"):
            flags += ["--perms", "1777", "--size", str(limits.disk), "--tmpfs", name]
        flags += [*_above(_DRIVER), "--ro-bind", driver.__file__, _DRIVER, "--ro-bind", str(folder), PROJECT]
        flags += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", PROJECT, "--clearenv"]
        for name, value in driver.ENVIRONMENT.items():
            flags += ["--setenv", name, value.replace(driver.PLACE, PROJECT)]
        return flags


def _above(name: str) -> list[str]:
    """Make the folders above a path so that everybody may pass them; by itself bwrap lets only their owner."""
    return [part for folder in reversed(Path(name).parents[:-1]) for part in ("--perms", "0755", "--dir", str(folder))]


def _uid() -> int | None:
    """The user that the driver must become; None where a user namespace sees to it."""
    return NOBODY if os.geteuid() == 0 else None


@contextmanager
def _filter() -> Iterator[int]:
    """An open file that holds the filter of system calls."""
    with tempfile.TemporaryFile() as file:
        file.write(seccomp.program(platform.machine()))
        file.flush()
        os.lseek(file.fileno(), 0, os.SEEK_SET)
        yield file.fileno()
