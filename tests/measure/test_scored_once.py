"""Scores that are dear are computed once; a journal that is only read is no hindrance."""

from __future__ import annotations

from pathlib import Path

from strati.core.records import JSON
from strati.measure.journal import Journal
from strati.measure.scored_once import Remembered
from strati.statistics.metric import Share


def test_a_loss_is_kept_where_that_can_be(tmp_path: Path) -> None:
    asked: list[JSON] = []

    def loss(value: JSON, reference: JSON) -> float:
        asked.append(value)
        return 0.0 if value == reference else 1.0

    path = tmp_path / "run.db"
    with Journal(path) as journal:
        metric = Remembered(Share("works", loss), journal)
        assert [metric.loss("a", "a"), metric.loss("a", "a"), metric.loss("b", "a")] == [0.0, 0.0, 1.0]
        assert asked == ["a", "b"]
    with Journal(path, read_only=True) as journal:
        metric = Remembered(Share("works", loss), journal)
        assert [metric.loss("b", "a"), metric.loss("c", "c")] == [1.0, 0.0]
        assert asked == ["a", "b", "c"]
        assert metric.score("c", "c").statistics == (1.0, 1.0)
