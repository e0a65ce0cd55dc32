"""A stack that was trained on labels joins in when a graph is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from strati.core.errors import TaskError
from strati.kinds.extract.gazetteer import Gazetteer
from strati.knowledge.base import KnowledgeBase
from strati.knowledge.graph.build import build
from strati.knowledge.graph.find import View
from strati.knowledge.graph.settings import GraphSettings
from strati.stack.folder import save_stack
from strati.stack.stack import Stack
from tests.knowledge import small


def test_what_a_stack_finds_is_in_the_graph(tmp_path: Path) -> None:
    made = Gazetteer(names={"vessel": ("blue heron",)}, patterns={})
    save_stack(Stack.of(made, name="ships"), tmp_path / "ships.stack")
    small.write(tmp_path, {"a.txt": "We saw the blue heron near Paris. The blue heron is old."})
    with KnowledgeBase.open(tmp_path / "work.kb") as base:
        base.ingest([tmp_path / "a.txt"])
        settings = GraphSettings(extractor=str(tmp_path / "ships.stack"))
        assert build(base, settings).read == 1
        assert View(base).find("blue heron").type == "vessel"
        assert build(base, settings).read == 0
        assert build(base).read == 1  # without it: another version


def test_what_is_no_stack_is_said(tmp_path: Path) -> None:
    small.write(tmp_path, {"a.txt": "Acme Ltd grew."})
    with KnowledgeBase.open(tmp_path / "work.kb") as base:
        base.ingest([tmp_path / "a.txt"])
        with pytest.raises(TaskError, match=r"expected the folder of a stack"):
            build(base, GraphSettings(extractor=str(tmp_path / "none.stack")))
        (tmp_path / "odd.stack").mkdir()
        with pytest.raises(TaskError, match=r"odd.stack cannot be used"):
            build(base, GraphSettings(extractor=str(tmp_path / "odd.stack")))
