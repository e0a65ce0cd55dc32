"""A quote is always a span of the text, whatever is asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.knowledge.ask.align import Fault, Fit, fault_of, locate

ENGLISH = (
    "Either Party may termi-\nnate this “Agreement” – at any time – upon thirty (30) days’ written notice to the other."
)
CHINESE = "本协议自签署之日起生效。任何一方可以提前三十天书面通知对方终止本协议,无需说明理由。押金不予退还。"


@pytest.mark.parametrize(
    ("quote", "text", "fit", "found"),
    [
        ("upon thirty (30) days", ENGLISH, Fit.EXACT, "upon thirty (30) days"),
        ('Party may terminate this "Agreement" - at any time', ENGLISH, Fit.FOLDED, None),
        (
            "may terminate this agreement upon thirty days' written notice to the other party",
            ENGLISH,
            Fit.ALIGNED,
            None,
        ),
        ("任何一方可以提前三十天书面通知对方终止本协议", CHINESE, Fit.EXACT, None),
        ("任何一方可提前三十天书面通知终止本协议", CHINESE, Fit.ALIGNED, None),
    ],
)
def test_where_a_quote_stands(quote: str, text: str, fit: Fit, found: str | None) -> None:
    place = locate(quote, text, 0.7)
    assert place is not None
    assert place.fit is fit
    piece = text[place.start : place.end]
    assert piece == (found or piece)
    assert piece.strip() == piece


@pytest.mark.parametrize("quote", ["", "   ", "the tenant pays the taxes of the landlord", "押金全额退还给承租人"])
def test_what_does_not_stand_there(quote: str) -> None:
    assert locate(quote, ENGLISH) is None
    assert locate(quote, CHINESE) is None


def test_what_is_wrong_with_a_quote() -> None:
    other = "The deposit is paid back within ten days."
    assert fault_of("written notice to the other", ENGLISH, [other]) is None
    assert fault_of("The deposit is paid back within ten days", ENGLISH, [other]) is Fault.MISATTRIBUTED
    assert fault_of("upon thirty (30) days ... paid back within ten days", ENGLISH, [other]) is Fault.STITCHED
    assert fault_of("the tenant shall pay a penalty of 900 dollars", ENGLISH, [other]) is Fault.FABRICATED


@given(st.text(max_size=60), st.text(max_size=200), st.integers(0, 60), st.integers(0, 60))
def test_a_place_is_a_span_of_the_text(quote: str, text: str, start: int, length: int) -> None:
    for wanted in (quote, text[start : start + length]):
        place = locate(wanted, text)
        if place is not None:
            assert 0 <= place.start < place.end <= len(text)
    piece = text[start : start + length].strip()
    if piece:
        place = locate(piece, text)
        assert place is not None
        assert text[place.start : place.end] == piece
