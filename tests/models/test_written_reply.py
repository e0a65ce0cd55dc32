from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.core.errors import ModelError
from strati.models.hosted.written_reply import Options

LABELS = Options(["lost card", "lost phone", "refund", "card", "card payment"])


@pytest.mark.parametrize(
    ("reply", "option"),
    [
        ("refund", "refund"),
        (" Refund.\n", "refund"),
        ("'REFUND'", "refund"),
        ("**Lost_Card**", "lost card"),
        ("lost-card", "lost card"),
        ("Label: lost card", "lost card"),
        ("The correct label is: refund.", "refund"),
        ("Answer = card", "card"),
        ("```\nrefund\n```", "refund"),
        ('```json\n{"label": "card payment"}\n```', "card payment"),
        ("<think>lost card, or refund?</think>\n\nrefund", "refund"),
        ("thoughts without a beginning</think>refund", "refund"),
        ("refund\n\nThe text asks for money.", "refund"),
        ("Let me see.\nrefund", "refund"),
        ("- refund", "refund"),
        ("card", "card"),
    ],
)
def test_a_reply_that_names_an_option(reply: str, option: str) -> None:
    found = LABELS.find(reply)
    assert found is not None
    assert LABELS.texts[found.option] == option
    assert LABELS.form(reply[found.start : found.end]) == option


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "\n",
        "refunds",
        "not refund",
        "refund or card",
        "I think it is a refund",
        "refund\ncard",
        "<think>refund",
        '{"label": "refund", "other": "card"}',
        '{"label": ["refund"]}',
        "```\n```",
        "lost",
    ],
)
def test_a_reply_that_names_none_is_never_guessed(reply: str) -> None:
    assert LABELS.find(reply) is None


def test_options_that_differ_in_little_are_told_apart() -> None:
    """The loosest form in which no two are the same is used."""
    for options, reply, number in ((["Polish", "polish"], "polish.", 1), (["a_b", "a b"], "A_B", 0)):
        found = Options(options).find(reply)
        assert found is not None
        assert found.option == number
    assert Options(["Polish", "polish"]).find("POLISH") is None
    assert Options(["C", "C++", "C#"]).find("c++") is not None


@pytest.mark.parametrize("options", [[], ["a", "a"], ["a", " "]])
def test_options_that_make_no_sense(options: list[str]) -> None:
    with pytest.raises(ModelError, match="no two alike"):
        Options(options)


@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=6, unique=True), st.data())
def test_an_option_written_as_it_stands_is_found(options: list[str], data: st.DataObject) -> None:
    known = Options(options)
    wanted = data.draw(st.sampled_from(options))
    if "\n" in wanted or any(sign in wanted for sign in "<`{"):
        return
    found = known.find(wanted)
    assert found is not None
    assert options[found.option] == wanted
