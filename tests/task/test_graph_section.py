"""A strati.toml may say what the graph looks for: other commands let it stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from strati.core.errors import TaskError
from strati.knowledge.graph.settings import load_settings
from strati.task.config import load_config


def test_the_section_graph(tmp_path: Path) -> None:
    path = tmp_path / "strati.toml"
    path.write_text('[data]\nfile = "a.csv"\n[graph]\ntypes = ["date", "product"]\n[graph.names]\nproduct = ["X"]\n')
    assert load_config(path).graph == {"types": ["date", "product"], "names": {"product": ["X"]}}
    assert load_settings(path).types == ("date", "product")


@pytest.mark.parametrize(
    ("section", "says"),
    [
        ('types = ["organization"]', "unknown type 'organization'.*did you mean 'organisation'"),
        ('typ = ["date"]', "found the key 'typ'.*did you mean 'types'"),
        ('[graph.patterns]\nx = ["("]', "no regular expression"),
        ('[graph.patterns]\nx = ["a*"]', "matches the empty text"),
        ("[graph.names]\nx = 3", "expected a list of texts"),
        ("types = 3", "expected a list of texts"),
    ],
)
def test_what_the_section_cannot_say(tmp_path: Path, section: str, says: str) -> None:
    path = tmp_path / "strati.toml"
    path.write_text(f"[graph]\n{section}\n")
    with pytest.raises(TaskError, match=says):
        load_settings(path)
