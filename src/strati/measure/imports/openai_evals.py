"""Record files of OpenAI Evals: JSON lines with one `spec`, the events of the samples and a `final_report`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from strati.core.errors import DataError
from strati.core.records import JSON
from strati.measure.imports.jsonstream import json_lines
from strati.measure.imports.sample import Mark, Run, Sample
from strati.measure.imports.values import files_in, number, object_of, plain


def read_openai_evals(path: Path) -> Iterator[Run]:
    """One run a file."""
    for file in files_in(path, ("*.jsonl",)):
        spec: dict[str, JSON] = {}
        found: dict[str, Sample] = {}
        for _, row in json_lines(file):
            spec = row["spec"] if isinstance(row.get("spec"), dict) else spec
            if "sample_id" in row and "type" in row:
                key = str(row["sample_id"])
                found[key] = _with(found.get(key, Sample(key)), str(row["type"]), row)
        if not spec:
            raise DataError(f'{file} has no line with a "spec", expected a record file of OpenAI Evals')
        if not found:
            raise DataError(f"{file} holds no samples: a header, or a run that ended before the first")
        names = spec.get("completion_fns")
        name = "+".join(map(str, names)) if isinstance(names, list) and names else str(spec.get("model_name", "model"))
        task = str(spec.get("base_eval") or spec.get("eval_name") or "")
        samples = tuple(replace(sample, task=task, failure=_failure(sample)) for sample in found.values())
        yield Run(name, str(file), samples, str(spec.get("run_id") or ""), str(spec.get("created_at") or ""))


def _with(sample: Sample, kind: str, row: dict[str, JSON]) -> Sample:
    data = object_of(row.get("data"))
    if kind == "match":
        correct = number(data.get("correct"))
        expected = data.get("expected")
        marks = {} if correct is None else {"match": Mark(correct)}
        return replace(
            sample,
            reference=expected[0] if isinstance(expected, list) and len(expected) == 1 else _text(expected),
            answer=_text(data.get("picked")) or _text(data.get("sampled")) or sample.answer,
            marks={**sample.marks, **marks},
        )
    if kind == "metrics":
        marks = {name: Mark(score) for name, value in data.items() if (score := number(value)) is not None}
        return replace(sample, marks={**sample.marks, **marks})
    if kind == "sampling" and not sample.input:
        sampled = data.get("sampled")
        reply = sampled[0] if isinstance(sampled, list) and sampled else sampled
        return replace(sample, input=plain(data.get("prompt")) or "", answer=sample.answer or _text(reply))
    if kind == "error":
        return replace(sample, failure=f"error: {data.get('message') or data or 'not told'}")
    return sample


def _failure(sample: Sample) -> str | None:
    if sample.marks:
        return None
    return sample.failure or ("no answer and no score" if sample.answer is None else None)


def _text(value: JSON) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
