"""All commands, put together."""

from __future__ import annotations

import typer

from strati.cli import (
    ask,
    bench,
    certify,
    check,
    code,
    doctor,
    draft,
    importing,
    ingest,
    init,
    kb,
    models,
    report,
    run,
    search,
    serve,
    write,
)

app = typer.Typer(
    name="strati",
    help="Do you need an LLM, which one, is it good enough to ship, and what will it cost? Measured on your own data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("init")(init.init)
app.command("doctor")(doctor.doctor)
app.command("bench")(bench.bench)
app.command("import")(importing.import_)
app.command("report")(report.report)
app.command("certify")(certify.certify)
app.command("run")(run.run)
app.command("serve")(serve.serve)
app.command("ingest")(ingest.ingest)
app.command("search")(search.search)
app.command("code")(code.code)
app.command("write")(write.write)
app.command("ask")(ask.ask)
app.command("check")(check.check)
app.command("draft")(draft.draft)
app.add_typer(kb.app, name="kb")
app.add_typer(models.app, name="models")


@app.callback(invoke_without_command=True)
def version(show: bool = typer.Option(False, "--version", help="Print the version and stop.", is_eager=True)) -> None:
    if show:
        from strati import __version__

        typer.echo(f"strati {__version__}")
        raise typer.Exit
