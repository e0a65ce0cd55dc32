"""`strati certify`: a stack with a guarantee, from a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from strati.certifying import Certified


def certify(
    run: Annotated[
        str | None, typer.Argument(help="The id of a run or a journal; with --check or --verify a stack folder.")
    ] = None,
    at_least: Annotated[
        float | None, typer.Option(help="Quality of automatic answers; default the goal's, or .95.")
    ] = None,
    confidence: Annotated[float, typer.Option(help="How sure the promise has to be.")] = 0.95,
    per_class: Annotated[bool, typer.Option("--per-class", help="Promise it for every class by itself.")] = False,
    tries: Annotated[
        int, typer.Option(help="Looks at the calibrate labels that are planned; they share the risk.")
    ] = 1,
    out: Annotated[Path | None, typer.Option(help="The stack folder to write (default RUN.stack).")] = None,
    runs_dir: Annotated[Path, typer.Option(help="Where journals are kept.")] = Path(".strati/runs"),
    catalog: Annotated[list[Path] | None, typer.Option(help="A further model catalog; repeatable.")] = None,
    config: Annotated[Path | None, typer.Option(help="A strati.toml whose [models.NAME] the stack uses.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Say whether a stack's certificate stands.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="Compute a certificate's figures again.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Compose one stack on tune, test it on the sealed calibrate labels, write it with its certificate.

    Cheap layers answer what they are sure of, dearer ones what is left, people
    the rest; the certificate bounds how often an automatic answer is wrong.
    Each calibrate label can be used for one certificate.

    Example: strati certify --at-least .95 --confidence .95
    """
    from strati.cli.certified import show, show_check, show_verify
    from strati.errors import TaskError

    if check or verify:
        if run is None or not Path(run).is_dir():
            raise TaskError(f"found {run!r}, expected a stack folder to {'check' if check else 'verify'}")
        if check:
            show_check(Path(run), catalog or [], config, as_json=json)
        else:
            show_verify(Path(run), as_json=json)
        return
    done, path = _certify(run, at_least, confidence, per_class, tries, out, runs_dir, catalog or [], config)
    show(done, path, as_json=json)


def _certify(
    run: str | None,
    at_least: float | None,
    confidence: float,
    per_class: bool,
    tries: int,
    out: Path | None,
    runs: Path,
    catalogs: list[Path],
    config: Path | None,
) -> tuple[Certified, Path | None]:
    from strati.certifying import Wanted, write_certified
    from strati.certifying import certify as certified
    from strati.cli.available import resources_of
    from strati.cli.report import find_run
    from strati.dataset import Ledger
    from strati.journal import Journal
    from strati.results import load_results

    journal_path = find_run(run, runs)
    stacks = journal_path.with_suffix(".stacks")
    with Journal(journal_path, read_only=True) as journal:
        goal = load_results(journal).goal
        wanted = Wanted(at_least or goal.at_least or 0.95, confidence, tries, per_class)
        done = certified(journal, Ledger(journal_path.parent.parent / "ledger.db"), wanted)
        if done.setting is None:
            return done, None
        path = out or Path(f"{journal_path.stem}.stack")
        folders = [stacks / str(load_results(journal).result(name).record["stack"]) for name in done.names]
        resources: dict[str, object] = {}
        for folder in folders:
            resources |= resources_of(folder, catalogs, config)
        write_certified(journal, done, stacks, resources, path)
    return done, path
