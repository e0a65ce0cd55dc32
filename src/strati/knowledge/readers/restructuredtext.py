"""reStructuredText: sections, lists, tables, code, directives, as documentation of Python projects is written.

Names of roles and targets of references are dropped (:ref:`the settings <settings>` is "the settings"); comments,
labels, options of directives and tables of contents are listed as left out. Nothing is included or run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from strati.knowledge.builder import DocumentBuilder
from strati.knowledge.decoding import begin_text, looks_like_text
from strati.knowledge.document import Document, Kind
from strati.knowledge.locator import Locator
from strati.knowledge.reader import Limits, label

_RULE = re.compile(r"([!-/:-@\[-`{-~])\1{2,}\s*$")
_SECTION = re.compile(rb"^\S[^\n]*\n([=\-~^\"'`#*+.:_])\1{2,}[ \t]*$", re.M)
_SIGNS = re.compile(
    rb"^\.\. (?:_[^\n]+:|[\w-]+::)|:[\w:+-]+:`[^`\n]+`|``[^`\n]+``|::[ \t]*$|`[^`\n]+ <[^>\n]+>`_", re.M
)
_DIRECTIVE = re.compile(r"\.\. ([\w:.+-]+)::(?:\s+(.*))?$")
_ITEM = re.compile(r"(?:[-*+•]|(?:\d{1,4}|#|[A-Za-z])[.)]|\((?:\d{1,4}|[a-z])\))\s+(?=\S)")
_GRID = re.compile(r"\+(?:[-=]+\+)+\s*$")
_SIMPLE = re.compile(r"=+(?:\s+=+)+\s*$")
_ROLE = re.compile(r":[\w:+.-]+:`([^`]+)`")
_LINKED = re.compile(r"`([^`<]+?)\s*<([^<>`]+)>`__?")
_TARGETED = re.compile(r"^(.*?)\s*<[^<>]*>$", re.DOTALL)
_PLAIN = re.compile(r"``(.+?)``|`([^`]+)`__?|\*\*(\S(?:.*?\S)?)\*\*|(?<![\w*])\*(\S(?:[^*]*?\S)?)\*(?![\w*])")
_CODE = {"code-block", "sourcecode", "code", "highlight", "parsed-literal", "literalinclude", "doctest", "testcode"}
_CODE |= {"prompt", "console", "productionlist", "graphviz", "math", "raw"}
_LISTED = {"toctree", "index", "contents", "include", "default-role", "role", "sectionauthor", "highlight", "only"}
_QUIET = {"note", "warning", "tip", "hint", "important", "caution", "danger", "error", "attention", "seealso", "topic"}
Line = tuple[int, str]


class RestructuredTextReader:
    """Files of reStructuredText; the heading's path is the place besides the line."""

    name = "restructuredtext"
    version = "1"

    def sniff(self, data: bytes, name: str) -> float:
        lower = name.lower()
        if not looks_like_text(data):
            return 0.0
        if lower.endswith((".rst", ".rest")):
            return 0.65
        head = data[:20_000].replace(b"\r\n", b"\n")
        if not lower.endswith((".txt", ".text", ".inc")) or not _SECTION.search(head):
            return 0.0
        signs = len(_SIGNS.findall(head))
        return 0.65 if signs >= 2 or _titled(head.decode("utf-8", "replace")) else 0.0

    def read(self, data: bytes, name: str, limits: Limits) -> Document:
        text, made = begin_text(data, limits)
        lines = [(number, line.expandtabs(8).rstrip()) for number, line in enumerate(text.split("\n"), 1)]
        _Blocks(made).read(lines, 0)
        return made.document(name, media_type="text/x-rst", reader=label(self))


def _titled(text: str) -> bool:
    """Whether a text begins with a title and a line of = below it that is exactly as long."""
    rows = [row.rstrip() for row in text.split("\n", 20) if row.strip() and not row.startswith("..")][:3]
    over = len(rows) > 2 and rows[0] == rows[2] and bool(_RULE.match(rows[0]))
    title, rule = rows[1:3] if over else [*rows, "", ""][:2]
    return bool(re.fullmatch("=+", rule)) and len(rule) >= 4 and len(rule) == len(title)


class _Blocks:
    """Writes blocks of lines; indented ones are read again without their indent."""

    def __init__(self, made: DocumentBuilder) -> None:
        self.made = made
        self.styles: list[tuple[str, bool]] = []  # of sections, outermost first

    def read(self, lines: Sequence[Line], depth: int) -> None:
        at = 0
        while at < len(lines):
            line = lines[at][1]
            if not line:
                at += 1
            elif section := self._section(lines, at) if not depth else 0:
                at += section
            elif line.startswith(".. ") or line == "..":
                at = self._explicit(lines, at, depth)
            elif _GRID.match(line):
                at = self._grid(lines, at)
            elif _SIMPLE.match(line):
                at = self._simple(lines, at)
            elif _RULE.match(line):
                at += 1
            elif line.startswith(" "):
                end = _indented(lines, at)
                self.read(_dedented(lines[at:end]), depth + 1)
                at = end
            else:
                at = self._text(lines, at, depth)

    def _section(self, lines: Sequence[Line], at: int) -> int:
        """How many lines a title takes that begins here; 0 where there is none."""
        following = [text for _, text in lines[at : at + 3]]
        over = len(following) == 3 and bool(_RULE.match(following[0])) and following[2] == following[0]
        if over and following[1].strip() and len(following[0]) >= len(following[1].strip()):
            title, rule, number, taken = following[1], following[0], lines[at + 1][0], 3
        elif len(following) > 1 and _is_underline(following[0], following[1]):
            title, rule, number, taken, over = following[0], following[1], lines[at][0], 2, False
        else:
            return 0
        style = (rule[0], over)
        if style not in self.styles:
            self.styles.append(style)
        level = min(self.styles.index(style) + 1, 6)
        self.made.block(Kind.HEADING, inline(title.strip()), level=level, at=Locator(line=number))
        return taken

    def _explicit(self, lines: Sequence[Line], at: int, depth: int) -> int:
        """A directive, a target, a comment."""
        number, line = lines[at]
        end = _indented(lines, at + 1)
        body = _dedented(lines[at + 1 : end])
        found = _DIRECTIVE.match(line)
        if found is None and (note := re.match(r"\.\. \[([^\]]+)\]\s+(.*)", line)):
            texts = [(inline(note[2]), Locator(line=number)), *((inline(text), Locator(line=n)) for n, text in body)]
            self.made.lines(Kind.NOTE, texts, joint=" ")
            return end
        if found is None:
            what = "label" if line.startswith((".. _", ".. __", ".. |")) else "comment"
            for n, text in [(number, line[2:]), *body]:
                self.made.leave_out(what, text, Locator(line=n))
            return end
        self._directive(found[1], found[2] or "", number, body, depth)
        return end

    def _directive(self, name: str, told: str, number: int, body: Sequence[Line], depth: int) -> None:
        at = Locator(line=number)
        body = self._options(body)
        if name in _LISTED:
            for n, text in [(number, told), *body] if name != "only" else [(number, told)]:
                self.made.leave_out(name, text, Locator(line=n))
            if name == "only":
                self.read(body, depth + 1)
        elif name in ("image", "figure"):
            self.made.leave_out("picture", told, at)
            self.read(body, depth + 1)
        elif name in _CODE:
            if name == "math" and told:
                self.made.block(Kind.CODE, told, at=at)
            elif told:
                self.made.leave_out("language of code", told, at)
            self._code(body)
        elif name == "csv-table":
            self.made.block(Kind.PARAGRAPH, inline(told), at=at)
            self.made.lines(Kind.CODE, [(text, Locator(line=n)) for n, text in body if text])
        else:
            said = inline(told) if name in _QUIET else f"{name}: {inline(told)}" if told else ""
            self.made.block(Kind.PARAGRAPH, said, at=at)
            self.read(body, depth + 1)

    def _options(self, body: Sequence[Line]) -> Sequence[Line]:
        """The body of a directive without its options, which are listed; what describes a picture is among them."""
        taken = 0
        for number, text in body:
            if not re.match(r":[\w-]+:(?:\s|$)", text) and not (taken and text.startswith(" ")):
                break
            self.made.leave_out("option", text, Locator(line=number))
            taken += 1
        return body[taken:]

    def _code(self, lines: Sequence[Line]) -> None:
        kept = list(lines)
        while kept and not kept[0][1].strip():
            kept.pop(0)
        while kept and not kept[-1][1].strip():
            kept.pop()
        self.made.lines(Kind.CODE, [(text, Locator(line=number)) for number, text in kept])

    def _text(self, lines: Sequence[Line], at: int, depth: int) -> int:
        """A paragraph, an item of a list, a field, or a term with what it means."""
        item = _ITEM.match(lines[at][1])
        end = at + 1
        inner = len(item[0]) if item else 0
        while end < len(lines) and lines[end][1] and not _breaks(lines, end, inner):
            end += 1
        own = lines[at:end]
        literal = own[-1][1].endswith("::")
        texts = [(_inline_line(text.strip(), last=n == own[-1][0]), Locator(line=n)) for n, text in own]
        kind = Kind.LIST_ITEM if item else Kind.PARAGRAPH
        texts = _joined_marks([pair for pair in texts if pair[0]])
        self.made.lines(kind, texts, level=depth // 2 + 1 if item else 0)
        if literal:
            following = end
            while following < len(lines) and not lines[following][1]:
                following += 1
            if following < len(lines) and _indent(lines[following][1]) > (inner if item else 0):
                stop = _indented(lines, following)
                self._code(_dedented(lines[following:stop]))
                return stop
        return end

    def _grid(self, lines: Sequence[Line], at: int) -> int:
        """A table drawn with + and |: cells that go over several lines are put together."""
        rows: list[list[tuple[str, Locator | None]]] = []
        named = False
        end = at
        edges = [place for place, sign in enumerate(lines[at][1]) if sign == "+"]
        row: list[str] = []
        first = lines[at][0]
        while end < len(lines) and lines[end][1].startswith(("+", "|")):
            number, text = lines[end]
            if text.startswith("+"):
                if any(row):
                    rows.append([(inline(cell), Locator(line=first)) for cell in row])
                named = named or (len(rows) == 1 and "=" in text)
                row, first = [], number + 1
            else:
                cells = [text[a + 1 : b].strip().strip("|").strip() for a, b in pairwise(edges)]
                row = [" ".join(filter(None, pair)) for pair in zip(row or [""] * len(cells), cells, strict=True)]
            end += 1
        self.made.table(rows, header=named)
        return end

    def _simple(self, lines: Sequence[Line], at: int) -> int:
        """A table whose columns are told by rules of ===; a line without a first cell goes on with the row above."""
        starts = [found.start() for found in re.finditer(r"=+", lines[at][1])]
        rules = [n for n in range(at, len(lines)) if _SIMPLE.match(lines[n][1])]
        rules = [n for n in rules if all(lines[m][1] or m < n for m in range(at, n))][:3]
        last = rules[2] if len(rules) > 2 else rules[-1] if len(rules) > 1 else at
        rows: list[list[tuple[str, Locator | None]]] = []
        ended = True
        for number, text in lines[at + 1 : last]:
            if not text or re.fullmatch(r"[=\- ]+", text):
                ended = True
                continue
            cells = [text[a:b].strip() for a, b in zip(starts, [*starts[1:], None], strict=True)]
            if not cells[0] and rows and not ended:
                rows[-1] = [
                    (" ".join(filter(None, [was, inline(more)])), place)
                    for (was, place), more in zip(rows[-1], cells, strict=True)
                ]
            else:
                rows.append([(inline(cell), Locator(line=number)) for cell in cells])
            ended = False
        self.made.table(rows, header=len(rules) > 2)
        return last + 1


def inline(text: str) -> str:
    """The text without the marks of roles, references and emphasis.

    >>> inline("See :ref:`the settings <settings>` and ``DEBUG``, *not* `this page <https://example.org>`_.")
    'See the settings and DEBUG, not this page <https://example.org>.'
    """
    text = _ROLE.sub(lambda found: _TARGETED.sub(r"\1", found[1]).lstrip("~!"), text)
    text = _LINKED.sub(r"\1 <\2>", text)
    return _PLAIN.sub(lambda found: next(part for part in found.groups() if part is not None), text)


def _inline_line(text: str, *, last: bool) -> str:
    if last and text.endswith("::"):
        text = text[:-2].rstrip() if text[:-2].endswith(" ") or text == "::" else text[:-1]
    return text


def _joined_marks(lines: Sequence[tuple[str, Locator]]) -> list[tuple[str, Locator]]:
    """Lines without inline marks, also those that open on one line and close on the next."""
    whole = inline("\n".join(text for text, _ in lines)).split("\n")
    if len(whole) != len(lines):
        return [(inline(text), place) for text, place in lines]
    return [(text, place) for text, (_, place) in zip(whole, lines, strict=True)]


def _is_underline(title: str, rule: str) -> bool:
    if not title or title.startswith(" ") or _RULE.match(title) or not _RULE.match(rule):
        return False
    return len(rule) >= min(len(title), 4)


def _breaks(lines: Sequence[Line], at: int, inner: int) -> bool:
    """Whether a paragraph ends before this line: a deeper indent, a new item, or less than the item's own indent."""
    text = lines[at][1]
    if inner:
        return _indent(text) < inner
    return text.startswith(" ") or bool(_GRID.match(text))


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _indented(lines: Sequence[Line], at: int) -> int:
    """The place after the lines that are indented from here on, blank ones between them included."""
    end = last = at
    while end < len(lines) and (not lines[end][1] or lines[end][1].startswith(" ")):
        end += 1
        if lines[end - 1][1]:
            last = end
    return last


def _dedented(lines: Sequence[Line]) -> list[Line]:
    shared = min((_indent(text) for _, text in lines if text), default=0)
    return [(number, text[shared:]) for number, text in lines]
