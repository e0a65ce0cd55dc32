"""Formulas as a line of text: Office's (OMML), MathML, and raised or lowered characters of running text.

The signs are those that people type: `x^2`, `a_n`, `(a+b)/2`, `√(x+1)`, `∑_(i=1)^n i`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

Element = Any  # lxml's, which has no types
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_ATOM = re.compile(r"[\w.,√∞]+'*|\([^()]*\)|\[[^\[\]]*\]|.", re.DOTALL)
_RAISED = re.compile(r"[\d+\-−–=.,/ ()·*]*\d[\d+\-−–=.,/ ()·*\w]{0,10}|[+\-−–]?[^\W\d_]|[+\-−–*]")
_ORDINALS = {"e", "o", "a"}  # 1er is two letters: they stay as they are
DEEP = 100  # formulas nested deeper are read as plain text


def raised(before: str, text: str) -> str:
    """A superscript after the text before it, with a sign where its meaning would be lost.

    >>> "10" + raised("10", "3"), "x" + raised("x", "n+1"), "1" + raised("1", "st"), "see" + raised("see", "[2]")
    ('10^3', 'xn+1', '1st', 'see[2]')
    """
    inner = text.strip()
    follows = bool(before) and (before[-1].isalnum() or before[-1] in ")]}")
    if not follows or not _RAISED.fullmatch(inner) or (inner in _ORDINALS and before[-1].isdigit()):
        return text
    return f"^{group(inner)}"


def lowered(before: str, text: str) -> str:
    """A subscript: numbers after letters stay beside them (H2O), others get a sign.

    >>> "H" + lowered("H", "2"), "x" + lowered("x", "i")
    ('H2', 'x_i')
    """
    inner = text.strip()
    if not before or not before[-1].isalnum() or len(inner) > 12 or not inner:
        return text
    return text if inner.isdigit() and before[-1].isalpha() else f"_{group(inner)}"


def group(text: str) -> str:
    """In brackets, unless it is one thing.

    >>> group("n+1"), group("12"), group("(a)")
    ('(n+1)', '12', '(a)')
    """
    text = text.strip()
    return text if not text or _ATOM.fullmatch(text) else f"({text})"


def office_formula(element: Element, depth: int = 0) -> str:
    """The text of an element of Office's formulas."""
    tag = element.tag
    if not isinstance(tag, str) or not tag.startswith(MATH) or depth > DEEP:
        return "".join(element.itertext()) if isinstance(tag, str) and depth > DEEP else ""
    name = tag[len(MATH) :]
    if name == "t":
        return element.text or ""
    if name.endswith("Pr"):
        return ""
    write = _OFFICE.get(name)
    parts = _Parts(element, lambda child: office_formula(child, depth + 1))
    return write(parts) if write else parts.all()


class _Parts:
    """The children of an element by name, as text."""

    def __init__(self, element: Element, shown: Callable[[Element], str]) -> None:
        self.element = element
        self.shown = shown

    def all(self) -> str:
        return "".join(self.shown(child) for child in self.element)

    def of(self, name: str) -> str:
        return "".join(self.shown(child) for child in self.element.findall(f"{MATH}{name}")).strip()

    def each(self, name: str) -> list[str]:
        return [self.shown(child).strip() for child in self.element.findall(f"{MATH}{name}")]

    def said(self, name: str, otherwise: str) -> str:
        """A value of the element's properties."""
        found = self.element.find(f"{MATH}{_local(self.element)}Pr/{MATH}{name}")
        return otherwise if found is None else str(found.get(f"{MATH}val", otherwise))


def _scripts(parts: _Parts) -> str:
    low, high = parts.of("sub"), parts.of("sup")
    return (f"_{group(low)}" if low else "") + (f"^{group(high)}" if high else "")


def _brackets(parts: _Parts) -> str:
    inner = parts.said("sepChr", "|").join(parts.each("e"))
    return f"{parts.said('begChr', '(')}{inner}{parts.said('endChr', ')')}"


def _fraction(parts: _Parts) -> str:
    over, under = group(parts.of("num")), group(parts.of("den"))
    return f"({over} {under})" if parts.said("type", "bar") == "noBar" else f"{over}/{under}"


def _marked(parts: _Parts, otherwise: str) -> str:
    return unicodedata.normalize("NFC", parts.of("e") + parts.said("chr", otherwise))


_OFFICE: Mapping[str, Callable[[_Parts], str]] = {
    "f": _fraction,
    "rad": lambda parts: root(parts.of("e"), parts.of("deg")),
    "nary": lambda parts: f"{parts.said('chr', '∫')}{_scripts(parts)} {parts.of('e')}",
    "d": _brackets,
    "sSup": lambda parts: f"{group(parts.of('e'))}{_scripts(parts)}",
    "sSub": lambda parts: f"{group(parts.of('e'))}{_scripts(parts)}",
    "sSubSup": lambda parts: f"{group(parts.of('e'))}{_scripts(parts)}",
    "sPre": lambda parts: f"{_scripts(parts)}{parts.of('e')}",
    "func": lambda parts: f"{parts.of('fName')} {parts.of('e')}",
    "limLow": lambda parts: f"{parts.of('e')}_{group(parts.of('lim'))}",
    "limUpp": lambda parts: f"{parts.of('e')}^{group(parts.of('lim'))}",
    "acc": lambda parts: _marked(parts, "\u0302"),
    "bar": lambda parts: _marked(parts, "\u0305"),
    "m": lambda parts: f"[{'; '.join(parts.each('mr'))}]",
    "mr": lambda parts: " ".join(parts.each("e")),
    "eqArr": lambda parts: "\n".join(parts.each("e")),
}


def root(text: str, degree: str = "") -> str:
    """A root.

    >>> root("x"), root("x+1"), root("8", "3")
    ('√x', '√(x+1)', '√[3]8')
    """
    return f"√[{degree}]{group(text)}" if degree else f"√{group(text)}"


def math_ml(element: Element, depth: int = 0) -> str:
    """The text of a MathML element, with or without its namespace."""
    name = _local(element)
    if not name or name in ("annotation", "annotation-xml", "mphantom") or depth > DEEP:
        return "".join(element.itertext()) if depth > DEEP else ""
    if not len(element):
        text = " ".join((element.text or "").split())
        return f" {text} " if name == "mtext" and text else text
    shown = [math_ml(child, depth + 1) for child in element if isinstance(child.tag, str)]
    first, second, third = [*shown, "", "", ""][:3]
    if name == "mfrac":
        return f"{group(first)}/{group(second)}"
    if name == "msqrt":
        return root("".join(shown))
    if name == "mroot":
        return root(first, second)
    if name in ("msup", "mover"):
        return f"{group(first)}^{group(second)}"
    if name in ("msub", "munder"):
        return f"{group(first)}_{group(second)}"
    if name in ("msubsup", "munderover"):
        return f"{group(first)}_{group(second)}^{group(third)}"
    if name == "mfenced":
        inner = (element.get("separators", ",").strip()[:1] or " ").join(shown)
        return f"{element.get('open', '(')}{inner}{element.get('close', ')')}"
    if name in ("mtable", "mtr", "mlabeledtr"):
        return f"[{'; '.join(shown)}]" if name == "mtable" else " ".join(shown)
    return "".join(shown)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
