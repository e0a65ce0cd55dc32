"""Which tool a question is for: a classifier trained on questions of ours, no language model needed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

from strati.core.errors import TaskError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FILLERS = {
    "topic": ("overtime", "data protection", "the rent increase", "insurance claims", "visitor badges", "the new roof"),
    "statement": (
        "the bridge was built in 1931",
        "overtime is paid twice a year",
        "tenants may keep dogs",
        "the pump needs oil",
        "visitors need no badge",
        "the roof was repaired by Weber",
    ),
    "message": (
        "the door does not open",
        "I was not paid",
        "they was happy with it",
        "where is my order",
        "we is late",
    ),
    "quoted": ('"the door does not open"', '"I was not paid"', '"they was happy"', '"the pump needs oil"'),
    "rows": ("bookings", "patients", "payments", "machines", "students"),
    "value": ("turnover", "weight", "duration", "rent", "score"),
    "group": ("city", "doctor", "year", "course", "country"),
    "name": ("Klara Berg", "Orion Ltd", "the valley trust", "Hugo Marsh & Sons", "Dr. Patel"),
    "other": ("the ferry company", "Samuel Ortega", "Pine Capital", "the water board", "Wren Foundation"),
    "done": ("cancelled", "paid", "late", "open"),
}
"""What stands in a frame's {places}: none of it should tell the tool."""
_EACH = 4
"""Questions made from each frame."""
TOOLS = ("search", "ask", "check", "tables", "stacks", "write", "graph")
_QUOTED = re.compile(r"\"[^\"]+\"|“[^”]+”|«[^»]+»")
_AFTER = re.compile(r":\s+\S.*$", re.S)


class Routed(NamedTuple):
    """The tool, its probability, and the next best."""

    tool: str
    probability: float
    others: tuple[tuple[str, float], ...]


def route(question: str, available: Sequence[str] = TOOLS) -> Routed:
    """The tool that a question is for, among those that are available.

    Raises `TaskError` when none is, or the question is empty.

    >>> route("How many orders came in last week?").tool
    'tables'
    >>> route("How many orders came in last week?", ["ask", "search"]).tool
    'ask'
    """
    if not question.strip():
        raise TaskError("the question is empty, expected one in plain words")
    wanted = [tool for tool in TOOLS if tool in available]
    if not wanted:
        raise TaskError("no tool is available, expected --kb, --tables or --stack")
    weights = dict(zip(TOOLS, _router().probabilities(question), strict=True))
    total = sum(weights[tool] for tool in wanted)
    ranked = sorted(((tool, float(weights[tool] / total)) for tool in wanted), key=lambda pair: -pair[1])
    return Routed(*ranked[0], tuple(ranked[1:]))


def shape(question: str) -> str:
    """A question with what is quoted, and numbers, in the place of a sign: what it is about says little of the tool.

    >>> shape('Is it true that "the crane lifts 5 t"?')
    'is it true that quotedtext ?'
    """
    text = _QUOTED.sub(" quotedtext ", question)
    if len(text.split()) > 3:
        text = _AFTER.sub(" : quotedtext ", text)
    return " ".join(re.sub(r"\d+(?:[.,]\d+)*", "0", re.sub(r"([?!.])", r" \1", text)).lower().split())


class _Router:
    """Words, pairs of words and pieces of words, weighed by logistic regression."""

    def __init__(self, questions: Sequence[str], tools: Sequence[str]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline, make_union
        from threadpoolctl import threadpool_limits

        words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"\S+", sublinear_tf=True)
        first = TfidfVectorizer(preprocessor=_beginning, token_pattern=r"\S+", ngram_range=(1, 3), sublinear_tf=True)
        pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
        made: Any = make_pipeline(make_union(words, first, pieces), LogisticRegression(C=20.0, max_iter=1000))
        with threadpool_limits(1):  # so small a fit only waits for other threads
            self._model = made.fit([shape(question) for question in questions], list(tools))

    def probabilities(self, question: str) -> NDArray[np.float64]:
        """In the order of `TOOLS`."""
        import numpy as np

        row = self._model.predict_proba([shape(question)])[0]
        place = {tool: at for at, tool in enumerate(self._model.classes_)}
        return np.array([row[place[tool]] for tool in TOOLS])


def _beginning(text: str) -> str:
    return " ".join(f"^{word}" for word in text.split()[:4])


def read_questions(text: str) -> list[tuple[str, str]]:
    """(tool, question) of each line of a file of questions."""
    rows = [line.split("\t") for line in text.splitlines()[1:] if line.strip()]
    return [(tool, question) for tool, question in rows]


def made_from(frames: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Questions with every place of a frame filled in several ways.

    >>> made_from([("search", "Find {topic}")])[0]
    ('search', 'Find overtime')
    """
    found = []
    for number, (tool, frame) in enumerate(frames):
        for turn in range(_EACH):
            filled = {name: words[(number + turn) % len(words)] for name, words in _FILLERS.items()}
            text = frame.format(**filled)
            found.append((tool, text[:1].upper() + text[1:]))
    return list(dict.fromkeys(found))


@cache
def _router() -> _Router:
    folder = files("strati.serve.agent")
    frames = read_questions(folder.joinpath("frames.tsv").read_text(encoding="utf-8"))
    rows = read_questions(folder.joinpath("questions.tsv").read_text(encoding="utf-8")) * _EACH + made_from(frames)
    return _Router([question for _, question in rows], [tool for tool, _ in rows])
