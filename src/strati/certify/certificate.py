"""`certificate.json`: what a stack promises, on what data, and whether the promise still stands.

A certificate belongs to one stack, known by its fingerprint. It is *valid* while everything it names is as it was;
*stale* when a resource it was certified with (a model, a knowledge base's snapshot) has changed; *void* when the stack
itself, or the certificate, has.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, Self

from strati.core.errors import NewerFormat, StackError
from strati.core.identity import fingerprint, sha256_of
from strati.core.records import JSON

FORMAT = 1
NAME = "certificate.json"
OUTCOMES = "certificate-outcomes.jsonl"


class Standing(NamedTuple):
    """Whether a certificate holds, and why not."""

    state: Literal["valid", "stale", "void"]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Certificate:
    """A bound on the loss of automatic answers (docs/certificates.md says what each part means).

    Attributes:
        stack: the fingerprint of the certified stack.
        promise: `at_least`, `confidence`, the loss and what is counted.
        result: n, errors and p of the setting that was certified, and what the same setting did on tune and test.
        walk: every setting that was tested, in order, with its level.
        data: hashes and sizes of the parts it rests on.
        resources: fingerprints of the models and snapshots it was certified with, by name.
        outcomes: SHA-256 of the file with the calibrate outcomes, from which n, errors and p can be computed again.
    """

    stack: str
    promise: Mapping[str, JSON]
    result: Mapping[str, JSON]
    walk: Mapping[str, JSON]
    data: Mapping[str, JSON]
    resources: Mapping[str, str] = field(default_factory=dict)
    outcomes: str = ""
    created: str = ""
    strati: str = ""
    run: str = ""

    def to_json(self) -> dict[str, JSON]:
        body: dict[str, JSON] = {"format": FORMAT, **asdict(self)}
        return {**body, "seal": fingerprint("certificate.v1", **body)}

    def write(self, folder: Path) -> None:
        """Put the certificate into a stack folder; it appears whole or not at all."""
        temporary = folder / f".{NAME}.{os.getpid()}"
        temporary.write_text(json.dumps(self.to_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        os.replace(temporary, folder / NAME)

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The certificate of a stack folder; None when it has none.

        Raises:
            StackError: it cannot be read or was altered.
            NewerFormat: a newer version of strati wrote it.
        """
        file = folder / NAME
        if not file.exists():
            return None
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StackError(f"{file} cannot be read as a certificate: {error}") from error
        if not isinstance(data, dict) or not isinstance(data.get("format"), int):
            raise StackError(f"{file} is not a certificate: expected a JSON object with a format")
        if data["format"] > FORMAT:
            raise NewerFormat(
                f"{file} has format {data['format']}, this version of strati reads format {FORMAT}: update strati"
            )
        seal = data.pop("seal", None)
        if seal != fingerprint("certificate.v1", **data):
            raise StackError(f"{file} was altered since it was written: its seal does not fit; certify again")
        data.pop("format")
        try:
            return cls(**data)
        except TypeError as error:
            raise StackError(f"{file} is not a certificate: {error}") from error

    def standing(self, stack: str, resources: Mapping[str, str], folder: Path | None = None) -> Standing:
        """Whether it holds for a stack with this fingerprint and these resources (fingerprints by name)."""
        if stack != self.stack:
            return Standing("void", (f"it was given to a stack with fingerprint {self.stack}, this one has {stack}",))
        if folder is not None and self.outcomes:
            file = folder / OUTCOMES
            if not file.is_file() or sha256_of(file) != self.outcomes:
                return Standing("void", (f"{OUTCOMES} is missing or was altered",))
        changed = [
            f"{name} is {resources.get(name, 'not there')}, it was certified with {expected}"
            for name, expected in self.resources.items()
            if resources.get(name) != expected
        ]
        return Standing("stale", tuple(changed)) if changed else Standing("valid")
