"""Reports: a verdict on a terminal and as one HTML file. They draw, and compute nothing."""

from __future__ import annotations

from strati.report.html import render_html
from strati.report.terminal import render_terminal

__all__ = ["render_html", "render_terminal"]
