"""Two sources on one matter: both sides with places and dates where they contradict each other, else one answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from strati.knowledge.ask import ask
from strati.models.scripted import ScriptedModel
from tests.knowledge.ask import world
from tests.knowledge.small import record

DISAGREE = {
    "How much is the monthly rent of the Bern office?": (
        "The monthly rent of the Bern office is 1,200 euros.",
        "For the Bern office a rent of EUR 1,350 is due, monthly and in advance.",
        ("1,200 euros", "EUR 1,350"),
    ),
    "When was the bridge of Ems finished?": (
        "The bridge of Ems was finished on 4 May 1931.",
        "Workers finished the bridge of Ems in June 1932, as the parish book tells.",
        ("4 May 1931", "June 1932"),
    ),
    "How many employees does Norden Ltd have?": (
        "Norden Ltd has 85 employees.",
        "With 112 employees Norden Ltd is the largest bakery of the county.",
        ("85", "112"),
    ),
    "How tall is the tower of Ems?": (
        "The tower of Ems is 84 metres tall.",
        "At 92 metres, the tower of Ems is as tall as the cathedral.",
        ("84 metres", "92 metres"),
    ),
    "What is the notice period of the lease?": (
        "The notice period of the lease is 30 days.",
        "The lease has a notice period of 60 days for both parties.",
        ("30 days", "60 days"),
    ),
    "Is the deposit refundable?": (
        "The deposit is refundable.",
        "The deposit is not refundable.",
        ("not",),
    ),
}
AGREE = {
    "When was the bridge of Ems finished?": (
        "The bridge of Ems was finished on 4 May 1931.",
        "Workers finished the bridge of Ems in May 1931.",
    ),
    "How many employees does Norden Ltd have?": (
        "Norden Ltd has 85 employees.",
        "In 2009 Norden Ltd had 112 employees.",
    ),
    "How tall is the tower of Ems?": (
        "The tower of Ems is 84 metres tall.",
        "The tower of Bern is 92 metres tall.",
    ),
    "How much did the repair of the roof cost?": (
        "The repair of the roof cost USD 1.5m.",
        "The repair of the roof cost $1,500,000.",
    ),
    "What is the notice period of the lease?": (
        "The notice period of the lease is 30 days.",
        "The lease has a deposit of 60 euros and a term of two years.",
    ),
    "When did the first match begin?": (
        "The first match began at 3 May 2001.",
        "The last match began at 9 May 2001.",
    ),
}


@pytest.mark.parametrize("question", DISAGREE)
def test_both_sides_with_places_and_dates(tmp_path: Path, question: str) -> None:
    one, other, said = DISAGREE[question]
    with world.base(tmp_path) as made:
        made.store.remove([entry.id for entry in made.documents()])
        made.store.put(record("old.txt", one, modified="2021-01-02"), {})
        made.store.put(record("new.txt", other, modified="2024-05-01"), {})
        reply = ask(made, question)
        assert {one.text for one in reply.sentences} == {one, other}, reply.reason
        assert {sentence.state for sentence in reply.sentences} == {"disputed"}
        assert {citation.name for citation in reply.citations} == {"old.txt", "new.txt"}
        assert all(words in reply.reason for words in (*said, "old.txt, line 2 (2021-01-02)", "new.txt, line 2"))


@pytest.mark.parametrize("question", AGREE)
def test_the_same_said_otherwise_and_other_things(tmp_path: Path, question: str) -> None:
    with world.base(tmp_path, old=AGREE[question][:1], new=AGREE[question][1:]) as made:
        reply = ask(made, question)
        assert reply.answered
        assert "disagree" not in reply.reason


def test_three_sides(tmp_path: Path) -> None:
    said = {
        name: (f"The tower of Ems is {metres} metres tall.",) for name, metres in zip("abc", (84, 92, 97), strict=True)
    }
    with world.base(tmp_path, **said) as made:
        reply = ask(made, "How tall is the tower of Ems?")
        assert len(reply.sentences) == 3
        assert all(f"{metres} metres" in reply.reason for metres in (84, 92, 97))


def test_two_versions_of_a_contract(tmp_path: Path) -> None:
    """Search shows one of two passages that nearly repeat each other; the amount that differs is seen all the same."""
    text = (
        "The Tenant shall pay the Landlord a monthly rent of {} euros, due on the first business day of each month by "
        "bank transfer to the account that the Landlord names. A late payment bears interest at the statutory rate. "
        "The Landlord may adjust the rent once a year by the official index of consumer prices, in writing."
    )
    with world.base(tmp_path, v1=(text.format("1,200"),), v2=(text.format("1,350"),)) as made:
        reply = ask(made, "How much is the monthly rent?")
        assert sorted(one.name for one in reply.citations) == ["v1.txt", "v2.txt"]
        only = ask(made, "How much is the monthly rent?", source="v1*")
        assert ([one.name for one in only.citations], only.reason) == (["v1.txt"], "")


def test_a_model_that_tells_one_side_is_put_beside_the_other(tmp_path: Path) -> None:
    model = ScriptedModel(lambda _: "The tower of Ems is 84 metres tall.")
    told: list[str] = []
    with world.base(
        tmp_path, a=("The tower of Ems is 84 metres tall.",), b=("The tower of Ems is 92 metres tall.",)
    ) as made:
        reply = ask(made, "How tall is the tower of Ems?", model=model, on_sentence=lambda one: told.append(one.text))
        assert [(one.text, one.state) for one in reply.sentences] == [
            ("The tower of Ems is 84 metres tall.", "supported"),
            ("The tower of Ems is 92 metres tall.", "disputed"),
        ]
        assert told == [one.text for one in reply.sentences]
        assert "the sources disagree" in reply.reason
