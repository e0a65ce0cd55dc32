from __future__ import annotations

import html

from hypothesis import given
from hypothesis import strategies as st

from strati.core.figures import clean
from strati.report.markup import Html, escape, join, tag


@given(st.text())
def test_escaping_loses_nothing(text: str) -> None:
    written = escape(text)
    assert not set(written) & set("<>\"'")
    assert html.unescape(written) == html.unescape(html.escape(clean(text)))


def test_markup_is_not_escaped_again() -> None:
    assert escape(Html("<b>")) == "<b>"
    assert join("<", Html("<b>"), None, 3, ["&", Html("&")]) == "&lt;<b>3&amp;&"


def test_attributes_are_escaped_and_may_be_left_out() -> None:
    written = tag("a", "x", href='"><b>', class_=None, hidden=True, aria_label="1 & 2", open=False)
    assert written == '<a href="&quot;&gt;&lt;b&gt;" hidden aria-label="1 &amp; 2">x</a>'


def test_void_elements_have_no_end() -> None:
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'
