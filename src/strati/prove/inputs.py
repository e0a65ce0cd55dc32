"""From flags and strati.toml to a task and its data: shared by the commands that read labelled files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from strati.core.errors import TaskError
from strati.core.records import JSON

if TYPE_CHECKING:
    from strati.data import Dataset
    from strati.task.config import Config
    from strati.task.kind import Kind
    from strati.task.task import Task

CONFIG = Path("strati.toml")


@dataclass(frozen=True)
class Inputs:
    """A task, its data, and what was assumed on the way, in words."""

    task: Task
    data: Dataset
    test: Dataset | None
    config: Config
    notes: tuple[str, ...]


def gather(
    file: str | None,
    config: Path | None,
    data: Mapping[str, JSON],
    task: Mapping[str, JSON],
    goal: Mapping[str, JSON],
    limit: int | None = None,
) -> Inputs:
    """Merge flags over strati.toml, find the columns, read the files.

    Without FILE, `--train` and `--config`, ./strati.toml is read. A flag that is None is not set.
    """
    from strati.data import guess_columns, head, peek, read
    from strati.task.config import Config, load_config, make_task
    from strati.task.kind import kind_of

    flags = {key: value for key, value in data.items() if value not in (None, [], ())}
    if file is not None:
        flags["file"] = file
    notes: list[str] = []
    found = Config()
    if config is not None or not ("file" in flags or "train" in flags):
        path = config or CONFIG
        if config is None and not CONFIG.exists():
            raise TaskError("no data: give a FILE, or --train and --test, or write a strati.toml with strati init FILE")
        found = load_config(path)
        notes.append(f"settings from {path}")
    paths = {key: str(_inside(found, found.data[key])) for key in ("file", "train", "test") if key in found.data}
    named = {"file", "train", "test"} & set(flags)
    merged = {**found.data, **({} if named else paths), **flags}
    if named:
        merged = {key: value for key, value in merged.items() if key not in {"file", "train", "test"} - named}
    source, test_source = _sources(merged)
    format_ = merged.get("format")
    kind = kind_of(str(task.get("kind") or found.task.get("kind") or "classify"))
    if kind.name != "classify":
        if not merged.get("input"):
            merged["input"] = usual_inputs(kind, peek(source, format=format_).columns, source)
    elif not merged.get("input") or not merged.get("label"):
        if source == "-":
            raise TaskError("standard input needs --input and --label: the columns of the text and of the label")
        guess = guess_columns(peek(source, format=format_))
        merged["input"] = merged.get("input") or list(guess.inputs)
        merged["label"] = merged.get("label") or guess.label
        notes.append(f"columns: {guess.reason}")
    made = make_task(merged, {**found.task, **_set(task)}, {**found.goal, **_set(goal)})
    dataset = read(source if source == "-" else Path(source), made, format=format_)
    test = None if test_source is None else read(Path(test_source), made, format=format_)
    if limit is not None:
        dataset = head(dataset, limit)
        notes.append(f"only the first {limit:,} rows (--limit)")
    return Inputs(made, dataset, test, found, tuple(notes))


def usual_inputs(kind: Kind, columns: Sequence[str], source: str) -> list[str]:
    """The columns that usually hold the input of a kind; raises where the file has none of the usual ones."""
    found = next((name for name in kind.inputs if name in columns), None)
    if found is None:
        raise TaskError(
            f"{source} has the columns {', '.join(columns)}, expected one of {', '.join(kind.inputs)} as the input of "
            f"a task of kind {kind.name}; name it with --input"
        )
    from strati.task.kind import HasFurtherInputs

    further = kind.further_inputs if isinstance(kind, HasFurtherInputs) else ()
    return [found, *(name for name in further if name in columns)]


def _sources(merged: Mapping[str, JSON]) -> tuple[str, str | None]:
    file, train, test = merged.get("file"), merged.get("train"), merged.get("test")
    if file and train:
        raise TaskError(f"found both a file ({file}) and a training file ({train}), expected one of the two")
    if train and not test:
        raise TaskError(
            "--train needs --test: the published test part; for one file give it as FILE and strati splits it"
        )
    if test and not train and not file:
        raise TaskError("--test needs --train: the published training part")
    if not file and not train:
        raise TaskError("no data: expected a FILE, or --train and --test, or file in the section [data] of strati.toml")
    return str(file or train), str(test) if test else None


def _inside(config: Config, path: JSON) -> Path | str:
    return "-" if path == "-" else config.folder / str(path)


def _set(values: Mapping[str, JSON]) -> dict[str, JSON]:
    return {key: value for key, value in values.items() if value not in (None, [], ())}
