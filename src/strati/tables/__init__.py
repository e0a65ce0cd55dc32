"""Talk to your tables: a question in plain words, answered by one checked query that can be read.

Data flows down this list: `sources` (what the user brings), `raw`, `delimited`, `load` and `types` (files to tables),
`engine` and `worker` (the locked process that holds them), `database` (how to reach it), `schema`, `parse/` (a question
to a query without a model), `allowed` (which queries may run), `answer`, `approved`, `layers` and `checks` (parts of a
stack), `asking`, `stacked`, `profile`, `kind` (how it is benchmarked).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from strati.tables.answer import Badge, Cell, Standing, TableAnswer
from strati.tables.profile import Profile

if TYPE_CHECKING:
    from strati.models.contract import LanguageModel
    from strati.tables.sources import Origin


def look(*sources: Origin) -> Profile:
    """What is in some tables, how they can be joined, and five questions that they answer.

    Args:
        sources: paths (CSV, TSV, Excel, Parquet, JSON lines, SQLite, DuckDB) and pandas or Polars frames.

    Raises `DataError` for a source that is no table.

    >>> import pandas
    >>> look(pandas.DataFrame({"city": ["Lima", "Oslo"], "people": [10, 1]})).questions[0]
    'Which city has the highest people?'
    """
    from strati.tables.database import Database
    from strati.tables.profile import profiled

    with Database(*sources) as tables:
        return profiled(tables)


def ask(
    question: str,
    *sources: Origin,
    model: str | LanguageModel | None = None,
    sql: str | None = None,
    approved: str | Path | None = None,
) -> TableAnswer:
    """Answer a question from tables, or refuse it with the reason.

    Args:
        question: in plain English, as "How many orders are closed?".
        sources: paths (CSV, TSV, Excel, Parquet, JSON lines, SQLite, DuckDB) and pandas or Polars frames.
        model: a language model, or the name of one that is pulled, for questions that the parser cannot read.
        sql: your own query, to be run instead; it must pass the same checks.
        approved: a file of approved queries; by default `.strati/approved_queries.jsonl` where there is one.

    Raises:
        DataError: a source is no table.
        Refused: your own query is not one SELECT over known tables, columns and functions.
        OverLimit: the query needs more than it may use.

    >>> import pandas
    >>> orders = pandas.DataFrame({"order": [1, 2, 3], "status": ["open", "closed", "closed"]})
    >>> answer = ask("How many orders are closed?", orders)
    >>> answer.answer, answer.words
    (2, 'counting the rows of frame where status is closed')
    """
    from strati.tables.approved import FILE, approved_in
    from strati.tables.asking import by_all, by_sql
    from strati.tables.database import Database

    opened = _opened(model) if isinstance(model, str) else model
    known = approved_in(Path(approved) if approved else FILE)
    with Database(*sources) as tables:
        if sql is not None:
            return by_sql(question, sql, tables)
        return by_all(question, tables, approved=known, model=opened)


def _opened(name: str) -> LanguageModel:
    from strati.core.errors import ModelError
    from strati.models.contract import LanguageModel
    from strati.models.open import open_models

    found = open_models([name], [], llms=True)[0]
    if not found or not isinstance(found[0], LanguageModel):
        raise ModelError(f"the model {name} does not write text")
    return found[0]


__all__ = ["Badge", "Cell", "Profile", "Standing", "TableAnswer", "ask", "look"]
