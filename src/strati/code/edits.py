"""What a model replied, read strictly into new texts of the named files; or `Malformed`, and nothing is changed.

A reply holds blocks between ``` fences. A block may begin with `FILE: path`; with a single named file it need not. In a
block stand either SEARCH/REPLACE edits, or, for Python, definitions: each takes the place of the one with its name, new
ones go to the end. For a new file, or one that is not Python, a block without edits is the whole file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass

from strati.code.project import Project

SEARCH, DIVIDE, REPLACE = "<<<<<<< SEARCH", "=======", ">>>>>>> REPLACE"
MOST = 1 << 20
"""Characters of a reply that are read."""
_FENCE = re.compile(r"^(`{3,}|~{3,})[ \t]*([\w+.-]*)[ \t]*$")
_FILE = re.compile(r"^(?:#|//)?\s*FILE:\s*(\S.*?)\s*$")


class Malformed(Exception):
    """A reply that cannot be read as a change of the named files, with the reason in one sentence."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reply says: the new text of each changed file, and a note of what was left out."""

    texts: Mapping[str, str]
    left_out: str = ""


def read(reply: str, project: Project) -> Reading:
    """Read a reply into new texts for named files, all of it or nothing.

    Raises `Malformed` when it has no block, names another file, an edit's text is not found or found twice, a change
    does not parse, or nothing would change.
    """
    if len(reply) > MOST:
        raise Malformed(f"the reply has {len(reply):,} characters, expected at most {MOST:,}")
    if "\0" in reply:
        raise Malformed("the reply holds a null character")
    texts: dict[str, str] = {}
    notes = []
    for path, body in _blocks(reply, project):
        before = texts.get(path, project.file(path).text)
        texts[path], note = _changed(before, body, path, project.file(path).content is None and path not in texts)
        notes += [note] if note else []
    changed = {path: text for path, text in texts.items() if text != project.file(path).text}
    if not changed:
        raise Malformed("the reply changes nothing")
    for path, text in changed.items():
        _must_parse(path, text)
        _must_be_text(path, text)
    return Reading(changed, "; ".join(notes))


def _blocks(reply: str, project: Project) -> list[tuple[str, str]]:
    """(path, body) of each fenced block."""
    found: list[tuple[str, str]] = []
    fence, named = "", ""
    body: list[str] = []
    for line in reply.replace("\r\n", "\n").split("\n"):
        match = _FENCE.match(line)
        if not fence:
            if match:
                fence, body = match[1], []
            elif told := _FILE.match(line.strip("*` ")):
                named = told[1].strip("`")
            continue
        if match and match[1].startswith(fence) and not match[2]:
            found.append(_named_block(body, named, project))
            fence, named = "", ""
            continue
        body.append(line)
    if fence:
        raise Malformed("the reply ends inside a block: it was cut off")
    if not found:
        raise Malformed("the reply has no block between ``` fences")
    return found


def _named_block(body: list[str], named: str, project: Project) -> tuple[str, str]:
    if body and (told := _FILE.match(body[0])):
        named, body = told[1], body[1:]
    if not named:
        if len(project.files) > 1:
            raise Malformed("a block does not say which FILE it is for")
        named = project.files[0].path
    if named not in [file.path for file in project.files]:
        raise Malformed(f"the reply changes {named!r}, which was not named")
    return named, "\n".join(body)


def _changed(before: str, body: str, path: str, new: bool) -> tuple[str, str]:
    lines = body.split("\n")
    marks = [line for line in lines if line.rstrip() in (SEARCH, DIVIDE, REPLACE)]
    if SEARCH in [mark.rstrip() for mark in marks] or REPLACE in [mark.rstrip() for mark in marks]:
        return _with_edits(before, lines, path), ""
    if path.endswith((".py", ".pyi")):
        return with_definitions(before, body, path)
    if not new:
        raise Malformed(f"{path} exists and is not Python, expected SEARCH and REPLACE edits")
    return body.rstrip("\n") + "\n", ""


def _with_edits(text: str, lines: list[str], path: str) -> str:
    """The text after all edits of a block, each of which must fit exactly once."""
    state = ""
    old: list[str] = []
    new: list[str] = []
    for line in lines:
        mark = line.rstrip()
        if mark == SEARCH and not state:
            state, old, new = "old", [], []
        elif mark == DIVIDE and state == "old":
            state = "new"
        elif mark == REPLACE and state == "new":
            text, state = _replaced(text, old, new, path), ""
        elif mark in (SEARCH, REPLACE):
            raise Malformed(f"an edit of {path} has {mark!r} where it cannot stand")
        elif state == "old":
            old.append(line)
        elif state == "new":
            new.append(line)
        elif mark:
            raise Malformed(f"a block of edits for {path} holds {mark[:60]!r} outside any edit")
    if state:
        raise Malformed(f"an edit of {path} is not closed by {REPLACE!r}")
    return text


def _replaced(text: str, old: list[str], new: list[str], path: str) -> str:
    if not any(line.strip() for line in old):
        if text.strip():
            raise Malformed(f"an edit of {path} searches for nothing")
        return "\n".join([*new, ""])
    ended = text if text.endswith("\n") else text + "\n"
    wanted = "\n" + "\n".join([*old, ""])
    count = _occurrences("\n" + ended, wanted)
    if count != 1:
        where = "is not in it" if not count else f"is in it {count} times, expected once"
        raise Malformed(f"the text that an edit of {path} searches for {where}: {old[0].strip()[:60]!r}")
    changed = ("\n" + ended).replace(wanted, "\n" + "".join(f"{line}\n" for line in new), 1)[1:]
    return changed if text.endswith("\n") or not text else changed.removesuffix("\n")


def _occurrences(text: str, wanted: str) -> int:
    """How often a piece occurs, overlaps counted."""
    count, at = 0, text.find(wanted)
    while at >= 0:
        count, at = count + 1, text.find(wanted, at + 1)
    return count


def with_definitions(before: str, body: str, path: str) -> tuple[str, str]:
    """The text with the definitions of `body` in place of those of the same name, and a note of what was left out.

    Examples that a model likes to add (calls, prints, assertions, `if __name__`) are left out.

    >>> with_definitions("def f():\\n    return 1\\n", "def f():\\n    return 2\\n\\nprint(f())", "m.py")
    ('def f():\\n    return 2\\n', '1 statement of m.py that defines nothing was left out')
    """
    parts, old = _parsed(body, path, "the reply's block"), _parsed(before, path, "the file")
    lines, given = before.split("\n"), body.split("\n")
    names = {name: node for node in old.body if (name := _defines(node))}
    imports = {ast.unparse(node) for node in old.body if isinstance(node, ast.Import | ast.ImportFrom)}
    places: list[tuple[int, int, list[str]]] = []
    ahead: list[str] = []
    end: list[str] = []
    seen: set[str] = set()
    left = 0
    for node in parts.body:
        first, last = _lines_of(node)
        piece, name = given[first - 1 : last], _defines(node)
        if isinstance(node, ast.Import | ast.ImportFrom):
            ahead += piece if ast.unparse(node) not in imports else []
        elif not name:
            left += 0 if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) else 1
        elif name in seen:
            raise Malformed(f"the reply defines {name} twice")
        elif name in names:
            places.append((*_lines_of(names[name]), piece))
        else:
            end += ["", "", *piece] if isinstance(node, _SCOPES) else piece
        seen |= {name} if name else set()
    if not places and not end:
        raise Malformed(f"the block for {path} defines nothing")
    for first, last, piece in sorted(places, reverse=True, key=lambda place: place[0]):
        lines[first - 1 : last] = piece
    if ahead:
        at, after_import = _after_imports(old)
        ahead = ahead if after_import else [*([""] if at else []), *ahead, *([] if at or not old.body else [""])]
        lines[at:at] = ahead
    text = "\n".join(lines).rstrip("\n")
    text = "\n".join([text, *end] if text else end).strip("\n") + "\n"
    note = f"{left} statement{'s' if left > 1 else ''} of {path} that define{'' if left > 1 else 's'} nothing"
    return text, f"{note} {'were' if left > 1 else 'was'} left out" if left else ""


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _defines(node: ast.stmt) -> str:
    if isinstance(node, _SCOPES):
        return node.name
    if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
        return node.targets[0].id
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return ""


def _lines_of(node: ast.stmt) -> tuple[int, int]:
    first = min([node.lineno, *(mark.lineno for mark in getattr(node, "decorator_list", ()))])
    return first, node.end_lineno or node.lineno


def _after_imports(tree: ast.Module) -> tuple[int, bool]:
    """The line after which new imports go, and whether an import ends there: the last one, the docstring, or 0."""
    at, imported = 0, False
    for number, node in enumerate(tree.body):
        docstring = not number and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, ast.Import | ast.ImportFrom) or docstring:
            at, imported = node.end_lineno or node.lineno, not docstring
    return at, imported


def _parsed(text: str, path: str, what: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f" (line {error.lineno})" if isinstance(error, SyntaxError) and error.lineno else ""
        raise Malformed(f"{what} for {path} is not valid Python: {_reason(error)}{line}") from None


def _reason(error: Exception) -> str:
    return error.msg if isinstance(error, SyntaxError) else type(error).__name__


def _must_parse(path: str, text: str) -> None:
    if path.endswith((".py", ".pyi")):
        _parsed(text, path, "the new text")


def _must_be_text(path: str, text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise Malformed(f"the new text of {path} holds half a character") from None
