"""Every exception strati raises on purpose.

StratiError                 base; `str(error)` is one clear sentence
├── UserError               a mistake the user can fix: exit code 2, no traceback
│   ├── DataError           a file, row or column is not what was expected
│   ├── TaskError           strati.toml, a flag or a goal does not make sense
│   ├── ModelError          a model is missing, altered or of the wrong kind
│   ├── StackError          a stack folder is damaged or altered
│   │   └── NewerFormat     a newer version of strati wrote it
│   ├── MissingExtra        an optional dependency is needed: names the extra
│   ├── NoSpace             the disk does not take what is written
│   └── BusyError           another process is writing the same run
├── Stopped                 a limit or the user ended the work; everything so far is kept: exit code 3
│   └── BudgetReached       the money is spent: what costs nothing can still go on
├── AnswerIsNo              something was checked and the answer is no: exit code 1
└── LayerDown               a layer cannot answer at all now; its cases go to people: exit code 3 where nothing goes on

Exit codes: 0 done; 1 checked, and the answer is no; 2 the user can fix it; 3 a limit ended it; 70 a fault of strati.
"""

from __future__ import annotations


class StratiError(Exception):
    """Base of all errors raised by strati."""


class UserError(StratiError):
    """Something the user can put right; printed without a traceback, exit code 2."""


class DataError(UserError):
    """A data file, row or column is not what was expected."""


class TaskError(UserError):
    """A task, a goal or a setting does not make sense."""


class ModelError(UserError):
    """A model is missing, altered, or not of the kind that was asked for."""


class StackError(UserError):
    """A saved stack is damaged, altered, or cannot be saved."""


class NewerFormat(StackError):
    """Written by a newer version of strati: this one cannot tell what it says."""


def install(extra: str) -> str:
    """The command that installs an extra; `strati` on the package index is not ours, so it needs a checkout.

    >>> install("docs")
    "pip install -e '.[docs]' in a checkout of strati"
    """
    return f"pip install -e '.[{extra}]' in a checkout of strati"


class MissingExtra(UserError):
    """An optional dependency is needed.

    >>> str(MissingExtra("xllamacpp", "local"))
    "this needs the package xllamacpp: pip install -e '.[local]' in a checkout of strati"
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"this needs the package {package}: {install(extra)}")
        self.package = package
        self.extra = extra


class NoSpace(UserError):
    """The disk is full, or does not take what is written to it. Ends a run: nothing is measured around it."""


class BusyError(UserError):
    """Another process is at work on the same run."""


class Stopped(StratiError):
    """The work was ended by a limit or by the user; what was done is kept."""


class BudgetReached(Stopped):
    """The budget does not allow another call. It ends what is paid; what costs nothing goes on."""


class AnswerIsNo(StratiError):
    """A check was made, and the answer is no; the sentence says why."""


class LayerDown(StratiError):
    """A layer cannot answer at all at present (engine gone, server away)."""
