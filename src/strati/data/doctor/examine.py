"""The data doctor: what is wrong with labelled examples, before any figure is computed from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from strati.core.errors import DataError
from strati.data.data import Dataset
from strati.data.doctor.check_leaks import check_leaks
from strati.data.doctor.check_rows import check_rows
from strati.data.doctor.finding import SEVERITIES, DataFinding, first, share
from strati.data.doctor.flagged import flagged
from strati.data.doctor.look import Look
from strati.data.splits import Splits
from strati.task.kind import kind_of
from strati.task.task import Task

CHECKS = (check_rows, check_leaks)  # of every kind of task, after its own


def examine(
    datasets: Mapping[str, Dataset], task: Task, seed: int, splits: Splits | None = None
) -> tuple[DataFinding, ...]:
    """All findings, the gravest first.

    `datasets` is {"all": one file} or {"train": ..., "test": ...}. With `splits`, duplicates are counted across its
    parts, and the flagged share is looked for in train and tune only, so sealed labels stay sealed.
    """
    if not datasets:
        raise DataError("there is no data set to examine")
    look = Look(datasets, task, seed, splits)
    found = [finding for check in (*kind_of(task.kind).checks(), *CHECKS) for finding in check(look)]
    if look.labelled and not any(finding.severity == "stop" for finding in found):
        found.extend(_flagged(look))
    return tuple(sorted(found, key=lambda finding: SEVERITIES.index(finding.severity)))


def stop(findings: Iterable[DataFinding]) -> None:
    """Raises `DataError` with the first finding that makes a result meaningless, if there is one."""
    grave = [finding for finding in findings if finding.severity == "stop"]
    if grave:
        more = f" (and {len(grave) - 1} more: see strati doctor)" if len(grave) > 1 else ""
        raise DataError(f"{grave[0].message}; {grave[0].way_on}{more}")


def _flagged(look: Look) -> Iterator[DataFinding]:
    found = flagged(look.open_examples(), look.seed)
    if not found.flags:
        return
    part = "train" if "train" in look.datasets else next(iter(look.datasets))
    worst = found.flags[0]
    yield DataFinding(
        "flagged_share",
        "note",
        f"{share(len(found.flags), found.looked_at)} labels are flagged: a cross-fitted model contradicts them with "
        f"confidence (row {look.row(part, worst.example)}: {worst.example.reference!r}, proposed {worst.proposed!r})",
        first(look.row(part, flag.example) for flag in found.flags),
        len(found.flags),
        "have a person check a sample of them: a flag is no proof of a wrong label",
    )
