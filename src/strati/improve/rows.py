"""The labelled rows of a run, read again: its journal keeps what was measured, not what was learned from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from strati.core.errors import DataError
from strati.data import Dataset, Splits, dataset_fingerprint, head, plan, read
from strati.measure.results import Results


def rows_of(results: Results, files: Sequence[Path] = ()) -> Splits:
    """The splits of a run, the same rows in the same parts.

    Args:
        files: where its files are now, in the order in which the run took them; none: where they were.

    Raises:
        DataError: a file is not there, or does not hold the rows of the run.
    """
    known = results.meta["data"]
    sources = [str(path) for path in files] or [str(one["source"]) for one in known["files"]]
    if len(sources) != len(known["files"]):
        raise DataError(
            f"--data was given {len(sources)} times, expected {len(known['files'])}: one for each file of the run"
        )
    found = [_read(source, results) for source in sources]
    if len(found) == 1 and len(found[0]) > known["rows"]:  # a run of the first rows only
        found = [head(found[0], known["rows"])]
    if dataset_fingerprint([example for part in found for example in part.examples]) != known["sha256"]:
        raise DataError(
            f"{' and '.join(sources)} changed since run {results.run}, expected the rows that it was measured on; "
            "if they are kept elsewhere, name them with --data"
        )
    return plan(found[0], found[1] if len(found) > 1 else None, results.task, int(results.meta["seed"]))


def _read(source: str, results: Results) -> Dataset:
    if source in ("", "-", "stdin", "memory") or not Path(source).exists():
        raise DataError(
            f"the rows of run {results.run} were read from {source or 'memory'}, which is not there now; expected "
            "the file, named with --data FILE"
        )
    return read(Path(source), results.task)
