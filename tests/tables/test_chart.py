"""Charts: which answers have one, and how it is drawn."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from strati import tables
from strati.core.errors import UserError
from strati.tables.chart import chart_of, svg, written

SVG = "{http://www.w3.org/2000/svg}"


def texts(picture: str) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(picture).iter(SVG + "text")]


def widths(picture: str) -> list[float]:
    return [float(node.get("width", "")) for node in ElementTree.fromstring(picture).iter(SVG + "rect")]


def test_bars_are_as_long_as_their_numbers() -> None:
    picture = svg(chart_of(("team", "points"), [("a", 10), ("b & c", 5), ("d", -5)]))
    assert texts(picture) == ["team", "points", "a", "10", "b & c", "5", "d", "-5"]
    longest, *others = widths(picture)
    assert others == pytest.approx([longest / 2, longest / 2], abs=0.1)


def test_a_line_for_what_is_in_order_of_time() -> None:
    rows = [(f"2024-{month:02}", month * month) for month in range(1, 13)]
    picture = ElementTree.fromstring(svg(chart_of(("month", "total"), rows, time=True), "by month"))
    points = [tuple(map(float, p.split(","))) for p in next(picture.iter(SVG + "polyline")).get("points", "").split()]
    assert len(points) == 12
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted((y for _, y in points), reverse=True)


@pytest.mark.parametrize(
    "rows", [[("a", 1)], [("a", 1), ("a", 2)], [("a", 1), (None, 2)], [("a", "x"), ("b", 1)], [("a", True), ("b", 1)]]
)
def test_no_chart_of_what_is_no_list_of_named_numbers(rows: list[tuple[object, object]]) -> None:
    assert chart_of(("team", "points"), rows) is None


def test_hostile_names_are_drawn_as_text() -> None:
    chart = chart_of(("<b>", "n"), [("<script>alert(1)</script>", 1), ('"\x00\x1b[2J\n', 2)])
    picture = svg(chart, "</title><script>")
    assert "<script" not in picture
    assert "<script>alert(1)</script>" in texts(picture)


def test_a_chart_in_a_file(files: dict[str, Path], tmp_path: Path) -> None:
    answer = tables.ask("average salary by department", files["staff"])
    written(answer.chart, answer.question, tmp_path / "a.svg")
    assert "average salary by department" in texts((tmp_path / "a.svg").read_text(encoding="utf-8"))
    written(answer.chart, answer.question, tmp_path / "a.json")
    read = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert [one["group"] for one in read["data"]["values"]] == [row[0] for row in answer.rows]
    with pytest.raises(UserError, match=r"found 'a\.png'"):
        written(answer.chart, "", tmp_path / "a.png")
    with pytest.raises(UserError, match="cannot be written"):
        written(answer.chart, "", tmp_path / "nowhere" / "a.svg")


def test_a_top_list_and_weekdays_have_bars(files: dict[str, Path]) -> None:
    top = tables.ask("top 3 employees by salary", files["staff"])
    assert top.chart is not None
    assert top.chart["mark"] == "bar"
    days = tables.ask("How many orders per weekday?", files["orders"])
    assert [row[0] for row in days.rows] == ["Monday", "Tuesday", "Wednesday", "Friday"]
    assert days.chart is not None
    assert days.chart["mark"] == "bar"
