"""Of the words that fit a misspelling, the one that was meant comes first."""

from __future__ import annotations

import pytest

from strati.write.common import WORDS, is_common, near
from strati.write.harper import SPELLING, SPLITTING, Flag
from strati.write.rerank import FirstWord, RuleRanker


def flag(text: str, word: str, *words: str, rule: str = SPELLING) -> Flag:
    start = text.index(word)
    return Flag(start, start + len(word), rule, "Spelling", "", words)


@pytest.mark.parametrize(
    ("wrong", "offered", "meant"),
    [
        ("wich", ("wish", "which", "wick"), "which"),
        ("comming", ("cumming", "combing", "coming"), "coming"),
        ("dont", ("dent", "don", "don't"), "don't"),
        ("hte", ("hate", "he"), "the"),
        ("lke", ("lake", "lee", "lie"), "like"),
        ("Wich", ("Wish", "Which"), "Which"),
    ],
)
def test_what_was_meant(wrong: str, offered: tuple[str, ...], meant: str) -> None:
    text = f"So {wrong} it is."
    ranked = RuleRanker().rank(text, flag(text, wrong, *offered))
    assert ranked[0] == meant
    assert set(offered) <= set(ranked)
    assert FirstWord().rank(text, flag(text, wrong, *offered)) == offered


@pytest.mark.parametrize("word", ["kubectl2", "my_name", "camelCase", "NASA", "URLs"])
def test_what_looks_like_code_is_left_alone(word: str) -> None:
    text = f"So {word} it is."
    assert RuleRanker().rank(text, flag(text, word, "other")) == ()


def test_words_are_split_where_both_are_common() -> None:
    text = "The familes live inmany towns."
    assert RuleRanker().rank(text, flag(text, "familes", "fa miles", rule=SPLITTING)) == ()
    assert RuleRanker().rank(text, flag(text, "inmany", "in many", rule=SPLITTING)) == ("in many",)


def test_common_words_are_words() -> None:
    assert all(word.isalpha() and word.islower() for word in WORDS)
    assert is_common("applied")
    assert not is_common("frobnicates")
    assert "which" in near("wich")
