from __future__ import annotations

import itertools
import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.report.axes import cost_axis, quality_axis
from strati.report.chart import SIZE, _label_text, _sheet, _taken, chart, marks_of, sunk
from strati.report.labels import Box, place, width_of
from strati.report.spark import ends_of, spark

from .fixtures import ALL, candidate, many, use, verdict

FRAME = Box(0, 0, 900, 500)


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=20))
def test_costs_keep_their_order_inside_the_axis(costs: list[float]) -> None:
    axis = cost_axis(costs, 50, 800)
    places = [axis.at(cost) for cost in sorted(costs)]
    assert places == sorted(places)
    assert all(50 <= place <= 800 for place in places)
    assert all(axis.low <= tick <= axis.high for tick in axis.ticks)
    assert 1 <= len(axis.ticks) <= 8


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_better_is_higher_and_marks_are_few(values: list[float]) -> None:
    axis = quality_axis(values, values, values, 450, 20)
    places = [axis.at(value) for value in sorted(values)]
    assert places == sorted(places, reverse=True)
    assert all(20 <= place <= 450 for place in places)
    assert 1 <= len(axis.ticks) <= 8


def test_a_hopeless_rung_does_not_press_the_others_together() -> None:
    axis = quality_axis([0.01, 0.9], [0.0, 0.88], [0.02, 0.92], 450, 20)
    assert math.isclose(axis.low, 0.45)
    drawing = chart(many(), wide=True)
    assert "majority (1.3 %)" in drawing


def test_ticks_by_hand() -> None:
    assert quality_axis([0.8, 0.9], [0.78, 0.88], [0.82, 0.92], 1, 0).ticks == (0.8, 0.85, 0.9)
    assert cost_axis([0.001, 1.0], 0, 1).ticks == (0.001, 0.01, 0.1, 1.0)


def test_labels_that_have_room_touch_nothing() -> None:
    marks = [(200.0 + 40 * (i % 4), 100.0 + 30 * i) for i in range(10)]
    taken = [Box(x - 8, y - 8, x + 8, y + 8) for x, y in marks]
    labels = place(marks, [120.0] * 10, 16, taken, FRAME)
    boxes = [label.box for label in labels]
    assert not any(a.common(b) for a, b in itertools.combinations([*boxes, *taken], 2))
    assert not any(box.outside(FRAME) for box in boxes)


def test_marks_in_one_place_get_labels_in_many() -> None:
    labels = place([(450.0, 250.0)] * 8, [60.0] * 8, 16, [], FRAME)
    assert not any(a.box.common(b.box) for a, b in itertools.combinations(labels, 2))
    assert any(label.leader for label in labels)


def test_many_long_names_do_not_cover_each_other() -> None:
    assert len(marks_of(many())) == 15
    drawing = chart(many(), wide=True)
    assert drawing.count('class="label ') == 15
    assert "8 similar examples" in drawing


def test_shape_and_size_tell_what_colour_tells() -> None:
    drawing = chart(use(), wide=True)
    assert drawing.count("<circle") == 2
    assert drawing.count("<path") == 1
    assert 'class="mark plain chosen"' in drawing
    assert 'r="7.5"' in drawing


def test_goal_and_margin_are_drawn_where_they_are_set() -> None:
    found = use()
    found["goal"]["max_cost_per_1000"] = 0.01
    drawing = chart(found, wide=True)
    assert "bar 85.0 %" in drawing
    assert "limit $0.010" in drawing
    assert 'class="band"' in drawing
    found["goal"].update(at_least=None, max_cost_per_1000=None, margin=None)
    assert not any(part in chart(found, wide=True) for part in ("bar 85.0 %", "limit $", 'class="band"'))


def test_a_phone_gets_numbers() -> None:
    drawing = chart(many(), wide=False)
    assert ">15</text>" in drawing
    assert ">nearest neighbours</text>" not in drawing


def test_the_drawing_says_in_words_what_it_shows() -> None:
    drawing = chart(use(), wide=True)
    assert 'role="img" aria-labelledby="wide-title wide-desc"' in drawing
    assert '<title id="wide-title">Accuracy on test against cost per 1,000 answers</title>' in drawing
    assert "keyword rules 81.0 % at &lt;$0.0001; n-grams 91.2 % at &lt;$0.0001" in drawing


@pytest.mark.parametrize("cost", [0.0, 1e-12, 1e6])
def test_odd_costs_are_drawn(cost: float) -> None:
    found = verdict([candidate("a", 0.5, cost), candidate("b", 0.5, cost)], name="a", decision="use")
    assert chart(found, wide=True).count("<circle") == 2


@pytest.mark.parametrize("name", ALL)
def test_no_place_in_a_drawing_is_missing(name: str) -> None:
    found = ALL[name]()
    if marks_of(found):
        assert '"nan"' not in chart(found, wide=True)


def test_width_grows_with_the_text() -> None:
    assert width_of("mm", 10) > width_of("il", 10)
    assert width_of("文字", 10) == 20


def test_small_drawings() -> None:
    assert spark(None, None, None, (0, 1)) == ""
    assert 'x1="60.0"' in spark(0.5, None, None, (0, 1))
    assert ends_of([(0.9, 0.87), (0.93, None), (0.1, 0.05)]) == (0.8, 1.0)
    assert ends_of([]) == (0.0, 1.0)


def test_the_note_on_rungs_far_below_stands_only_where_there_are_some() -> None:
    assert sunk(marks_of(many()))
    assert not sunk(marks_of(use()))
    assert not sunk([])


def test_no_axis_counts_in_millionths_of_a_dollar() -> None:
    costs = (2e-8, 3e-7, 0.0, 5e-5, 2.0)
    found = verdict([candidate(f"rung {n}", 0.7 + n / 100, cost) for n, cost in enumerate(costs)], name="rung 4")
    texts = re.findall(r'<text [^>]*class="tick"[^>]*>([^<]*)<', str(chart(found, wide=True)))
    ticks = [text for text in texts if "$" in text]
    assert ticks[0] == "≤ $0.0001"
    assert not any("0.00000" in tick for tick in ticks)


@pytest.mark.parametrize("wide", [True, False])
def test_names_of_many_rungs_at_one_cost_are_not_printed_over_each_other(wide: bool) -> None:
    names = [f"n-grams + embedder number {n}" for n in range(12 if wide else 6)]
    found = verdict([candidate(name, 0.80 + n / 1000, 1e-5) for n, name in enumerate(names)], name=names[-1])
    marks = marks_of(found)
    sheet = _sheet(marks, None, wide)
    texts = [_label_text(mark, sheet) for mark in marks]
    places = [(sheet.x.at(mark.cost), sheet.y.at(mark.value)) for mark in marks]
    labels = place(places, [width_of(text, SIZE) for text in texts], SIZE + 3, _taken(found, marks, sheet), sheet.frame)
    boxes = [label.box for label in labels]
    assert all(a.common(b) == 0 for number, a in enumerate(boxes) for b in boxes[number + 1 :])
