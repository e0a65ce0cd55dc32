"""Doubts as a table that people fill in: one row a doubt, an empty column for the decision."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import NamedTuple

from strati.core.errors import DataError
from strati.knowledge.graph import review
from strati.knowledge.graph.export import cell, write_whole
from strati.knowledge.graph.find import View
from strati.knowledge.graph.linking import Decision

COLUMNS = ("id", "decision", "kind", "question", "wrong", "reasons", "place", "quote", "other_place", "other_quote")
YES = ("yes", "y", "right", "same", "accept")
NO = ("no", "n", "wrong", "different", "two", "reject", "split")


class Filled(NamedTuple):
    """What a filled-in table said: the numbers of the decisions that were written down, and the rows that said what
    was decided before, and those left empty."""

    kept: list[int]
    known: int
    empty: int


def write_table(view: View, out: Path) -> int:
    """Write all doubts to a CSV file, what is most likely wrong first; how many.

    Raises:
        UserError: the place cannot be written.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    for doubt in view.graph.doubts:
        quotes = [(cell(one.place), cell(" ".join(one.quote.split()))) for one in review.quotes(view, doubt)]
        first, second = [*quotes, ("", ""), ("", "")][:2]
        about = (doubt.kind, cell(doubt.question), f"{doubt.wrong:.2f}", cell("; ".join(doubt.reasons)))
        writer.writerow((doubt.id, "", *about, *first, *second))
    write_whole(file.getvalue(), out)
    return len(view.graph.doubts)


def read_table(view: View, path: Path) -> Filled:
    """Write down what a filled-in table decides, all or nothing.

    Raises:
        DataError: the file is no such table, a decision is neither yes nor no, a doubt is unknown, or decisions
            contradict each other or earlier ones.
    """
    before = review.decided(view)
    open_ = {doubt.id: doubt for doubt in view.graph.doubts}
    seen: dict[str, tuple[int, bool]] = {}
    made: list[Decision] = []
    known = empty = 0
    for line, id, word in _rows(path):
        if not word:
            empty += 1
            continue
        if word not in (*YES, *NO):
            raise DataError(f"{path}, line {line}: the decision is {word!r}, expected yes or no; nothing was kept")
        yes = word in YES
        if id in seen:
            if seen[id][1] is not yes:
                raise DataError(f"{path}: lines {seen[id][0]} and {line} contradict each other; nothing was kept")
            continue
        seen[id] = (line, yes)
        if id in before and before[id][1] is yes:
            known += 1
        elif id in before:
            number = before[id][0]
            raise DataError(
                f"{path}, line {line}: you decided the contrary, strati graph review --undo {number} first; "
                "nothing was kept"
            )
        elif id not in open_:
            raise DataError(f"{path}, line {line}: there is no doubt {id!r} any more; nothing was kept")
        else:
            made += review.decisions_on(view, open_[id], yes=yes)
    return Filled(review.decide_all(view, made) if made else [], known, empty)


def _rows(path: Path) -> list[tuple[int, str, str]]:
    """Line, doubt and decision of each row."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{path} is not UTF-8 text, expected a table by strati graph review --out FILE") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=head.count))
    if not {"id", "decision"} <= set(reader.fieldnames or ()):
        raise DataError(
            f"{path} has the columns {', '.join(reader.fieldnames or ()) or 'none'}, expected id and decision, "
            "as strati graph review --out FILE writes them"
        )
    try:
        return [(reader.line_num, (row["id"] or "").strip(), (row["decision"] or "").strip().lower()) for row in reader]
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}") from None
