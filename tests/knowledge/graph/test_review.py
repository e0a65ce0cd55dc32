"""Doubts and decisions: what is most likely wrong first, kept when documents are read again, forgotten with them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from strati.core.errors import DataError
from strati.knowledge.base import KnowledgeBase
from strati.knowledge.graph import review
from strati.knowledge.graph.alarms import Tie, alarms, cut_edges
from strati.knowledge.graph.build import build
from strati.knowledge.graph.doubtful import WEIGHTS
from strati.knowledge.graph.export import exported
from strati.knowledge.graph.find import View
from strati.knowledge.graph.linking import Decision
from strati.knowledge.graph.review_table import read_table, write_table
from strati.knowledge.graph.scoring import Name, score
from strati.knowledge.ingest.pipeline import Settings
from strati.knowledge.store import graph_tables
from tests.command import strati
from tests.knowledge import small
from tests.knowledge.graph.world import base

SHIPS = {
    "a.txt": "Northwind Logistics Ltd hired Ann Lee in 2020.",
    "b.txt": "Northwind Logistic Ltd hired Bob Miller in 2020.",
}
TWO_WAYS = {
    "a.txt": "Acme Ltd acquired Beta GmbH in 2019.",
    "b.txt": "Beta GmbH acquired Acme Ltd in 2020. Gamma Inc. hired Ada Stone. Gamma Inc. hired Ada Stone again.",
}


def _facts(made: KnowledgeBase) -> set[tuple[str, str, str]]:
    view = View(made)
    return {(view.nodes[e.head].name, e.label, view.nodes[e.tail].name) for e in view.graph.edges if not e.weak}


def _again(made: KnowledgeBase, folder: Path, name: str, text: str) -> None:
    small.write(folder / "docs", {name: text})
    made.ingest([folder / "docs" / name], Settings(workers=1))


def test_relations_that_contradict_each_other_are_doubtful(tmp_path: Path) -> None:
    with base(tmp_path, TWO_WAYS) as made:
        view = View(made)
        asked = {doubt.question for doubt in view.graph.doubts}
        assert asked == {"Acme Ltd - acquired - Beta GmbH?", "Beta GmbH - acquired - Acme Ltd?"}
        assert all("something else is said of it, too" in doubt.reasons for doubt in view.graph.doubts)
        first = view.graph.doubts[0]
        assert review.quotes(view, first)[0].quote.startswith("Acme Ltd acquired Beta GmbH")


def test_what_is_most_likely_wrong_comes_first(tmp_path: Path) -> None:
    with base(tmp_path, {**SHIPS, "c.txt": TWO_WAYS["b.txt"], "d.txt": TWO_WAYS["a.txt"]}) as made:
        doubts = View(made).graph.doubts
        assert {doubt.kind for doubt in doubts} == {"merge", "relation"}
        assert [doubt.wrong for doubt in doubts] == sorted((doubt.wrong for doubt in doubts), reverse=True)
        merge = next(doubt for doubt in doubts if doubt.kind == "merge")
        assert merge.wrong == merge.score
        assert all(doubt.wrong == 1 - doubt.score for doubt in doubts if doubt.kind == "relation")


def test_a_wrong_relation_stays_away_when_the_document_is_read_again(tmp_path: Path) -> None:
    wrong = ("Acme Ltd", "acquired", "Beta GmbH")
    with base(tmp_path, TWO_WAYS) as made:
        before = exported(View(made), "json")
        doubt = next(one for one in View(made).graph.doubts if one.names[0] == "Acme Ltd")
        (number,) = review.refuse(View(made), doubt.id)
        assert wrong not in _facts(made)
        assert View(made).graph.doubts == ()
        _again(made, tmp_path, "a.txt", "In short: " + TWO_WAYS["a.txt"])
        assert wrong not in _facts(made)
        assert [d.number for d in View(made).store.decisions()] == [number]
        _again(made, tmp_path, "a.txt", TWO_WAYS["a.txt"])
        review.undo(View(made), number)
        assert wrong in _facts(made)
        assert exported(View(made), "json") == before


def test_a_right_relation_is_no_doubt_any_more_and_its_contrary_is_one_more(tmp_path: Path) -> None:
    with base(tmp_path, TWO_WAYS) as made:
        first, other = View(made).graph.doubts
        review.accept(View(made), first.id)
        (left,) = View(made).graph.doubts
        assert left.id == other.id
        assert left.score < other.score  # the contrary is right
        assert ("Acme Ltd", "acquired", "Beta GmbH") in _facts(made)


def test_a_decision_goes_with_the_last_document_that_says_so(tmp_path: Path) -> None:
    files = {**TWO_WAYS, "c.txt": "Acme Ltd met Beta GmbH in Berlin."}  # the names stay, the relation goes
    with base(tmp_path, files) as made:
        review.reject(View(made), "Acme Ltd", "acquired", "Beta GmbH")
        made.forget([str(tmp_path / "docs" / "b.txt")])
        assert len(View(made).store.decisions()) == 1
        made.forget([str(tmp_path / "docs" / "a.txt")])
        assert View(made).store.decisions(undone=True) == []
        assert made.store.db.execute("SELECT count(*) FROM graph_said").fetchone() == (0,)


def test_a_relation_is_wrong_in_one_document_only(tmp_path: Path) -> None:
    files = {"a.txt": "Acme Ltd acquired Beta GmbH in 2019.", "b.txt": "Acme Ltd acquired Beta GmbH in 2021."}
    with base(tmp_path, files) as made:
        numbers = review.reject(View(made), "Acme", "acquired", "Beta", str(tmp_path / "docs" / "b.txt"))
        (edge,) = [e for e in View(made).graph.edges if e.label == "acquired"]
        assert len(edge.evidence) == 1
        assert review.said(View(made).store.decisions()[0]).endswith("b.txt only")
        _again(made, tmp_path, "b.txt", "We hear that Acme Ltd acquired Beta GmbH in 2021.")
        (edge,) = [e for e in View(made).graph.edges if e.label == "acquired"]
        assert len(edge.evidence) == 1
        assert [d.number for d in View(made).store.decisions()] == numbers
        with pytest.raises(DataError, match="does not say that Acme Ltd - sold - Beta GmbH, only: acquired"):
            review.reject(View(made), "Acme", "sold", "Beta")


def test_a_name_that_is_somebody_else_in_a_document_stays_so(tmp_path: Path) -> None:
    """Also what was decided about that somebody, and about names that hold in one document only."""
    files = {
        "a.txt": "John Smith leads Acme Ltd.",
        "b.txt": "John Smith leads Beta GmbH. Johnny Smith signed for Beta GmbH.",
    }
    with base(tmp_path, files) as made:
        path = str(tmp_path / "docs" / "b.txt")
        with pytest.raises(DataError, match="'Johnny' cannot be taken away from John Smith: it is"):
            review.split(View(made), "John Smith", "Johnny")
        review.split(View(made), "John Smith", document=path)
        own, other = (
            next(n for n in View(made).find_all("John Smith") if any(m.document == d.id for m in n.mentions))
            for d in sorted(View(made).entries.values(), key=lambda entry: entry.name, reverse=True)
        )
        review.merge(View(made), own.id, "Johnny Smith")
        assert len(View(made).store.decisions()) == 2
        _again(made, tmp_path, "b.txt", "Hello. " + files["b.txt"])
        assert len(View(made).store.decisions()) == 2
        nodes = View(made).find_all("John Smith")
        assert len(nodes) == 2
        assert any("Johnny Smith" in (n.name, *n.aliases) for n in nodes if n.id != other.id)
        made.forget([path])
        assert View(made).store.decisions(undone=True) == []


def test_what_people_teach_is_forgotten_with_the_document(tmp_path: Path) -> None:
    """The scorer is fitted to the decisions that hold: a base that never saw the document scores the same."""
    more = {f"{n}.txt": f"Omega{n} Shippings Ltd hired Ann Lee.\n\nOmega{n} Shipping Ltd won." for n in "pqr"}
    with base(tmp_path / "one", SHIPS) as made:
        alone, dump = View(made).graph.doubts, list(made.store.dump())
    with base(tmp_path / "two", {**SHIPS, **more}) as made:
        own = alone[0].id
        before = next(one.score for one in View(made).graph.doubts if one.id == own)
        while others := [one.id for one in View(made).graph.doubts if one.id != own]:
            review.refuse(View(made), others[0])
        after = next((one.score for one in View(made).graph.doubts if one.id == own), 0.0)
        assert after < before == alone[0].score
        made.forget([str(tmp_path / "two" / "docs" / name) for name in more])
        assert View(made).graph.doubts == alone
        assert _without_places(list(made.store.dump())) == _without_places(dump)


def _without_places(dump: list[object]) -> list[object]:
    return [row[0] if isinstance(row, list) and row[0] in ("document", "reading", "name") else 0 for row in dump]


def test_chained_merges_raise_an_alarm() -> None:
    keys = {"a": "acme ltd", "b": "acme", "c": "acme works", "d": "acme works of rome", "e": "zeta"}
    names = {one: Name(one, "organisation", key, key.title(), frozenset()) for one, key in keys.items()}
    whole = {"a", "b", "c", "d"}
    members = {**dict.fromkeys("abcd", whole), "e": {"e"}}
    ties = [Tie("a", "b", 0.92, ()), Tie("b", "c", 0.85, ("they look alike",)), Tie("c", "d", 0.92, ()),
            Tie("a", "d", 0.1, ())]  # fmt: skip
    found = alarms(names, members, ties, 0.8)
    assert [(one.a, one.b, one.kind) for one in found] == [("b", "c", "split"), ("a", "d", "split")]
    assert "this alone holds Acme, Acme Ltd and Acme Works, Acme Works Of Rome together" in found[0].reasons
    assert "they are one through other names only" in found[1].reasons
    assert [one.b for one in alarms(names, members, [*ties, Tie("a", "c", 0.9, ())], 0.8)] == ["d"]
    assert alarms(names, members, [*ties[:1], ties[1]._replace(person=True), ties[2]], 0.8) == []
    assert [(tie.a, tie.b) for tie, _, _ in cut_edges(ties[:3])] == [("a", "b"), ("b", "c"), ("c", "d")]


def test_an_alarm_in_a_base_is_decided(tmp_path: Path) -> None:
    """Two spellings of each of two banks; the acronym that both are given ties all four together."""
    files = {
        "a.txt": "The Zorbo Orbit Bank (ZOB) hired Ann Lee.",
        "b.txt": "Zorbo Orbit Bank Ltd hired Ann Lee.",
        "c.txt": "The Zorbo Office Bank (ZOB) hired Ada Stone.",
        "d.txt": "Zorbo Office Bank Ltd hired Ada Stone.",
    }
    with base(tmp_path, files) as made:
        assert View(made).find("Zorbo Orbit Bank").id == View(made).find("Zorbo Office Bank").id
        (alarm,) = [one for one in View(made).graph.doubts if one.kind == "split"]
        assert alarm.question == "Zorbo Office Bank = Zorbo Orbit Bank?"
        review.refuse(View(made), alarm.id)
        orbit, office = (View(made).find(f"Zorbo {name} Bank Ltd") for name in ("Orbit", "Office"))
        assert orbit.id != office.id
        assert View(made).graph.doubts == ()


def test_a_table_of_doubts_is_filled_in_and_read(tmp_path: Path) -> None:
    out = tmp_path / "doubts.csv"
    with base(tmp_path, {**SHIPS, "c.txt": TWO_WAYS["a.txt"], "d.txt": TWO_WAYS["b.txt"]}) as made:
        view = View(made)
        assert write_table(view, out) == 3
        rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
        assert [row["id"] for row in rows] == [doubt.id for doubt in view.graph.doubts]
        assert all(row["quote"] and row["place"] for row in rows)
        for row in rows:
            row["decision"] = (
                {"merge": "Yes", "relation": "no"}[row["kind"]] if "Beta GmbH?" not in row["question"] else ""
            )
        _fill(out, rows, delimiter=";")
        found = read_table(view, out)
        assert (len(found.kept), found.known, found.empty) == (2, 0, 1)
        assert ("Beta GmbH", "acquired", "Acme Ltd") not in _facts(made)
        assert len(View(made).find_all("Northwind Logistics Ltd")) == 1
        assert read_table(View(made), out) == ([], 2, 1)  # the same file again changes nothing
        _again(made, tmp_path, "d.txt", "So: " + TWO_WAYS["b.txt"])
        assert read_table(View(made), out).known == 2


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("{0}", "maybe")], "line 2: the decision is 'maybe', expected yes or no"),
        ([("nowhere", "yes")], "line 2: there is no doubt 'nowhere' any more"),
        ([("{0}", "yes"), ("{0}", "no")], "lines 2 and 3 contradict each other"),
        ([("{0}", "yes"), ("nowhere", "no")], "line 3: there is no doubt"),
    ],
)
def test_a_table_that_cannot_be_followed_changes_nothing(
    tmp_path: Path, rows: list[tuple[str, str]], said: str
) -> None:
    with base(tmp_path, SHIPS) as made:
        view = View(made)
        id = view.graph.doubts[0].id
        out = tmp_path / "in.csv"
        _fill(out, [{"id": one.format(id), "decision": word} for one, word in rows])
        with pytest.raises(DataError, match=said):
            read_table(view, out)
        assert View(made).store.decisions(undone=True) == []
        out.write_text("name,answer\nx,yes\n", encoding="utf-8")
        with pytest.raises(DataError, match="has the columns name, answer, expected id and decision"):
            read_table(view, out)


def test_decisions_that_contradict_each_other_through_a_third_name(tmp_path: Path) -> None:
    files = {"a.txt": "Zorbo One hired Ann Lee. Zorbo Two won. See Zorbo Three, Zorbo One, Zorbo Two and Zorbo Three."}
    with base(tmp_path, files) as made:
        view = View(made)
        ends = {name: view.find(name).atoms[0] for name in ("Zorbo One", "Zorbo Two", "Zorbo Three")}
        one, two, three = ends.values()
        some = [
            Decision(0, "merge", one, two, ("Zorbo One", "Zorbo Two")),
            Decision(0, "merge", two, three, ("Zorbo Two", "Zorbo Three")),
            Decision(0, "split", one, three, ("Zorbo One", "Zorbo Three")),
        ]
        with pytest.raises(DataError, match="contradict each other"):
            review.decide_all(view, some)
        assert View(made).store.decisions() == []
        assert len(review.decide_all(view, some[:2])) == 2
        assert len({View(made).find(name).id for name in ends}) == 1


def test_a_base_of_an_earlier_version_is_brought_forward(tmp_path: Path) -> None:
    with base(tmp_path, SHIPS) as made:
        made.store.db.execute("DROP TABLE graph_said")
        for column in ("label", "document"):
            made.store.db.execute(f"ALTER TABLE graph_decisions DROP COLUMN {column}")
        assert not graph_tables.has_relations(made.store.db)
        assert View(made).store.decisions() == []
        assert list(made.store.dump())
        review.accept(View(made), View(made).graph.doubts[0].id)
        assert len(View(made).store.decisions()) == 1
        assert build(made).doubts == 0


def test_the_score_of_a_relation_worked_out_by_hand() -> None:
    plain = (1.0, *[0.0] * 9)
    assert score(plain, WEIGHTS) == pytest.approx(0.9526, abs=1e-4)  # 1 / (1 + e^-3)
    against = (1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0)
    assert score(against, WEIGHTS) == pytest.approx(0.7311, abs=1e-4)  # 1 / (1 + e^-(3 - .4 - 1.6))


def _fill(path: Path, rows: list[dict[str, str]], delimiter: str = ",") -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)


def test_a_review_in_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with base(tmp_path, {**SHIPS, "c.txt": TWO_WAYS["a.txt"], "d.txt": TWO_WAYS["b.txt"]}):
        pass
    listed = strati(tmp_path, "graph", "review", "--kb", "work")
    assert listed.stdout.startswith("3 doubts, most likely wrong first\n")
    assert "Northwind Logistics Ltd = Northwind Logistic Ltd?" in listed.stdout
    assert '"Beta GmbH acquired Acme Ltd in 2020."' in listed.stdout
    monkeypatch.setattr("sys.stdin", io.StringIO("y\nwhat\ns\nn\n"))
    asked = strati(tmp_path, "graph", "review", "--ask", "--kb", "work")
    assert asked.stdout.endswith("decisions kept: 2; doubts left: 0\n")
    rest = strati(tmp_path, "graph", "review", "--kb", "work").stdout
    assert "decision 2: Beta GmbH - acquired - Acme Ltd is wrong" in rest
    assert strati(tmp_path, "graph", "review", "--undo", 2, "--kb", "work").returncode == 0
    none = strati(tmp_path, "graph", "reject", "Acme", "bought", "Beta", "--kb", "work")
    assert (none.returncode, none.stdout) == (2, "")
    assert none.stderr.count("\n") == 1
    both = strati(tmp_path, "graph", "review", "--ask", "--undo", 1, "--kb", "work")
    assert (both.returncode, "expected one of" in both.stderr) == (2, True)
