"""A plain table: one row a sample, one column a system. CSV, TSV, JSONL or Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from strati.core.content import content_of
from strati.core.errors import DataError
from strati.data.files.formats import open_table
from strati.data.files.rows import read_rows
from strati.measure.imports.sample import Mark, Run, Sample

IDS = ("id", "sample_id", "row")
REFERENCES = ("reference", "target", "label", "expected", "answer", "truth")
INPUTS = ("input", "text", "question", "prompt")
TRUTH = {"right": 1.0, "true": 1.0, "pass": 1.0, "1": 1.0, "wrong": 0.0, "false": 0.0, "fail": 0.0, "0": 0.0}
EXTRAS = ("cost", "seconds")


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what; a name of None is looked for among the usual ones."""

    id: str | None
    reference: str | None
    input: str | None
    systems: tuple[str, ...]


def read_table(path: Path) -> Iterator[Run]:
    """One run for each column that is neither id, reference, input nor `SYSTEM_cost` or `SYSTEM_seconds`.

    With a reference column the cells are answers, without one right or wrong or a score. An empty cell is a failure.
    """
    columns = _columns(open_table(content_of(path)).table.columns, path)
    extras = [f"{system}_{extra}" for system in columns.systems for extra in EXTRAS]
    named = [name for name in (columns.id, columns.reference, columns.input) if name]
    rows = list(read_rows(path, [*named, *columns.systems], extras))
    if not rows:
        raise DataError(f"{path} holds no rows")
    for system in columns.systems:
        yield Run(system, str(path), tuple(_sample(row, n, system, columns, path) for n, row in enumerate(rows, 1)))


def _columns(names: Sequence[str], path: Path) -> Columns:
    lower = {name.strip().lower(): name for name in names}

    def first(usual: Sequence[str]) -> str | None:
        return next((lower[name] for name in usual if name in lower), None)

    id_, reference, input_ = first(IDS), first(REFERENCES), first(INPUTS)
    rest = [name for name in names if name not in (id_, reference, input_)]
    systems = tuple(n for n in rest if not any(n.endswith(f"_{e}") and n.removesuffix(f"_{e}") in rest for e in EXTRAS))
    if not systems:
        raise DataError(f"{path} has the columns {', '.join(names)}, expected one more for each system")
    return Columns(id_, reference, input_, systems)


def _sample(row: dict[str, str], number: int, system: str, columns: Columns, path: Path) -> Sample:
    cell = row[system].strip()
    marks = {}
    if columns.reference is None and cell:
        marks["score"] = Mark(_score(cell, f"{path}, row {number}, column {system}"))
    elif columns.reference and not row[columns.reference].strip():
        raise DataError(f"{path}, row {number}: {columns.reference} is empty, expected the right answer")
    cost, seconds = (row.get(f"{system}_{extra}", "").strip() for extra in EXTRAS)
    return Sample(
        id=row[columns.id].strip() if columns.id else str(number),
        input=row[columns.input] if columns.input else "",
        reference=row[columns.reference].strip() if columns.reference else None,
        answer=cell if columns.reference and cell else None,
        marks=marks,
        failure=None if cell else "the cell is empty",
        dollars=_score(cost, f"{path}, row {number}, column {system}_cost") if cost else None,
        seconds=_score(seconds, f"{path}, row {number}, column {system}_seconds") if seconds else None,
    )


def _score(text: str, where: str) -> float:
    if text.lower() in TRUTH:
        return TRUTH[text.lower()]
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise DataError(
            f"{where} is {text!r}, expected a number of at least 0, or right or wrong; answers need a reference column "
            f"({', '.join(REFERENCES)})"
        )
    return found
