"""The pages Graph and Write: what they show, to whom, and that hostile text stays text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from strati.knowledge.base import KnowledgeBase
from strati.knowledge.graph.build import build
from strati.knowledge.graph.find import View
from strati.knowledge.graph.settings import GraphSettings
from strati.serve.app import application
from strati.serve.engine.bases import Base
from strati.serve.pages import render
from strati.serve.pages.graph import NEAR, nearby
from strati.serve.pages.write import Drafts, write_view
from tests.knowledge.graph.world import FILES
from tests.serve.conftest import ADMIN, READER, REVIEWER, World, make_service
from tests.serve.test_security import log_in

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>"
CROWD = "".join(f"Acme Ltd acquired Firm{chr(65 + n)}{chr(97 + n)}o Inc. in 2020.\n\n" for n in range(16))
HOSTILE = "Acme Ltd acquired <img src=x onerror=alert(2)> Zulu Inc. <script>alert(1)</script> in 2021.\n"


@pytest.fixture(scope="module")
def with_graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base with a graph."""
    files = tmp_path_factory.mktemp("graph") / "files"
    files.mkdir()
    for name, text in {**FILES, "crowd.md": CROWD, "hostile.txt": HOSTILE}.items():
        (files / name).write_text(text, encoding="utf-8")
    folder = files.parent / "deals.kb"
    with KnowledgeBase.open(folder) as base:
        base.ingest([files])
        build(base, GraphSettings())
    return folder


@pytest.fixture
def graphs(tmp_path: Path, with_graph: Path) -> Iterator[World]:
    service = make_service(tmp_path / "service", bases=(Base(with_graph),))
    with TestClient(application(service), base_url="http://127.0.0.1") as client:
        yield World(service, client)


def safe(page: str) -> bool:
    return not re.search(r"<script(?![^>]*\bsrc=)|<img|\sstyle=|javascript:", page)


def test_an_entity_with_quotes_that_open_their_place(graphs: World) -> None:
    log_in(graphs, READER)
    page = graphs.client.get("/graph?base=deals&entity=Gamma").text
    assert "Gamma Inc." in page
    assert "acquired" in page
    assert "5 million on 3 March 2021" in page
    assert "minutes.md" in page
    place = re.search(r'<cite><a href="(/source/deals/[^"]+)"', page)
    assert place is not None
    assert "<mark" in graphs.client.get(place[1].replace("&amp;", "&")).text
    assert ">Graph</span>" in page


def test_the_beginning_lists_what_is_spoken_of_most(graphs: World) -> None:
    log_in(graphs, READER)
    page = graphs.client.get("/graph").text
    assert "Spoken of most" in page
    assert ">Acme Ltd" in page


def test_a_path_is_quoted_step_by_step(graphs: World) -> None:
    log_in(graphs, READER)
    page = graphs.client.get("/graph?base=deals&entity=Acme+Ltd&to=Bob+Miller").text
    steps = page[page.index('id="path"') : page.index("</article>")]
    assert steps.count("<blockquote>") == steps.count("<li") >= 2
    assert "Gamma Inc. hired Bob Miller" in steps
    alone = graphs.client.get("/graph?base=deals&entity=Acme+Ltd&to=acme").text
    assert "These are one entity" in alone


def test_like_is_shown_when_asked_for(graphs: World) -> None:
    log_in(graphs, READER)
    assert 'id="like"' in graphs.client.get("/graph?base=deals&entity=Gamma+Inc.&like=1").text


def test_a_name_that_is_not_there(graphs: World) -> None:
    log_in(graphs, READER)
    page = graphs.client.get("/graph?base=deals&entity=Gama+Inc").text
    assert "Not in the graph" in page
    assert "Spelt like it" in page
    assert "No entity is called" in graphs.client.get("/graph?base=deals&entity=Acme+Ltd&to=Nobody+Known").text


def test_never_more_than_twelve_are_drawn(graphs: World, with_graph: Path) -> None:
    with KnowledgeBase.open(with_graph, create=False) as base:
        view = View(base)
        acme = view.find("Acme Ltd")
        drawn = nearby(view, acme, [*view.facts(acme), *view.beside(acme)])
    assert len(drawn.near) == NEAR
    assert drawn.left_out > 0
    assert len({one.y for one in drawn.near}) == NEAR
    log_in(graphs, READER)
    page = graphs.client.get("/graph?base=deals&entity=Acme+Ltd").text
    assert page[page.index('class="near"') :].split("</svg>")[0].count("<circle") == 1 + NEAR


def test_a_base_without_a_graph_says_how_to_make_one(world: World) -> None:
    log_in(world, READER)
    page = world.client.get("/graph?base=work&entity=Acme").text
    assert "work has no graph yet" in page
    assert "<code>strati graph build --kb work</code>" in page


def test_documents_and_names_are_text(graphs: World) -> None:
    token = log_in(graphs)
    pages = [
        graphs.client.get(f"/graph?base=deals&entity={quote(EVIL)}").text,
        graphs.client.get(f"/graph?base=deals&entity=Acme+Ltd&to={quote(EVIL)}").text,
        graphs.client.get("/graph?base=deals&entity=hostile.txt").text,
        graphs.client.get("/graph?base=deals&entity=Zulu+Inc.").text,
        graphs.client.get(f"/graph?base={quote(EVIL)}").text,
        graphs.client.post("/write", data={"csrf": token, "dialect": "american", "text": f"I has {EVIL} it."}).text,
        graphs.client.post("/write", data={"csrf": token, "dialect": EVIL, "text": "x"}).text,
    ]
    assert all(map(safe, pages))
    assert "&lt;script&gt;alert" in pages[0]
    assert "&lt;img src=x" in pages[3]
    assert "&lt;script&gt;alert" in pages[5]


def test_keys_see_only_their_bases(graphs: World) -> None:
    from strati.serve.keys import digest_of
    from strati.serve.records import Role

    graphs.service.keys.put("other", digest_of("other-key-0123456789"), Role.READER, scopes=("tickets",))
    log_in(graphs, "other-key-0123456789")
    assert graphs.client.get("/graph?base=deals&entity=Acme+Ltd").status_code in (403, 404)
    assert "No knowledge base is served" in graphs.client.get("/graph").text


def test_doubts_are_decided_by_reviewers_and_with_our_token(graphs: World) -> None:
    token = log_in(graphs, READER)
    form = {"csrf": token, "base": "deals", "doubt": "x", "action": "same"}
    assert graphs.client.post("/graph/decide", data=form).status_code == 403
    form["csrf"] = log_in(graphs, ADMIN)
    assert "There is no doubt" in graphs.client.post("/graph/decide", data=form).text
    assert graphs.client.post("/graph/decide", data={**form, "csrf": "0" * 32}).status_code == 403
    assert graphs.client.post("/graph/decide", data={**form, "action": "burn"}).status_code == 400


@pytest.mark.parametrize(("action", "names"), [("same", 1), ("apart", 2)])
def test_a_doubt_that_was_decided_is_gone(tmp_path: Path, action: str, names: int) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "a.txt").write_text("Northwind Logistics Ltd hired Ann Lee in 2020.\n", encoding="utf-8")
    (files / "b.txt").write_text("Northwind Logistic Ltd hired Bob Miller in 2020.\n", encoding="utf-8")
    with KnowledgeBase.open(tmp_path / "ships.kb") as base:
        base.ingest([files])
        build(base, GraphSettings())
    service = make_service(tmp_path / "service", bases=(Base(tmp_path / "ships.kb"),))
    with TestClient(application(service), base_url="http://127.0.0.1") as client:
        world = World(service, client)
        log_in(world, READER)
        assert "most likely wrong" not in client.get("/graph").text
        token = log_in(world, REVIEWER)
        page = client.get("/graph").text
        assert "1 doubt, most likely wrong first" in page
        doubt = re.search(r'name="doubt" value="([0-9a-f]+)"', page)
        assert doubt is not None
        form = {"csrf": token, "base": "ships", "doubt": doubt[1], "action": action}
        after = client.post("/graph/decide", data=form).text
    assert "Kept." in after
    assert "most likely wrong" not in after
    assert len(re.findall(r">Northwind \w+ Ltd</a>", after)) == names


def test_a_draft_with_edits_reasons_and_a_copy(world: World) -> None:
    token = log_in(world, READER)
    text = "I has an apple.\r\nShe has two  pears and a orange."
    page = world.client.post("/write", data={"csrf": token, "dialect": "american", "text": text}).text
    assert "<del>has</del><ins>have</ins>" in page
    assert 'data-copy="result"' in page
    result = page[page.index('id="result"') :].split("<code>")[1].split("</code>")[0]
    assert "I have an apple.\nShe has" in result
    assert "an orange" in result
    assert 'class="mono">line 2<' in page


def test_what_changes_a_fact_is_told_and_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    from strati.write import Style

    monkeypatch.setattr("strati.write.Style", lambda dialect: Style(dialect=dialect, terms={"30 days": "60 days"}))
    found = write_view("Payment is due in 30 days.")
    assert found.result == "Payment is due in 30 days."
    assert "30" in found.dropped[0].reasons[0]
    assert (found.dropped[0].before, found.dropped[0].after) == ("30 days", "60 days")


def test_nothing_of_a_draft_is_kept(world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    token = log_in(world, READER)
    reply = world.client.post(
        "/write", data={"csrf": token, "dialect": "american", "text": "I has a xylophone at zanzibar."}
    )
    assert "xylophone" in reply.text
    assert reply.headers["cache-control"] == "no-store"
    assert "xylophone" not in caplog.text
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"xylophone" not in file.read_bytes()


def test_bad_drafts(world: World) -> None:
    token = log_in(world, READER)
    for text, dialect, status in (("x" * 20_001, "american", 413), ("x", "klingon", 400), ("  ", "british", 200)):
        form = {"csrf": token, "dialect": dialect, "text": text}
        assert world.client.post("/write", data=form).status_code == status
    assert world.client.post("/write", data={"csrf": "0" * 32, "dialect": "american", "text": "x"}).status_code == 403
    assert Drafts(waiting=0).look("x", "american") is None


def test_pages_without_their_extra_are_not_in_the_menu(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    log_in(world, READER)
    page = world.client.get("/ask").text
    assert ">Graph</span>" in page
    assert ">Write</span>" in page
    monkeypatch.setattr(render, "graph_is_here", lambda: False)
    monkeypatch.setattr(render, "writing_is_here", lambda: False)
    page = world.client.get("/ask").text
    assert ">Graph</span>" not in page
    assert ">Write</span>" not in page


def test_the_policy_holds_on_both(graphs: World) -> None:
    log_in(graphs, READER)
    for path in ("/graph", "/graph?base=deals&entity=Acme+Ltd", "/write"):
        reply = graphs.client.get(path)
        assert "unsafe" not in reply.headers["content-security-policy"]
        assert safe(reply.text)
        assert not re.search(r"<[^>]*\son\w+=", reply.text)


def test_only_the_edits_that_a_person_chose_are_made(world: World) -> None:
    token = log_in(world, READER)
    text = "I has 3 apples.\nHe have a pear."
    first = world.client.post("/write", data={"csrf": token, "dialect": "american", "text": text}).text
    shown = re.search(r'name="hash" value="(\w+)"', first)
    assert shown is not None
    assert first.count('name="keep"') == 2
    form = {"csrf": token, "dialect": "american", "text": text, "hash": shown[1], "keep": "1"}
    page = world.client.post("/write", data=form).text
    result = re.search(r"<pre tabindex=\"0\"><code>(.*?)</code>", page, re.DOTALL)
    assert result is not None
    assert result[1] == "I has 3 apples.\nHe has a pear."
    assert 'class="off">has</del>' in page
    none = world.client.post("/write", data={key: value for key, value in form.items() if key != "keep"}).text
    assert "<code>I has 3 apples.\nHe have a pear.</code>" in none
    assert world.client.post("/write", data={**form, "hash": "0" * 12}).status_code == 409
    assert world.client.post("/write", data={**form, "keep": "x"}).status_code == 400
