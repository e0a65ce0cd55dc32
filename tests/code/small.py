"""A small project, replies about it, and how tests write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

STATS = '''"""Statistics."""


def mean(values):
    return sum(values) / len(values)


def median(values):
    return sorted(values)[len(values) // 2]
'''
TESTS = """from stats import mean, median


def test_mean():
    assert mean([1, 2, 3]) == 2


def test_odd():
    assert median([3, 1, 2]) == 2


def test_even():
    assert median([4, 1, 2, 3]) == 2.5
"""
RIGHT = """def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
"""
GUARDED = """import statistics

def median(values):
    if not values:
        return None
    return statistics.median(values)
"""
WRONG = "def median(values):\n    return 2.5\n"


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def project(folder: Path, **more: str | bytes) -> Path:
    """stats.py with tests in tests/test_stats.py."""
    return write(folder, {"stats.py": STATS, "tests/test_stats.py": TESTS, "pyproject.toml": "", **more})


def block(code: str) -> str:
    """A reply as models write it."""
    return f"Here it is:\n\n```python\n{code}```\n\nIt sorts first."
