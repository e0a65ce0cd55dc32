"""What looks like a name and is none: forms, pages, roles, capitals; and parties that are read all the same."""

from __future__ import annotations

import pytest

from strati.knowledge.graph.boilerplate import furniture, named, no_term, trimmed
from tests.knowledge.graph.world import facts, names, reading


def test_labels_of_a_form_are_no_part_of_a_name() -> None:
    text = "By: Michael Dunn Name: Michael Dunn Title: President Tel: 555 1234 Attention: Ann Lee Email: a@b.example"
    assert names("person", text) == {"Michael Dunn", "Ann Lee"}
    assert trimmed(["attention", "ann", "lee", "title"]) == (1, 3)


def test_a_place_that_begins_with_its_name_stays_whole() -> None:
    assert names("place", "They met in Tel Aviv, not in Suite 200 Westwood, CA.") >= {"Tel Aviv", "Westwood"}


def test_roles_and_common_words_are_no_companies() -> None:
    text = (
        "The Receiving Party and each Third Party use Additional Services. The additional services are new. "
        "Acme Services Ltd sold them to Gamma Services."
    )
    assert names("organisation", text) == {"Acme Services Ltd", "Gamma Services"}


def test_words_in_capitals_before_a_short_word_are_no_places() -> None:
    text = "IN NO EVENT SHALL THE SELLER BE LIABLE FOR ANY DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES WHATSOEVER."
    assert names("place", text) == set()
    assert names("place", "As of the Stock Purchase Agreement, Arizona pays.") == {"Arizona"}


def test_heads_and_feet_of_pages_name_nobody() -> None:
    page = "Acme Ltd hired Ann Lee. The goods are ready for the buyer, who takes them away. " * 20
    text = "\n".join(f"{page}\nODM Supply Agreement {n} Organic Preparations Inc." for n in range(1, 5))
    assert len(furniture(text)) == 4
    assert all(text[start:end].startswith("ODM Supply Agreement") for start, end in furniture(text))
    assert furniture(text[: text.rindex("ODM Supply Agreement 3")]) == []  # twice is no furniture
    assert names("organisation", *text.split("\n")) == {"Acme Ltd"}


def test_a_foot_that_a_reader_joined_to_the_text() -> None:
    text = "\n\n".join(f"{'The goods are ready for them. ' * 50}ODM Supply Agreement {n} Acme Inc." for n in range(4))
    assert {text[start:end][-9:] for start, end in furniture(text)} == {"Acme Inc."}


@pytest.mark.parametrize(
    ("type_", "words", "form", "said"),
    [
        ("organisation", ["media", "services"], False, False),
        ("organisation", ["media", "services", "ltd"], True, True),
        ("organisation", ["zorbo", "services"], False, True),
        ("organisation", ["defaulting", "party"], False, False),
        ("person", ["business", "operations"], False, False),
        ("person", ["ann", "lee"], False, True),
        ("person", ["title"], False, False),
        ("place", ["proceedings"], False, False),
    ],
)
def test_a_name_seen_from_the_whole_document(type_: str, words: list[str], form: bool, said: bool) -> None:
    lower = {"media": 2, "services": 3, "business": 1, "operations": 1, "proceedings": 2, "defaulting": 1}
    assert named(type_, words, lower, form) is said


def test_what_is_no_term() -> None:
    assert [no_term(one) for one in ("3T8", "ARBITRATION", "NASDAQ", "Fax", "John Hale____")] == [
        True, True, False, True, True,
    ]  # fmt: skip


PARTY = 'This Supply Agreement (the "Agreement") is made as of May 1, 2019 '


@pytest.mark.parametrize(
    ("text", "parties"),
    [
        (
            'by and between PC QUOTE, INC., with its place of business in Chicago, Illinois 60605 ("PCQ") and A.B. '
            'Watley, Inc., with its place of business in New York, New York 10011 ("ABW").',
            {"PC QUOTE, INC.", "A.B. Watley, Inc."},
        ),
        (
            'among Acme Management Company, LLC, a Delaware limited liability company ("EmployeeCo") and TLP Services, '
            'LLC, a Delaware limited liability company (the "Operating Company"). The Operating Company pays.',
            {"Acme Management Company, LLC", "TLP Services, LLC"},
        ),
        (
            'BETWEEN: EHAVE, INC., a company incorporated in Ontario, Canada ("Ehave"); - and - COMPANION HEALTHCARE '
            'CORP, a company incorporated in Ontario ("CHC").',
            {"EHAVE, INC.", "COMPANION HEALTHCARE CORP"},
        ),
        (
            'by THAYER EQUITY INVESTORS IV, L.P. (the "Investor"), in favor of Omega Bank Ltd, in its capacity as '
            'agent (the "Agent").',
            {"THAYER EQUITY INVESTORS IV, L.P.", "Omega Bank Ltd"},
        ),
        (
            'between AHF Holding, Inc. (formerly known as Tarzan HoldCo, Inc.) ("Buyer") and Armstrong Flooring, Inc. '
            '("Seller").',
            {"AHF Holding, Inc.", "Armstrong Flooring, Inc."},
        ),
    ],
)  # fmt: skip
def test_parties_of_an_agreement(text: str, parties: set[str]) -> None:
    assert {head for head, label, _ in facts(PARTY + text) if label == "party to"} == parties


def test_a_name_in_short_is_the_company_it_is_short_for() -> None:
    found, text = reading('Acme Widget Works Ltd, with its offices in Dayton, Ohio 45402 ("AWW"), sells. AWW pays.')
    atom = next(number for number, one in enumerate(found.atoms) if one.type == "organisation")
    assert [text[m.start : m.end] for m in found.mentions if m.atom == atom].count("AWW") == 2
