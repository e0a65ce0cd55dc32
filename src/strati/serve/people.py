"""Cases for people: written out in forms that labelling tools read, and people's decisions taken back in."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from strati.core.errors import DataError
from strati.core.records import JSON, Outcome, State, text_of
from strati.data.files.rows import read_rows
from strati.measure.journal import Journal
from strati.serve.batch.here import Tally, dump

OPEN = (str(State.PENDING), str(State.WITHHELD))
PERSON = "person"


class Decision(NamedTuple):
    """What people decided on one case: (who, answer) pairs."""

    said: tuple[tuple[str, str], ...]

    @property
    def answer(self) -> str | None:
        """The answer all agree on, else None."""
        found = {answer for _, answer in self.said}
        return next(iter(found)) if len(found) == 1 else None

    @property
    def conflict(self) -> str:
        return "people decided differently: " + ", ".join(f"{answer!r} ({who})" for who, answer in self.said)


def lines_of(out: Path) -> Iterator[dict[str, JSON]]:
    """The records of a file of answers, one after the other."""
    with out.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def export(out: Path, target: Path, form: str, labels: tuple[str, ...] = ()) -> int:
    """Write the cases that wait for a person; returns how many.

    `form` is `csv`, `jsonl`, `argilla` (records for `rg.Dataset.records.log`) or `labelstudio` (a task list with the
    proposal as a prediction).
    """
    if form not in FORMS:
        raise DataError(f"the form {form!r} is not known, expected one of: {', '.join(FORMS)}")
    waiting = (record for record in lines_of(out) if record["state"] in OPEN)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    target.parent.mkdir(parents=True, exist_ok=True)
    count = FORMS[form](waiting, temporary, labels)
    os.replace(temporary, target)
    return count


def _csv(records: Iterator[dict[str, JSON]], path: Path, labels: tuple[str, ...]) -> int:  # noqa: ARG001
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "input", "proposed", "confidence", "reason", "answer", "by"))
        for count, record in enumerate(records, 1):  # noqa: B007
            value, confidence = proposal(record)
            proposed = shown(value)
            writer.writerow((record["id"], text_of(record["input"]), proposed, confidence, record["reason"], "", ""))
    return count


def _jsonl(records: Iterator[dict[str, JSON]], path: Path, labels: tuple[str, ...]) -> int:  # noqa: ARG001
    count = 0
    with path.open("wb") as file:
        for count, record in enumerate(records, 1):  # noqa: B007
            file.write(dump({**record, "proposed": proposal(record)[0]}))
    return count


def _argilla(records: Iterator[dict[str, JSON]], path: Path, labels: tuple[str, ...]) -> int:  # noqa: ARG001
    count = 0
    with path.open("wb") as file:
        for count, record in enumerate(records, 1):  # noqa: B007
            value, confidence = proposal(record)
            entry: dict[str, JSON] = {
                "id": record["id"],
                "fields": {"text": text_of(record["input"])},
                "metadata": {"reason": record["reason"]},
            }
            if value is not None:
                suggestion = {"question_name": "label", "value": value, "score": confidence, "agent": "strati"}
                entry["suggestions"] = [suggestion]
            file.write(dump(entry))
    return count


def _labelstudio(records: Iterator[dict[str, JSON]], path: Path, labels: tuple[str, ...]) -> int:  # noqa: ARG001
    count = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for count, record in enumerate(records, 1):
            value, confidence = proposal(record)
            data = {"id": record["id"], "text": text_of(record["input"]), "reason": record["reason"]}
            task: dict[str, JSON] = {"data": data}
            if value is not None:
                choice = {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [value]}}
                task["predictions"] = [{"model_version": "strati", "score": confidence, "result": [choice]}]
            file.write((",\n" if count > 1 else "\n") + json.dumps(task, ensure_ascii=True))
        file.write("\n]\n")
    return count


FORMS: dict[str, Callable[[Iterator[dict[str, JSON]], Path, tuple[str, ...]], int]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "argilla": _argilla,
    "labelstudio": _labelstudio,
}


def shown(value: JSON) -> str:
    """What a layer proposed, for a person to read: of a query its SQL and the first rows that it gave.

    >>> shown({"sql": "SELECT count(*) FROM t", "columns": ["count"], "rows": [[3]], "snapshot": "f00"})
    'SELECT count(*) FROM t -- gives: 3'
    """
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, dict) and isinstance(value.get("sql"), str):
        rows = value.get("rows") or []
        given = "; ".join(", ".join(map(str, row)) for row in rows[:5]) or "no row"
        return f"{value['sql']} -- gives: {given}" + (f"; ... {len(rows)} rows" if len(rows) > 5 else "")
    return json.dumps(value, ensure_ascii=False)


def proposal(record: Mapping[str, JSON]) -> tuple[JSON, float | None]:
    """The last answer that a layer proposed, and its confidence; nothing was delivered."""
    for step in reversed(record["steps"]):
        if step.get("proposed") is not None:
            return step["proposed"], step.get("confidence")
    return None, None


def read_decisions(path: Path, labels: tuple[str, ...] = ()) -> dict[str, Decision]:
    """People's decisions by case id, from CSV, TSV, JSONL or Parquet with the columns id, answer and (optional) by.

    Rows without an answer are not decided yet. `labels`, where known, are the answers allowed.

    Raises:
        DataError: a column is missing, an id is empty, or an answer is outside the answer space.
    """
    found: dict[str, dict[tuple[str, str], None]] = {}
    for number, row in enumerate(read_rows(path, ("id", "answer"), ("by",)), 1):
        key, answer = row["id"].strip(), row["answer"].strip()
        if not key:
            raise DataError(f"{path}, row {number}: the id is empty, expected the id of a pending case")
        if not answer:
            continue
        if labels and answer not in labels:
            shown = ", ".join(labels[:10]) + (", ..." if len(labels) > 10 else "")
            raise DataError(f"{path}, row {number}: the answer {answer!r} is not in the answer space: {shown}")
        found.setdefault(key, {})[row.get("by", "").strip() or "somebody", answer] = None
    if not found:
        raise DataError(f"{path} holds no decisions, expected rows with the columns id and answer")
    return {key: Decision(tuple(said)) for key, said in found.items()}


def decide(out: Path, journal: Journal, tally: Tally, decisions: Mapping[str, Decision], source: Path) -> Counter[str]:
    """Put people's decisions into a finished file of answers; counts what was `decided`, `conflicting`, `known`.

    Two people who disagree leave the case pending, with both answers as the reason. All or nothing: the new file takes
    the place of the old one when every decision has found its case.

    Raises:
        DataError: a decision is for an id that is not there, or for one that a layer answered.
    """
    counts: Counter[str] = Counter()
    missing = set(decisions)
    temporary = out.with_name(f".{out.name}.{os.getpid()}")
    states: Counter[str] = Counter()
    layers: Counter[str] = Counter()
    try:
        with temporary.open("wb") as file:
            for record in lines_of(out):
                if record["id"] in decisions:
                    missing.discard(record["id"])
                    record = _decided(record, decisions[record["id"]], source, counts)
                states[record["state"]] += 1
                layers.update([record["layer"]] if record["layer"] else [])
                file.write(dump(record))
            if missing:
                raise DataError(
                    f"{source} decides {len(missing)} ids that {out} does not have, such as {min(missing)!r}: "
                    "expected ids of pending cases; nothing was changed"
                )
            file.flush()
            os.fsync(file.fileno())
            size = file.tell()
        os.replace(temporary, out)
    finally:
        temporary.unlink(missing_ok=True)
    tally.bytes, tally.states, tally.layers = size, states, layers
    journal.write("progress", tally.to_json())
    return counts


def _decided(record: dict[str, JSON], decision: Decision, source: Path, counts: Counter[str]) -> dict[str, JSON]:
    if record["state"] not in OPEN:
        if record["layer"] == PERSON and decision.answer == record["answer"]:
            counts["known"] += 1
            return record
        who = "a person" if record["layer"] == PERSON else f"the layer {record['layer']}"
        raise DataError(
            f"{source}: the case {record['id']!r} is not pending, {who} answered {record['answer']!r}; "
            "nothing was changed"
        )
    if decision.answer is None:
        counts["conflicting"] += 1
        return {**record, "reason": decision.conflict}
    counts["decided"] += 1
    by = ", ".join(who for who, _ in decision.said)
    step = {
        "layer": PERSON,
        "outcome": str(Outcome.ANSWERED),
        "reason": f"decided by {by}",
        "proposed": decision.answer,
    }
    done = {**record, "state": str(State.ANSWERED), "answer": decision.answer, "confidence": None, "layer": PERSON}
    return {**done, "reason": step["reason"], "steps": [*record["steps"], step]}
