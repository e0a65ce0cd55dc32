"""Short cuts that must not change a result: against the plain way of working it out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.kinds.classify.induction import _Merits
from strati.kinds.classify.neighbours import _nearest


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(1, 40))
def test_phrases_worked_out_again_are_as_if_all_were(seed: int, labels: int, phrases: int) -> None:
    draw = np.random.default_rng(seed)
    hits = draw.integers(0, 6, (labels, phrases))
    merits = _Merits(hits)
    for _ in range(4):
        columns = draw.choice(phrases, size=draw.integers(0, phrases + 1), replace=False)
        hits[:, columns] = draw.integers(0, hits[:, columns] + 1)
        merits.refresh(columns)
        assert merits.best() == _Merits(hits).best()


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 60), st.integers(1, 70))
def test_the_nearest_are_those_of_a_stable_sort(seed: int, rows: int, columns: int, count: int) -> None:
    similar = np.random.default_rng(seed).integers(-3, 4, (rows, columns)) / 4.0  # many are equal
    assert _nearest(similar, count).tolist() == np.argsort(-similar, axis=1, kind="stable")[:, :count].tolist()


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_what_is_no_number_comes_last(count: int) -> None:
    similar = np.array([[np.nan, 0.5, 0.7], [np.nan, np.nan, 0.1]])
    assert _nearest(similar, count).tolist() == [[2, 1, 0][:count], [2, 0, 1][:count]]
