"""The verdict as one HTML file: no network, no scripts, every text escaped."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from strati.core import figures
from strati.report.basis import cost, data, methods, questions, reproduce
from strati.report.composed import composed
from strati.report.facts import headline
from strati.report.learning import learning
from strati.report.markup import Html, join, tag
from strati.report.mistakes import mistakes
from strati.report.opening import asked, first, key_figures, masthead, picture, reasons
from strati.report.rungs import comparisons, ladder
from strati.report.seen import seen
from strati.report.total import total

# A second lock behind the escaping: a browser that honours it loads and runs nothing.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
CONTENTS = {
    "short": "In short",
    "chart": "Chart",
    "ladder": "Ladder",
    "composed": "Composed",
    "why": "Why",
    "questions": "Questions",
    "comparisons": "Comparisons",
    "mistakes": "Mistakes",
    "cost": "Cost",
    "total": "Total cost",
    "labels": "Labels",
    "seen": "Memory",
    "data": "Data",
    "reproduce": "Reproduce",
    "methods": "Method",
}
PARTS = (
    *(first, key_figures, picture, asked, ladder, composed, reasons, questions, comparisons, mistakes),
    *(cost, total, learning, seen, data, reproduce, methods),
)


def render_html(verdict: Mapping[str, Any]) -> str:
    """A verdict (the contents of `verdict.json`) as one self-contained HTML page."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{figures.shorten(headline(verdict), 80)} · strati"),
        tag("style", Html(files("strati.report").joinpath("style.css").read_text("utf-8"))),
    )
    parts = [part(verdict) for part in PARTS]
    body = tag("body", masthead(verdict), _contents(parts), tag("main", parts))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def _contents(parts: list[Html]) -> Html:
    text = join(parts)
    links = [
        tag("a", name, href=f"#{anchor}") for anchor, name in CONTENTS.items() if f'<section id="{anchor}">' in text
    ]
    return tag("nav", links, aria_label="Contents")
