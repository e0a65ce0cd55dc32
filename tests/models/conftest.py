from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from strati.measure.journal import Journal
from strati.models.hosted import pacing
from strati.models.hosted.batches import batching


@pytest.fixture
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries and looks at batches come after milliseconds."""
    monkeypatch.setattr(pacing, "FIRST_WAIT", 0.002)
    monkeypatch.setattr(pacing, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(batching, "FIRST_POLL", 0.005)
    monkeypatch.setattr(batching, "LOOK_AFTER", 0.005)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "run.db") as opened:
        yield opened
