from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.measure.studies.paraphrase import WRAPPERS, paraphrase, paraphrased


def bare(text: str) -> str:
    """A paraphrase without its greeting or thanks."""
    for before, after in WRAPPERS:
        if text.startswith(before) and text.endswith(after) and (before or after):
            return text[len(before) : len(text) - len(after)]
    raise AssertionError(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I do not know", "i don't know"),
        ("it isn't here", "It is not here"),
        ("Is it BIG?", "is it LARGE?"),
        ("bigger showing", "Bigger showing"),  # parts of words are left alone
        ("One. Two. Three. Four.", "one. Three. Two. Four."),
        ("FREE entry", "FREE entry"),
        ("What is it", "what's it"),
        ("", ""),
    ],
)
def test_rules_by_hand(text: str, expected: str) -> None:
    assert bare(paraphrase(text)) == expected


@given(st.text(max_size=80))
def test_any_text_changes_and_always_in_the_same_way(text: str) -> None:
    assert paraphrase(text) != text
    assert paraphrase(text) == paraphrase(text)


def test_of_several_columns_the_longest_is_said_differently() -> None:
    found = paraphrased({"subject": "lamp", "body": "a leg of the lamp broke"})
    assert isinstance(found, dict)
    assert found["subject"] == "lamp"
    assert bare(found["body"]) == "A leg of the lamp broke"
    assert paraphrased({}) == {}
