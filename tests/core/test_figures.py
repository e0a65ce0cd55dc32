from __future__ import annotations

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.core import figures

FORMS = [
    figures.money,
    figures.share,
    figures.points,
    figures.milliseconds,
    figures.seconds,
    figures.count,
    figures.size,
    figures.ratio,
    figures.probability,
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_was_not_measured_is_a_dash(form: object, value: float | None) -> None:
    assert form(value) == figures.MISSING  # type: ignore[operator]


@pytest.mark.parametrize("form", FORMS)
@given(value=st.floats(0, 1e9))
def test_any_amount_has_a_form_without_an_exponent(form: object, value: float) -> None:
    text = form(value)  # type: ignore[operator]
    assert any(char.isdigit() for char in text)
    assert "e+" not in text
    assert "e-" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00002, "<$0.0001"),
        (0.0001, "$0.00010"),
        (0.034, "$0.034"),
        (0.999, "$1.00"),
        (99.5, "$99.50"),
        (-3, "−$3.00"),
    ],
)
def test_money_keeps_two_digits_that_matter(value: float, text: str) -> None:
    assert figures.money(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0 %"), (0.9996, "99.96 %"), (0.9999999, "100 %"), (0.5, "50.0 %"), (0.03, "3.0 %")]
)
def test_a_share_near_an_end_is_not_rounded_onto_it(value: float, text: str) -> None:
    assert figures.share(value) == text


def test_an_interval_without_ends_is_the_value() -> None:
    assert figures.interval({"value": 0.5, "low": None, "high": None}) == "50.0 %"
    assert figures.interval(None) == figures.MISSING


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.02, "<0.1 ms"),
        (0, "0 ms"),
        (9.96, "10 ms"),
        (999.6, "1.0 s"),
        (59_600, "1 min 0 s"),
        (3_600_000, "1 h 0 min"),
    ],
)
def test_times_change_their_unit(value: float, text: str) -> None:
    assert figures.milliseconds(value) == text


def test_settings_of_any_shape_are_words() -> None:
    settings = {"a": None, "b": [1, 2], "c": {"d": 0.25}, "e": True, "f": math.nan}
    assert figures.settings_text(settings) == "a not set, b 1, 2, c d 0.25, e yes, f –"
    assert figures.settings_text({}) == "as they come"


def test_a_time_that_is_none_stays_as_it_is() -> None:
    assert figures.moment("yesterday\n") == "yesterday"


@given(st.text())
def test_clean_leaves_nothing_that_steers(text: str) -> None:
    cleaned = figures.clean(text)
    assert not any(unicodedata.category(char) in {"Cc", "Cs"} and char not in "\n\t" for char in cleaned)
    assert figures.clean(cleaned) == cleaned
    assert len(cleaned) == len(text)


@given(st.text(), st.integers(7, 60))
def test_shortened_texts_fit(text: str, limit: int) -> None:
    assert len(figures.shorten(text, limit)) <= limit
    assert len(figures.squeeze(text, limit)) <= limit
