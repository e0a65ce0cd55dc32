from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strati.knowledge.locator import Box
from strati.knowledge.readers.page_furniture import PAGE_NUMBER, furniture
from strati.knowledge.readers.reading_order import gutters_of, reading_order

NUMBERS = st.floats(0, 600, allow_nan=False)
BOXES = st.builds(lambda x, y, w, h: Box(x, y, x + w, y + h), NUMBERS, NUMBERS, NUMBERS, st.floats(1, 30))


@settings(deadline=None)
@given(st.lists(BOXES, max_size=60))
def test_no_line_is_lost_or_doubled(boxes: list[Box]) -> None:
    assert sorted(reading_order(boxes)) == list(range(len(boxes)))


def test_the_order_of_the_content_is_kept() -> None:
    column = [Box(0, 12.0 * n, 200, 12.0 * n + 10) for n in range(10)]
    both = column + [box._replace(left=220, right=420) for box in column]  # left column, then right column
    assert reading_order(both) == list(range(20))


def test_a_title_that_comes_last_goes_first_on_a_page_with_text_side_by_side() -> None:
    title, left, right = Box(0, 0, 400, 12), Box(0, 20, 190, 120), Box(210, 20, 400, 120)
    assert reading_order([left, right, title]) == [2, 0, 1]


def test_columns_need_prose_on_both_sides() -> None:
    prose = [
        box for n in range(6) for box in (Box(0, 12.0 * n, 190, 12.0 * n + 10), Box(210, 12.0 * n, 400, 12.0 * n + 10))
    ]
    narrow = [box._replace(right=box.left + 40) for box in prose]
    assert gutters_of(prose) == (200,)
    assert gutters_of(narrow) == ()
    assert gutters_of(prose[:8]) == ()  # four rows are too few


def test_a_line_across_both_columns_parts_them() -> None:
    prose = [
        box for n in range(6) for box in (Box(0, 12.0 * n, 190, 12.0 * n + 10), Box(210, 12.0 * n, 400, 12.0 * n + 10))
    ]
    across = Box(0, 100, 400, 110)
    assert reading_order([*prose, across])[-1] == 12


def test_furniture_repeats_at_one_height() -> None:
    page = [("Lease", Box(0, 20, 90, 30)), ("Body text", Box(0, 300, 90, 310)), ("7", Box(0, 770, 10, 780))]
    moved = [("Lease", Box(0, 60, 90, 70)), *page[1:]]
    assert furniture([(800, page)] * 3) == [{0: "header", 2: "footer"}] * 3
    assert furniture([(800, page), (800, moved), (800, page)])[0] == {2: "footer"}  # a page number needs no repetition


@pytest.mark.parametrize("text", ["7", "Page 3 of 12", "- 4 -", "xiv", "A-12", "page 9", "3/7"])
def test_page_numbers(text: str) -> None:
    assert PAGE_NUMBER.fullmatch(text)


@pytest.mark.parametrize("text", ["", "-", "xxxxx", "Page", "2024 report", "civil", "7."])
def test_what_is_no_page_number(text: str) -> None:
    assert not PAGE_NUMBER.fullmatch(text)
