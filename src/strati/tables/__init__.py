"""Talk to your tables: a question in plain words, answered by one checked query that can be read.

Data flows down this list: `sources` (what the user brings), `load` and `types` (files to tables), `engine` and `worker`
(the locked process that holds them), `database` (how to reach it), `schema`, `parse/` (a question to a query without a
model), `allowed` (which queries may run), `answer`, `asking`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strati.tables.answer import Badge, Cell, Standing, TableAnswer

if TYPE_CHECKING:
    from strati.tables.sources import Origin


def ask(question: str, *sources: Origin) -> TableAnswer:
    """Answer a question from tables, or refuse it with the reason.

    Args:
        question: in plain English, as "How many orders are closed?".
        sources: paths (CSV, TSV, Excel, Parquet, JSON lines, SQLite, DuckDB) and pandas or Polars frames.

    Raises `DataError` for a source that is no table.

    >>> import pandas
    >>> orders = pandas.DataFrame({"order": [1, 2, 3], "status": ["open", "closed", "closed"]})
    >>> answer = ask("How many orders are closed?", orders)
    >>> answer.answer, answer.words
    (2, 'counting the rows of frame where status is closed')
    """
    from strati.tables.asking import by_parser
    from strati.tables.database import Database

    with Database(*sources) as tables:
        return by_parser(question, tables)


__all__ = ["Badge", "Cell", "Standing", "TableAnswer", "ask"]
