"""A build that is killed at any moment leaves a base that the next build completes, to the same graph."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from strati.knowledge.base import KnowledgeBase
from strati.knowledge.graph.build import build
from strati.knowledge.graph.export import exported
from strati.knowledge.graph.find import View
from strati.knowledge.ingest.pipeline import Settings
from tests.knowledge import small
from tests.knowledge.graph.world import FILES

BUILD = """
import sys
from strati.knowledge.base import KnowledgeBase
from strati.knowledge.graph.build import build
with KnowledgeBase.open(sys.argv[1], create=False) as base:
    build(base, told=lambda what, done, total: print(done, flush=True))
"""


def test_kill_minus_nine(tmp_path: Path) -> None:
    files = {f"{n}/{name}": text.replace("Acme", f"Acme{n}") for n in range(12) for name, text in FILES.items()}
    small.write(tmp_path / "docs", files)
    with KnowledgeBase.open(tmp_path / "work.kb") as base:
        base.ingest([tmp_path / "docs"], Settings(workers=1))
    command = [sys.executable, "-c", BUILD, str(tmp_path / "work.kb")]
    small.killed(command, 3)
    time.sleep(0.05)
    with KnowledgeBase.open(tmp_path / "work.kb", create=False) as base:
        report = build(base)
        assert 0 < report.unchanged < len(files)
        assert report.read + report.unchanged == len(files)
        once = exported(View(base), "json")
        assert base.verify(Settings(workers=1)).problems == []
        for entry in base.documents()[:20]:
            base.forget([entry.id])
        assert build(base).read == 0
        assert len(exported(View(base), "json")) < len(once)
