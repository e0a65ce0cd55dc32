"""A stack on disk: a folder with `stack.toml` and hashed artefacts. Loading one never runs code from it.

NAME.stack/
  stack.toml          name, stages with kinds and thresholds, the models and snapshots that they use by kind and
                      fingerprint, the SHA-256 of every other file, the fingerprint
  0-linear/           settings.json and the layer's artefacts (npz, JSON, text)
"""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import strati
from strati.core.errors import ModelError, StackError
from strati.core.identity import sha256_of
from strati.core.records import JSON
from strati.stack.calibration import Combiner
from strati.stack.contract import Check, Layer, Resource, Saveable
from strati.stack.registry import saved_class
from strati.stack.stack import Stack, Stage
from strati.stack.uses import resources_in

FORMAT = 2  # 1: without resources


def save_stack(stack: Stack, path: Path, inputs: Sequence[str] = ()) -> None:
    """Write a stack folder; it appears whole or not at all, in place of an older one.

    `inputs` are the columns that the stack learned from: `strati run` reads these.

    Raises:
        StackError: a layer has no saved form (a Python function, recorded answers), or `path` is something else.
    """
    if path.exists() and not (path / "stack.toml").is_file():
        raise StackError(f"{path} exists and is not a stack, expected a new name or an older stack to replace")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as temporary:
        folder = Path(temporary) / "new"
        folder.mkdir()
        lines = [f"format = {FORMAT}", f"strati = {_quoted(strati.__version__)}", f"name = {_quoted(stack.name)}"]
        lines.append(f"fingerprint = {_quoted(stack.fingerprint())}")
        lines += [f"inputs = {_quoted(list(inputs))}"] if inputs else []
        for number, stage in enumerate(stack.stages):
            lines += ["", "[[stages]]", *_stage_lines(stage, number, folder)]
        for one in resources_in(stack):
            named = {"kind": one.kind, "name": one.name, "fingerprint": one.fingerprint}
            lines += ["", "[[resources]]", *(f"{key} = {_quoted(value)}" for key, value in named.items())]
        lines += ["", "[files]"]
        files = sorted(file for file in folder.rglob("*") if file.is_file())
        lines += [f"{_quoted(file.relative_to(folder).as_posix())} = {_quoted(sha256_of(file))}" for file in files]
        (folder / "stack.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        put_folder(folder, path, Path(temporary) / "old")


def put_folder(folder: Path, path: Path, old: Path) -> None:
    """Move the new folder into its place; what was there stays if that fails."""
    there = path.exists()
    if there:
        os.replace(path, old)
    try:
        os.replace(folder, path)
    except OSError:
        if there:
            os.replace(old, path)
        raise


def load_stack(path: Path, resources: Mapping[str, object] | None = None) -> Stack:
    """Read a stack folder. `resources` are the models it names, by name.

    Raises:
        StackError: the folder is not a stack, a file is missing, added or altered, or a newer format.
        ModelError: a model that the stack needs was not given, or is not the very same.
    """
    file = path / "stack.toml"
    data = _contents(path)
    _verify(path, data.get("files", {}))
    for one in _resources(data, file):
        if one.kind == "snapshot" and one.name not in (resources or {}):
            continue  # the layer that answers from it opens it and says what is wrong with it
        _refuse_other(one, (resources or {}).get(one.name))
    try:
        stages = tuple(_load_stage(entry, path, resources or {}) for entry in data["stages"])
        stack = Stack(stages, data["name"])
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise StackError(f"{file} does not describe a stack: {type(error).__name__} {error}") from error
    if stack.fingerprint() != data.get("fingerprint"):
        raise StackError(
            f"{file} was altered: the stack in it has fingerprint {stack.fingerprint()}, "
            f"the file says {data.get('fingerprint')}"
        )
    return stack


def named_resources(path: Path) -> list[Resource]:
    """What a stack folder names: the models, embedders and snapshots that `load_stack` has to be given.

    Raises:
        StackError: the folder is not a stack, or of another format.
    """
    return _resources(_contents(path), path / "stack.toml")


def named_inputs(path: Path) -> tuple[str, ...]:
    """The columns that a saved stack learned from; none where it does not say."""
    found = _contents(path).get("inputs", [])
    return tuple(str(name) for name in found) if isinstance(found, list) else ()


def _contents(path: Path) -> dict[str, JSON]:
    file = path / "stack.toml"
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StackError(f"{path} is not a stack: {file.name} cannot be read ({error})") from error
    found = data.get("format")
    if found == 1:
        raise StackError(
            f"{file} has format 1, which does not say what the stack uses: this version of strati reads format "
            f"{FORMAT}; save the stack again (strati bench, strati certify)"
        )
    if found != FORMAT:
        raise StackError(f"{file} has format {found!r}, this version of strati reads format {FORMAT}")
    return data


def _resources(data: Mapping[str, JSON], file: Path) -> list[Resource]:
    try:
        return [Resource(row["kind"], row["name"], row["fingerprint"]) for row in data.get("resources", [])]
    except (KeyError, TypeError) as error:
        raise StackError(f"{file}: a resource is not described by kind, name and fingerprint ({error})") from error


def _refuse_other(one: Resource, given: object) -> None:
    print_of = getattr(given, "fingerprint", None)
    found = print_of() if callable(print_of) else None
    if found != one.fingerprint:
        what = "it was not among what was given" if given is None else f"found one with fingerprint {found}"
        raise ModelError(f"the stack needs the {one.kind} {one.name} with fingerprint {one.fingerprint}: {what}")


def _stage_lines(stage: Stage, number: int, folder: Path) -> list[str]:
    layer = _save_part(stage.layer, f"{number}-{_slug(stage.name)}", folder)
    checks = [
        _save_part(check, f"{number}-check-{place}-{_slug(check.name)}", folder)
        for place, check in enumerate(stage.checks)
    ]
    combiner = stage.combiner.to_json()
    return [
        f"layer = {layer}",
        f"checks = [{', '.join(checks)}]",
        f"threshold = {float(stage.threshold)!r}",
        f"uses = {json.dumps(list(stage.uses))}",
        f"combiner = {_inline(combiner)}",
        *(["anew = true"] if stage.anew else []),
    ]


def _save_part(part: Layer | Check, name: str, folder: Path) -> str:
    if not isinstance(part, Saveable):
        raise StackError(
            f"{part.name!r} ({type(part).__name__}) cannot be saved: a stack folder holds no Python code and no "
            "recorded answers; give the layer a kind, save and load, and register it"
        )
    place = folder / name
    place.mkdir()
    settings = {**part.save(place), "name": part.name}
    (place / "settings.json").write_text(json.dumps(settings, ensure_ascii=False, indent=1), encoding="utf-8")
    return _inline({"kind": part.kind, "folder": name})


def _load_stage(entry: Mapping[str, JSON], path: Path, resources: Mapping[str, object]) -> Stage:
    layer = cast("Layer", _load_part(entry["layer"], path, resources))
    checks = tuple(cast("Check", _load_part(part, path, resources)) for part in entry["checks"])
    combiner = Combiner.from_json(entry["combiner"])
    return Stage(layer, checks, float(entry["threshold"]), combiner, tuple(entry["uses"]), entry.get("anew") is True)


def _load_part(entry: Mapping[str, str], path: Path, resources: Mapping[str, object]) -> Saveable:
    folder = path / entry["folder"]
    if folder.parent != path or entry["folder"] == "..":
        raise StackError(f"{path / 'stack.toml'} names the folder {entry['folder']!r}, expected one inside the stack")
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    return saved_class(entry["kind"]).load(settings, folder, resources)


def _verify(path: Path, files: Mapping[str, str]) -> None:
    """Every listed file is there with its hash, and no other."""
    there = {file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()} - {"stack.toml"}
    for name in sorted(set(files) - there):
        raise StackError(f"{path}: the file {name} is missing")
    for name in sorted(there - set(files)):
        if not name.startswith("certificate"):
            raise StackError(f"{path}: the file {name} does not belong to the stack")
    for name, expected in files.items():
        found = sha256_of(path / name)
        if found != expected:
            raise StackError(f"{path}: the file {name} was altered: its SHA-256 is {found}, expected {expected}")


def _inline(data: Mapping[str, JSON]) -> str:
    return "{ " + ", ".join(f"{key} = {_quoted(value)}" for key, value in data.items()) + " }"


def _quoted(text: JSON) -> str:
    """A text, number or list as TOML, which is as JSON but for one control character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _slug(name: str) -> str:
    kept = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in name.lower())
    return "-".join(part for part in kept.split("-") if part)[:40] or "layer"


def stack_folder_name(names: Sequence[str]) -> list[str]:
    """A distinct, safe folder name for each candidate name."""
    used: dict[str, int] = {}
    result = []
    for name in names:
        slug = _slug(name)
        used[slug] = used.get(slug, 0) + 1
        result.append(f"{slug}-{used[slug]}.stack" if used[slug] > 1 else f"{slug}.stack")
    return result
