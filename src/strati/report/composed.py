"""Composed stacks in the reports: what the rungs could do together, estimated on tune, and how to make it a promise."""

from __future__ import annotations

from strati.core import figures
from strati.report.axes import Axis
from strati.report.facts import Record, record, records, texts
from strati.report.lines import Graph, Line, Spot, figure, share_axis
from strati.report.markup import Html, join
from strati.report.paper import Paper

MOST = 8
NEVER = 1.0  # no confidence is above it


def show(verdict: Record, paper: Paper) -> None:
    """At most five lines on a terminal."""
    found = record(verdict, "frontier")
    points = records(found, "points")
    if not points:
        return
    paper.heading(f"Composed stacks at {_bar(found)} (estimated on tune, not certified)")
    point = best_point(found)
    if point is not None:
        total = figures.finite(point.get("total_per_1000"))
        ends = "" if total is None else f", {figures.money(total)} in total"
        cost = figures.money(point.get("cost_per_1000"))
        shown = f"{figures.share(point.get('automatic'))} automatic at {cost} per 1,000{ends}"
        paper.bullets([figures.squeeze(f"{' > '.join(texts(point, 'rungs'))} ({best_words(found)})", 74), shown])
    paper.text(f"strati certify {figures.line(verdict.get('run'))} turns one into a guarantee.", indent=2)


def setting_words(point: Record) -> str:
    """A stack with its thresholds: `n-grams from .83 > reader from .61 > people`."""
    parts = []
    for name, threshold in zip(texts(point, "rungs"), point.get("thresholds") or [], strict=False):
        value = figures.finite(threshold)
        parts.append(f"{name} (asked, never alone)" if value is None or value > NEVER else f"{name} from {value:.3f}")
    people = figures.finite(point.get("people"))
    return " > ".join([*parts, *(["people"] if people is None or people > 0 else [])])


def shown_points(found: Record) -> list[Record]:
    """At most eight for the table: the ends, the best, and some evenly spaced between."""
    points, best = records(found, "points"), best_point(found)
    if len(points) <= MOST:
        return list(points)
    places = {round(step * (len(points) - 1) / (MOST - 2)) for step in range(MOST - 1)}
    return [point for place, point in enumerate(points) if place in places or point is best]


def best_point(found: Record) -> Record | None:
    """The setting of the least total cost, or with the fewest people."""
    points, best = records(found, "points"), found.get("best")
    return points[best] if isinstance(best, int) and 0 <= best < len(points) else None


def best_words(found: Record) -> str:
    """In which sense the best setting is the best."""
    return "cheapest in total" if found.get("priced") else "fewest people"


def composed_drawing(found: Record) -> Html:
    """Share answered automatically against cost, with each rung alone and the best setting marked."""
    points = [(x, y) for p in records(found, "points") for x, y in [_at(p)] if x is not None and y is not None]
    alone = [(x, y, p) for p in records(found, "alone") for x, y in [_at(p)] if x is not None and y is not None]
    if not points:
        return join()
    best = best_point(found)
    spots = [Spot(x, y, f"{' > '.join(texts(p, 'rungs'))} alone, {_people(p)}") for x, y, p in alone]
    x, y = _at(best) if best is not None else (None, None)
    if best is not None and x is not None and y is not None and len(texts(best, "rungs")) > 1:
        spots.append(Spot(x, y, _people(best)))
    heights = [y for _, y in points] + [y for _, y, _ in alone]

    def y_axis(start: float, end: float) -> Axis:
        return share_axis(heights, start, end)

    graph = Graph(
        "Share answered automatically against cost per 1,000 cases",
        f"At {_bar(found)}: from {figures.share(points[0][1])} to {figures.share(points[-1][1])} answered "
        "automatically.",
        "composed",
        [Line(1, "composed stacks", _stairs(points), "plain")],
        spots,
        "cost of the rungs per 1,000 cases, log scale",
        "answered automatically, the rest by people",
        _dollars,
        lambda share: figures.share(share).replace(".0", ""),
        room=1.5,
    )
    return figure(graph, y_axis)


def marks_in_words(found: Record) -> list[str]:
    """What is marked, in words: phones show no names in the drawing."""
    single = [f"{' > '.join(texts(p, 'rungs'))} alone ({_people(p)})" for p in records(found, "alone")]
    best = best_point(found)
    several = best is not None and len(texts(best, "rungs")) > 1
    title = best_words(found)
    return [*single, *([f"{' > '.join(texts(best, 'rungs'))}, {title} ({_people(best)})"] if best and several else [])]


def _dollars(cost: float) -> str:
    return f"${cost:,.0f}" if cost >= 1 else f"${cost:.9f}".rstrip("0")


def _stairs(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A frontier as steps: between two settings, the cheaper one's share is what there is."""
    found = points[:1]
    for x, y in points[1:]:
        found += [(x, found[-1][1]), (x, y)]
    return found


def _at(point: Record) -> tuple[float | None, float | None]:
    cost = figures.finite(point.get("cost_per_1000"))
    return (None if cost is None else max(cost, 1e-8)), figures.finite(point.get("automatic"))


def _people(point: Record) -> str:
    return f"people {figures.share(point.get('people'))}"


def _bar(found: Record) -> str:
    return figures.share(found.get("at_least"))
