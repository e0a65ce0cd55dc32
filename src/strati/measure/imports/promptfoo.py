"""Outputs of promptfoo: `promptfoo eval --output results.json` (or .jsonl)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from strati.core.errors import DataError
from strati.core.identity import fingerprint
from strati.core.records import JSON
from strati.measure.imports.jsonstream import json_lines, json_parts
from strati.measure.imports.sample import Mark, Run, Sample
from strati.measure.imports.values import files_in, number, object_of, plain

NEWEST = 3
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_ERROR = 2  # of promptfoo's failureReason: the call failed, not an assertion


def read_promptfoo(path: Path) -> Iterator[Run]:
    """One run for each provider and prompt of an output file."""
    for file in files_in(path, ("*.json", "*.jsonl")):
        if file.suffix.lower() in (".yaml", ".yml", ".csv", ".html", ".xml"):
            raise DataError(
                f"{file} is promptfoo's {file.suffix[1:]} form: write the results with --output results.json"
            )
        rows = _lines(file) if file.suffix.lower() == ".jsonl" else _parts(file)
        systems: dict[tuple[str, str], list[Sample]] = {}
        seen: dict[tuple[str, str, str], int] = {}
        for row in rows:
            system = (_provider(row), _prompt(row))
            sample = _sample(row)
            repeat = seen[(*system, sample.id)] = seen.get((*system, sample.id), 0) + 1
            systems.setdefault(system, []).append(replace(sample, repeat=repeat))
        if not systems:
            raise DataError(f"{file} holds no results, expected the output of promptfoo eval")
        prompts = {provider: len([p for p, _ in systems if p == provider]) for provider, _ in systems}
        for (provider, prompt), samples in systems.items():
            name = f"{provider}, {prompt}" if prompts[provider] > 1 else provider
            yield Run(name, str(file), tuple(samples))


def _lines(path: Path) -> Iterator[Mapping[str, JSON]]:
    return (_checked(row, path) for _, row in json_lines(path))


def _parts(path: Path) -> Iterator[Mapping[str, JSON]]:
    for keys, value in json_parts(path, ("results", "results"), ("results",)):
        if keys[-1] == "version" and isinstance(value, int) and value > NEWEST:
            raise DataError(f"{path} has output version {value}, this version of strati reads versions up to {NEWEST}")
        if set(keys) == {"results"} and isinstance(value, dict):
            yield _checked(value, path)


def _checked(row: Mapping[str, JSON], path: Path) -> Mapping[str, JSON]:
    if "provider" not in row or not ({"success", "response", "error"} & set(row)):
        raise DataError(
            f"{path} holds a result without a provider or an outcome, expected the output of promptfoo eval"
        )
    return row


def _provider(row: Mapping[str, JSON]) -> str:
    provider = row["provider"]
    known = object_of(provider)
    return str(known.get("label") or known.get("id") or provider)


def _prompt(row: Mapping[str, JSON]) -> str:
    if "promptIdx" in row:
        return f"prompt {int(row['promptIdx']) + 1}"
    prompt = object_of(row.get("prompt"))
    return str(prompt.get("label") or prompt.get("raw") or "prompt")[:60]


def _sample(row: Mapping[str, JSON]) -> Sample:
    response, test = object_of(row.get("response")), object_of(row.get("testCase"))
    vars_ = row.get("vars") or test.get("vars") or {}
    asserts = test.get("assert") or []
    answer = plain(response.get("output"))
    reference = _reference(asserts, object_of(vars_))
    cached = bool(response.get("cached"))
    seconds = number(row.get("latencyMs"))
    return Sample(
        id=fingerprint("promptfoo", vars=vars_, asserts=asserts)[:12],
        input=_input(object_of(vars_), reference),
        reference=reference,
        answer=answer.strip() or None if answer is not None else None,
        marks=_marks(row),
        failure=_failure(row, answer),
        dollars=None if cached else number(row.get("cost", response.get("cost"))),
        seconds=None if cached or seconds is None else seconds / 1000,
    )


def _failure(row: Mapping[str, JSON], answer: str | None) -> str | None:
    error = row.get("error") or object_of(row.get("response")).get("error")
    if row.get("failureReason") == _ERROR or (error and answer is None):
        return f"error: {error or 'not told'}"
    return None


def _marks(row: Mapping[str, JSON]) -> dict[str, Mark]:
    grading = object_of(row.get("gradingResult"))
    passed = row.get("success", grading.get("pass"))
    named = {**object_of(grading.get("namedScores")), **object_of(row.get("namedScores"))}
    scores = {"pass": passed, "score": row.get("score", grading.get("score")), **named}
    return {name: Mark(found) for name, score in scores.items() if (found := number(score)) is not None}


def _input(vars_: Mapping[str, JSON], reference: str | None) -> str:
    """The variables, without one that is the right answer itself."""
    kept = {name: value for name, value in vars_.items() if reference is None or value != reference}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def _reference(asserts: JSON, vars_: Mapping[str, JSON]) -> str | None:
    """The value of the only `equals` assertion, where it is plain text or names a variable."""
    equals = (
        [object_of(a) for a in asserts if object_of(a).get("type") == "equals"] if isinstance(asserts, list) else []
    )
    value = equals[0].get("value") if len(equals) == 1 else None
    if isinstance(value, str) and (variable := _VARIABLE.fullmatch(value.strip())):
        value = vars_.get(variable[1])
    return value if isinstance(value, str) and "{{" not in value else None
