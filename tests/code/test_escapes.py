"""Nothing gets out of the sandbox, whoever starts it; and the look from outside would notice if it did."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from strati.code import driver, process
from strati.code.find import find_sandbox
from strati.code.sandbox import Limits, NoSandbox, Ran, Sandbox
from tests.code.escapes import ATTEMPTS, LASTING, MARK, Outside, attempt, lasting, outside

ROOT = Path(__file__).parent.parent.parent
SOME = 5


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with outside(tmp_path_factory.mktemp("outside")) as found:
        yield found


@pytest.mark.parametrize("name", ATTEMPTS)
def test_nothing_gets_out(name: str, sandbox: Sandbox, world: Outside) -> None:
    assert attempt(name, sandbox, world) == []


@pytest.mark.parametrize("name", list(ATTEMPTS)[::SOME])
def test_nothing_gets_out_of_sandlock(name: str, world: Outside) -> None:
    try:
        box = find_sandbox(prefer=["sandlock"])
    except NoSandbox as reason:
        pytest.skip(str(reason))
    assert attempt(name, box, world) == []


def test_nothing_gets_out_of_a_users_sandbox(sandbox: Sandbox) -> None:
    """Started by root it drops to nobody; here it is started by nobody."""
    python, bridge = "/usr/bin/python3", shutil.which("setpriv")
    if os.geteuid() != 0 or bridge is None or sandbox.name != "bubblewrap":
        pytest.skip("another user can be tried by root only, with setpriv and bubblewrap")
    nobody = [bridge, "--reuid=65534", "--regid=65534", "--clear-groups"]
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        done = _as_nobody(Path(name), nobody, python)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "user 65534, bubblewrap: 0 got out" in done.stdout


def _as_nobody(folder: Path, nobody: list[str], python: str) -> subprocess.CompletedProcess[str]:
    """A part of the attempts, made by a copy of the package that anybody may read."""
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("tests/code", "tests/__init__.py"):
        target = folder / part
        target.parent.mkdir(exist_ok=True)
        (shutil.copytree if (ROOT / part).is_dir() else shutil.copy)(ROOT / part, target)
    environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONPATH": str(folder / "src")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    knows = [*nobody, python, "-c", "import sys, strati.code.find; sys.exit(sys.version_info < (3, 11))"]
    if subprocess.run(knows, env=environment, cwd=folder, capture_output=True, check=False).returncode:
        pytest.skip("there is no Python of 3.11 or later that nobody may run")
    command = [*nobody, python, "-m", "tests.code.escapes", "bubblewrap", str(SOME)]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


@dataclass(frozen=True, slots=True)
class NoWalls:
    """Runs the driver as it is: what the sandboxes are measured against."""

    name: str = "no walls"

    def project(self, folder: Path) -> str:
        return str(folder)

    def run(self, folder: Path, job: bytes, limits: Limits) -> Ran:
        code = f"import os; os.chdir({str(folder)!r}); exec(compile(open({driver.__file__!r}).read(), 'd', 'exec'))"
        task = driver.with_limits(job, limits, None)
        return process.run([sys.executable, "-c", code], task, limits, environment={"HOME": str(folder), **os.environ})


UNGUARDED = ("read a secret", "write beside the secret", "write to the project", "connect to a port here")


@pytest.mark.parametrize("name", [*UNGUARDED, "use a socket file", "send a datagram", "read another's environment"])
def test_the_look_from_outside_would_notice(name: str, world: Outside) -> None:
    assert attempt(name, NoWalls(), world)
    (world.folder / "new").unlink(missing_ok=True)


def test_a_process_left_behind_would_be_noticed() -> None:
    with subprocess.Popen(["sleep", LASTING]) as left:
        found: list[int] = []
        for _ in range(100):  # it takes a moment to become what it is called
            found = found or lasting()
            time.sleep(0 if found else 0.01)
        left.kill()
    assert left.pid in found
    assert left.pid not in lasting()


def test_a_program_cannot_speak_for_the_driver(sandbox: Sandbox, tmp_path: Path) -> None:
    """Lines without the job's nonce are not the driver's."""
    (tmp_path / "project").mkdir()
    job = driver.job(
        "check", program='import os\nos.write(3, b\'{"passed": true}\\n{"end": true}\\n\')\nos._exit(0)', tests=""
    )
    ran = sandbox.run(tmp_path / "project", job, Limits(seconds=10))
    assert driver.lines(job, ran.report) == [{"ready": True}]
    assert MARK.encode() not in ran.report


def test_a_report_that_makes_no_sense_is_left_out() -> None:
    """Even with the nonce, which a program is not told, a line is read as what it is or not at all."""
    job = driver.job("nothing")
    nonce = json.loads(job)["nonce"].encode()
    odd = [b"3", b"[]", b"[" * 100_000, b'{"test": ', b'"x"', b'{"test": {"a": 1}}', b"\xff"]
    report = b"".join(nonce + b" " + line + b"\n" for line in odd)
    assert driver.lines(job, report) == [{"test": {"a": 1}}]


def test_limits_make_sense() -> None:
    from strati.core.errors import TaskError

    for wrong in ({"seconds": 0}, {"memory": 1}, {"processes": 1}, {"output": 1}, {"disk": 1}):
        with pytest.raises(TaskError, match="limit"):
            Limits(**wrong)


def test_no_sandbox_no_run() -> None:
    with pytest.raises(NoSandbox, match="so nothing was run: install bubblewrap"):
        find_sandbox(prefer=[])
