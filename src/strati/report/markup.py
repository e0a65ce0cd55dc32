"""Drawings as markup, built from nested calls; every text is escaped unless it is `Html` already."""

from __future__ import annotations

import html
from collections.abc import Iterable

from strati.core.figures import clean

VOID = frozenset({"br", "hr", "meta"})


class Html(str):
    """Text that is markup already."""

    __slots__ = ()

    def __html__(self) -> str:
        """For templates: no escaping."""
        return str(self)


Attribute = str | int | float | bool | None
Child = str | int | Iterable[str] | None


def escape(text: str) -> Html:
    """Text as markup; `Html` is returned as it is."""
    return text if isinstance(text, Html) else Html(html.escape(clean(text), quote=True))


def join(*children: Child) -> Html:
    """Texts, markup and lists of both, one after the other; None is left out."""
    return Html("".join(_child(child) for child in children))


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Html:
    """One element.

    A trailing underscore of an attribute name is dropped and the others become hyphens; None and False leave an
    attribute out, True writes its bare name.

    >>> tag("p", "2 < 3", class_="note")
    '<p class="note">2 &lt; 3</p>'
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    return Html(f"<{name}{written}>" if name in VOID else f"<{name}{written}>{join(*children)}</{name}>")


def _attribute(key: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(clean(value), quote=True)}"'


def _child(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, str):
        return escape(child)
    if isinstance(child, int):
        return str(child)
    return "".join(escape(part) for part in child)
