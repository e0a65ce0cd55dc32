"""Which module may import which: the order of the list below is the order of reading and of data."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import strati

ROOT = Path(strati.__file__).parent

# A room imports from itself and from rooms above it.
ROOMS = [
    "core",
    "statistics",
    "task",
    "data",
    "models",
    "stack",
    "kinds",
    "measure",
    "certify",
    "verdict",
    "prove",
    "report",
    "knowledge",
    "tables",
    "write",
    "code",
    "improve",
    "serve",
    "testing",
    "cli",
    "__main__",
]
PLACE = {name: place for place, name in enumerate(ROOMS)}
# May be absent: nothing outside them, but for other edges, imports them.
EDGE = {"knowledge", "tables", "write", "code", "improve", "serve", "testing", "cli", "__main__"}
EDGE_OF_MODELS = ("strati.models.local", "strati.models.hosted", "strati.models.catalog", "strati.models.open")
MOST_AT_TOP = 22
# Packages whose parts still know each other (no circle of modules): to become fewer, never more.
KNOWN_CIRCLES: set[str] = {"strati.knowledge", "strati.models", "strati.models.hosted"}

HEAVY = ("numpy", "scipy", "sklearn", "rich", "duckdb", "onnxruntime", "xllamacpp", "httpx2", "genai_prices", "jinja2")


def room(module: str) -> str:
    """`strati.stack.layers.person` -> `stack`; `strati` itself stays."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "strati"


def modules() -> dict[str, Path]:
    found = {}
    for file in sorted(ROOT.rglob("*.py")):
        parts = ["strati", *file.relative_to(ROOT).with_suffix("").parts]
        found[".".join(part for part in parts if part != "__init__")] = file
    return found


MODULES = modules()


def imports(module: str) -> Iterator[str]:
    """The modules of strati that a module imports anywhere, unless for type checking only."""
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    skipped = {id(node) for block in ast.walk(tree) if _for_types(block) for node in ast.walk(block)}
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "strati")
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = package.split(".")
                base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [base])])
            if base.split(".")[0] == "strati":
                names = [f"{base}.{alias.name}" for alias in node.names]
                yield from (name if name in MODULES else base for name in names)


def _for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def test_the_rooms_are_the_folders() -> None:
    assert {room(module) for module in MODULES} - {"strati"} <= set(ROOMS)
    entries = [path for path in ROOT.iterdir() if path.name not in ("__pycache__", "py.typed")]
    assert len(entries) <= MOST_AT_TOP


@pytest.mark.parametrize("module", [module for module in MODULES if module != "strati"])
def test_imports_point_upwards(module: str) -> None:
    wrong = [found for found in imports(module) if room(found) != "strati" and PLACE[room(found)] > PLACE[room(module)]]
    assert wrong == []


def test_nothing_above_the_edge_imports_the_edge() -> None:
    crossing = [
        (module, found)
        for module in MODULES
        if room(module) not in EDGE
        for found in imports(module)
        if room(found) in EDGE or (found.startswith(EDGE_OF_MODELS) and not module.startswith(EDGE_OF_MODELS))
    ]
    assert crossing == []


def test_packages_hold_no_circles() -> None:
    """Inside a room, too, data flow one way: no two siblings import each other, directly or by way of others."""
    circles = []
    packages = [module for module, path in MODULES.items() if path.name == "__init__.py" and module != "strati"]
    for package in packages:
        arrows: dict[str, set[str]] = {}
        for module in MODULES:
            if module.startswith(f"{package}."):
                mine = module.removeprefix(f"{package}.").split(".")[0]
                found = [name.removeprefix(f"{package}.") for name in imports(module) if name.startswith(f"{package}.")]
                arrows.setdefault(mine, set()).update({name.split(".")[0] for name in found} - {mine})
        try:
            list(TopologicalSorter(arrows).static_order())
        except CycleError:
            circles.append(package)
    assert set(circles) == KNOWN_CIRCLES


def test_the_test_sees_wrong_directions() -> None:
    """The parser finds plain, relative and local imports, and leaves out those for types."""
    assert "strati.models.catalog.store" in list(imports("strati.models.open"))  # inside a function
    assert "strati.models.contract" not in list(imports("strati.core.context"))  # for types only
    assert "strati.core.errors" in list(imports("strati.core.context"))


@pytest.mark.parametrize("module", ["strati", "strati.cli", "strati.cli.app"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
