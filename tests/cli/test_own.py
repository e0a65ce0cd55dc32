from __future__ import annotations

from pathlib import Path

import pytest

from strati.core.context import Context
from strati.core.records import Case
from strati.prove.own_code import own_layer

CODE = """
WORD = {word!r}
def answer(text): return WORD
class Mine:
    name = "mine"
    def fingerprint(self): return "mine.v1"
    def run(self, cases, ctx): return cases
class Callable:
    def __call__(self, text): return WORD
"""


def write(tmp_path: Path, word: str) -> Path:
    path = tmp_path / "own.py"
    path.write_text(CODE.format(word=word), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["answer", "Callable"])
def test_what_can_be_called_is_a_candidate_under_its_name(name: str, tmp_path: Path) -> None:
    candidate = own_layer(f"{write(tmp_path, 'refund')}:{name}")
    answered = candidate.forms[0].stack.run([Case("1", "give it back")], Context())
    assert (candidate.name, answered[0].answer and answered[0].answer.value) == (name, "refund")


def test_an_edit_outside_the_function_makes_it_another_candidate(tmp_path: Path) -> None:
    """Otherwise the answers of the code as it was would be taken from the journal."""
    found = [own_layer(f"{write(tmp_path, word)}:answer").fingerprint() for word in ("a", "b", "a")]
    assert found[0] == found[2] != found[1]


def test_a_class_that_makes_a_layer_speaks_for_itself(tmp_path: Path) -> None:
    found = [own_layer(f"{write(tmp_path, word)}:Mine").fingerprint() for word in ("a", "b")]
    assert found[0] == found[1]
