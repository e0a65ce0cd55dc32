"""The second look: what a question's first words ask for, against what the answer is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strati.tables import Standing, ask
from strati.tables.parse.reading import Agg, Condition, Field, Op, Reading, Shape
from strati.tables.parse.second_look import differing, looks
from strati.tables.schema import Column, Type

YEAR = Field("t", Column("year", Type.INTEGER, distinct=9, low="1990", high="1999"))
TEAM = Field("t", Column("team", Type.TEXT, values=("Owls", "Night Owls", "Hawks")))
GOALS = Field("t", Column("goals", Type.INTEGER, distinct=9, low="0", high="30"))
LISTED = Reading("t", Shape.LOOK_UP, (TEAM,))
OF_TWO = Reading("t", Shape.EXTREME, (GOALS,), conditions=(Condition(TEAM, Op.IN, ("Owls", "Hawks")),), order=GOALS)
BEST = Reading("t", Shape.EXTREME, (TEAM,), (GOALS,), conditions=OF_TWO.conditions, order=GOALS)
BY_YEAR = Reading("t", Shape.EXTREME, (YEAR,), direction=1, order=YEAR)
AVERAGE = Reading("t", Shape.SUM, agg=Agg.AVG, measure=GOALS, group=TEAM)
TOTAL = Reading("t", Shape.SUM, agg=Agg.SUM, measure=GOALS, conditions=(Condition(TEAM, Op.IN, ("Owls",)),))


@pytest.mark.parametrize(
    ("question", "reading", "answer", "told"),
    [
        ("how many teams won?", LISTED, "Owls", "a number is asked for"),
        ("how many teams won?", LISTED, 3, ""),
        ("what is the average number of goals per team?", AVERAGE, [["Owls", 3.5], ["Hawks", 2]], ""),
        ("how many goals are there for each team?", LISTED, [["Owls", "Hawks"]], "a number is asked for"),
        ("in which year did they win?", LISTED, "Owls", "a time is asked for"),
        ("in which year did they win?", LISTED, 1994, ""),
        ("who won in 1994?", LISTED, 1994, "a name is asked for"),
        ("who won in 1994?", LISTED, "Owls", ""),
        ("did the owls or hawks have the most goals?", OF_TWO, 30, "one of two is asked for, the answer is neither"),
        ("which team scored more, owls or hawks?", BEST, "Owls", ""),
        ("which of the two is better?", LISTED, "both the same", "they are the same"),
        ("which year had the most goals?", BY_YEAR, 1999, "the answer is what is last"),
        ("which was the last year?", BY_YEAR, 1999, ""),
        ("name a team other than the hawks", LISTED, ["Owls", "Night Owls"], "some are asked for"),
        ("name two teams", LISTED, ["Owls", "Night Owls"], ""),
        ("what is the average number of goals of the owls?", TOTAL, 12, "an average is asked for"),
        ("how many goals did the owls and bats score combined?", TOTAL, 12, "a sum of several"),
        ("how many goals did the owls score?", TOTAL, 12, ""),
        ("who drove?", LISTED, "Ann\nBo", "several in one cell"),
        ("which team won in 1994?", Reading("t", Shape.LOOK_UP, (YEAR,), (TEAM,)), 1994, "another column"),
        ("which team won in 1994?", LISTED, "Owls", ""),
    ],
)
def test_what_is_asked_and_what_is_answered(question: str, reading: Reading, answer: Any, told: str) -> None:
    found = differing(question, reading, answer)
    assert (told in found) if told else not found


def test_a_value_among_other_words() -> None:
    assert looks("how many goals did the owls score?", TOTAL, 12)["in longer values"]
    hawks = Reading("t", Shape.SUM, agg=Agg.SUM, measure=GOALS, conditions=(Condition(TEAM, Op.IN, ("Hawks",)),))
    assert not looks("how many goals did the hawks score?", hawks, 12)["in longer values"]


def test_an_answer_that_looks_otherwise_is_less_sure_and_says_why(tmp_path: Path) -> None:
    (tmp_path / "wins.csv").write_text(
        "year,team,titles\n1990,Owls,3\n1991,Hawks,5\n1992,Owls,1\n1993,Bats,2\n", encoding="utf-8"
    )
    plain = ask("which team has the most titles in 1991?", tmp_path / "wins.csv")
    assert plain.state is Standing.ANSWERED
    some = ask("name a team with more than 1 title in total", tmp_path / "wins.csv")
    assert some.answer == ["Hawks", "Owls", "Bats"]
    assert "some are asked for, the answer is all" in some.reason
    assert some.confidence < 0.5 < plain.confidence
