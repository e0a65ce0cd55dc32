"""The kind `query` from end to end: bench, its journal read anew, the saved stack from another folder."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from strati.core.errors import DataError
from strati.measure.journal import Journal
from strati.measure.results import load_results
from strati.tables import held
from tests.command import strati

NAMES = [
    f"{first}{second}" for first in ("Bel", "Cor", "Dun", "Fal", "Gor") for second in ("mont", "ville", "by", "os")
]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Sixty questions about twenty towns, every third with an answer in place of a query."""
    with (tmp_path / "towns.csv").open("w", encoding="utf-8", newline="") as file:
        rows = [(name, 1000 + 37 * n, ("north", "south")[n % 2]) for n, name in enumerate(NAMES)]
        csv.writer(file).writerows([("town", "inhabitants", "region"), *rows])
    asked: list[dict[str, object]] = []
    for name, inhabitants, _ in rows:
        asked.append(
            {"question": f"What is the region of {name}?", "sql": f"SELECT region FROM towns WHERE town='{name}'"}
        )
        asked.append({"question": f"How many inhabitants has {name}?", "answer": inhabitants})
        asked.append(
            {"question": f"inhabitants of {name}", "sql": f"SELECT inhabitants FROM towns WHERE town = '{name}'"}
        )
    lines = "".join(json.dumps({"id": str(n), **row}) + "\n" for n, row in enumerate(asked))
    (tmp_path / "questions.jsonl").write_text(lines, encoding="utf-8")
    yield tmp_path
    held.close()


def test_bench_run_and_what_has_changed(folder: Path) -> None:
    kind = ("--kind", "query", "--tables", "towns.csv", "--no-llm", "--json")
    verdict = json.loads(strati(folder, "bench", "questions.jsonl", *kind).stdout)
    found = {row["name"]: row for row in verdict["candidates"]}
    assert list(found) == ["approved", "parser", "approved, parser"]
    assert found["parser"]["quality"]["value"] > 0.6
    journal = next((folder / ".strati/runs").glob("*.db"))

    held.close()  # as a process of its own: nothing is open
    with Journal(journal, read_only=True) as opened:
        results = load_results(opened)
        assert not results.result("approved, parser").record.composable
        reference, value = {"sql": "SELECT town FROM towns LIMIT 1"}, {"rows": [["Belmont"]]}
        snapshot = held.hold([folder / "towns.csv"]).schema.snapshot
        assert results.metric.loss({**value, "snapshot": snapshot}, reference) == 0.0
        with pytest.raises(DataError, match=r"comes from other tables than towns\.csv is now"):
            results.metric.loss({**value, "snapshot": "another"}, reference)

    stack = next((folder / ".strati/runs").glob("*.stacks/parser.stack")).absolute()
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    assert strati(elsewhere, "run", stack, "../questions.jsonl", "--out", "a.jsonl", "--explain").returncode == 0
    answers = [json.loads(line) for line in (elsewhere / "a.jsonl").read_text(encoding="utf-8").splitlines()]
    assert answers[2]["answer"]["rows"] == [[1000]]
    assert answers[2]["why"]["line"]

    held.close()
    (folder / "towns.csv").write_text("town,inhabitants,region\nBelmont,5,north\n", encoding="utf-8")
    changed = strati(elsewhere, "run", stack, "../questions.jsonl", "--out", "b.jsonl")
    assert changed.returncode == 2
    assert "was made for towns.csv as it was, and what it holds has changed since" in changed.stderr
    (folder / "towns.csv").unlink()
    gone = strati(elsewhere, "run", stack, "../questions.jsonl", "--out", "c.jsonl")
    assert gone.returncode == 2
    assert "towns.csv, which is not there" in gone.stderr
