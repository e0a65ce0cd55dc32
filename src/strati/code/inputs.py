"""Inputs for comparing programs: those that the tests use, and others made from them."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterable, Sequence

MOST = 40
_SMALL = (0, 1, 2, -1, 10)


def seeds(sources: Iterable[str], names: Iterable[str]) -> dict[str, list[tuple[object, ...]]]:
    """The literal arguments with which functions are called in some sources, without repetition.

    Args:
        sources: texts of Python files, or of tasks: in a text that is no Python, calls are looked for line by line.
        names: the functions.

    >>> seeds(["assert add(1, 2) == 3"], ["add"])
    {'add': [(1, 2)]}
    """
    wanted = set(names)
    found: dict[str, dict[str, tuple[object, ...]]] = {}
    for source in sources:
        for call in _calls(source, wanted):
            name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
            if name in wanted and not call.keywords:
                try:
                    arguments = tuple(ast.literal_eval(part) for part in call.args)
                except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                    continue
                found.setdefault(name, {})[repr(arguments)] = arguments
    return {name: list(calls.values()) for name, calls in found.items()}


def more(given: Sequence[tuple[object, ...]], count: int = MOST, seed: int = 0) -> list[tuple[object, ...]]:
    """Up to `count` inputs: the given ones and others of the same types, made by small changes to them.

    >>> more([(1, 2)], 3) == more([(1, 2)], 3)
    True
    """
    draw = random.Random(seed)
    found = {repr(arguments): arguments for arguments in given}
    if not given or not any(given):
        return list(found.values())
    pool = [part for arguments in given for part in _parts(arguments)]
    for _ in range(20 * count):
        if len(found) >= count:
            break
        made = list(draw.choice(given))
        for at in draw.sample(range(len(made)), draw.randint(1, len(made))) if made else ():
            made[at] = _changed(made[at], draw, pool)
        text = repr(tuple(made))
        if len(text) < 4000:
            found[text] = tuple(made)
    return list(found.values())[:count]


def _calls(source: str, names: set[str]) -> Iterable[ast.Call]:
    try:
        trees: list[ast.AST] = [ast.parse(source)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        trees = []
        for name in names:
            for start in re.finditer(rf"\b{re.escape(name)}\(", source):
                trees += _call_at(source[start.start() :].partition("\n")[0])
    return [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _call_at(text: str) -> list[ast.AST]:
    """The call with which a text begins, up to the bracket that closes it."""
    for at, sign in enumerate(text[:2000]):
        if sign == ")":
            try:
                return [ast.parse(text[: at + 1], mode="eval")]
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                continue
    return []


def _parts(value: object) -> list[object]:
    found: list[object] = [value]
    if isinstance(value, list | tuple | set | frozenset):
        found += [inner for part in value for inner in _parts(part)]
    elif isinstance(value, dict):
        found += [inner for pair in value.items() for inner in _parts(pair)]
    return found


def _changed(value: object, draw: random.Random, pool: Sequence[object]) -> object:
    """Another value of the same type."""
    alike = [other for other in pool if type(other) is type(value)]
    if alike and draw.random() < 0.2:
        return draw.choice(alike)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        made = draw.choice([value + 1, value - 1, value * 2, value // 2, draw.randint(0, 20), *_SMALL])
        return abs(made) if value >= 0 and draw.random() < 0.8 else made
    if isinstance(value, float):
        return draw.choice([value + 1, value / 2, -value, float(draw.randint(0, 20)), 0.0])
    if isinstance(value, str):
        return _changed_text(value, draw)
    if isinstance(value, list):
        return _changed_list(value, draw, pool)
    if isinstance(value, tuple):
        made_list = list(value)
        if made_list:
            at = draw.randrange(len(made_list))
            made_list[at] = _changed(made_list[at], draw, pool)
        return tuple(made_list)
    if isinstance(value, set):
        return {_changed(part, draw, pool) for part in sorted(value, key=repr)} if draw.random() < 0.8 else set()
    if isinstance(value, dict):
        return {key: _changed(part, draw, pool) if draw.random() < 0.5 else part for key, part in value.items()}
    return value


def _changed_text(value: str, draw: random.Random) -> str:
    if not value:
        return draw.choice(["a", " ", "ab"])
    at = draw.randrange(len(value))
    letters = list(value)
    draw.shuffle(letters)
    return draw.choice(
        [
            "",
            value[:at] + value[at + 1 :],
            value[:at] + value[at] + value[at:],
            "".join(letters),
            value[::-1],
            value.swapcase(),
            value + value,
            value[:at] + draw.choice("ab1 Z") + value[at + 1 :],
        ]
    )


def _changed_list(value: list[object], draw: random.Random, pool: Sequence[object]) -> list[object]:
    made = list(value)
    if not made:
        return made
    at = draw.randrange(len(made))
    way = draw.randrange(7)
    if way == 0:
        return []
    if way == 1:
        draw.shuffle(made)
    elif way == 2:
        del made[at]
    elif way == 3:
        made.append(made[at])
    elif way == 4:
        made = made[:1]
    else:
        made[at] = _changed(made[at], draw, pool)
    return made
