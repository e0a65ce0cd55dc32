"""Logs of Inspect (inspect_ai): `.eval` archives and `.json` files, format versions 1 to 3."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.measure.imports.archive import Archive
from strati.measure.imports.jsonstream import json_parts
from strati.measure.imports.sample import Mark, Run, Sample
from strati.measure.imports.values import files_in, number, object_of, text_of_reply

NEWEST = 3
_SCORES = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0, "CORRECT": 1.0, "INCORRECT": 0.0, "YES": 1.0, "NO": 0.0}
_SCORES |= {"TRUE": 1.0, "FALSE": 0.0}


class _Log(NamedTuple):
    header: Mapping[str, JSON]
    samples: tuple[Sample, ...]


def read_inspect(path: Path) -> Iterator[Run]:
    """The runs of one log file, or of all logs in a folder."""
    archives = path.is_dir() and any(path.rglob("*.eval"))  # then a .json beside them is something else
    for file in files_in(path, ("*.eval",) if archives else ("*.eval", "*.json")):
        log = _archived(file) if zipfile.is_zipfile(file) or file.suffix == ".eval" else _plain(file)
        if not log.samples:
            raise DataError(f"{file} holds no samples: only the header of a log, or a run that ended before the first")
        spec = object_of(log.header.get("eval"))
        yield Run(
            str(spec.get("model") or "model"),
            str(file),
            log.samples,
            str(spec.get("task_id") or ""),
            str(spec.get("created") or ""),
            tuple(_notes(file, log)),
        )


def _archived(path: Path) -> _Log:
    archive = Archive(path)
    try:
        start = "header.json" if "header.json" in archive.names else "_journal/start.json"
        if start not in archive.names:
            start = "start.json"
        if start not in archive.names:
            raise DataError(f"{path} holds no header.json, expected an Inspect log")
        header = object_of(archive.json(start))
        _check_version(path, header)
        task = _task(header)
        wanted = [name for name in archive.names if _is_sample(name)]
        return _Log(header, tuple(_sample(object_of(archive.json(name)), task, f"{path}: {name}") for name in wanted))
    finally:
        archive.close()


def _is_sample(name: str) -> bool:
    """`samples/ID_epoch_N.json`, or the head of a sample that is kept in pieces: `samples/ID_epoch_N/sample.json`."""
    if not name.startswith("samples/") or not name.endswith(".json"):
        return False
    inner = name.removeprefix("samples/").removesuffix(".json")
    stem, _, epoch = inner.removesuffix("/sample").rpartition("_epoch_")
    return bool(stem) and epoch.isdigit()


def _plain(path: Path) -> _Log:
    header: dict[str, JSON] = {}
    samples: list[Sample] = []
    for keys, value in json_parts(path, ("samples",)):
        if keys == ("samples",) and isinstance(value, dict):
            if "eval" not in header:
                break
            samples.append(_sample(value, _task(header), f"{path}, sample {len(samples) + 1}"))
            continue
        if len(keys) == 1:
            header[keys[0]] = value
        if keys == ("version",):
            _check_version(path, header)
    if not isinstance(header.get("eval"), dict):
        raise DataError(f'{path} has no "eval" before its samples, expected an Inspect log')
    return _Log(header, tuple(samples))


def _check_version(path: Path, header: Mapping[str, JSON]) -> None:
    version = header.get("version")
    if not isinstance(version, int):
        raise DataError(f"{path} states no format version, expected an Inspect log")
    if version > NEWEST:
        raise DataError(f"{path} has log format {version}, this version of strati reads formats up to {NEWEST}")


def _task(header: Mapping[str, JSON]) -> str:
    return str(object_of(header.get("eval")).get("task") or "").rpartition("/")[2]


def _sample(row: Mapping[str, JSON], task: str, where: str) -> Sample:
    if "id" not in row or "epoch" not in row:
        raise DataError(f"{where} has no id or no epoch, expected a sample of an Inspect log")
    reply = text_of_reply(object_of(row.get("output")))
    marks = _marks(object_of(row.get("scores")))
    main = next(iter(marks.values()), None)
    target = row.get("target")
    return Sample(
        id=str(row["id"]),
        task=task,
        input=_input(row),
        reference=_only(target),
        answer=main.answer if main and main.answer else reply,
        marks=marks,
        failure=_failure(row, main, reply),
        repeat=int(row["epoch"]),
        dollars=_dollars(object_of(row.get("model_usage"))),
        seconds=number(row.get("working_time")) or number(row.get("total_time")),
    )


def _only(target: JSON) -> str | None:
    """The target where there is exactly one."""
    found = target[0] if isinstance(target, list) and len(target) == 1 else target
    return found if isinstance(found, str) and found else None


def _failure(row: Mapping[str, JSON], main: Mark | None, reply: str | None) -> str | None:
    error = row.get("error")
    if error:
        return f"error: {object_of(error).get('message') or error}"
    return "no reply and no score" if main is None and not reply else None


def _marks(scores: Mapping[str, JSON]) -> dict[str, Mark]:
    """One mark a scorer; a scorer that gives several values makes one `scorer/value` each."""
    marks = {}
    for name, score in scores.items():
        record = object_of(score)
        answer = record.get("answer")
        value = record.get("value")
        values = {f"{name}/{key}": part for key, part in value.items()} if isinstance(value, dict) else {name: value}
        for key, part in values.items():
            found = _SCORES.get(part.upper(), number(part)) if isinstance(part, str) else number(part)
            if found is not None:
                marks[key] = Mark(found, str(answer) if answer is not None else None)
    return marks


def _input(row: Mapping[str, JSON]) -> str:
    given, choices = row.get("input"), row.get("choices")
    if isinstance(given, list):
        turns = [object_of(turn) for turn in given]
        given = "\n".join(f"{turn.get('role', '')}: {_content(turn.get('content'))}" for turn in turns)
    return "\n".join([str(given or ""), *(str(choice) for choice in choices or [])])


def _content(content: JSON) -> str:
    if isinstance(content, list):
        return "\n".join(str(object_of(part).get("text", "")) for part in content)
    return str(content or "")


def _dollars(usage: Mapping[str, JSON]) -> float | None:
    costs = [number(object_of(part).get("total_cost")) for part in usage.values()]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known and len(known) == len(costs) else None


def _notes(path: Path, log: _Log) -> Iterator[str]:
    status = log.header.get("status")
    if status not in (None, "success"):
        yield f"{path.name} ended with the status {status}: samples it never came to are left out, not counted as wrong"
