"""Calibrate outcomes as JSON: what another program needs to recompute a certificate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from strati.certify.method.scored import Bools, Floats, Scored
from strati.core.errors import DataError
from strati.core.records import JSON


def outcome_rows(calibrate: Scored, ids: Sequence[str]) -> list[dict[str, JSON]]:
    """One row an example: per rung confidence and loss (None for no answer), class and group where they matter."""
    if len(ids) != len(calibrate) or len(set(ids)) != len(ids):
        raise ValueError(f"{len(set(ids))} different ids were given for {len(calibrate)} examples")
    assert calibrate.available is not None
    rows: list[dict[str, JSON]] = []
    for place, id_ in enumerate(ids):
        answered = calibrate.answered[place]
        row: dict[str, JSON] = {
            "id": id_,
            "confidence": _known(calibrate.confidence[place], answered),
            "loss": _known(calibrate.loss[place], answered),
        }
        if not calibrate.everywhere:
            row["asked"] = calibrate.available[place].tolist()
        if calibrate.labels is not None:
            row["label"] = calibrate.labels[place].tolist()
        if calibrate.groups is not None:
            row["group"] = calibrate.groups[place]
        rows.append(row)
    return rows


def scored_from(rows: Sequence[Mapping[str, JSON]], names: Sequence[str]) -> Scored:
    """The inverse of `outcome_rows`, with costs of 0, which no test reads. Raises `DataError` for damaged rows."""
    ids = [row.get("id") for row in rows]
    if len(set(ids)) != len(ids):
        twice = next(id_ for id_ in ids if ids.count(id_) > 1)
        raise DataError(f"the calibrate outcomes hold the id {twice!r} twice, expected each example once")
    shape = (len(rows), len(names))
    try:
        return Scored(
            tuple(names),
            np.array([row["confidence"] for row in rows], dtype=np.float64).reshape(shape),
            np.array([row["loss"] for row in rows], dtype=np.float64).reshape(shape),
            np.zeros(len(names)),
            np.array([row.get("asked", [True] * len(names)) for row in rows], dtype=bool).reshape(shape),
            tuple(row["group"] for row in rows) if rows and "group" in rows[0] else None,
            np.array([row["label"] for row in rows]).reshape(shape) if rows and "label" in rows[0] else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"the calibrate outcomes are damaged ({error}); expected confidence and loss of {len(names)} rungs a row"
        ) from error


def _known(values: Floats, known: Bools) -> list[float | None]:
    return [float(value) if there else None for value, there in zip(values, known, strict=True)]
