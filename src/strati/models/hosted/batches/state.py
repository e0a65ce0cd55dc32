"""A batch as its server tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from strati.models.hosted.completion import said

NONCE = "strati"
"""The field of a batch's metadata that holds the random name of its job."""


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as the server tells of it.

    Attributes:
        id, status: of the server; the status in lower case.
        nonce, input: the name that its job was given, and its input file.
        output, errors: files with replies, and with requests that got none.
        answered, total: how many requests it has done, and has.
        code, why: of a batch that was not accepted.
    """

    id: str
    status: str
    nonce: str
    input: str
    output: str | None
    errors: str | None
    answered: int
    total: int
    code: str
    why: str

    @property
    def ended(self) -> bool:
        return self.status in ("completed", "failed", "expired", "cancelled")

    @classmethod
    def unseen(cls, name: str) -> Self:
        """A batch of which only the server's name is known so far."""
        return cls(name, "handed in", "", "", None, None, 0, 0, "", "")

    @classmethod
    def of(cls, data: Any, key: str | None) -> Self | None:
        """From the server's account; None for what is none."""
        if not isinstance(data, dict) or not isinstance(data.get("id"), str) or not isinstance(data.get("status"), str):
            return None
        metadata, counts = table(data.get("metadata")), table(data.get("request_counts"))
        errors = table(data.get("errors")).get("data")
        first = table(errors[0]) if isinstance(errors, list) and errors else {}
        output, failed = data.get("output_file_id"), data.get("error_file_id")
        return cls(
            data["id"],
            data["status"].lower(),
            str(metadata.get(NONCE, "")),
            str(data.get("input_file_id") or ""),
            output if isinstance(output, str) and output else None,
            failed if isinstance(failed, str) and failed else None,
            sum(count for name in ("completed", "failed") if isinstance(count := counts.get(name), int)),
            count if isinstance(count := counts.get("total"), int) else 0,
            str(first.get("code") or ""),
            said(first, key).removeprefix(": "),
        )


def table(value: Any) -> dict[str, Any]:
    """A JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}
