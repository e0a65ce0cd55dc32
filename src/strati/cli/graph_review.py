"""`strati graph review` on a terminal: the queue of doubts, questions one by one, tables of decisions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strati.cli.console import open_console
from strati.core.figures import several

if TYPE_CHECKING:
    from strati.knowledge.graph.find import View

MOST = 12  # shown of each list; --json has all


def write_doubts(view: View, out: Path, as_json: bool) -> None:
    """All doubts, written to a CSV file with an empty column for decisions."""
    from strati.knowledge.graph.review_table import write_table

    count = write_table(view, out)
    if as_json:
        print_json({"doubts": count, "file": str(out)})
    else:
        print(f"{several(count, 'doubt')} written to {out}; fill in the column decision with yes or no, then:")
        print(f"strati graph review --decisions {out}")


def read_decisions(view: View, path: Path, as_json: bool) -> None:
    """The decisions of such a file, once it is filled in, are kept."""
    from strati.knowledge.graph.review_table import read_table

    found = read_table(view, path)
    if as_json:
        print_json({"decisions": found.kept, "known": found.known, "empty": found.empty})
        return
    numbers = f" (numbers {found.kept[0]} to {found.kept[-1]})" if len(found.kept) > 1 else ""
    print(
        f"{len(found.kept):,} decisions are kept{numbers}, {found.known:,} were known, {found.empty:,} rows are empty"
    )


def ask_each(view: View) -> None:
    """One doubt after the other, from the keyboard; each decision is kept at once."""
    from strati.core.errors import DataError
    from strati.knowledge.graph import review as reviewing
    from strati.knowledge.graph.find import View

    console = open_console()
    asked: set[str] = set()
    kept = 0
    while doubt := next((one for one in view.graph.doubts if one.id not in asked), None):
        asked.add(doubt.id)
        shown = [quote.to_json() for quote in reviewing.quotes(view, doubt)]
        _doubt(console, {**doubt.to_json(), "quotes": shown})
        try:
            answer = _answer()
        except EOFError:
            break
        if answer == "q":
            break
        if answer == "s":
            continue
        try:
            kept += len(reviewing.accept(view, doubt.id) if answer == "y" else reviewing.refuse(view, doubt.id))
        except DataError as error:
            print(f"not kept: {error}")
        view = View(view.base)
    print(f"decisions kept: {kept:,}; doubts left: {len(view.graph.doubts):,}")


def _answer() -> str:
    while True:
        answer = input("y(es), n(o), s(kip), q(uit)? ").strip().lower()[:1]
        if answer in ("y", "n", "s", "q"):
            return answer


def show_queue(found: dict[str, Any], as_json: bool) -> None:
    """The doubts, most likely wrong first, large clusters, and what was decided."""
    if as_json:
        print_json(found)
        return
    console = open_console()
    doubts = found["doubts"]
    count = "1 doubt" if len(doubts) == 1 else f"{len(doubts):,} doubts, most likely wrong first"
    console.print(count if doubts else "no doubts")
    for doubt in doubts[:MOST]:
        _doubt(console, doubt)
    if len(doubts) > MOST:
        console.print(f"and {len(doubts) - MOST:,} more: --out FILE.csv writes all, --ask asks one after the other")
    for one in found["large"]:
        names = f"{line(one['name'])} has {len(one['names'])} names: {', '.join(map(line, one['names']))}"
        console.print(names, soft_wrap=True, markup=False)
    merges = found["merges"]
    console.print(f"{several(len(merges), 'merge')} by rules and people; --json lists them with their reasons")
    for decision in found["decisions"]:
        console.print(f"decision {decision['number']}: {line(decision['said'])}", soft_wrap=True, markup=False)


def _doubt(console: Any, doubt: dict[str, Any]) -> None:
    now = {"merge": "two names", "split": "one entity", "relation": "a relation"}[doubt["kind"]]
    console.print(f"{doubt['id']}  {line(doubt['question'])}", soft_wrap=True, markup=False, style="bold")
    wrong = f"{now} in the graph now, wrong with probability {doubt['wrong']:.2f}"
    console.print(f"     {'; '.join(map(line, (wrong, *doubt['reasons'])))}", soft_wrap=True, markup=False)
    for quote in doubt["quotes"]:
        console.print(f'     "{short(quote["quote"])}"  [{line(quote["place"])}]', soft_wrap=True, markup=False)


def short(text: str) -> str:
    """A quote in one line, 240 characters at most."""
    whole = line(" ".join(text.split()))
    return whole if len(whole) <= 240 else whole[:237] + "..."


def line(text: str) -> str:
    """Text of a document in one line, without characters that steer a terminal."""
    return "".join(c if c.isprintable() else " " if c.isspace() else "\ufffd" for c in text)


def print_json(value: Any) -> None:
    """A value for programs."""
    print(json.dumps(value, ensure_ascii=False, indent=1))
