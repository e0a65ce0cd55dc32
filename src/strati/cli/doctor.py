"""`strati doctor`: is the data fit to measure anything with?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from strati.cli.console import open_console
from strati.core.figures import several


def doctor(
    file: Annotated[
        str | None, typer.Argument(help="Labelled examples: CSV, TSV, JSONL, Parquet, .tab, or - .")
    ] = None,
    input: Annotated[list[str] | None, typer.Option("--input", "-i", help="Column with the text; repeatable.")] = None,
    label: Annotated[str | None, typer.Option("--label", "-l", help="Column with the label.")] = None,
    train: Annotated[str | None, typer.Option(help="Published training part, with --test.")] = None,
    test: Annotated[str | None, typer.Option(help="Published test part.")] = None,
    id: Annotated[str | None, typer.Option(help="Column that names an example.")] = None,
    group: Annotated[str | None, typer.Option(help="Column that ties examples together.")] = None,
    time: Annotated[str | None, typer.Option(help="Column with dates.")] = None,
    repeats: Annotated[
        str | None, typer.Option(help="once (default): one row of each input counts; traffic: each row does.")
    ] = None,
    kind: Annotated[str | None, typer.Option(help="classify (default), answer, extract, query, write or code.")] = None,
    config: Annotated[Path | None, typer.Option(help="A strati.toml.")] = None,
    limit: Annotated[int | None, typer.Option(help="Use the first N rows only.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of splits and samples.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check labelled data before any number is drawn from it.

    Duplicates within and across splits, contradictory labels, files sorted by
    label, missing classes, leaks by group, labels that models confidently
    disagree with. Exit code 1 when a result would be meaningless.

    Example: strati doctor tickets.csv --input text --label intent
    """
    import json as jsonlib
    from dataclasses import asdict

    from strati.data import examine
    from strati.prove.inputs import gather
    from strati.task.config import check_seed

    check_seed(seed, "--seed")
    columns = {
        "train": train,
        "test": test,
        "input": input,
        "label": label,
        "id": id,
        "group": group,
        "time": time,
        "repeats": repeats,
    }
    inputs = gather(file, config, columns, {"kind": kind}, {}, limit)
    parts = {"all": inputs.data} if inputs.test is None else {"train": inputs.data, "test": inputs.test}
    findings = examine(parts, inputs.task, seed)
    if json:
        print(jsonlib.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        console = open_console()
        rows = sum(len(part) for part in parts.values())
        found = {repr(example.reference) for part in parts.values() for example in part.examples}
        told = f", {several(len(found), 'label')}" if inputs.task.kind == "classify" else f" of kind {inputs.task.kind}"
        console.print(f"{several(rows, 'row')}{told}", style="bold")
        for note in inputs.notes:
            console.print(f"  {note}", markup=False)
        for finding in findings:
            console.print(f"\n{finding.severity.upper()}  {finding.message}", markup=False)
            if finding.rows:
                console.print(f"  rows: {', '.join(finding.rows)}", markup=False)
            if finding.way_on:
                console.print(f"  -> {finding.way_on}", markup=False)
        if not findings:
            console.print("nothing to report")
    if any(finding.severity == "stop" for finding in findings):
        raise typer.Exit(1)
