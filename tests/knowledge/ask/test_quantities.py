from __future__ import annotations

import pytest

from strati.knowledge.ask.quantities import missing, quantities, same


def lost(claim: str, source: str) -> list[str]:
    return [one.text for one in missing(quantities(claim), quantities(source), "".join(source.split()))]


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("USD 1.5m", "$1,500,000"),
        ("1.5 million dollars", "They paid $1.5 million."),
        ("12 May 2023", "2023-05-12"),
        ("May 12, 2023", "12. Mai 2023"),
        ("in May 2023", "on 12 May 2023"),
        ("in 2023", "on 12 May 2023"),
        ("twenty-five miles", "25 miles"),
        ("20 percent", "20%"),
        ("thirty days", "thirty (30) days"),
        ("10:30 pm", "22:30"),
        ("2023年5月12日", "12 May 2023"),
        ("1.5亿", "150,000,000"),
        ("about 1.5 million", "1,487,000"),
        ("$ 235,000", "$ 235, 000"),
        ("3 350", "3 350"),
        ("the 3rd", "the third"),
        ("5 km", "5km"),
    ],
)
def test_the_same_quantity(claim: str, source: str) -> None:
    assert quantities(claim)
    assert lost(claim, source) == []


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("USD 1.5m", "EUR 1.5m"),
        ("1.5 million", "1.5 billion"),
        ("12 May 2023", "12 May 2024"),
        ("12 May 2023", "13 May 2023"),
        ("in 2023", "in 2024"),
        ("20 percent", "20 days"),
        ("5 km", "5 miles"),
        ("10:30 am", "10:30 pm"),
        ("60 days", "30 days"),
        ("1,487", "1,488"),
        ("seven", "6 and 8"),
        ("3.2", "3.3"),
        ("more than 70,400", "70,000"),
        ("$37.6 million", "$37.6 billion"),
        ("€230,000", "$230,000"),
    ],
)
def test_another_quantity(claim: str, source: str) -> None:
    assert lost(claim, source) == [quantities(claim)[0].text]


def test_nothing_to_compare() -> None:
    assert quantities("") == []
    assert quantities("No numbers here, only one pronoun.") == []
    assert quantities("31 February in a B2 cell of e5-small") != []


def test_a_year_is_no_rounded_other_year() -> None:
    claim, source = quantities("The lease ends in 2030."), quantities("It ends in 2027.")
    assert not same(claim[0], source[0])
    assert same(quantities("about 2000 people")[0], quantities("1,987 people")[0])
