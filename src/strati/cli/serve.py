"""`strati serve`: certified stacks and knowledge bases behind an API and pages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from strati.cli.base import CatalogOption

if TYPE_CHECKING:
    from strati.serve.run import Opening


def serve(
    stacks: Annotated[list[Path] | None, typer.Argument(metavar="[STACKS]...", help="Stack folders.")] = None,
    kb: Annotated[list[Path] | None, typer.Option(help="A knowledge base. May be repeated.")] = None,
    tables: Annotated[list[Path] | None, typer.Option(help="A file of tables to ask. May be repeated.")] = None,
    approved: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Approved queries; by default .strati/approved_queries.jsonl.")
    ] = None,
    host: Annotated[str, typer.Option(help="Where to listen; other than this machine only with a key.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8321,
    origin: Annotated[list[str] | None, typer.Option(help="A further host name it is reached by.")] = None,
    folder: Annotated[Path, typer.Option(help="Where the service database lives.")] = Path(".strati/service"),
    keys: Annotated[Path | None, typer.Option(help="A TOML file of keys; STRATI_KEY is a key, too.")] = None,
    new_key: Annotated[bool, typer.Option("--new-key", help="Make a new first key; the old one ends.")] = False,
    audit: Annotated[float, typer.Option(min=0, max=1, help="Share of traffic drawn blindly for people.")] = 0.02,
    timeout: Annotated[float, typer.Option(min=0.01, help="Seconds before a case goes to people.")] = 30.0,
    waiting: Annotated[int, typer.Option(min=1, help="Most requests that wait for one stack.")] = 256,
    rate: Annotated[int, typer.Option(min=1, help="Requests a minute and key.")] = 6000,
    max_dollars: Annotated[float, typer.Option(min=0, help="Money a key may spend on paid models.")] = 0.0,
    grace: Annotated[float, typer.Option(min=0, help="Seconds in which a reviewer can undo.")] = 4.0,
    lease: Annotated[float, typer.Option(min=1, help="Seconds an item is one reviewer's.")] = 300.0,
    personal: Annotated[bool, typer.Option("--guard-personal", help="Hold back cards, IBANs, addresses.")] = False,
    guards_open: Annotated[bool, typer.Option("--guards-open", help="A guard that fails lets pass.")] = False,
    demo: Annotated[bool, typer.Option("--demo", help="Make a small stack, base and table first.")] = False,
    model: Annotated[str | None, typer.Option(help="A pulled model that writes the answers of bases.")] = None,
    config: Annotated[Path | None, typer.Option(help="A strati.toml with the models that the stacks use.")] = None,
    catalog: CatalogOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what is served as JSON.")] = False,
) -> None:
    """Serve certified stacks and knowledge bases, with people in the loop.

    OpenAI's clients work unchanged; what no layer may answer waits for people
    on the page Review. With nothing named, what the folder holds is served.

    Example: strati serve tickets.stack --kb work
    """
    import os

    from strati.cli.extras import must_have
    from strati.core.errors import TaskError

    must_have("serve", "starlette", "fastapi", "uvicorn", "jinja2", "prometheus_client", "itsdangerous")
    from strati.serve import run
    from strati.serve.service import Service
    from strati.serve.settings import Settings

    settings = Settings(
        folder=folder,
        host=host,
        port=port,
        origins=tuple(origin or ()),
        audit=audit,
        timeout=timeout,
        waiting=waiting,
        rate=rate,
        dollars=max_dollars,
        grace=grace,
        lease=lease,
        personal=personal,
        guards="open" if guards_open else "closed",
        catalogs=tuple(catalog or ()),
    )
    chosen = list(stacks or ()), list(kb or ())
    if demo:
        from strati.serve.demo import make_demo

        made = make_demo(Path(".strati/demo"))
        chosen, tables = (made.stacks, made.bases), [*(tables or ()), *made.tables]
    elif not any(chosen) and not tables:
        chosen = run.found_here(Path())
        if not any(chosen):
            raise TaskError(
                "this folder holds no NAME.stack and no NAME.kb: strati certify makes a stack, strati ingest a base, "
                "strati serve --demo both of packaged data"
            )
    sock = run.open_port(settings)
    served, bases = run.load_all(*chosen, settings, config, model)
    desk = run.open_tables(tables, settings, config, model, approved) if tables else None
    service = Service(settings, served, bases, desk)
    run.must_be_safe(settings, os.environ, keys, len(service.keys))
    key = run.prepare_keys(service, os.environ, keys, new_key)
    run.log_to(folder / "service.log")
    opening = run.opening_of(service, sock.getsockname()[1], key)
    run.serve_forever(service, sock, lambda: _tell(opening, as_json=as_json))


def _tell(opening: Opening, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(opening.to_json()), flush=True)
        return
    print(f"strati serves at {opening.address}\n")
    print(f"  Pages   {opening.login}")
    if opening.key:
        print(f"  Key     {opening.key}")
    print(f"          {opening.key_note}")
    for served in opening.stacks:
        print(f"  Stack   {served.name}: {served.sentence}")
    for name in opening.bases:
        print(f"  Base    {name}")
    for name in opening.tables:
        print(f"  Table   {name}")
    for note in opening.notes:
        print(f"  Note    {note}")
    print(f"\n{opening.curl}\n\nCtrl-C ends it.", flush=True)
