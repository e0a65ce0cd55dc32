"""Which parts of a web page are not its content: navigation, banners, link lists, notices.

Simple and sparing on purpose: what is left out cannot be found. Where the rules would leave little, all of it stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

Element = Any

LEAST = 200  # characters of content a page has to keep
SHARE = 0.2  # of all its text
LINKED = 0.6  # share of a block's text inside links: a list of links
_ASIDE = {"nav", "aside", "footer", "form", "dialog", "button", "search"}
_ROLES = {"navigation", "banner", "contentinfo", "complementary", "search", "dialog", "menu", "menubar", "toolbar"}
_NAMES = re.compile(
    r"(?:^|[\s_-])(?:nav\w*|menu\w*|breadcrumbs?|sidebar|footer|cookies?|consent|banner|share|sharing|social|advert\w*|ads?"
    r"|promo|newsletter|subscribe|popup|modal|related|pagination|pager|skip|toolbar|editsection|catlinks|navbox\w*)(?:$|[\s_-])",
    re.IGNORECASE,
)
_BLOCKS = ("div", "section", "ul", "ol", "table", "p", "header", "dl")


class _Size(NamedTuple):
    """Characters of text in an element, how many of them are in links, and the number of links."""

    text: int
    linked: int
    links: int


def main_content(body: Element) -> tuple[Element, set[Element]]:
    """The element that holds the content of a page, and the elements below it to leave out."""
    sizes = _sizes(body)
    everything = sizes[body].text
    root = _marked(body, sizes)
    without = _without(root, sizes)
    left = sizes[root].text - sum(sizes[element].text for element in without)
    if left >= max(LEAST, SHARE * everything):
        return root, without
    return body, set()


def _marked(body: Element, sizes: Mapping[Element, _Size]) -> Element:
    """The element marked as the page's content, where one is and holds a fair share of the text; else the body."""
    for path in (".//main|.//*[@role='main']", ".//article"):
        found = body.xpath(path)
        best = max(found, key=lambda element: sizes[element].text, default=None)
        alone = best is not None and sizes[best].text > 0.6 * sum(sizes[element].text for element in found)
        if alone and sizes[best].text >= max(LEAST, SHARE * sizes[body].text):
            return best
    return body


def _without(root: Element, sizes: Mapping[Element, _Size]) -> set[Element]:
    found: set[Element] = set()
    for element in root.iterdescendants():
        if not isinstance(element.tag, str) or element.getparent() in found:
            if element.getparent() in found:
                found.add(element)
            continue
        if _is_aside(element, sizes[element], sizes[root].text):
            found.add(element)
    return {element for element in found if element.getparent() not in found}


def _is_aside(element: Element, size: _Size, whole: int) -> bool:
    if element.tag in ("body", "html", "main", "article") or next(element.iter("h1"), None) is not None:
        return False
    if element.tag in _ASIDE or element.get("role", "") in _ROLES or element.get("aria-hidden") == "true":
        return size.text < 0.5 * whole
    if element.tag == "header" and element.getparent().tag == "body":
        return True
    if _NAMES.search(f"{element.get('id', '')} {element.get('class', '')}"):
        return size.text < 0.2 * whole
    dense = element.tag in _BLOCKS and size.links > 3 and size.linked > LINKED * size.text
    return dense and size.text < 0.3 * whole and not _says_more(element)


def _says_more(element: Element) -> bool:
    """True for tables with names of rows or columns, and for lists of links in long items, such as references."""
    if next(element.iter("th"), None) is not None:
        return True
    items = element.findall("li")
    return bool(items) and sum(len("".join(item.itertext())) for item in items) / len(items) > 80


def _sizes(body: Element) -> dict[Element, _Size]:
    found: dict[Element, _Size] = {}
    for element in reversed(list(body.iter())):  # children come before their parents
        if not isinstance(element.tag, str) or element.tag in ("script", "style", "noscript", "template"):
            found[element] = _Size(0, 0, 0)
            continue
        text, linked, links = len((element.text or "").strip()), 0, 0
        for child in element:
            size = found[child]
            text += size.text + len((child.tail or "").strip())
            linked += size.linked
            links += size.links
        found[element] = _Size(text, text, 1) if element.tag == "a" else _Size(text, linked, links)
    return found
