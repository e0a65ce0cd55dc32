"""Every example that needs no download runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "examples"
OFFLINE = {"bench_in_python.py"}


def test_every_example_is_known() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == OFFLINE


def test_bench_in_python_prints_a_decision(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", str(EXAMPLES / "bench_in_python.py")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Use keyword rules. You do not need an LLM")
    names = [line.strip().split("  ")[0] for line in lines if " per 1,000" in line and "n = " in line]
    assert names[:5] == ["majority", "keyword rules", "n-grams", "my keywords", "other system"]
    assert list(tmp_path.iterdir()) == []
