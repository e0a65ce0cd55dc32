"""`strati init`: a commented strati.toml for a data file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from strati.data.data import Peek

TEMPLATE = """\
# What strati measures: the data, the task, and what is good enough. Every line may be edited.

[data]
file = {file}
input = [{inputs}]            # {reason}
{label}# id = "id"                   # names an example; without it rows are numbered from 1
# group = "customer"          # rows of one group never end up on both sides of a split
# time = "date"               # split in order of time instead of at random
# columns found: {columns}

[task]
kind = "{kind}"
metric = {metric}
description = ""              # one sentence for language models, e.g. "Which team should answer this ticket?"
# labels = []                 # the allowed labels; empty: those found in the data

[goal]
margin = 0.03                 # this much worse than the best still counts as good enough
alpha = 0.05                  # accepted risk of a wrong statement
# at_least = 0.9              # the least quality that will do
# max_cost_per_1000 = 0.50    # dollars per 1,000 answers
# max_p95_ms = 300            # milliseconds for 95 % of the answers
private = true                # inputs may not leave this machine
# licences = ["Apache-2.0", "MIT"]
# wrong_answer_costs = 5.0    # dollars
# human_answer_costs = 0.80   # dollars
# human_error_rate = 0.05
volume_per_month = 10000
machine_per_hour = 0.10       # dollars for an hour of the machine that answers
# label_costs = 0.25          # dollars for one label
horizon_months = 12           # months over which the total cost is counted
# retrain_every_months = 3    # what was trained is trained anew this often
# labels_per_retraining = 200 # fresh labels each time

[bench]
# sample = 200                # test examples that slow rungs (language models) answer; default: by power
# racing = false              # let hopeless language models answer all of them too
seed = 0
# models = ["smollm2-135m"]   # default: every model that is pulled
# llm = false                 # leave language models out
# curve = false               # draw no learning curves
# twins = 50                  # ask language models again with made-up label names: do they know the data by heart?
"""


_METRICS = {
    "classify": '"accuracy"           # or "macro_f1", which counts every class alike',
    "extract": '"f1"                 # or "relation_f1", for the relations',
}


def init(
    file: Annotated[Path, typer.Argument(help="A file of labelled examples.")],
    out: Annotated[Path, typer.Option(help="Where to write it.")] = Path("strati.toml"),
    force: Annotated[bool, typer.Option(help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented strati.toml for a file of labelled examples.

    Example: strati init tickets.csv && strati bench
    """
    import json
    import os

    from strati.core.errors import TaskError
    from strati.data import guess_columns, peek
    from strati.prove.inputs import CONFIG, usual_inputs
    from strati.task.kind import kind_of

    found = peek(file)
    spans = _spans(found)
    if spans:
        inputs, label, reason = (
            tuple(usual_inputs(kind_of("extract"), found.columns, str(file))),
            "",
            f"{spans} are spans",
        )
    else:
        inputs, label, reason = guess_columns(found)
    if out.exists() and not force:
        raise TaskError(f"{out} is there already; --force replaces it")

    def quoted(text: str) -> str:
        return json.dumps(text, ensure_ascii=False)

    relative = os.path.relpath(file, out.parent) if not file.is_absolute() else str(file)
    text = TEMPLATE.format(
        file=quoted(relative),
        inputs=", ".join(quoted(name) for name in inputs),
        label=f"label = {quoted(label)}\n" if label else "",
        reason=" ".join(reason.split()),
        kind="extract" if spans else "classify",
        metric=_METRICS["extract" if spans else "classify"],
        columns=", ".join(found.columns).replace("\n", " "),
    )
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TaskError(f"{out} cannot be written: {error.strerror}") from error
    typer.echo(f"wrote {out}: edit it, then run strati bench" + ("" if out == CONFIG else f" --config {out}"))


def _spans(found: Peek) -> str:
    """The column that holds places in a text, as in files of CoNLL and Doccano; empty where there is none."""
    from strati.task.kind import kind_of

    for name in kind_of("extract").references:
        if name in found.columns:
            place = found.columns.index(name)
            if any(row[place].startswith(("[[", "[{")) for row in found.rows):
                return repr(name)
    return ""
