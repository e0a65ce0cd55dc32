"""Questions that a newcomer asks first, on tables as people have them: units in cells, ranks, a long minus sign."""

from __future__ import annotations

from pathlib import Path

import pytest

from strati.tables import Standing, ask

STOPS = """Stop,Distance from Harbour,Height above sea level (m),Opened,Closed,Notes
Harbour,0 km,2m,1901,open,first
Mill,4.5 km,12m,1905,1955,burnt down
Forest,12 km,88m,1955,1980,rebuilt
Summit,31 km,301m,1964,1999,highest
Quarry,18 km,140m,1908,1971,for stone
"""
RACE = """Pos,Rider,Maker,Laps,Legs Won,Legs Lost,Rate %
1,Ada,Blitz,20,9,1,5.2
2,Bo,Blitz,20,7,4,\u20130.4
3,Cy,Comet,18,5,5,1.1
4,Di,Comet,4,2,8,\u22121.5
"""
NEWS = """day,text,rate
1990-01-05,please send the refund soon,2.5
1991-02-07,where is my card,3.5
1992-03-11,a refund did not come,1.0
"""
SEASONS = """Season,Team,Games,FG%,Margin,Remarks
2001,Owls,10,.5,-3,he won every single game that was played at home
2002,Owls,20,.4,-14,nobody won much of anything in that long cold year
2003,Hawks,30,.6,-20,the coach left and the team went on without him then
2004,Hawks,16,.3,5,a year of injuries and of many young new players
Total,,76,.45,-8,all of the years that he has played taken together
"""


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("first")
    for name, text in (("stops", STOPS), ("race", RACE), ("news", NEWS), ("seasons", SEASONS)):
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return {name: folder / f"{name}.csv" for name in ("stops", "race", "news", "seasons")}


@pytest.mark.parametrize(
    ("table", "question", "answer"),
    [
        ("stops", "How many stops are there?", 5),
        ("stops", "Which stop is the furthest from Harbour?", "Summit"),
        ("stops", "Which stop is the highest above sea level?", "Summit"),
        ("stops", "Which stops are more than 15 km from Harbour?", ["Summit", "Quarry"]),
        ("stops", "Which stops opened in 1955?", "Forest"),
        ("stops", "How many stops closed before 1960?", 1),
        ("stops", "How many stops opened per decade?", [[1900, 3], [1950, 1], [1960, 1]]),
        ("race", "How many riders took part?", 4),
        ("race", "Show me the top 2 riders", ["Ada", "Bo"]),
        ("race", "What was the average number of laps?", 15.5),
        ("race", "How many legs did Cy win?", 5),
        ("race", "Who lost the fewest legs?", "Ada"),
        ("race", "top 2 riders by legs lost", ["Di", "Cy"]),
        ("race", "average rate", 1.1),
        ("race", "Which riders have a negative rate?", ["Bo", "Di"]),
        ("seasons", "Which season had the most games?", 2003),
        ("race", "highest legs won per maker", [["Blitz", 9], ["Comet", 5]]),
        ("race", "What is the lowest laps for each maker?", [["Blitz", 20], ["Comet", 4]]),
        ("race", "Which maker has the lowest average laps?", "Comet"),
        ("race", "best rate per maker", [["Blitz", 5.2], ["Comet", 1.1]]),
        ("race", "Which rider has the most legs won for each maker?", [["Blitz", "Ada"], ["Comet", "Cy"]]),
        ("race", "rider with the lowest laps in each maker", [["Blitz", "Ada"], ["Blitz", "Bo"], ["Comet", "Di"]]),
        ("seasons", "How many games did he play?", 76),
        ("seasons", "games in Total", 76),
        ("seasons", "What is the highest FG%?", 0.6),
        ("seasons", "How many seasons had a margin below -10?", 2),
        ("news", "How many texts mention refund?", 2),
        ("news", "How did the rate change between 1990 and 1992?", -1.5),
        ("news", "rate over time", [["1990-01", 2.5], ["1991-02", 3.5], ["1992-03", 1.0]]),
    ],
)
def test_a_first_question(tables: dict[str, Path], table: str, question: str, answer: object) -> None:
    found = ask(question, tables[table])
    assert found.state is Standing.ANSWERED, found.reason
    if isinstance(answer, float):
        assert found.answer == pytest.approx(answer)
    else:
        assert found.answer == answer, found.words


def test_who_is_asked_of_two_kinds_of_people(tmp_path: Path) -> None:
    path = tmp_path / "tickets.csv"
    path.write_text("ticket,customer,agent\nT1,Acme,Ana\nT2,Beta,Bob\n", encoding="utf-8")
    found = ask("Who handled T2?", path)
    assert found.state is Standing.AMBIGUOUS
    assert "Beta" in found.reason
    assert "Bob" in found.reason
    assert ask("Who is the agent of T2?", path).answer == "Bob"


def test_a_figure_of_each_group_is_no_doubtful_answer(tables: dict[str, Path]) -> None:
    found = ask("What is the average laps per maker?", tables["race"])
    assert found.answer == [["Blitz", 20], ["Comet", 11]]
    assert found.confidence > 0.5


@pytest.mark.parametrize(
    ("table", "question", "word"),
    [
        ("stops", "How many wagons are there?", "wagons"),
        ("race", "How many riders ride a Duke?", "Duke"),
        ("seasons", "Which teams won in 2003?", "won"),
        ("race", "How many riders had more than 3 crashes?", "crashes"),
    ],
)
def test_a_word_that_is_not_there_is_named(tables: dict[str, Path], table: str, question: str, word: str) -> None:
    found = ask(question, tables[table])
    assert found.state is Standing.REFUSED
    assert repr(word) in found.reason
