"""Samples of the Language Model Evaluation Harness (lm-eval), written with `--log_samples`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.measure.imports.jsonstream import json_lines, json_parts
from strati.measure.imports.sample import Mark, Run, Sample
from strati.measure.imports.values import files_in, number, object_of, plain

_NAME = re.compile(r"samples_(?P<task>.+)_(?P<date>\d{4}-\d\d-\d\dT[\d.:+-]+)\.jsonl$")


def read_lm_eval(path: Path) -> Iterator[Run]:
    """The runs of one samples file, or of all in a folder: one per model folder, task and date."""
    if path.is_dir() and any(path.rglob("results*.json")) and not any(path.rglob("samples_*.jsonl")):
        raise DataError(f"{path} holds results but no samples_*.jsonl: run lm-eval again with --log_samples")
    for file in files_in(path, ("samples_*.jsonl",)):
        match = _NAME.search(file.name)
        task, date = (match["task"], match["date"]) if match else (file.stem.removeprefix("samples_"), "")
        samples = tuple(_samples(file, task))
        if not samples:
            raise DataError(f"{file} holds no samples")
        yield Run(_model(file.parent, date), str(file), samples, created=date)


def _model(folder: Path, date: str) -> str:
    """The model's name as the results beside the samples have it, else the folder's name."""
    for file in (folder / f"results_{date}.json", *sorted(folder.glob("results*.json"))):
        if file.is_file():
            header = {keys[0]: value for keys, value in json_parts(file) if len(keys) == 1}
            config = header.get("config")
            known = header.get("model_name") or (config.get("model") if isinstance(config, dict) else None)
            if known:
                return str(known)
    return folder.resolve().name


def _samples(path: Path, task: str) -> Iterator[Sample]:
    """One sample a document; its lines, one for each filter, are put together."""
    found: dict[str, Sample] = {}
    for number_, row in json_lines(path):
        if "doc_id" not in row or not isinstance(row.get("metrics", []), list):
            raise DataError(f"{path}, line {number_} has no doc_id, expected a line of lm-eval's samples")
        key = str(row["doc_id"])
        sample = _sample(row, task)
        known = found.get(key)
        found[key] = sample if known is None else replace(known, marks={**known.marks, **sample.marks})
    yield from found.values()


def _sample(row: Mapping[str, JSON], task: str) -> Sample:
    answer = _answer(row.get("filtered_resps"))
    filter_ = str(row.get("filter") or "none")
    names = row.get("metrics") or [name for name in ("exact_match", "acc") if name in row]
    suffix = "" if filter_ == "none" else f",{filter_}"
    scores = {f"{name}{suffix}": number(row.get(name)) for name in names}
    return Sample(
        id=str(row["doc_id"]),
        task=task,
        input=_prompt(row),  # not the document, which holds the right answer
        content=str(row.get("doc_hash") or plain(row.get("doc")) or ""),
        reference=plain(row.get("target")),
        answer=answer,
        marks={name: Mark(score, answer) for name, score in scores.items() if score is not None},
    )


def _prompt(row: Mapping[str, JSON]) -> str:
    return plain(object_of(object_of(row.get("arguments")).get("gen_args_0")).get("arg_0")) or ""


def _answer(replies: JSON) -> str | None:
    """The reply of a generation; for choices scored by log-likelihood, the index of the likeliest."""
    if not isinstance(replies, list) or not replies:
        return None
    if len(replies) == 1:
        return replies[0].strip() or None if isinstance(replies[0], str) else None
    chances = [number(reply[0]) if isinstance(reply, list) and reply else None for reply in replies]
    known = [chance for chance in chances if chance is not None]
    return str(known.index(max(known))) if len(known) == len(replies) else None
