"""Questions that take something for granted: false premises, and the same questions with the premise as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from strati.knowledge.ask import Reply, ask
from strati.knowledge.ask.premises import alike
from strati.knowledge.base import KnowledgeBase
from tests.knowledge.ask import world

MILL = (
    "The Hallen paper mill was founded in 1874 by Karl Steiner. It made newsprint for the whole valley.",
    "The mill closed in 2012 because orders had fallen by 60 percent. 340 workers lost their jobs.",
    "Karl Steiner died in 1921. His daughter Emma Steiner ran the mill after him and doubled its output.",
)
SCHOOL = (
    "The music school of Torvik opened on 3 September 1998 in the old customs house. Berit Lund designed the hall.",
    "The school has 24 teachers. The entrance exam is not public. Pupils pay no fee because the county pays.",
    "Membership of the choir increased after the renovation because the rooms are warm.",
)
CONTRACT = (
    "The supply agreement between Norden Ltd and Alba Foods began on 1 March 2019 and expired on 28 February 2022.",
    "Norden Ltd delivered 1,200 tonnes of flour a year. The price was 410 euros a tonne.",
    "Alba Foods may not assign the agreement because the parties trust each other in person.",
)

FALSE = {
    "Why did the mill close in 2019?": ("'2019'", "'2012'", "mill.txt, line 3"),
    "Why did the Hallen paper mill close in 2005?": ("'2005'", "'2012'", "mill.txt, line 3"),
    "What did the Hallen mill print in 1850?": ("'1850'", "founded", "mill.txt, line 2"),
    "Who ran the Hallen mill in 2018?": ("'2018'", "closed", "mill.txt, line 3"),
    "What did Karl Steiner say in 1935?": ("'1935'", "died", "mill.txt, line 4"),
    "Why did 500 workers lose their jobs?": ("'500'", "'340'", "mill.txt, line 3"),
    "Why had orders fallen by 80 percent?": ("'80 percent'", "'60 percent'", "mill.txt, line 3"),
    "Where was the Hallen paper mill founded by Emma Steiner?": ("Emma Steiner", "Karl Steiner", "mill.txt, line 2"),
    "Where did the music school of Torvik open in 1978?": ("'1978'", "1998", "school.txt, line 2"),
    "Why did the music school of Torvik open on 3 September 1989?": ("1989", "1998", "school.txt, line 2"),
    "Why is the entrance exam public?": ("'not'", "", "school.txt, line 3"),
    "Why did membership of the choir decrease after the renovation?": ("decrease", "increased", "school.txt, line 4"),
    "What did Norden Ltd deliver under the agreement in 2024?": ("'2024'", "expired", "contract.txt, line 2"),
    "Why did Norden Ltd deliver 900 tonnes of flour a year?": ("900 tonnes", "1,200 tonnes", "contract.txt, line 3"),
    "Why was the price 510 euros a tonne?": ("510 euros", "410 euros", "contract.txt, line 3"),
    "Why may Alba Foods assign the agreement?": ("'not'", "", "contract.txt, line 4"),
}  # fmt: skip
TRUE = (
    "Why did the mill close in 2012?",
    "Why did the Hallen paper mill close?",
    "What did the Hallen mill make after 1874?",
    "Who ran the Hallen mill after 1921?",
    "When did Karl Steiner die?",
    "How many workers lost their jobs in 2012?",
    "Why did 340 workers lose their jobs?",
    "Why did Karl Steiner found the Hallen paper mill?",
    "Who founded the Hallen paper mill in 1874?",
    "Where did the music school of Torvik open in 1998?",
    "Who designed the hall of the school?",
    "Why is the entrance exam not public?",
    "Why did membership of the choir increase after the renovation?",
    "What did Norden Ltd deliver under the agreement in 2020?",
    "How many tonnes of flour did Norden Ltd deliver a year?",
    "When did the supply agreement begin?",
    "When did the supply agreement expire?",
    "Why may Alba Foods not assign the agreement?",
    "Why do pupils pay no fee?",
    "Was the mill closed in 2019?",
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> KnowledgeBase:
    return world.base(tmp_path_factory.mktemp("premises"), mill=MILL, school=SCHOOL, contract=CONTRACT)


def is_premise(reply: Reply) -> bool:
    return reply.reason.startswith("the premise does not hold")


@pytest.mark.parametrize("question", FALSE)
def test_a_false_premise_is_named_with_its_place(base: KnowledgeBase, question: str) -> None:
    reply = ask(base, question)
    assert (reply.state, is_premise(reply)) == ("withheld", True), reply.reason or reply.answer
    for words in FALSE[question]:
        assert words in reply.reason
    first = reply.nearest[0]  # the sentence that contradicts, as it stands
    assert base.document(first.document).text[first.start : first.end] == first.quote


@pytest.mark.parametrize("question", TRUE)
def test_a_premise_that_holds_is_let_pass(base: KnowledgeBase, question: str) -> None:
    assert not is_premise(ask(base, question))


def test_a_slip_of_spelling_is_no_other_person() -> None:
    assert alike("steiner", "stiener")
    assert not alike("emma", "karl")


def test_what_came_back_later_is_no_false_premise(tmp_path: Path) -> None:
    mill = ("The mill of Ems closed in 2012.", "The mill of Ems was sold in 2019 to Ida Brunner.")
    with world.base(tmp_path, mill=mill) as made:
        assert not is_premise(ask(made, "Who bought the mill of Ems in 2019?"))
        assert not is_premise(ask(made, "Why did the mill of Ems reopen in 2019?"))
        assert is_premise(ask(made, "Who worked in the mill of Ems in 2020?"))
