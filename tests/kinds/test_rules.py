from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from strati.core.context import Context
from strati.core.errors import DataError
from strati.core.records import Answer, Case, Example, State
from strati.kinds.classify.rule import Rule, padded, parse_rules, words
from strati.kinds.classify.rules import InducedRules, Rules
from tests import corpus

plain_words = st.text(alphabet="abcXYZ019éß'-日本 _.", min_size=1, max_size=8).filter(words)
phrases = plain_words.map(lambda text: " ".join(words(text)))
counts = st.integers(0, 99)
rules = st.builds(
    lambda found, value, right, more: Rule(tuple(found), value, right if right + more else 0, right + more),
    st.lists(phrases, max_size=3),
    st.text(max_size=12),
    counts,
    counts,
)


@given(st.lists(rules, max_size=5))
@example([Rule(("a",), "line\u2028separator"), Rule((), "next\x85line")])
@example([Rule(("a",), "# right 3 of 4", 1, 2), Rule((), 'say "hi" \\ # no')])
def test_what_is_printed_reads_back(found: list[Rule]) -> None:
    text = "".join(f"{rule}\n" for rule in found)
    assert parse_rules(text) == tuple(found)


def test_a_list_as_people_write_it() -> None:
    found = parse_rules(
        """
        # for the help desk
        when "lost" and "Card!" then lost_card   # right 23 of 25
        when "exchange rate" then "exchange rate"
        otherwise fee
        """
    )
    assert found == (
        Rule(("lost", "card"), "lost_card", 23, 25),
        Rule(("exchange rate",), "exchange rate"),
        Rule((), "fee"),
    )
    assert str(found[0]) == 'when "lost" and "card" then lost_card  # right 23 of 25'
    assert str(found[1]) == 'when "exchange rate" then "exchange rate"'
    assert str(found[2]) == "otherwise fee"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("if lost then card", "found 'if lost then card', expected: when"),
        ('when "lost" then', "expected: when"),
        ("when lost then card", "expected: when"),
        ('when "lost" or "found" then card', "expected: when"),
        ('when "?!" then card', "has no letters or digits"),
        ("otherwise", "expected: when"),
        ("otherwise two words", "expected: when"),
    ],
)
def test_an_error_names_the_file_and_the_line(line: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "my.rules"
    file.write_text(f'when "a" then b\n\n{line}\n', encoding="utf-8")
    with pytest.raises(DataError, match=words) as caught:
        Rules.from_file(file)
    assert f"{file}, line 3" in str(caught.value)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        Rules.from_file(tmp_path / "none")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read as a UTF-8 text file"):
        Rules.from_file(tmp_path / "binary")


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("my card", True),
        ("My CARD, please", True),
        ("cards", False),
        ("discard", False),
        ("credit_card", True),
        ("card's", False),
        ("card", True),
        ("", False),
    ],
)
def test_phrases_are_whole_words(text: str, matches: bool) -> None:
    assert Rule(("card",), "x").matches(padded(text)) is matches


def test_all_phrases_must_occur_and_a_phrase_keeps_its_order() -> None:
    rule = Rule(("exchange rate", "euro"), "x")
    assert rule.matches(padded("euro: the exchange-rate?"))
    assert not rule.matches(padded("the exchange of euro and the rate"))


def test_the_first_rule_that_matches_answers_with_its_precision() -> None:
    layer = Rules((Rule(("a",), "one", 8, 8), Rule(("b",), "two"), Rule(("a", "b"), "never")))
    one, two, none = layer.run([Case("1", "b a"), Case("2", "b"), Case("3", "c")], Context())
    assert one.answer == Answer("one", 9 / 10, "rules")
    assert two.answer == Answer("two", 1 / 2, "rules")
    assert none.state is State.OPEN
    assert none.steps[0].reason == "no rule matches"
    assert one.steps[0].reason == 'when "a" then one  # right 8 of 8'


def train(*rows: tuple[str, str]) -> list[Example]:
    return [Example(str(n), text, label) for n, (text, label) in enumerate(rows)]


def test_induction_takes_the_best_supported_phrase_first_and_drops_what_it_covers() -> None:
    rows = train(
        *[("refund now", "money")] * 4,
        *[("refund late", "money")] * 2,
        *[("late parcel", "post")] * 3,
        ("else", "post"),
    )
    layer = InducedRules(most=10).fit(rows, (), Context())
    first, second, last = layer.rules
    assert (first.phrases, first.value, first.right, first.seen) == (("refund",), "money", 6, 6)
    assert second.phrases in {("late",), ("parcel",), ("late parcel",)}
    assert (second.value, second.right, second.seen) == ("post", 3, 3)
    assert (last.phrases, last.value, last.right, last.seen) == ((), "post", 1, 1)


def test_fewer_rules_are_the_beginning_of_more() -> None:
    rows, _, _ = corpus.parts()
    few = InducedRules(most=2).fit(rows, (), Context()).rules
    many = InducedRules(most=6).fit(rows, (), Context()).rules
    assert len(few) == 3
    assert few[:2] == many[:2]


def test_induced_rules_are_known_by_their_text() -> None:
    rows, _, _ = corpus.parts()
    fitted = InducedRules(most=5).fit(rows, (), Context())
    edited = Rules(parse_rules(fitted.text()))
    assert edited.fingerprint() == fitted.fingerprint()
    assert InducedRules(most=3).fingerprint() != InducedRules(most=5).fingerprint()
    assert json.dumps(fitted.text())
