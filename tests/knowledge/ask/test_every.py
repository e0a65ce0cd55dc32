"""Questions for each document: one cited line for each that has what is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from strati.core.context import Context
from strati.core.records import Case
from strati.knowledge.ask import Sentence, ask
from strati.knowledge.ask.clauses import CLAUSES, asked_for
from strati.knowledge.ask.every import LONG, EveryDocument, Listed, listed
from strati.knowledge.ask.sources import Sources
from strati.models.scripted import ScriptedModel
from strati.testing.layers import check_layer
from tests.knowledge.ask import world

CONVENIENCE = "Which agreements can be ended for convenience, and with what notice?"
SAID = {
    "alba": (
        "Either party may terminate this Agreement for convenience upon 30 days' written notice.",
        "It is signed.",
    ),
    "bern": ("The Client may terminate this Agreement at any time, without cause. 90 days notice is due.", "Paid."),
    "cern": ("The Supplier may terminate this Agreement if the Client fails to pay within 30 days of notice.", "So."),
    "dorf": ("This Agreement may be terminated by either party upon six (6) months prior written notice.", "Signed."),
    "eden": ("The rent is due monthly. The car is red.", "Nobody drives it."),
}


@pytest.mark.parametrize(
    ("question", "condition", "detail"),
    [
        (CONVENIENCE, "can be ended for convenience", "with what notice"),
        ("List all contracts that renew automatically.", "that renew automatically", ""),
        ("Which of the contracts mention insurance?", "mention insurance", ""),
        ("Do any of our leases forbid pets?", "forbid pets", ""),
        ("What do the reports say about the harbour?", "say about the harbour", ""),
        ("Who signed in each contract?", "Who signed", ""),
        ("In which documents is Zug named?", "is Zug named", ""),
    ],
)
def test_questions_for_each_document(question: str, condition: str, detail: str) -> None:
    assert listed(question) == Listed(condition, detail)


@pytest.mark.parametrize(
    "question",
    [
        "When does the agreement end?", "What does the contract say about rent?", "Which agreements?", "Who wrote it?",
        "Which towers are taller than 80 metres?",
    ],
)  # fmt: skip
def test_other_questions(question: str) -> None:
    assert listed(question) is None


def test_one_line_for_each_document_that_has_it(tmp_path: Path) -> None:
    with world.base(tmp_path, **SAID) as made:
        told: list[Sentence] = []
        reply = ask(made, CONVENIENCE, on_sentence=told.append)
        assert reply.answer.split("\n") == [one.text for one in reply.sentences] == [one.text for one in told]
        assert reply.answer == (
            "alba.txt: Either party may terminate this Agreement for convenience upon 30 days' written notice.\n"
            "bern.txt: The Client may terminate this Agreement at any time, without cause. … 90 days notice is due.\n"
            "dorf.txt: This Agreement may be terminated by either party upon six (6) months prior written notice."
        )
        assert reply.reason == "3 of 5 documents say so; in the others nothing was found"
        assert [one.citations for one in reply.sentences] == [(1,), (2, 3), (4,)]
        for one in reply.citations:
            assert made.document(one.document).text[one.start : one.end] == one.quote
        part = ask(made, CONVENIENCE, source="*r*")
        assert [one.name for one in part.citations] == ["bern.txt", "bern.txt", "dorf.txt"]
        assert part.reason == "2 of 3 documents say so; in the others nothing was found"


def test_more_documents_than_search_shows(tmp_path: Path) -> None:
    """Near-duplicates of each other too: each document is looked at by itself."""
    said = {f"c{n:03}": (f"Contract {n}. Neither party may assign this agreement without consent.",) for n in range(60)}
    with world.base(tmp_path, **said, other=("The car is red.",)) as made:
        reply = ask(made, "Which contracts cannot be assigned without consent?")
        assert len(reply.sentences) == 60
        assert reply.reason == "60 of 61 documents say so; in the others nothing was found"


def test_what_no_clause_is_known_for_goes_by_words(tmp_path: Path) -> None:
    said = {
        "one": ("The tenant keeps a dog and two cats.", "The rent is due monthly."),
        "two": ("Keeping a dog is forbidden.", "The deposit is paid back."),
        "six": ("The tenant does not keep a dog.", "The rent is due weekly."),
        "ten": ("The house has a garden.", "The garden has a wall."),
    }
    with world.base(tmp_path, **said) as made:
        kept = ask(made, "In which leases does the tenant keep a dog?")
        assert [one.name for one in kept.citations] == ["one.txt"]
        assert not ask(made, "Which leases were signed by Zorvania?").answered


def test_a_model_is_not_asked_and_a_long_sentence_is_cut(tmp_path: Path) -> None:
    clause = "The Tenant may terminate this Lease for convenience upon 90 days notice"
    long = ", ".join([f"and whereas item {n} was agreed between the parties" for n in range(6)])
    model = ScriptedModel(lambda _: "Nothing.")
    with world.base(
        tmp_path, lease=(f"Considering this, {long}, {clause}, {long}.",), note=("The car is red.",)
    ) as made:
        reply = ask(made, CONVENIENCE, model=model)
        assert model.calls == 0
        assert clause in reply.citations[0].quote
        assert len(reply.citations[0].quote) <= 2 * LONG


def test_it_is_a_layer(tmp_path: Path) -> None:
    with world.base(tmp_path, **SAID) as made:
        cases = [Case("1", CONVENIENCE), Case("2", "What is the rent?")]
        check_layer(EveryDocument(Sources(made)), cases)
        done = EveryDocument(Sources(made)).run(cases, Context())
        assert [case.answer is not None for case in done] == [True, False]


def test_every_clause_is_found_by_its_own_name() -> None:
    for one in CLAUSES:
        assert one.said.search("x" * 5000) is None
    assert [one.name for one in asked_for("Which deals limit liability and name a governing law?")] == [
        "governing law",
        "cap on liability",
    ]
