"""Which module may import which: the order of the list below is the order of reading and of data."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import strati

ROOT = Path(strati.__file__).parent

# A module imports only from its own line and from lines above it. A name stands for a module or a whole package.
ORDER = [
    ["strati"],  # the public names: imported by those below for the version only
    ["errors"],
    ["records"],
    ["identity"],
    ["model"],
    ["budget"],
    ["context"],
    ["jobs"],
    ["asking"],
    ["ahead"],
    ["contract"],
    ["task"],
    ["words"],
    ["metrics"],
    ["statistics"],
    ["certify"],
    ["dataset"],
    ["error_costs"],
    ["effort"],
    ["config"],
    ["layers"],
    ["recording"],
    ["checks"],
    ["calibration"],
    ["registry"],
    ["stack"],
    ["held_models"],
    ["folder"],
    ["runlock"],
    ["journal"],
    ["columns"],
    ["candidate"],
    ["ladder"],
    ["probe"],
    ["choosing"],
    ["halving"],
    ["entry"],
    ["trials"],
    ["needless"],
    ["racing"],
    ["sizing"],
    ["rehearsal"],
    ["telling"],
    ["pace"],
    ["forecast"],
    ["answering"],
    ["benchmark"],
    ["results"],
    ["ranking"],
    ["mistakes"],
    ["rung_answers"],
    ["fresh_labels"],
    ["composing"],
    ["assembly"],
    ["frontier"],
    ["composed"],
    ["spending"],
    ["repeats"],
    ["standings"],
    ["learning_curve"],
    ["curves"],
    ["label_price"],
    ["ownership"],
    ["paraphrase"],
    ["twins"],
    ["contamination"],
    ["study_words"],
    ["decision_reasons"],
    ["decision"],
    ["contenders"],
    ["race_results"],
    ["unfinished"],
    ["afterwards"],
    ["studies"],
    ["questions"],
    ["verdict"],
    ["answers"],
    ["report"],
    ["environment"],
    ["plans"],
    ["allowance"],
    ["run"],
    ["certificate"],
    ["certifying"],
    ["certified_stack"],
    ["verifying"],
    ["batch"],
    ["pending"],
    # edge: may be absent, nothing above imports it
    ["imports"],
    ["models"],
    ["knowledge"],
    ["testing"],
    ["cli", "__main__"],
]
EDGE = {"imports", "models", "knowledge", "testing", "cli", "__main__"}
PLACE = {name: place for place, line in enumerate(ORDER) for name in line}

# Layers share these; otherwise a layer's file knows no sibling.
HELPERS = {"features", "timing", "prompts", "induction", "rule"}

HEAVY = ("numpy", "scipy", "sklearn", "rich", "duckdb", "onnxruntime", "xllamacpp", "httpx2", "genai_prices")


def top(module: str) -> str:
    """`strati.layers.rules` -> `layers`; `strati` itself stays."""
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


def test_the_list_names_every_module_once() -> None:
    named = [name for line in ORDER for name in line]
    assert sorted(named) == sorted({top(module) for module in MODULES})


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_upwards(module: str) -> None:
    wrong = [found for found in imports(module) if PLACE[top(found)] > PLACE[top(module)]]
    assert wrong == []


def test_nothing_above_the_edge_imports_the_edge() -> None:
    crossing = [
        (module, found)
        for module in MODULES
        if top(module) not in EDGE
        for found in imports(module)
        if top(found) in EDGE
    ]
    assert crossing == []


@pytest.mark.parametrize("package", ["layers", "checks"])
def test_siblings_do_not_know_each_other(package: str) -> None:
    names = {module.rpartition(".")[2] for module in MODULES if module.startswith(f"strati.{package}.")}
    shared = HELPERS if package == "layers" else set()
    for module in MODULES:
        if module.rpartition(".")[0] != f"strati.{package}":
            continue
        name = module.rpartition(".")[2]
        others = {found.rpartition(".")[2] for found in imports(module) if found.startswith(f"strati.{package}.")}
        others = others & names - shared - {name}
        assert others == set(), f"{module} imports {sorted(others)}"


def test_the_test_sees_wrong_directions() -> None:
    """The parser finds plain, relative and local imports, and leaves out those for types."""
    assert "strati.models.store" in list(imports("strati.cli.available"))  # inside a function
    assert "strati.model" not in list(imports("strati.context"))  # for types only
    assert "strati.errors" in list(imports("strati.context"))


@pytest.mark.parametrize("module", ["strati", "strati.cli", "strati.cli.app"])
def test_importing_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
