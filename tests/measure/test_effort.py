from __future__ import annotations

from strati.core.records import Example
from strati.measure.effort import spread


def test_a_spread_takes_rows_evenly() -> None:
    rows = [Example(str(n), "x") for n in range(10)]
    assert [row.id for row in spread(rows, 3)] == ["0", "3", "6"]
    assert spread(rows, 10) is rows
    assert spread(rows, 99) is rows
    assert spread([], 5) == []
