"""`strati certify`: a stack with a guarantee, from a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from strati.certify.certify import Certified, Wanted
    from strati.measure.results import Results


def certify(
    run: Annotated[
        str | None, typer.Argument(help="The id of a run or a journal; or a stack folder, to test it as it is.")
    ] = None,
    at_least: Annotated[
        float | None, typer.Option(help="Quality of automatic answers; default the goal's, or .95.")
    ] = None,
    confidence: Annotated[float, typer.Option(help="How sure the promise has to be.")] = 0.95,
    per_class: Annotated[bool, typer.Option("--per-class", help="Promise it for every class by itself.")] = False,
    max_error_cost: Annotated[
        float | None, typer.Option(help="Instead: dollars that errors cost per 1,000 automatic answers.")
    ] = None,
    error_costs: Annotated[
        Path | None, typer.Option(help="With it: a table of answer, reference, dollars; * for any label.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="Fresh labelled rows to test on, in place of the run's calibrate part.")
    ] = None,
    max_dollars: Annotated[float | None, typer.Option(help="Money that paid models may cost on fresh rows.")] = None,
    tries: Annotated[
        int, typer.Option(help="Looks at the calibrate labels that are planned; they share the risk.")
    ] = 1,
    out: Annotated[Path | None, typer.Option(help="The stack folder to write (default RUN.stack).")] = None,
    runs_dir: Annotated[Path, typer.Option(help="Where journals are kept.")] = Path(".strati/runs"),
    catalog: Annotated[list[Path] | None, typer.Option(help="A further model catalog; repeatable.")] = None,
    config: Annotated[Path | None, typer.Option(help="A strati.toml with the models that the stack uses.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Say whether a stack's certificate stands.")] = False,
    traffic: Annotated[str | None, typer.Option(help="With --check: rows whose inputs are compared.")] = None,
    input: Annotated[list[str] | None, typer.Option("--input", "-i", help="Their column with the text.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Compute a certificate's figures again.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Compose one stack on tune, test it on the sealed calibrate labels, write it with its certificate.

    Cheap layers answer what they are sure of, dearer ones what is left, people
    the rest; the certificate bounds how often an automatic answer is wrong.
    Each calibrate label can be used for one certificate.
    Exit code 1 when it is not certified yet.

    Example: strati certify --at-least .95 --confidence .95
    """
    from strati.cli.certified import show, show_check, show_verify
    from strati.core.errors import TaskError

    if check or verify:
        if run is None or not Path(run).is_dir():
            raise TaskError(f"found {run!r}, expected a stack folder to {'check' if check else 'verify'}")
        if check:
            show_check(Path(run), catalog or [], config, traffic, tuple(input or ()), as_json=json)
        if verify:
            show_verify(Path(run), as_json=json)
        return
    if traffic is not None:
        raise TaskError("--traffic belongs to --check STACK: expected both")
    if at_least is not None and max_error_cost is not None:
        raise TaskError("--at-least and --max-error-cost were both given, expected one kind of promise")
    if run is not None and Path(run, "stack.toml").is_file():
        from strati.cli.renew import renew_stack

        if labels is None:
            raise TaskError(f"{run} is a stack: expected --labels FILE, fresh labels to test it on as it is")
        if per_class or max_error_cost is not None or tries != 1 or out is not None:
            raise TaskError("a stack is tested as it is: expected --labels, --at-least and --confidence only")
        bar = 0.95 if at_least is None else at_least
        renew_stack(Path(run), labels, bar, confidence, runs_dir, catalog or [], config, as_json=json)
        return
    promise = _Promise(at_least, confidence, per_class, max_error_cost, error_costs, tries)
    done, path = _certify(run, promise, out, runs_dir, _Fresh(labels, catalog or [], config, max_dollars, json))
    show(done, path, as_json=json)
    if done.setting is None:
        raise typer.Exit(1)


class _Promise(NamedTuple):
    """The promise as flags say it."""

    at_least: float | None
    confidence: float
    per_class: bool
    max_error_cost: float | None
    error_costs: Path | None
    tries: int

    def wanted(self, results: Results) -> Wanted:
        from strati.certify.certify import Wanted
        from strati.certify.loss_table import read_error_costs

        at_least = results.goal.at_least or 0.95 if self.at_least is None else self.at_least
        costs = None if self.error_costs is None else read_error_costs(self.error_costs, results.labels)
        return Wanted(at_least, self.confidence, self.tries, self.per_class, costs, self.max_error_cost)


class _Fresh(NamedTuple):
    """Fresh labels, and what it takes to answer them."""

    labels: str | None
    catalogs: list[Path]
    config: Path | None
    max_dollars: float | None
    quiet: bool


def _certify(
    run: str | None,
    promise: _Promise,
    out: Path | None,
    runs: Path,
    given: _Fresh,
) -> tuple[Certified, Path | None]:
    from strati.certify.certify import certify as certified
    from strati.certify.write import write_certified
    from strati.cli.fresh import fresh_rows
    from strati.cli.report import find_run
    from strati.core.errors import StackError
    from strati.data import Ledger
    from strati.measure.journal import Journal
    from strati.measure.results import load_results
    from strati.serve.resources import resources_of

    journal_path = find_run(run, runs)
    path = out or Path(f"{journal_path.stem}.stack")
    if path.exists() and not (path / "stack.toml").is_file():  # better said before labels are spent
        raise StackError(f"{path} exists and is not a stack, expected a new name or an older stack to replace")
    stacks = journal_path.with_suffix(".stacks")
    with Journal(journal_path, read_only=True) as journal, fresh_rows(journal, *given) as fresh:
        results = load_results(journal)
        done = certified(journal, Ledger(journal_path.parent.parent / "ledger.db"), promise.wanted(results), fresh)
        if done.setting is None:
            return done, None
        resources: dict[str, object] = {}
        for name in done.names:
            resources |= resources_of(stacks / str(results.result(name).record.delivered), given.catalogs, given.config)
        write_certified(journal, done, stacks, resources, path)
    return done, path
