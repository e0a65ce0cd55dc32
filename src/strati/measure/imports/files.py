"""The imported data as files that `strati bench` takes: examples.jsonl, and answers-NAME.csv for each system."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from strati.measure.imports.compared import Imported
from strati.measure.imports.scoring import ANSWERS
from strati.stack.folder import stack_folder_name


def write_files(imported: Imported, folder: Path) -> list[Path]:
    """Write the files into a folder; the first is examples.jsonl, with the targets as references where known."""
    folder.mkdir(parents=True, exist_ok=True)
    examples = folder / "examples.jsonl"
    with examples.open("w", encoding="utf-8", errors="backslashreplace") as file:
        for example in imported.examples:
            reference = imported.targets.get(example.id)
            row = {"id": example.id, "input": example.text, "reference": reference}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    written = [examples]
    slugs = stack_folder_name(list(imported.answers))
    for (name, answers), slug in zip(imported.answers.items(), slugs, strict=True):
        path = folder / f"answers-{slug.removesuffix('.stack')}.csv"
        with path.open("w", encoding="utf-8", newline="", errors="backslashreplace") as file:
            rows = csv.writer(file)
            rows.writerow(["id", "answer", "right", "cost", "seconds", "model"])
            for example in imported.examples:
                row_ = answers[example.id]
                right = "" if row_.value is None else int(row_.value == example.reference)
                said = row_.value if imported.rule.kind == ANSWERS else imported.replies[name][example.id]
                said = "" if row_.value is None else said
                rows.writerow([example.id, said, right, _text(row_.dollars), _text(row_.seconds), row_.model])
        written.append(path)
    return written


def _text(value: float | None) -> str:
    return "" if value is None else repr(value)
