"""What the bodies under /api may hold; OpenAPI describes them from here."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from strati.serve.records import Action


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AnswerBody(_Body):
    """A case for a stack."""

    model: str
    input: str | dict[str, str]
    wait: float = Field(0.0, ge=0, le=3600, description="Seconds to wait for a person.")
    risk: float = Field(1.0, ge=0, le=1e6, description="What a wrong answer would cost, beside others.")


class AskBody(_Body):
    """A question to a knowledge base."""

    base: str
    question: str = Field(min_length=1)


class CheckBody(_Body):
    """A text whose claims are held against a knowledge base."""

    base: str
    text: str = Field(min_length=1, max_length=20_000)


class TablesBody(_Body):
    """A question to the tables; `sql` is run instead of a query of ours."""

    question: str = Field(min_length=1, max_length=2000)
    sql: str | None = Field(None, min_length=1, max_length=20_000)


class ApproveBody(_Body):
    """A question and the query that a reviewer found right for it."""

    question: str = Field(min_length=1, max_length=2000)
    sql: str = Field(min_length=1, max_length=20_000)


class SearchBody(_Body):
    """A search in a knowledge base."""

    base: str
    query: str = Field(min_length=1)
    k: int = Field(10, ge=1, le=100)
    mode: Literal["auto", "bm25", "embeddings", "fusion"] = "auto"
    documents: list[str] = []
    types: list[str] = []
    languages: list[str] = []
    since: str | None = Field(None, pattern=r"^\d{4}-\d\d-\d\d$")
    until: str | None = Field(None, pattern=r"^\d{4}-\d\d-\d\d$")


class TryBody(_Body):
    """One input for several rungs."""

    input: str = Field(min_length=1)
    models: list[str] = Field([], description="Stacks; all when empty.")
    explain: bool = True


class ExampleBody(_Body):
    """An input with its right answer."""

    model: str
    input: str = Field(min_length=1)
    label: str = Field(min_length=1)


class LeaseBody(_Body):
    """Ask for the next item, or for one by ticket."""

    ticket: str | None = None
    models: list[str] | None = None


class DecideBody(_Body):
    """A reviewer's decision; `seen` says what was on the screen."""

    lease: str
    action: Action
    answer: Any = None
    comment: str = Field("", max_length=4000)
    seen: dict[str, Any] = {}


class HeldBody(_Body):
    """The lease of an item."""

    lease: str


class FeedbackBody(_Body):
    """Whether an answer was right, by who asked."""

    id: str
    right: bool
    answer: Any = None
    comment: str = Field("", max_length=4000)
