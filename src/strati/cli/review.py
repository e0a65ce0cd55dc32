"""`strati review`: what waits for people, in a terminal."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from strati.cli.console import open_console


def review(
    folder: Annotated[Path, typer.Option(help="Where the service database lives.")] = Path(".strati/service"),
    model: Annotated[list[str] | None, typer.Option(help="Only this stack's. May be repeated.")] = None,
    name: Annotated[
        str | None, typer.Option("--as", help="Your name; default: the one you are logged in with.")
    ] = None,
    grace: Annotated[float, typer.Option(min=0, help="Seconds in which a decision can be undone.")] = 4.0,
    lease: Annotated[float, typer.Option(min=1, help="Seconds an item is yours.")] = 300.0,
    show_proposal: Annotated[bool, typer.Option("--show-proposal", help="Do not cover the proposal.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print how many wait, and stop.")] = False,
) -> None:
    """Decide the cases that wait for people, one at a time.

    The queue is the one of strati serve and of strati run --queue. A number
    answers, ? lists the keys, q leaves; who waits for an answer gets it.

    Example: strati review --as Anna
    """
    import json

    from strati.core.errors import DataError
    from strati.serve.queue.batches import labels_kept
    from strati.serve.queue.reviews import Reviews
    from strati.serve.store.database import FILE, Database
    from strati.serve.terminal import Terminal

    if not (folder / FILE).is_file():
        raise DataError(f"there is no queue in {folder}: strati serve makes one, and so does strati run --queue")
    reviews = Reviews(Database(folder), lease, grace)
    reviews.labels = lambda one: labels_kept(reviews, one)
    if as_json:
        print(json.dumps({"waiting": reviews.count(model)}))
        return
    who = name or getpass.getuser()
    done = Terminal(reviews, who, open_console(), models=model, look_first=not show_proposal).run()
    print(f"{done} decided, {reviews.count(model)} wait.")
