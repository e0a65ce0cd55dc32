"""Per-sample results of other tools as recorded candidates: one reader a file, one verdict over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from strati.core.errors import TaskError
from strati.measure.imports.compared import Imported, compare
from strati.measure.imports.inspect_log import read_inspect
from strati.measure.imports.lm_eval import read_lm_eval
from strati.measure.imports.openai_evals import read_openai_evals
from strati.measure.imports.promptfoo import read_promptfoo
from strati.measure.imports.sample import Mark, Run, Runs, Sample
from strati.measure.imports.systems import systems_of
from strati.measure.imports.table import read_table
from strati.task.task import ONCE

__all__ = ["READERS", "Imported", "Mark", "Run", "Sample", "load"]

READERS: dict[str, Callable[[Path], Runs]] = {
    "inspect": read_inspect,
    "lm-eval": read_lm_eval,
    "promptfoo": read_promptfoo,
    "openai-evals": read_openai_evals,
    "table": read_table,
}


def load(
    tool: str,
    paths: Sequence[Path],
    *,
    score: str | None = None,
    threshold: float | None = None,
    task: str | None = None,
    by: str = "auto",
    repeats: str = ONCE,
) -> Imported:
    """The systems in the logs of a tool, lined up on the samples they have in common.

    Args:
        tool: one of `READERS`.
        paths: log files, or folders of them, simplest system first.
        score: which of the tool's scores tells right from wrong; default: the first.
        threshold: from which score on an answer is right.
        task: the only task to take.
        by: `answers` compares answers with targets, `scores` what the tool's scorer said, `auto` chooses.
        repeats: `once` leaves out samples that repeat the input of another one, `traffic` counts each.

    Raises:
        TaskError: there is no such tool.
        DataError: a file is not a whole log of that tool, or the systems cannot be compared.
    """
    if tool not in READERS:
        raise TaskError(f"the tool {tool!r} is not known, expected one of: {', '.join(READERS)}")
    runs = [run for path in paths for run in READERS[tool](path)]
    return compare(systems_of(runs, task), score, threshold, by, repeats)
