"""Hostile documents and cases in a real browser: nothing of theirs runs, and our own scripts do.

Needs a Chromium on the path; without one these tests are skipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve.process import KEY, Running, small_stack, start, stop

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium on the path")
EVIL = (
    "<script>document.documentElement.dataset.hacked = 'yes'</script>"
    "<img src=x onerror=\"document.documentElement.dataset.hacked = 'yes'\">"
    "<svg onload=\"document.documentElement.dataset.hacked = 'yes'\"></svg>"
    '"><script src=//evil.example/x.js></script>{{ 7 * 7 }}${7*7} xylophone'
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, read_once: Path) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("browser")
    small_stack(folder)
    shutil.copytree(read_once, folder / "work.kb")
    found = start(folder, "--audit", "0")
    body = json.dumps({"model": "tickets", "input": EVIL}).encode()
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{found.address}/api/answer", body, headers), timeout=10):
        pass
    yield found
    stop(found)


def drawn(running: Running, folder: Path) -> str:
    """The page Review as Chromium has it after all scripts ran, logged in by the printed link."""
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}", "--dump-dom"]
    done = subprocess.run(
        [*command, "--virtual-time-budget=3000", f"{running.told['login']}&to=review"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def test_nothing_of_a_hostile_case_runs(running: Running, tmp_path: Path) -> None:
    page = drawn(running, tmp_path)
    assert "xylophone" in page  # the case is on the page
    assert "data-hacked" not in page.split("<body")[0]
    assert "&lt;script&gt;" in page
    assert "{{ 7 * 7 }}${7*7}" in page
    assert "data-left" in page
    assert "4:5" in page  # our own script runs: the lease counts down
