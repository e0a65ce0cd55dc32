"""The piecewise reader gives what `json` gives, wherever the pieces end."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strati.core.errors import DataError
from strati.measure.imports import jsonstream
from strati.measure.imports.jsonstream import json_parts

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(VALUES, max_size=4), other=VALUES, piece=st.integers(1, 40), indent=st.sampled_from([None, 1]))
def test_as_json_reads_it(
    rows: list[object], other: object, piece: int, indent: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonstream, "PIECE", piece)
    path = tmp_path / "a.json"
    whole = {"head": other, "results": {"version": 3, "results": rows}, "tail": 12345}
    path.write_text(json.dumps(whole, indent=indent, ensure_ascii=False), encoding="utf-8")
    parts = list(json_parts(path, ("results", "results")))
    assert [value for keys, value in parts if keys == ("results", "results")] == rows
    rest = {keys: value for keys, value in parts if keys != ("results", "results")}
    assert rest == {("head",): other, ("results", "version"): 3, ("tail",): 12345}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_other_encodings(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"rows": ["ä", 1]}, ensure_ascii=False), encoding=encoding)
    assert list(json_parts(path, ("rows",))) == [(("rows",), "ä"), (("rows",), 1)]


@pytest.mark.parametrize("text", ['{"rows": [1, 2', '{"rows": [1, 2}', '{"a" 1}', '{"rows": [1] "b": 2}', "{"])
def test_what_is_cut_off_or_damaged(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(DataError, match="is not whole JSON: cut off or damaged"):
        list(json_parts(path, ("rows",)))


def test_memory_follows_the_largest_element_not_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    row = json.dumps({"text": "x" * 1000})
    path.write_text('{"rows": [' + ",".join([row] * 20_000) + "]}")
    tracemalloc.start()
    assert sum(1 for _ in json_parts(path, ("rows",))) == 20_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 20_000_000 > 4 * peak
