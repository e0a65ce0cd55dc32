"""An outcome as people meet it: at a prompt, in a notebook, in a data frame."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from strati.core.errors import UserError
from strati.measure.plan import Outcome
from tests.report.fixtures import use

OUTCOME = Outcome("abc123", Path("abc123.db"), use())


def test_an_outcome_is_short_at_the_prompt() -> None:
    assert repr(OUTCOME) == "<Outcome of run abc123: Use n-grams. You do not need an LLM for this.>"
    stopped = Outcome("abc123", Path("abc123.db"), use(), "the time limit is reached")
    assert repr(stopped).endswith("stopped: the time limit is reached>")


def test_a_notebook_shows_headline_and_candidates_escaped() -> None:
    verdict = use()
    verdict["candidates"][0]["name"] = "<b>majority</b>"
    page = Outcome("abc123", Path("x.db"), verdict)._repr_html_()
    assert page.startswith("<p><b>Use n-grams. You do not need an LLM for this.</b></p><table>")
    assert "&lt;b&gt;majority&lt;/b&gt;" in page
    assert page.count("<tr>") == len(verdict["candidates"]) + 1


def test_rows_and_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = OUTCOME.rows()
    assert [row["candidate"] for row in rows if row["chosen"]] == ["n-grams"]
    assert set(rows[0]) >= {"quality", "low", "high", "n", "cost_per_1000", "p95_ms", "qualifies", "status"}
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UserError, match="needs pandas, which is not installed: pip install pandas"):
        OUTCOME.to_frame()
