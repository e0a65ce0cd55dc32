"""Traffic like the calibrate inputs is let be; traffic unlike them is told, and the certificate's check says no."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from strati.certify.traffic import FEWEST, LEVEL, NAME, Seen, Sketch
from strati.core.errors import StackError

WORDS = ("order", "parcel", "invoice", "refund", "card", "late", "broken", "cancel", "address", "tax", "lamp", "sofa")
OTHER = ("football", "weather", "song", "holiday", "river", "mountain", "recipe", "garden", "film", "actor")


def texts(count: int, seed: int, outside: float = 0.0) -> list[str]:
    draw = random.Random(seed)
    return [
        " ".join(draw.choices(OTHER if draw.random() < outside else WORDS, k=draw.randint(3, 9))) + f" {seed}.{n}"
        for n in range(count)
    ]


def seen(rows: list[str]) -> Seen:
    found = Seen()
    for row in rows:
        found.add(row)
    return found


SKETCH = Sketch.of(texts(300, 0), 240, 300)


def test_false_alarms_are_as_rare_as_the_level_says() -> None:
    alarms = sum(
        Sketch.of(texts(100, n), 80, 100).compare(seen(texts(200, 1000 + n)), (160, 200)).differs for n in range(100)
    )
    assert alarms <= 5  # a true rate of .01 gives more in about one of two thousand times


def test_outside_texts_are_noticed() -> None:
    found = SKETCH.compare(seen(texts(300, 1, outside=0.2)))
    assert found.differs
    assert found.words.startswith("these inputs differ from the calibrate inputs (the words of the inputs; p <0.001")
    assert "the certificate does not speak of traffic like this" in found.words
    assert found.familiar[1] < found.familiar[0]
    same = SKETCH.compare(seen(texts(300, 2)))
    assert not same.differs
    assert f"not shown to differ from the calibrate inputs (at level {LEVEL:g}" in same.words


def test_a_fallen_share_of_answers_is_noticed() -> None:
    found = SKETCH.compare(seen(texts(400, 3)), (250, 400))
    assert found.differs
    assert "80.0 % answered automatically on calibrate, 62.5 % here" in found.words


def test_few_rows_and_repeated_ones_are_not_compared() -> None:
    few = SKETCH.compare(seen(texts(FEWEST - 1, 4, outside=1.0)))
    assert (few.differs, few.rows) == (False, FEWEST - 1)
    assert "too few to compare" in few.words
    repeated = SKETCH.compare(seen(texts(60, 5) * 10), (100, 600))
    assert not any("automatically" in test for test in repeated.p)
    assert repeated.rows == 60


def test_a_sketch_is_kept_without_texts_and_an_altered_one_is_refused(tmp_path: Path) -> None:
    sha256 = SKETCH.write(tmp_path)
    assert Sketch.read(tmp_path, sha256) == Sketch(
        SKETCH.inputs, SKETCH.counts, [round(x, 6) for x in SKETCH.familiar], SKETCH.lengths, 240, 300
    )
    kept = (tmp_path / NAME).read_text()
    assert not any(word in kept for word in WORDS if word != "order")
    (tmp_path / NAME).write_text(kept.replace('"automatic": 240', '"automatic": 200'))
    with pytest.raises(StackError, match="was altered"):
        Sketch.read(tmp_path, sha256)
    (tmp_path / NAME).unlink()
    assert Sketch.read(tmp_path) is None
    with pytest.raises(StackError, match="is missing"):
        Sketch.read(tmp_path, sha256)
