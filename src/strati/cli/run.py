"""`strati run`: answer the rows of a file with a saved stack."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from strati.core.figures import several

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from strati.certify.traffic import Compared
    from strati.core.context import Context
    from strati.data.unlabelled import Unlabelled
    from strati.measure.journal import Journal
    from strati.serve.batch.here import Answerer, Tally
    from strati.stack.stack import Stack


def run(
    stack: Annotated[Path, typer.Argument(help="A stack folder, NAME.stack.")],
    file: Annotated[str, typer.Argument(help="Rows to answer: CSV, TSV, JSONL, Parquet, or - .")],
    out: Annotated[Path, typer.Option(help="Where the answers go, one JSON line a row.")] = Path("answers.jsonl"),
    input: Annotated[list[str] | None, typer.Option("--input", "-i", help="Column with the text; repeatable.")] = None,
    id: Annotated[str | None, typer.Option(help="Column that names a row; default: row numbers.")] = None,
    pending: Annotated[Path | None, typer.Option(help="Write the cases for people to this file.")] = None,
    form: Annotated[str, typer.Option(help="Its form: csv, jsonl, argilla or labelstudio.")] = "csv",
    decisions: Annotated[Path | None, typer.Option(help="People's decisions: columns id, answer, by.")] = None,
    queue: Annotated[Path | None, typer.Option(help="Put cases for people into the queue of this service.")] = None,
    config: Annotated[Path | None, typer.Option(help="A strati.toml with the models that the stack uses.")] = None,
    catalog: Annotated[list[Path] | None, typer.Option(help="A further model catalog; repeatable.")] = None,
    max_dollars: Annotated[float | None, typer.Option(help="Money that may be spent on paid models.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes; default: one a core where no model is used.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Add to each line what its answer rests on.")] = False,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Leave all to people where inputs are unlike the calibrate inputs."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the totals as JSON.")] = False,
) -> None:
    """Answer every row of a file with a saved stack.

    Each line of the output has the answer, its confidence, the layer that gave
    it, and the steps. Cases that no layer may answer wait for people: write
    them out with --pending, bring decisions back with --decisions; or put them
    into the queue of strati serve and strati review with --queue, and run the
    same command again to fetch what was decided. Stopped by Ctrl-C or a crash,
    the same command goes on.

    Example: strati run tickets.stack new.csv --out answers.jsonl
    """
    from strati.cli.show import Show
    from strati.cli.signals import stop_on_interrupt
    from strati.core.context import Context
    from strati.core.errors import TaskError
    from strati.core.lock import RunLock
    from strati.measure.journal import Journal
    from strati.serve.batch.here import check_new, journal_of
    from strati.serve.traffic import compare_traffic

    if workers is not None and workers < 1:
        raise TaskError(f"--workers is {workers}, expected a whole number of at least 1")
    check_new(out)
    rows = rows_of(stack, file, tuple(input or ()), id)
    with RunLock(out.with_name(out.name + ".lock")), Journal(journal_of(out)) as journal, Show(0.0, json) as show:
        ctx = Context(memo=journal, begin=show.begin, advance=show.advance)
        with stop_on_interrupt(ctx.cancelled):
            loaded, reason, tally = _answer(
                stack, rows, out, journal, ctx, workers, config, catalog or [], max_dollars, explain, strict
            )
        counts = _people(loaded, out, journal, tally, decisions, pending, form)
        if queue is not None:
            counts.update(_queued(stack, loaded, out, journal, tally, queue))
    compared = compare_traffic(stack, rows, None if reason is not None else tally)
    _tell(stack, out, tally, reason, counts, pending, rows.inputs, compared, as_json=json)


def rows_of(folder: Path, file: str, inputs: tuple[str, ...], id: str | None) -> Unlabelled:
    """The rows of a file by the columns that were named, else by those that the stack learned from."""
    from strati.core.errors import DataError, StackError
    from strati.data.unlabelled import Unlabelled
    from strati.stack.folder import named_inputs

    learned: tuple[str, ...] = ()
    if not folder.is_dir():
        raise StackError(f"{folder} is not there, expected a stack folder: strati certify writes one")
    if not inputs:
        try:
            learned = named_inputs(folder)
        except StackError:  # told later, when it is loaded
            learned = ()
    try:
        return Unlabelled(file, inputs or learned, id)
    except DataError as error:
        if not learned:
            raise
        if len(learned) == 1:
            try:
                return Unlabelled(file, (), id)  # a file of one column: there is nothing to choose
            except DataError:
                pass
        columns = ", ".join(map(repr, learned))
        raise DataError(
            f"{error}; {folder.name} learned from {columns}: name the column to read with --input"
        ) from None


def _answer(
    folder: Path,
    rows: Unlabelled,
    out: Path,
    journal: Journal,
    ctx: Context,
    workers: int | None,
    config: Path | None,
    catalogs: list[Path],
    dollars: float | None,
    explained: bool,
    strict: bool,
) -> tuple[Stack | None, str | None, Tally]:
    from dataclasses import replace

    from strati.core.budget import Budget
    from strati.core.errors import UserError
    from strati.serve.batch.here import CHUNK, answer_rows, hold_all, open_batch

    stack, resources, reason = loaded_stack(folder, catalogs, config)
    if strict and reason is None:
        reason = _unlike(folder, rows, None if resources else stack)
    known = "not to be loaded" if stack is None else stack.fingerprint()
    tally = open_batch(journal, out, {"stack": known, "input": rows.sha256, "columns": list(rows.inputs)})
    _held(journal, out, reason)
    ctx = replace(ctx, budget=Budget(dollars or 0.0, journal))
    if stack is None or reason is not None:
        answer, size = hold_all(reason or ""), CHUNK
    else:
        answer, size = _answerer(stack, folder, ctx, workers, bool(resources), explained)
    ctx.begin(f"answering with {folder.stem}", 0)
    try:
        answer_rows(rows, out, journal, tally, answer, size, ctx)
    except OSError as error:
        raise UserError(
            f"{out} cannot be written: {error.strerror or error}; what was answered is kept, the same command goes on"
        ) from error
    return stack, reason, tally


def _unlike(folder: Path, rows: Unlabelled, stack: Stack | None) -> str | None:
    """Why a strict run answers nothing: its inputs differ from the calibrate inputs; None where they do not."""
    from strati.serve.traffic import compare_traffic

    found = compare_traffic(folder, rows, stack=stack)
    return found.words if found is not None and found.differs else None


def loaded_stack(
    folder: Path, catalogs: list[Path], config: Path | None
) -> tuple[Stack | None, Mapping[str, object], str | None]:
    """The stack, its models, and why it may not answer automatically; None when it may, or was never certified."""
    from strati.core.errors import NewerFormat
    from strati.serve.load import standing_of
    from strati.serve.resources import resources_of
    from strati.stack.folder import load_stack

    if not (folder / "certificate.json").exists():
        resources = resources_of(folder, catalogs, config)
        return load_stack(folder, resources), resources, None
    try:
        standing, stack, found = standing_of(folder, catalogs, config)
    except NewerFormat as error:
        return None, {}, str(error)
    if standing.state == "valid":
        return stack, found, None
    return stack, found, f"the certificate is {standing.state}: {'; '.join(standing.reasons)}"


def _held(journal: Journal, out: Path, reason: str | None) -> None:
    """Remember that cases are held back for a reason; raise when they were and now need not be."""
    from strati.core.errors import DataError

    before = journal.read("held")
    if reason is not None:
        journal.write("held", reason)
    elif before is not None:
        raise DataError(
            f"{out} has cases that were held back ({before}); the stack may answer now: give --out a new name"
        )


def _answerer(
    stack: Stack, folder: Path, ctx: Context, workers: int | None, uses_models: bool, explained: bool
) -> tuple[Answerer, int]:
    from strati.serve.batch.here import CHUNK, answer_here
    from strati.serve.batch.processes import answer_in_processes, default_workers
    from strati.stack.stack import BATCH

    size = max(CHUNK, stack.batch) if stack.batch >= BATCH else stack.batch
    count = 1 if uses_models or explained else (workers or default_workers())
    return (answer_in_processes(folder, count) if count > 1 else answer_here(stack, ctx, explained=explained)), size


def _people(
    stack: Stack | None,
    out: Path,
    journal: Journal,
    tally: Tally,
    decisions: Path | None,
    pending: Path | None,
    form: str,
) -> dict[str, int]:
    from strati.serve.people import decide, export, read_decisions

    labels = _labels(stack)
    counts: dict[str, int] = {}
    if decisions is not None:
        counts.update(decide(out, journal, tally, read_decisions(decisions, labels), decisions))
    if pending is not None:
        counts["exported"] = export(out, pending, form, labels)
    return counts


def _queued(
    folder: Path, stack: Stack | None, out: Path, journal: Journal, tally: Tally, queue: Path
) -> dict[str, int]:
    """Fetch what people decided in the queue of a service, and put there what still waits."""
    from strati.serve.people import decide
    from strati.serve.queue.batches import from_queue, remember_labels, to_queue
    from strati.serve.queue.reviews import Reviews
    from strati.serve.store.database import Database

    reviews, name = Reviews(Database(queue)), folder.name.removesuffix(".stack")
    said = from_queue(out, reviews)
    counts: dict[str, int] = dict(decide(out, journal, tally, said, queue)) if said else {}
    remember_labels(reviews, name, _labels(stack))
    counts["queued"] = to_queue(out, name, stack.fingerprint() if stack else "", reviews)
    return counts


def _labels(stack: Stack | None) -> tuple[str, ...]:
    from strati.serve.engine.stacks import labels_of

    return labels_of(stack)


def _tell(
    folder: Path,
    out: Path,
    tally: Tally,
    reason: str | None,
    counts: dict[str, int],
    pending: Path | None,
    inputs: Sequence[str],
    compared: Compared | None,
    *,
    as_json: bool,
) -> None:
    import json

    from strati.core.figures import count, share

    waiting = tally.states["pending"] + tally.states["withheld"]
    if as_json:
        found = {
            "out": str(out),
            "input": list(inputs),
            "rows": tally.rows,
            "states": tally.states,
            "layers": tally.layers,
        }
        if compared is not None:
            found["traffic"] = {**compared.to_json(), "words": compared.words}
        print(json.dumps({**found, "dollars": tally.dollars, "not_certified": reason, **counts}))
        return
    if reason is not None:
        print(f"Nothing is answered automatically: {reason}.")
    elif not (folder / "certificate.json").exists():
        print("This stack has no certificate: nobody has promised how often it is wrong (strati certify).")
    if not tally.rows:
        print(f"No rows to answer; {out} is empty.")
        return
    print(f"{count(tally.rows)} rows, {count(tally.states['answered'])} answered, {count(waiting)} wait for people")
    print(f"  input: {', '.join(inputs)}")
    if compared is not None:
        mark = "WARNING: " if compared.differs else ""
        more = "; --strict leaves such files to people" if compared.differs and reason is None else ""
        print(f"  {mark}{compared.words}{more}")
    for layer, answers in tally.layers.most_common():
        print(f"  {layer}: {count(answers)} ({share(answers / tally.rows)})")
    for word in ("decided", "known", "conflicting"):
        if counts.get(word):
            print(f"  decisions {word}: {count(counts[word])}")
    if "queued" in counts:
        print(f"  {several(counts['queued'], 'new case')} put into the queue for people: strati review")
    if pending is not None:
        print(f"  {count(counts['exported'])} cases for people in {pending}")
    print(f"Answers: {out}")
