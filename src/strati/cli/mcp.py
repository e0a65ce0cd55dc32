"""`strati mcp`: stacks and bases as tools for agents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from strati.cli.base import CatalogOption


def mcp(
    stacks: Annotated[list[Path] | None, typer.Argument(metavar="[STACKS]...", help="Stack folders.")] = None,
    kb: Annotated[list[Path] | None, typer.Option(help="A knowledge base. May be repeated.")] = None,
    tables: Annotated[list[Path] | None, typer.Option(metavar="FILE", help="A table. May be repeated.")] = None,
    http: Annotated[int | None, typer.Option(help="Listen on this port of this machine instead of stdio.")] = None,
    config: Annotated[Path | None, typer.Option(help="A strati.toml with the models that the stacks use.")] = None,
    catalog: CatalogOption = None,
) -> None:
    """Give agents the stacks, bases and tables of this machine as read-only tools.

    Speaks MCP on standard input and output, or on a port that only this
    machine reaches. With nothing named, what the folder holds is offered.

    Example: strati mcp tickets.stack --kb work
    """
    from strati.cli.extras import must_have
    from strati.core.errors import TaskError

    must_have("serve", "mcp")
    from strati.serve.mcp import server
    from strati.serve.run import found_here, load_all, open_tables
    from strati.serve.settings import Settings
    from strati.serve.tools.offer import tools_of

    chosen = list(stacks or ()), list(kb or ())
    if not any(chosen) and not tables:
        chosen = found_here(Path())
        if not any(chosen):
            raise TaskError("this folder holds no NAME.stack and no NAME.kb, expected one to offer")
    settings = Settings(catalogs=tuple(catalog or ()))
    desk = open_tables(tables, settings, config, None) if tables else None
    made = server(tools_of(*load_all(*chosen, settings, config), desk))
    if http is None:
        made.run("stdio")
        return
    from mcp.server.transport_security import TransportSecuritySettings

    hosts = [f"{name}:{http}" for name in ("127.0.0.1", "localhost", "[::1]")]
    security = TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=[f"http://{host}" for host in hosts])
    made.run("streamable-http", host="127.0.0.1", port=http, transport_security=security)
