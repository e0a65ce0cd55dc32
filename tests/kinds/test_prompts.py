from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strati.core.records import Evidence
from strati.kinds.classify.prompts import FORMS, MOST_LISTED, SHOT_CHARACTERS, options, render, spoken

LABELS = ("lost_card", "refund")


def shot(text: str, value: str) -> Evidence:
    return Evidence("example", text, 1.0, data={"value": value})


def test_the_list_form_in_full() -> None:
    prompt = render(FORMS["list"], "What is it about?", LABELS, "my card is gone")
    assert prompt.system == (
        "What is it about?\nAnswer with exactly one of these labels and nothing else:\n- lost card\n- refund"
    )
    assert (prompt.prefix, prompt.user, prompt.shots) == ("", "Text: my card is gone\nLabel:", ())


def test_the_question_and_the_letters_form() -> None:
    question = render(FORMS["question"], "Sort it.", LABELS, "x")
    assert question.prefix == "Sort it.\nWhich of these categories fits the text: lost card, refund?\n\n"
    assert (question.system, question.user) == ("", "Text: x\nCategory:")
    letters = render(FORMS["letters"], "Sort it.", LABELS, "x")
    assert letters.system.endswith("\nA) lost card\nB) refund")
    assert letters.user == "Text: x\nLetter:"


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_only_the_user_part_depends_on_the_case(form: object) -> None:
    one, two = (render(form, "task", LABELS, text) for text in ("one", "two"))  # type: ignore[arg-type]
    assert (one.system, one.prefix) == (two.system, two.prefix)
    assert one.user != two.user


def test_shots_are_shown_nearest_last() -> None:
    prompt = render(FORMS["list"], "t", LABELS, "now", [shot("near", "refund"), shot("far", "lost_card")])
    assert prompt.user == "Text: far\nLabel: lost card\n\nText: near\nLabel: refund\n\nText: now\nLabel:"


def test_a_long_shot_is_cut_and_the_case_never() -> None:
    text = "x" * (SHOT_CHARACTERS + 1)
    prompt = render(FORMS["list"], "t", LABELS, text, [shot(text, "refund")])
    first, second = prompt.user.split("\n\n")
    assert first == f"Text: {'x' * (SHOT_CHARACTERS - 3)}...\nLabel: refund"
    assert second == f"Text: {text}\nLabel:"


def test_many_labels_are_short_listed_beside_the_case() -> None:
    many = [f"label{n}" for n in range(MOST_LISTED + 1)]
    prompt = render(FORMS["list"], "t", many, "now", shortlist=["label7", "label9"])
    assert prompt.user == "Possible labels: label7, label9\nText: now\nLabel:"
    assert "label7" not in prompt.system
    few = render(FORMS["list"], "t", many[:3], "now", shortlist=["label1", "label2"])
    assert few.user == "Text: now\nLabel:"


@given(st.text(max_size=40), st.text(max_size=40))
def test_braces_and_anything_else_stay_as_they_are(task: str, text: str) -> None:
    for form in FORMS.values():
        prompt = render(form, task, LABELS, text)
        assert task in prompt.system + prompt.prefix
        assert f"Text: {text}\n" in prompt.user


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("lost_or_stolen_card", "lost or stolen card"),
        ("LostCard", "lost card"),
        ("NASA", "NASA"),
        ("Spam", "Spam"),
        ("two words Here", "two words Here"),
        ("_", "_"),
        ("", ""),
    ],
)
def test_labels_as_they_are_said(label: str, said: str) -> None:
    assert spoken(label) == said


def test_labels_that_would_read_alike_keep_their_spelling() -> None:
    assert options(FORMS["list"], ["lost_card", "lost card"]) == ["lost_card", "lost card"]
    assert options(FORMS["list"], ["lost_card", "refund"]) == ["lost card", "refund"]
    assert options(FORMS["letters"], ["x", "y", "z"]) == ["A", "B", "C"]
