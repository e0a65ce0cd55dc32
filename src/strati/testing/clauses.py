"""What the checkers share: the error, odd inputs, and the clauses on fingerprints and saved forms."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np

from strati.core.context import Context
from strati.core.errors import Stopped, StratiError
from strati.core.records import JSON
from strati.stack.contract import Saveable

T = TypeVar("T")

PICKLES = (".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth")
ODD_TEXTS = {
    "an empty text": "",
    "only blanks": " \t\n  ",
    "100,000 characters": "words and more " * 6667,
    "emoji": "\N{GRINNING FACE}\N{THUMBS UP SIGN}\N{EMOJI MODIFIER FITZPATRICK TYPE-5} \N{FAMILY}",
    "a NUL": "before\x00after",
    "a lone surrogate": "broken \ud83d text",
    "right-to-left text": "\u0634\u0643\u0631\u0627 \u202e\u05e9\u05dc\u05d5\u05dd",
}


class ContractError(StratiError, AssertionError):
    """A part breaks a clause of its contract; the message says which."""


class Part(Protocol):
    """What layers, checks, models and embedders have in common."""

    def fingerprint(self) -> str: ...


def hold(fact: bool, clause: str) -> None:
    """Raise `ContractError` with the clause unless it holds."""
    if not fact:
        raise ContractError(clause)


def cancelled() -> Context:
    """A context whose run was stopped by the user."""
    ctx = Context()
    ctx.cancelled.set()
    return ctx


def stops(call: Callable[[Context], object], what: str) -> None:
    """With a cancelled context the call raises `Stopped`."""
    try:
        call(cancelled())
    except Stopped:
        return
    raise ContractError(f"{what} went on with a cancelled context, expected Stopped: call ctx.check()")


def no_error(call: Callable[[], T], what: str) -> T:
    """The result of a call that may not raise."""
    try:
        return call()
    except Exception as error:
        raise ContractError(f"{what} raised {type(error).__name__}: {error}") from error


def is_json(value: JSON) -> bool:
    """Whether a value survives a trip through JSON."""
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def is_share(value: object) -> bool:
    """Whether a value is a number in [0, 1]."""
    return isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= 1


def stable_fingerprint(part: Part) -> str:
    """The fingerprint: a text that is not empty and the same when asked again."""
    first = part.fingerprint()
    hold(isinstance(first, str) and first != "" and first.isprintable(), f"the fingerprint is {first!r}, expected text")
    hold(first == part.fingerprint(), "the fingerprint changes from call to call, expected the same each time")
    return first


def saved_and_loaded(part: Saveable, name: str, resources: Mapping[str, object]) -> Iterator[Saveable]:
    """The part after a trip through a folder, while the folder is there."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        settings = {**part.save(folder), "name": name}
        hold(is_json(settings), "save returned settings that JSON does not know")
        no_pickle(folder)
        loaded = type(part).load(json.loads(json.dumps(settings)), folder, resources)
        hold(loaded is not part, "load returned the object that was saved, expected a new one")
        yield loaded


def no_pickle(folder: Path) -> None:
    """Loading what was written can't run code: no pickle by name or by content, arrays without objects."""
    for file in sorted(folder.rglob("*")):
        if not file.is_file():
            continue
        by_name = file.suffix in PICKLES
        by_content = file.read_bytes()[:2] in {b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05"}
        hold(not by_name and not by_content, f"save wrote {file.name}, a pickle: loading it could run code")
        if file.suffix in (".npz", ".npy"):
            try:
                found = np.load(file, allow_pickle=False)
                if file.suffix == ".npz":
                    with found as arrays:
                        [arrays[key] for key in arrays]
            except ValueError as error:
                raise ContractError(
                    f"save wrote {file.name} with pickled objects: loading it could run code"
                ) from error
