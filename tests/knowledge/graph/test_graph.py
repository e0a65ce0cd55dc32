"""The graph of a base: the same whatever the order, exact when a document is forgotten, every edge at its words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strati.core.context import Context
from strati.core.errors import DataError, UserError
from strati.core.records import Case
from strati.knowledge.ask import ask
from strati.knowledge.ask.answer import stack_for
from strati.knowledge.ask.connect import Connect
from strati.knowledge.ask.sources import Sources
from strati.knowledge.base import KnowledgeBase
from strati.knowledge.graph import review
from strati.knowledge.graph.build import build
from strati.knowledge.graph.export import FORMATS, as_json, exported, write_export
from strati.knowledge.graph.find import View, page_of
from strati.knowledge.graph.likeness import like
from strati.knowledge.graph.paths import path
from strati.knowledge.graph.records import Graph
from strati.knowledge.graph.route import paths_for
from strati.knowledge.graph.store import GraphStore
from strati.testing import check_layer
from tests.knowledge import small
from tests.knowledge.graph.world import FILES, base, view


def test_every_quote_is_the_text_at_its_span(tmp_path: Path) -> None:
    with base(tmp_path, FILES) as made:
        value = as_json(View(made))
        places = [m for n in value["nodes"] for m in n["mentions"]] + [e for d in value["edges"] for e in d["evidence"]]
        assert places
        for place in places:
            assert made.document(place["document"]).text[place["start"] : place["end"]] == place["quote"] != ""
        ids = {node["id"] for node in value["nodes"]}
        assert all(edge["evidence"] and {edge["head"], edge["tail"]} <= ids for edge in value["edges"])
        assert set(value["nodes"][0]) == {"id", "type", "name", "aliases", "mentions"}
        assert set(value["edges"][0]) == {"head", "tail", "label", "evidence"}


def test_the_order_of_ingest_changes_nothing(tmp_path: Path) -> None:
    texts = []
    for order in (list(FILES), list(reversed(FILES))):
        with base(tmp_path, FILES, order) as made:
            texts.append([exported(View(made), format) for format in FORMATS])
            made.forget([str(tmp_path / "docs" / name) for name in FILES])
    assert texts[0] == texts[1]


def test_forgetting_a_document_forgets_its_part_of_the_graph(tmp_path: Path) -> None:
    with base(tmp_path, {"contract.txt": FILES["contract.txt"]}) as made:
        before, dump = exported(View(made), "json"), list(made.store.dump())
        small.write(tmp_path / "docs", {"minutes.md": FILES["minutes.md"]})
        made.ingest([tmp_path / "docs" / "minutes.md"])
        assert build(made).read == 0
        assert "Bob Miller" in exported(View(made), "json")
        made.forget([str(tmp_path / "docs" / "minutes.md")])
        assert exported(View(made), "json") == before
        assert list(made.store.dump()) == dump
    assert b"Bob Miller" not in (tmp_path / "work.kb" / "base.db").read_bytes()


def test_only_what_changed_is_read_again(tmp_path: Path) -> None:
    with base(tmp_path, FILES) as made:
        again = build(made)
        assert (again.read, again.unchanged) == (0, 2)
        small.write(tmp_path / "docs", {"minutes.md": "# Minutes\n\nAcme Ltd hired Ada Stone."})
        made.ingest([tmp_path / "docs" / "minutes.md"])
        assert View(made).missing() == 0
        assert build(made).read == 0
        assert View(made).find("Ada Stone").type == "person"


def test_a_merge_that_rules_forbid(tmp_path: Path) -> None:
    files = {
        "a.txt": "Acme Ltd hired Bob Miller. Bobby Miller signed.",
        "b.txt": "Robert Miller leads Acme Ltd in Paris.",
    }
    with base(tmp_path, files) as made:
        before = exported(View(made), "json")
        with pytest.raises(DataError, match="cannot be merged: one is of type"):
            review.merge(view(made), "Acme Ltd", "Paris")
        with pytest.raises(DataError, match="cannot be merged: their first names differ"):
            review.merge(view(made), "Bob Miller", "Robert Miller")
        assert exported(View(made), "json") == before


def test_decisions_are_undone_byte_for_byte(tmp_path: Path) -> None:
    files = {
        "a.txt": "The Zorbo Tool is fast. We like the Zorbo Tool.",
        "b.txt": "The Zorbo Engine is fast. See the Zorbo Engine.",
    }
    with base(tmp_path, files) as made:
        before = exported(View(made), "json")
        number = review.merge(view(made), "Zorbo Tool", "Zorbo Engine")
        merged = view(made).find("Zorbo Tool")
        assert "Zorbo Engine" in (merged.name, *merged.aliases)
        with pytest.raises(DataError, match="you decided that"):
            review.split(view(made), "Zorbo Tool", "Zorbo Engine")
        review.undo(view(made), number)
        assert exported(View(made), "json") == before
        with pytest.raises(DataError, match=f"no decision {number} that holds"):
            review.undo(view(made), number)


def test_a_decision_about_a_forgotten_document_is_forgotten(tmp_path: Path) -> None:
    files = {
        "a.txt": "The Zorbo Tool is fast. We like the Zorbo Tool.",
        "b.txt": "The Zorbo Engine is fast. See the Zorbo Engine.",
    }
    with base(tmp_path, files) as made:
        review.merge(view(made), "Zorbo Tool", "Zorbo Engine")
        made.forget([str(tmp_path / "docs" / "b.txt")])
        assert view(made).store.decisions(undone=True) == []
    assert b"Zorbo Engine" not in (tmp_path / "work.kb" / "base.db").read_bytes()


def test_one_name_two_people(tmp_path: Path) -> None:
    files = {"a.txt": "John Smith leads Acme Ltd.", "b.txt": "John Smith leads Beta GmbH."}
    with base(tmp_path, files) as made:
        whole = view(made).find("John Smith")
        assert len({m.document for m in whole.mentions}) == 2
        before = exported(View(made), "json")
        numbers = review.split(view(made), "John Smith", document=str(tmp_path / "docs" / "b.txt"))
        assert len(view(made).find_all("John Smith")) == 2
        review.undo(view(made), numbers[0])
        assert exported(View(made), "json") == before


def test_names_of_one_company_in_two_documents(tmp_path: Path) -> None:
    files = {
        "a.txt": "Acme Holdings Ltd. hired Bob Miller.",
        "b.txt": "Acme Holdings Limited sued Beta GmbH. ACME HOLDINGS won.",
    }
    with base(tmp_path, files) as made:
        node = view(made).find("acme holdings")
        assert len({m.document for m in node.mentions}) == 2
        other = {"c.txt": "Acme Holdings Inc. hired Ada Stone."}
        small.write(tmp_path / "docs", other)
        made.ingest([tmp_path / "docs" / "c.txt"])
        build(made)
        kinds = {node.name for node in view(made).graph.nodes if node.type == "organisation"}
        assert "Acme Holdings Inc." in kinds
        assert view(made).find("Acme Holdings Inc").id != view(made).find("Acme Holdings Ltd").id


def test_a_path_is_quoted_step_by_step(tmp_path: Path) -> None:
    with base(tmp_path, FILES) as made:
        seen = view(made)
        found = path(seen, seen.find("Beta GmbH"), seen.find("Bob Miller"))
        assert found.found
        assert not found.weak
        assert [step.label for step in found.steps] == ["party to", "party to", "acquired", "hired"]
        assert "Gamma Inc. hired Bob Miller" in found.steps[-1].quotes[0].quote
        weak = path(seen, seen.find("Delta Corp"), seen.find("Jane Smith"))
        assert weak.weak
        routed = paths_for("How is Delta Corp connected with Bob Miller?", made)
        assert (routed.by, len(routed.paths)) == ("graph", 1)
        beside = paths_for("How is Beta GmbH connected with Bob Miller?", made)
        assert (beside.by, beside.paths[0].found) == ("search", True)
        assert "one passage names" in beside.why
        assert paths_for("What does Beta GmbH do?", made).why == "the question names Beta GmbH alone"
        assert paths_for("What is this?", made).entities == ()
        part = paths_for("How is Delta Corp connected with Bob Miller?", made, source="contract*")
        assert (part.by, part.why, part.paths) == ("search", "the question names Delta Corp alone", ())


def test_an_answer_carries_its_route_and_the_graph_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with base(tmp_path, FILES) as made:
        loads: list[Graph] = []
        read_graph = GraphStore.graph

        def counted(store: GraphStore) -> Graph:
            loads.append(read_graph(store))
            return loads[-1]

        monkeypatch.setattr(GraphStore, "graph", counted)
        reply = ask(made, "How is Delta Corp connected with Bob Miller?")
        assert reply.route is not None
        assert (reply.route.by, len(reply.route.paths), len(loads)) == ("graph", 1, 1)
        assert "route" not in reply.to_json()
        part = ask(made, "How is Delta Corp connected with Bob Miller?", source="contract*").route
        assert part is not None
        assert (part.by, part.paths) == ("search", ())


def test_a_question_about_two_places_reads_both(tmp_path: Path) -> None:
    """Search alone fills its best passages with the one that has more of the question's words."""
    law = "The rent that Acme Ltd pays by law in {0} is due each year, on day {0} of {1} as said by act {2}."
    filler = "\n\n".join(" ".join(law.format(a * 97, a * 31 + b, b * 53 + a) for b in range(12)) for a in range(12))
    garden = "\n\n".join(" ".join(f"Bed {a * 17 + b} holds {b * 13 + a} roses." for b in range(30)) for a in range(4))
    files = {
        "acme.txt": f"Acme Ltd rents from Gamma Inc.\n\n{filler}",
        "beta.txt": f"Beta GmbH rents from Delta Corp.\n\n{garden}\n\nThe tenant has to pay in March.",
    }
    question = "When is the rent due that Acme Ltd pays by law each year, and when does Beta GmbH have to pay?"
    with base(tmp_path, files) as made:
        step = next(step for step in ask(made, question, k=4).steps if step.layer == "graph")
        assert "the question names Acme Ltd and Beta GmbH, in two places" in step.reason
        assert not any("in March" in hit.text for hit in made.search(question, 4))
        case = stack_for(Sources(made), k=4).run([Case("1", question)], Context())[0]
        read = [one.text for one in case.evidence if one.kind == "passage"]
        assert any("in March" in text for text in read)
        assert any("by law" in text for text in read)
        one = next(s for s in ask(made, "What does Beta GmbH rent?").steps if s.layer == "graph")
        assert one.reason.startswith("plain search: ")
        check_layer(Connect(Sources(made), 4), [Case("1", question), Case("2", "What does Beta GmbH rent?")])


def test_an_entity_page_and_what_is_like_it(tmp_path: Path) -> None:
    with base(tmp_path, FILES) as made:
        seen = view(made)
        page = page_of(seen, seen.find("ACME LTD"))
        assert ("Acme Ltd.", "acquired", "Gamma Inc.") in {
            (f["head"]["name"], f["label"], f["tail"]["name"]) for f in page["facts"]
        }
        assert [row["date"] for row in page["timeline"]] == ["2019-10-01", "2021-03-03"]
        assert all(fact["label"] != "mentioned with" for fact in page["facts"])
        found = like(seen, seen.find("Acme Ltd"), 3)
        assert found.entities
        assert all(way.found for _, _, way in found.entities)
        with pytest.raises(DataError, match=r"similar: .*Gamma"):
            seen.find("Gama Inc")


def test_what_cannot_be_done_is_said(tmp_path: Path) -> None:
    with KnowledgeBase.open(tmp_path / "empty.kb") as made:
        with pytest.raises(DataError, match="holds no document"):
            build(made)
        with pytest.raises(DataError, match="has no graph yet"):
            View(made)
        small.write(tmp_path, {"none.txt": "so it is and that was all of it\n"})
        made.ingest([tmp_path / "none.txt"])
        with pytest.raises(DataError, match="nothing was found in the 1 documents"):
            build(made)
    with base(tmp_path, FILES) as made, pytest.raises(UserError, match="cannot be written"):
        write_export(View(made), "json", tmp_path / "missing" / "out.json")


def test_exports_are_well_formed(tmp_path: Path) -> None:
    import csv
    import io
    from xml.etree import ElementTree

    with base(tmp_path, {**FILES, "odd.txt": '"=cmd" & <Acme Ltd> hired\x0b Bob Miller.'}) as made:
        seen = View(made)
        root = ElementTree.fromstring(exported(seen, "graphml"))
        nodes = root.findall(".//{http://graphml.graphdrawing.org/xmlns}node")
        assert len(nodes) == len(seen.graph.nodes)
        rows = list(csv.DictReader(io.StringIO(exported(seen, "csv"))))
        assert len(rows) == sum(len(edge.evidence) for edge in seen.graph.edges)
        linked = json.loads(exported(seen, "jsonld"))
        assert len(linked["@graph"]) == len(seen.graph.nodes) + len(seen.graph.edges)
