"""Risk-coverage curves and the area under them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.statistics import aurc, aurc_interval, risk_coverage

NAN = float("nan")
pairs = st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9, NAN]), st.sampled_from([0.0, 0.5, 1.0])), min_size=1)


def columns(rows: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([row[0] for row in rows]), np.array([row[1] for row in rows])


def test_by_hand() -> None:
    curve = risk_coverage(np.array([0.9, 0.7, 0.8, 0.7]), np.array([0.0, 1, 0, 0]))
    assert curve.threshold.tolist() == [0.9, 0.8, 0.7]
    assert curve.coverage.tolist() == [0.25, 0.5, 1.0]
    assert curve.risk.tolist() == [0, 0, 0.25]
    # ties share their loss: sums 0, 0, .5, 1 over 1, 2, 3, 4
    assert aurc(np.array([0.9, 0.7, 0.8, 0.7]), np.array([0.0, 1, 0, 0])) == pytest.approx((1 / 6 + 1 / 4) / 4)
    assert aurc(np.array([0.9, NAN]), np.array([0.0, 0.0])) == pytest.approx(0.25)


def test_nothing_is_not_a_number() -> None:
    assert np.isnan(aurc(np.array([]), np.array([])))
    assert aurc_interval(np.array([]), np.array([])).method == "not measured"
    assert len(risk_coverage(np.array([NAN]), np.array([1.0])).risk) == 0


@given(pairs)
def test_order_and_scale_do_not_matter(rows: list[tuple[float, float]]) -> None:
    confidence, loss = columns(rows)
    value = aurc(confidence, loss)
    assert 0 <= value <= 1
    assert aurc(confidence[::-1], loss[::-1]) == pytest.approx(value)
    assert aurc(confidence**3, loss) == pytest.approx(value)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1))
def test_no_information_gives_the_mean_loss_and_a_perfect_ranking_less(losses: list[float]) -> None:
    loss = np.array(losses)
    assert aurc(np.full(len(loss), 0.5), loss) == pytest.approx(loss.mean())
    assert aurc(1 - loss, loss) <= loss.mean() + 1e-12 <= aurc(loss, loss) + 2e-12


def test_the_interval_holds_the_value() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.random(200)
    found = aurc_interval(confidence, (rng.random(200) > confidence).astype(float), draws=100)
    assert 0 < found.low < found.value < found.high < 1
