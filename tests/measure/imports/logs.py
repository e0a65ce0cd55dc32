"""Small logs in the shapes other tools write them, made up here."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Row = dict[str, Any]


def inspect_sample(id: int, right: bool | None, epoch: int = 1, **more: Any) -> Row:
    row: Row = {
        "id": id,
        "epoch": epoch,
        "input": f"What is {id} + 1?",
        "target": str(id + 1),
        "output": {"model": "m", "choices": [{"message": {"role": "assistant", "content": f"It is {id}"}}]},
        "scores": {"match": {"value": "C" if right else "I", "answer": f"answer {id}"}},
        "model_usage": {"m": {"input_tokens": 5, "output_tokens": 1, "total_cost": 0.001}},
        "total_time": 2.0,
        "working_time": 1.5,
    }
    if right is None:
        row |= {"scores": {}, "error": {"message": "out of memory", "traceback": "..."}}
    return row | more


def inspect_header(model: str = "big", **more: Any) -> Row:
    spec = {"task": "sums", "task_id": model, "model": model, "created": "2026-11-01T10:00:00+00:00"}
    return {"version": 2, "status": "success", "eval": spec} | more


def inspect_json(path: Path, samples: list[Row], model: str = "big", **more: Any) -> Path:
    path.write_text(json.dumps(inspect_header(model, **more) | {"samples": samples}, indent=1), encoding="utf-8")
    return path


def inspect_eval(path: Path, samples: list[Row], model: str = "big", pieces: bool = False, **more: Any) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps(inspect_header(model, **more)))
        for row in samples:
            stem = f"samples/{row['id']}_epoch_{row['epoch']}"
            archive.writestr(f"{stem}/sample.json" if pieces else f"{stem}.json", json.dumps(row))
            if pieces:
                archive.writestr(f"{stem}/messages/0.json", "[]")
    return path


def lines(path: Path, rows: Iterable[Row]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def lm_eval(folder: Path, model: str, rights: list[bool], task: str = "sums", filter: str = "none") -> Path:
    date = "2026-11-01T10-00-00.123456"
    folder = folder / model
    rows = [
        {
            "doc_id": n,
            "doc": {"question": f"{n} + 1?"},
            "target": str(n % 4),
            "arguments": {"gen_args_0": {"arg_0": f"Q: {n} + 1?", "arg_1": {}}},
            "resps": [["x"]],
            "filtered_resps": [str(n % 4) if right else "9"],
            "filter": filter,
            "metrics": ["exact_match"],
            "doc_hash": "h",
            "exact_match": float(right),
        }
        for n, right in enumerate(rights)
    ]
    lines(folder / f"samples_{task}_{date}.jsonl", rows)
    (folder / f"results_{date}.json").write_text(json.dumps({"results": {}, "model_name": f"org/{model}"}))
    return folder


def promptfoo_row(provider: str, n: int, success: bool, prompt: int = 0, **more: Any) -> Row:
    return {
        "promptIdx": prompt,
        "testIdx": n,
        "provider": {"id": provider, "label": ""},
        "prompt": {"raw": "Sort: {{text}}", "label": "sort"},
        "vars": {"text": f"ticket {n}"},
        "testCase": {"vars": {"text": f"ticket {n}"}, "assert": [{"type": "equals", "value": "ab"[n % 2]}]},
        "response": {"output": "ab"[n % 2] if success else "c", "cached": False},
        "success": success,
        "failureReason": 0 if success else 1,
        "score": float(success),
        "latencyMs": 500,
        "cost": 0.002,
        "namedScores": {},
        "gradingResult": {"pass": success, "score": float(success), "reason": ""},
    } | more


def promptfoo(path: Path, rows: list[Row], version: int = 3) -> Path:
    results = {"version": version, "timestamp": "2026-11-01", "prompts": [], "results": rows, "stats": {}}
    path.write_text(json.dumps({"evalId": "e", "results": results, "config": {}, "shareableUrl": None}))
    return path


def openai_evals(path: Path, model: str, rights: list[bool]) -> Path:
    spec = {"completion_fns": [model], "eval_name": "sums.dev.v0", "base_eval": "sums", "run_id": model}
    rows: list[Row] = [{"spec": spec}]
    for n, right in enumerate(rights):
        base = {"run_id": model, "event_id": n, "sample_id": f"sums.dev.{n}"}
        sampling = {"prompt": [{"role": "user", "content": f"{n} + 1?"}], "sampled": ["7"]}
        match = {"correct": right, "expected": "ab"[n % 2], "picked": "ab"[n % 2] if right else None, "sampled": "7"}
        rows += [base | {"type": "sampling", "data": sampling}, base | {"type": "match", "data": match}]
    return lines(path, [*rows, {"final_report": {"accuracy": 0.5}}])
