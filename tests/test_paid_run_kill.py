"""A paid run that is killed again and again, in small; benchmarks/paid_run_kill.py does it a hundred times."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import strati

ROOT = Path(__file__).parent.parent


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and kill -9")
def test_killed_again_and_again_nothing_is_paid_twice_and_the_ledger_is_right() -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "paid_run_kill.py"), "--kills", "3", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(Path(strati.__file__).parent.parent)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    found = json.loads(done.stdout)
    assert found["kills"] == 3
    assert found["billed"] > 100
    assert found["billed_again"] <= found["billed_in_flight"] <= found["in_flight"] <= 8 * found["kills"]
    settled, lost = found["settled_dollars"], found["lost_dollars"]
    assert settled - found["billed"] <= found["billed_dollars"] <= settled + lost
