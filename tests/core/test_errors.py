"""No message, page or docstring sends a reader to a package of that name which is not ours."""

from __future__ import annotations

import re
from pathlib import Path

from strati.core.errors import MissingExtra, install

ROOT = Path(__file__).parent.parent.parent
FOREIGN = re.compile(r"pip3? install (-\S+ )*['\"]?strati\b")


def test_a_missing_extra_names_the_command_that_works_in_a_checkout() -> None:
    assert str(MissingExtra("httpx2", "hosted")) == (
        "this needs the package httpx2: pip install -e '.[hosted]' in a checkout of strati"
    )
    assert FOREIGN.search("run pip install 'strati[local]' first")


def test_nothing_tells_to_install_it_from_the_index() -> None:
    folders = [ROOT / name for name in ("src", "docs", "examples", "benchmarks")]
    files = [
        file for folder in folders for ending in ("*.py", "*.md", "*.html", "*.toml") for file in folder.rglob(ending)
    ]
    told = [str(file) for file in (*files, ROOT / "README.md") if FOREIGN.search(file.read_text(encoding="utf-8"))]
    assert told == []
    where = [file for file in (ROOT / "src").rglob("*.py") if "pip install -e '.[" in file.read_text(encoding="utf-8")]
    assert [file.name for file in where] == ["errors.py"], "one place makes the sentence: strati.core.errors.install"
    assert install("docs").startswith("pip install -e '.[docs]'")
