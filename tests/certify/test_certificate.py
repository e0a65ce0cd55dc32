from __future__ import annotations

import json
from pathlib import Path

import pytest

from strati.certify.certificate import NAME, OUTCOMES, Certificate
from strati.core.errors import StackError
from strati.core.identity import sha256_of


def certificate(folder: Path) -> Certificate:
    (folder / OUTCOMES).write_text('{"id": "1"}\n', encoding="utf-8")
    promise = {"at_least": 0.95, "confidence": 0.95}
    made = Certificate("abc", promise, {"n": 90}, {}, {}, {"qwen": "q1"}, sha256_of(folder / OUTCOMES))
    made.write(folder)
    return made


def test_it_comes_back_as_it_was_written(tmp_path: Path) -> None:
    assert Certificate.read(tmp_path) is None
    made = certificate(tmp_path)
    assert Certificate.read(tmp_path) == made
    assert made.standing("abc", {"qwen": "q1", "other": "o"}, tmp_path) == ("valid", ())


def test_another_stack_voids_it_and_another_model_makes_it_stale(tmp_path: Path) -> None:
    made = certificate(tmp_path)
    assert made.standing("xyz", {"qwen": "q1"}, tmp_path).state == "void"
    stale = made.standing("abc", {"qwen": "q2"}, tmp_path)
    assert stale == ("stale", ("qwen is q2, it was certified with q1",))
    assert made.standing("abc", {}, tmp_path).reasons == ("qwen is not there, it was certified with q1",)
    (tmp_path / OUTCOMES).write_text("{}", encoding="utf-8")
    assert made.standing("abc", {"qwen": "q1"}, tmp_path).state == "void"


def test_an_altered_a_newer_and_a_broken_one_are_refused(tmp_path: Path) -> None:
    certificate(tmp_path)
    data = json.loads((tmp_path / NAME).read_text(encoding="utf-8"))
    data["promise"]["at_least"] = 0.99
    (tmp_path / NAME).write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(StackError, match="was altered since it was written"):
        Certificate.read(tmp_path)
    (tmp_path / NAME).write_text(json.dumps({**data, "format": 9}), encoding="utf-8")
    with pytest.raises(StackError, match="has format 9, this version of strati reads format 1"):
        Certificate.read(tmp_path)
    for text in ("", "[]", "{}"):
        (tmp_path / NAME).write_text(text, encoding="utf-8")
        with pytest.raises(StackError, match="certificate"):
            Certificate.read(tmp_path)
