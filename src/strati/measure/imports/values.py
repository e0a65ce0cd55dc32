"""Small helpers of the readers: values of logs as they come, and the files of a folder."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from strati.core.errors import DataError
from strati.core.records import JSON


def object_of(value: JSON) -> Mapping[str, JSON]:
    """The value where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def number(value: JSON) -> float | None:
    """A finite number, also of a truth value or of text; None for anything else."""
    if not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def plain(value: JSON) -> str | None:
    """A value as text: text as it is, None for nothing, JSON for the rest."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def text_of_reply(output: Mapping[str, JSON]) -> str | None:
    """The text of a model's first choice; None when it is empty."""
    choices = output.get("choices")
    message = object_of(object_of(choices[0]).get("message")) if isinstance(choices, list) and choices else {}
    content = message.get("content", output.get("completion"))
    if isinstance(content, list):
        content = "".join(str(object_of(part).get("text", "")) for part in content)
    return content.strip() or None if isinstance(content, str) else None


def files_in(path: Path, patterns: Sequence[str]) -> list[Path]:
    """The file itself, or the files of a folder and its folders that fit a pattern, in order of their names.

    Raises:
        DataError: there is nothing of the name, or nothing in the folder.
    """
    if path.is_file():
        return [path]
    if not path.exists():
        raise DataError(f"there is no file or folder {path}")
    found = sorted({file for pattern in patterns for file in path.rglob(pattern) if file.is_file()})
    if not found:
        raise DataError(f"{path} holds no log, expected files such as {' or '.join(patterns)}")
    return found
