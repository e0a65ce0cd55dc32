"""`strati.toml`: the data, the task and the goal of a project in one file."""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from strati.core.errors import TaskError
from strati.core.records import JSON
from strati.task.task import Goal, Task

DATA_KEYS = ("file", "train", "test", "input", "label", "id", "group", "time", "repeats", "format")
TASK_KEYS = ("kind", "metric", "description", "labels")
BENCH_KEYS = (
    "models",
    "llm",
    "sample",
    "seed",
    "answers",
    "layers",
    "max_dollars",
    "max_minutes",
    "racing",
    "twins",
    "curve",
)
# A model behind a server, [models.NAME]: what each key holds; docs/hosted-models.md says what it means.
MODEL_KEYS: dict[str, tuple[str, tuple[type, ...]]] = {
    "url": ("text", (str,)),
    "model": ("text", (str,)),
    "key_env": ("text", (str,)),
    "private": ("true or false", (bool,)),
    "licence": ("text", (str,)),
    "price_in": ("dollars per million tokens", (int, float)),
    "price_out": ("dollars per million tokens", (int, float)),
    "price_cached": ("dollars per million tokens", (int, float)),
    "provider": ("text", (str,)),
    "context": ("a whole number of tokens", (int,)),
    "batch": ("true or false", (bool,)),
    "batch_factor": ("a share of the ordinary price", (int, float)),
    "concurrency": ("a whole number", (int,)),
    "timeout": ("a number of seconds", (int, float)),
    "retries": ("a whole number", (int,)),
    "logprobs": ("true or false", (bool,)),
    "samples": ("a whole number", (int,)),
    "reasoning_tokens": ("a whole number of tokens", (int,)),
    "extra": ("a table of request fields", (dict,)),
    "cutoff": ('a date such as "2024-06-01"', (str,)),
}


@dataclass(frozen=True, slots=True)
class Config:
    """What a `strati.toml` says; paths are relative to the file's folder. Nothing said is nothing set."""

    data: Mapping[str, JSON] = field(default_factory=dict)
    task: Mapping[str, JSON] = field(default_factory=dict)
    goal: Mapping[str, JSON] = field(default_factory=dict)
    bench: Mapping[str, JSON] = field(default_factory=dict)
    models: Mapping[str, Mapping[str, JSON]] = field(default_factory=dict)
    graph: Mapping[str, JSON] = field(default_factory=dict)
    folder: Path = Path()


def load_config(path: Path) -> Config:
    """Read a strati.toml; raises `TaskError` in one sentence for what is not understood."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise TaskError(f"{path} does not exist; strati init FILE writes one") from None
    except OSError as error:
        raise TaskError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise TaskError(f"{path} is not UTF-8 text, expected TOML") from None
    except tomllib.TOMLDecodeError as error:
        raise TaskError(f"{path} cannot be read as TOML: {error}") from None
    goal_keys = tuple(f.name for f in fields(Goal))
    known = {"data": DATA_KEYS, "task": TASK_KEYS, "goal": goal_keys, "bench": BENCH_KEYS, "models": (), "graph": ()}
    for section, values in data.items():
        _check_key(section, known, path, "section")
        if not isinstance(values, dict):
            raise TaskError(f"{path}: {section} is {values!r}, expected a section [{section}]")
        if section == "models":
            _check_models(values, path)
            continue
        if section == "graph":
            continue  # what it holds is checked by who builds a graph
        for key in values:
            _check_key(key, known[section], path, f"key in [{section}]")
    _check_values(data.get("data", {}), data.get("bench", {}), path)
    return Config(**data, folder=path.parent)


def make_task(data: Mapping[str, JSON], task: Mapping[str, JSON], goal: Mapping[str, JSON]) -> Task:
    """A task from the three sections, with flags already merged in; raises `TaskError` for a value of a wrong type."""
    inputs = _texts("input", data.get("input", ()))
    values: dict[str, JSON] = {key: value for key, value in task.items() if value is not None}
    if "labels" in values:
        values["labels"] = _texts("labels", values["labels"])
    if len(set(values.get("labels", ()))) < len(values.get("labels", ())):
        raise TaskError(f"labels are {list(values['labels'])!r}, expected no label twice")
    columns: dict[str, JSON] = {key: data[key] for key in ("id", "group", "time", "repeats") if data.get(key)}
    label = {"label": data.get("label")} if values.get("kind", "classify") == "classify" or data.get("label") else {}
    for key, value in {**label, **columns, **values}.items():
        if key != "labels" and not isinstance(value, str):
            raise TaskError(f"{key} is {value!r}, expected text")
    return Task(inputs=inputs, label=data.get("label") or "label", goal=make_goal(goal), **columns, **values)


def make_goal(values: Mapping[str, JSON]) -> Goal:
    """A goal from its section; numbers may be written with or without a decimal point."""
    given = {key: value for key, value in values.items() if value is not None}
    for key, value in given.items():
        if key == "private":
            expected, right = "true or false", isinstance(value, bool)
        elif key == "licences":
            expected, right = "a list of licence names", _is_texts(value)
        else:
            expected = "a number"
            right = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not right:
            raise TaskError(f"goal.{key} is {value!r}, expected {expected}")
    if "licences" in given:
        given["licences"] = tuple(given["licences"])
    return Goal(**given)


def _texts(key: str, value: JSON) -> tuple[str, ...]:
    """A list of texts; for `input` one text alone is a list of one."""
    if key == "input" and isinstance(value, str):
        return (value,)
    if not _is_texts(value):
        raise TaskError(f"{key} is {value!r}, expected a list of texts")
    return tuple(value)


def _is_texts(value: JSON) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(part, str) for part in value)


def check_seed(seed: JSON, name: str = "the seed") -> int:
    """A seed as random generators take it; raises `TaskError` for anything but a whole number of at least 0."""
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise TaskError(f"{name} is {seed!r}, expected a whole number of at least 0")
    return seed


def _check_values(data: Mapping[str, JSON], bench: Mapping[str, JSON], path: Path) -> None:
    """The types of [data] and [bench]; those of [task] and [goal] are checked where flags are merged in."""
    for key, value in data.items():
        if key != "input" and not isinstance(value, str):
            raise TaskError(f"{path}: data.{key} is {value!r}, expected text")
    for key, value in bench.items():
        name = f"{path}: bench.{key}"
        if key == "seed":
            check_seed(value, name)
        elif key == "sample":
            if isinstance(value, bool) or not isinstance(value, int):
                raise TaskError(f"{name} is {value!r}, expected a whole number of at least 1")
        elif key in ("max_dollars", "max_minutes"):
            enough = isinstance(value, int | float) and (0 < value < math.inf or (value == 0 and key == "max_dollars"))
            if isinstance(value, bool) or not enough:
                expected = "a number of dollars of at least 0" if key == "max_dollars" else "a number above 0"
                raise TaskError(f"{name} is {value!r}, expected {expected}")
        elif key == "twins":
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise TaskError(f"{name} is {value!r}, expected a whole number of at least 0")
        elif key in ("llm", "racing", "curve"):
            if not isinstance(value, bool):
                raise TaskError(f"{name} is {value!r}, expected true or false")
        elif not _is_texts(value):
            raise TaskError(f"{name} is {value!r}, expected a list of texts")


def _check_models(models: Mapping[str, JSON], path: Path) -> None:
    """The keys and types of [models.NAME]; what they mean is checked where the model is opened."""
    for name, values in models.items():
        if not isinstance(values, dict):
            raise TaskError(f"{path}: models.{name} is {values!r}, expected a section [models.{name}]")
        for key, value in values.items():
            _check_key(key, MODEL_KEYS, path, f"key in [models.{name}]")
            expected, types = MODEL_KEYS[key]
            if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
                raise TaskError(f"{path}: models.{name}.{key} is {value!r}, expected {expected}")


def _check_key(key: str, known: Mapping[str, JSON] | tuple[str, ...], path: Path, what: str) -> None:
    if key in known:
        return
    close = difflib.get_close_matches(key, list(known), 1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise TaskError(f"{path}: found the {what} {key!r}, expected one of: {', '.join(known)}{hint}")
