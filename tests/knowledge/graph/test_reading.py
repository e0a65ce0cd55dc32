"""What is read from one document: names, values, definitions, relations; and what is not read into it."""

from __future__ import annotations

import pytest

from strati.knowledge.graph.settings import GraphSettings, settings_of
from tests.knowledge.graph.world import CONTRACT, facts, names, reading

TRAPS = [
    "Acme Ltd and Beta GmbH attended the same conference in Berlin.",
    "Acme Ltd did not acquire Beta GmbH.",
    "Acme Ltd may acquire Beta GmbH next year.",
    "If Acme Ltd acquires Beta GmbH, prices will rise.",
    "The lawyers of Acme Ltd sued Beta GmbH.",
    "Acme Ltd sued the chairman while Beta GmbH watched.",
    "Jane Smith denied that Acme Ltd acquired Beta GmbH.",
    "Acme Ltd said Beta GmbH sold a factory.",
    "Acme Ltd's chairman sued Beta GmbH's chairman.",
    "Did Acme Ltd acquire Beta GmbH?",
    "Acme Ltd rose 3% and Beta GmbH fell 2% in London.",
]


@pytest.mark.parametrize("sentence", TRAPS)
def test_standing_in_one_sentence_is_no_fact(sentence: str) -> None:
    found = {(head, tail) for head, _, tail in facts(sentence)}
    assert not {("Acme Ltd", "Beta GmbH"), ("Beta GmbH", "Acme Ltd")} & found
    assert any("mentioned with" in fact for fact in facts(sentence, weak=True))


@pytest.mark.parametrize(
    ("sentence", "fact"),
    [
        ("Acme Ltd acquired Beta GmbH in 2020.", ("Acme Ltd", "acquired", "Beta GmbH")),
        ("Beta GmbH was acquired by Acme Ltd.", ("Beta GmbH", "was acquired by", "Acme Ltd")),
        ("Acme Ltd, which owns Beta GmbH, grew.", ("Acme Ltd", "owns", "Beta GmbH")),
        ("Jane Smith, chief executive of Acme Ltd, left.", ("Jane Smith", "chief executive of", "Acme Ltd")),
        ("Acme Ltd's subsidiary Beta GmbH grew.", ("Beta GmbH", "subsidiary of", "Acme Ltd")),
        ("Jane Smith works for Acme Ltd.", ("Jane Smith", "works for", "Acme Ltd")),
        ("Acme Ltd shall pay $300,000.", ("Acme Ltd", "shall pay", "$300,000")),
        ("Acme Ltd, based in Paris, grew.", ("Acme Ltd", "based in", "Paris")),
        ("He moved to Austin, Texas.", ("Austin", "located in", "Texas")),
    ],
)
def test_a_verb_or_a_role_between_two_names_is_a_fact(sentence: str, fact: tuple[str, str, str]) -> None:
    assert fact in facts(sentence)


def test_a_contract() -> None:
    found = facts(*CONTRACT.strip().split("\n\n"))
    assert {
        ("Acme Ltd.", "party to", "a.txt"),
        ("Beta GmbH", "party to", "a.txt"),
        ("a.txt", "dated", "2019-10-01"),
        ("a.txt", "governed by", "State of New York"),
        ("Effective Date", "defined as", "2019-10-01"),
        ("Product", "defined as", "any golf club sold by the Company."),
        ("Acme Ltd.", "acquired", "Gamma Inc."),
        ("$300,000", "amount of", "purchase price"),
        ("a.txt", "refers to", "Section 4.2"),
    } <= found
    assert not any({head, tail} == {"Beta GmbH", "Delta Corp."} for head, _, tail in found)


def test_every_mention_and_fact_lies_where_it_says() -> None:
    found, text = reading(*CONTRACT.strip().split("\n\n"))
    for mention in found.mentions:
        assert text[mention.start : mention.end].strip() == text[mention.start : mention.end] != ""
    acme = next(n for n, atom in enumerate(found.atoms) if atom.key == "acme ltd")
    assert {text[m.start : m.end] for m in found.mentions if m.atom == acme} == {"Acme Ltd.", "Company", "Acme Ltd"}
    for fact in found.facts:
        for end in (fact.head, fact.tail):
            there = [m for m in found.mentions if m.atom == end and fact.start <= m.start and m.end <= fact.end]
            assert there or end == 0, (found.atoms[end].name, fact.label, text[fact.start : fact.end])


def test_names_by_form_title_and_list() -> None:
    assert names("organisation", "He met Acme Widgets, Inc. and the Bank of Utopia. acme ltd too.") == {
        "Acme Widgets, Inc.", "Bank of Utopia", "acme ltd",
    }  # fmt: skip
    assert names("person", "Dr. Lee met Jane Smith and J. R. Stone. Mr. Okonkwo left.") >= {
        "Lee",
        "Jane Smith",
        "Okonkwo",
    }
    assert names("place", "From Paris to Springfield, Ohio and the United Kingdom.") == {
        "Paris", "Springfield", "Ohio", "United Kingdom",
    }  # fmt: skip
    assert "ACME CORP" in names("organisation", "THIS LEASE IS MADE BETWEEN ACME CORP AND THE TENANT NAMED BELOW.")


def test_acronyms_surnames_and_technical_words() -> None:
    found, _ = reading(
        "The large language model (LLM) runs on GPT-4. An LLM is slow.",
        "Jane Smith wrote PostgreSQL code. Later Smith said PostgreSQL is fine.",
    )
    by_key = {atom.key: atom for atom in found.atoms}
    assert "LLM" in {by_key["large language model"].name, *by_key["large language model"].aliases}
    assert by_key["jane smith"].nicknames == ("Smith",)
    assert "postgresql" in by_key


def test_patterns_and_types_of_ones_own() -> None:
    made = settings_of({"patterns": {"product": [r"Model [A-Z]\d+"]}, "names": {"colour": ["deep red"]}})
    found, _ = reading("The Model X200 in Deep Red by Acme Ltd.", settings=made)
    assert {(a.type, a.key) for a in found.atoms} >= {("product", "model x200"), ("colour", "deep red")}
    only, _ = reading("Acme Ltd paid $5 on 3 March 2021.", settings=GraphSettings(types=("date",)))
    assert {a.type for a in only.atoms} == {"document", "date"}


@pytest.mark.parametrize("text", ["x", "\u4f60\u597d\u3002", "a" * 5000, "((((" * 300, '"' * 400, "A & " * 500])
def test_odd_text_is_read(text: str) -> None:
    reading(text)
