"""Facts are found, and an edit that changes one is told."""

from __future__ import annotations

import pytest

from strati.write.facts import FactKind, facts, kept

SAME = [
    ("We saw 2 of them.", "We saw two of them."),
    ("It cost $1,000.", "It cost 1000 dollars."),
    ("It was 12 March 2024.", "It was March 12, 2024."),
    ("Sales rose 5 percent.", "Sales rose 5 %."),
    ("i live in germany.", "I live in Germany."),
    ("It can not be.", "It can't be."),
    ("He dont know.", "He doesn't know."),
    ("In deed it is so.", "Indeed it is so."),
    ("Goverments has power.", "Governments have power."),
    ("He said it is late.", 'He said, "It is late."'),
    ("He took one of the books.", "He took a book of them."),
    ("It lasts three-four years.", "It lasts three to four years."),
    ("no matter what he does", "whatever he does"),
    ("They do not do nothing.", "They do not do anything."),
    ("There can not be no noise.", "There cannot be any noise."),
    ("He can't eat, he can't go to school.", "He can't eat or go to school."),
    ("They don't know about this.", "They are unaware of this."),
    ("It helps to not pollute the air.", "It helps to prevent pollution of the air."),
    ("no matter whether he likes it or not", "even if he does not like it"),
    ("He would never want it stagnant or lost.", "He would never want it stagnant nor lost."),
    ("Every body no that it is so.", "Everybody knows that it is so."),
    ("A user cannto tell.", "A user cannot tell."),
    ("Third the man put it there.", "Third, the man put it there."),
    ("Secondly, it is far.", "It is also far."),
    ("4:they have a chance.", "Fourth, they have a chance."),
    ("In thirdworld countries.", "In third world countries."),
    ("He left with out a word.", "He left without a word."),
    ("He dosent know.", "He doesn't know."),
    ("It is not only cheap but also good.", "It is both cheap and good."),
    ("It fails if you don't come.", "It fails unless you come."),
    ("In the 20 century it grew.", "In the 20th century it grew."),
    ("In the 1990's it grew.", "In the 1990s it grew."),
    ("It costs 50$.", "It costs $50."),
    ("It takes one hour.", "It takes an hour."),
    ("It is two expensive.", "It is too expensive."),
    ("It was in febuary.", "It was in February."),
    ("She speaks China well.", "She speaks Chinese well."),
    ("They live in the US today.", "They live in the United States today."),
    ("They like ipod and music.", "They like i-Pods and music."),
    ("He said, This can be seen in the lakes.", 'He said, "This can be seen in a lake."'),
]
CHANGED = [
    ("We saw 2 of them.", "We saw 3 of them.", FactKind.NUMBER),
    ("We saw twenty-one of them.", "We saw twenty-two of them.", FactKind.NUMBER),
    ("From 5 to 6 it grew.", "From 6 to 5 it grew.", FactKind.NUMBER),
    ("The third man came.", "The fourth man came.", FactKind.NUMBER),
    ("In the 1980s it grew.", "In the 1990s it grew.", FactKind.NUMBER),
    ("It was 12 March 2024.", "It was 12 May 2024.", FactKind.DATE),
    ("It was on Monday.", "It was on Sunday.", FactKind.DATE),
    ("At 10:30 we met.", "At 10:35 we met.", FactKind.DATE),
    ("It is 5 km away.", "It is 5 miles away.", FactKind.UNIT),
    ("It is -5 degrees.", "It is 5 degrees.", FactKind.UNIT),
    ("It cost $5.", "It cost €5.", FactKind.AMOUNT),
    ("It cost 5 million dollars.", "It cost 5 billion dollars.", FactKind.AMOUNT),
    ("It did not rise.", "It did rise.", FactKind.NEGATION),
    ("It always works.", "It never works.", FactKind.NEGATION),
    ("It is possible.", "It is impossible.", FactKind.NEGATION),
    ("She came with him.", "She came without him.", FactKind.NEGATION),
    ("It did not rise or fall.", "It did rise or fall.", FactKind.NEGATION),
    ("He is not able and not here.", "He is able and not here.", FactKind.NEGATION),
    ("There is no way.", "There is any way.", FactKind.NEGATION),
    ("It is on, or so they say.", "It is not on, or so they say.", FactKind.NEGATION),
    ("The fourth: they have a chance.", "The fifth: they have a chance.", FactKind.NUMBER),
    ("It is 30 meters high.", "It is 30 feet high.", FactKind.UNIT),
    ("A 30-meter-high wall.", "A 30-foot-high wall.", FactKind.UNIT),
    ('He said "we were late" then.', 'He said "we were early" then.', FactKind.QUOTATION),
    ("We met Anna there.", "We met Maria there.", FactKind.NAME),
    ("Anna went home.", "Bertha went home.", FactKind.NAME),
    ("It is made by IBM today.", "It is made by today.", FactKind.NAME),
    ("Rome beat Paris again.", "Paris beat Rome again.", FactKind.NAME),
    ("See http://a.b/c now.", "See http://a.b/d now.", FactKind.NAME),
    ("They went to Iran then.", "They went to Iraq then.", FactKind.NAME),
]


@pytest.mark.parametrize(("before", "after"), SAME)
def test_kept(before: str, after: str) -> None:
    assert kept(before, after) == []


@pytest.mark.parametrize(("before", "after", "kind"), CHANGED)
def test_changed(before: str, after: str, kind: FactKind) -> None:
    assert kind in {change.kind for change in kept(before, after)}


def test_places_and_words() -> None:
    text = "Ann paid €2.5 million on 2024-01-31, not 3 km away."
    found = facts(text)
    assert [text[fact.start : fact.end] for fact in found] == [fact.text for fact in found]
    assert [fact.value for fact in found] == ["2500000 eur", "2024-1-31", "not", "3 km"]
    assert [str(change) for change in kept("We saw 2 of them.", "We saw them.")] == ["number lost: 2"]


def test_nothing_in_nothing() -> None:
    assert facts("") == []
    assert kept("", "") == []
