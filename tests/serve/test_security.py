"""What an attacker tries: other hosts and sites, forged forms, hostile documents and names, keys and cookies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from strati.core.errors import TaskError
from strati.serve.engine.uploads import safe_name
from strati.serve.keys import digest_of
from strati.serve.records import Role
from strati.serve.run import must_be_safe
from strati.serve.settings import Settings
from strati.serve.shield import Shield
from tests.serve.conftest import ADMIN, READER, REVIEWER, World


def log_in(world: World, key: str = ADMIN) -> str:
    """Log a browser in; returns the token of its forms."""
    reply = world.client.post("/login", data={"key": key, "person": "Anna"}, follow_redirects=False)
    assert reply.status_code == 303
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    found = re.search(r'name="csrf" content="([0-9a-f]+)"', world.client.get("/stacks").text)
    assert found is not None
    return found[1]


def test_another_host_name_is_not_answered(world: World) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", ""):
        reply = world.client.get("/health/live", headers={"host": host})
        assert reply.status_code == 421
    for host in ("localhost:8321", "127.0.0.1:1", "[::1]:8321"):
        assert world.client.get("/health/live", headers={"host": host}).status_code == 200


def test_outside_of_loopback_addresses_are_known_and_names_are_not() -> None:
    shield = Shield(None, Settings(host="0.0.0.0", origins=("strati.example",)))  # type: ignore[arg-type]
    assert shield.knows("192.168.1.7:8321")
    assert shield.knows("strati.example")
    assert not shield.knows("evil.example")


def test_another_site_cannot_post(world: World) -> None:
    log_in(world)
    for origin in ("https://evil.example", "null"):
        reply = world.client.post("/v1/chat/completions", json={}, headers={"origin": origin})
        assert (reply.status_code, reply.json()["error"]["code"]) == (403, "wrong_origin")


@pytest.mark.parametrize("path", ["/review/undo", "/documents/forget", "/live/clear", "/try", "/ask", "/logout"])
def test_a_form_without_our_token_is_refused(world: World, path: str) -> None:
    log_in(world)
    for token in ("", "0" * 32):
        reply = world.client.post(path, data={"csrf": token, "base": "work", "id": "x", "input": "x"})
        assert reply.status_code == 403
    assert world.client.post("/api/review/lease", json={}).status_code == 403


def test_a_session_cannot_be_forged_and_a_link_works_once(world: World) -> None:
    world.client.cookies.set("strati_session", "WyJrIiwieCJd.aaaa.bbbb")
    assert world.client.get("/try", follow_redirects=False).headers["location"] == "/login"
    world.client.cookies.clear()
    code = world.service.sessions.code(world.service.keys.all()[0])
    assert world.client.get(f"/login?code={code}", follow_redirects=False).status_code == 303
    world.client.cookies.clear()
    assert world.client.get(f"/login?code={code}", follow_redirects=False).status_code == 401


def test_a_revoked_key_ends_its_sessions(world: World) -> None:
    log_in(world, REVIEWER)
    assert world.client.get("/review", follow_redirects=False).status_code == 200
    world.service.keys.revoke("v")
    assert world.client.get("/review", follow_redirects=False).headers["location"] == "/login"


def test_roles(world: World) -> None:
    log_in(world, READER)
    assert world.client.get("/review").status_code == 403
    assert "Review</span>" not in world.client.get("/stacks").text
    assert world.get("/api/review", READER).status_code == 403
    for key, status in ((READER, 403), (REVIEWER, 403)):
        assert (
            world.client.request(
                "DELETE", "/api/documents/work/x", headers={"authorization": f"Bearer {key}"}
            ).status_code
            == status
        )


def test_every_page_forbids_scripts_from_elsewhere(world: World) -> None:
    log_in(world)
    for path in ("/try", "/ask", "/documents", "/review", "/stacks", "/live", "/nothing"):
        reply = world.client.get(path)
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert reply.headers["x-frame-options"] == "DENY"
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|javascript:", reply.text)


def test_hostile_text_is_text_on_every_page(world: World) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>cancel"
    token = log_in(world)
    world.post("/v1/chat/completions", {"model": "tickets", "messages": [{"role": "user", "content": evil}]})
    pages = [
        world.client.get("/review").text,
        world.client.post("/try", data={"csrf": token, "input": evil}).text,
        world.client.post("/ask", data={"csrf": token, "base": "work", "question": evil}).text,
        world.client.get(f"/documents?base={evil}").text,
        world.client.get(f"/{evil}").text,
    ]
    found = world.post("/api/search", {"base": "work", "query": "marzipan"}).json()["hits"][0]
    place = f"/source/work/{found['document']}?start={found['start']}&end={found['end']}"
    pages.append(world.client.get(place).text)
    for page in pages:
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "marzipan" in pages[-1]


def test_the_key_is_in_no_file(world: World, tmp_path: Path) -> None:
    world.post("/api/answer", {"model": "tickets", "input": "refund"})
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert READER.encode() not in file.read_bytes()


def test_what_was_forgotten_is_gone(world: World, tmp_path: Path) -> None:
    secret = "xylophone"
    id = world.post("/api/answer", {"model": "tickets", "input": f"cancel {secret}"}).json()["id"]
    held = world.service.database
    assert secret.encode() in b"".join(f.read_bytes() for f in (tmp_path / "service").glob("service.db*"))
    reply = world.client.request("DELETE", f"/api/answers/{id}", headers={"authorization": f"Bearer {ADMIN}"})
    assert (reply.json()["answers"], reply.json()["items"]) == (1, 1)
    assert len(reply.json()["stays"]) >= 3
    assert secret.encode() not in b"".join(f.read_bytes() for f in (tmp_path / "service").glob("service.db*"))
    assert held.db.execute("SELECT count(*) FROM items WHERE state = 'open'").fetchone()[0] == 0
    assert world.get(f"/api/answers/{id}").json()["reason"] == "it was forgotten on request"


def test_forgetting_a_document_reaches_the_answers_that_rest_on_it(world: World) -> None:
    asked = {"base": "work", "question": "Within how many days may an article be returned?"}
    reply = world.post("/api/ask", asked).json()
    assert "60 days" in reply["answer"]
    document = reply["evidence"][0]["document"]
    path = f"/api/documents/work/{document}"
    receipt = world.client.request("DELETE", path, headers={"authorization": f"Bearer {ADMIN}"}).json()
    assert receipt["service"]["answers"] == 1
    assert "the file it was read from" in receipt["service"]["stays"][-1]
    assert world.get(f"/api/answers/{reply['id']}").json()["answer"] is None
    assert world.post("/api/ask", asked).json()["state"] == "withheld"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\x.pdf", "x.pdf"),
        ("/abs/y.md", "y.md"),
        (".hidden", "hidden"),
        ("a\x00b\n.md", "a_b_.md"),
        ("", "file"),
        ("x" * 300 + ".pdf", "x" * 100 + ".pdf"),
    ],
)
def test_names_of_uploads_stay_in_their_folder(name: str, kept: str) -> None:
    assert safe_name(name) == kept


def wait_for(world: World, id: str) -> dict[str, Any]:
    import time

    for _ in range(300):
        found: dict[str, Any] = world.get(f"/api/uploads/{id}", ADMIN).json()
        if found["state"] not in ("waiting", "reading"):
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def test_uploads_are_read_or_say_why_not(world: World) -> None:
    headers = {"authorization": f"Bearer {ADMIN}"}

    def send(name: str, data: bytes) -> Any:
        return world.client.post("/api/documents", params={"base": "work", "name": name}, content=data, headers=headers)

    good = wait_for(world, send("../note.md", b"# Aardvark\n\nThe aardvark digs at night.\n").json()["id"])
    bad = wait_for(world, send("evil.pdf", b"%PDF-1.7\n" + b"\x00garbage" * 50).json()["id"])
    assert (good["state"], good["name"]) == ("read", "note.md")
    assert bad["state"] in ("failed", "skipped")
    assert bad["reason"]
    assert "/" not in bad["reason"].split(":")[0]
    hit = world.post("/api/search", {"base": "work", "query": "aardvark"}).json()["hits"][0]
    assert hit["name"] == "note.md"
    assert send("empty.md", b"").json()["error"]["code"] == "empty_file"
    reply = world.client.post(
        "/api/documents",
        params={"base": "work", "name": "x"},
        content=b"x",
        headers={"authorization": f"Bearer {READER}"},
    )
    assert reply.status_code == 403


def test_the_receipt_is_shown_on_the_page(world: World) -> None:
    token = log_in(world)
    found = world.get("/api/documents?base=work", ADMIN).json()["documents"][0]["id"]
    page = world.client.post("/documents/forget", data={"csrf": token, "base": "work", "id": found}).text
    assert "1 document with 1 passage, 0 answers that rested on it, 0 waiting items, 0 uploaded files." in page
    assert world.client.post("/documents/forget", data={"csrf": token, "base": "work", "id": found}).status_code == 404


def test_a_text_is_checked_on_the_page(world: World) -> None:
    token = log_in(world)
    said = {"csrf": token, "base": "work", "text": "An article may be returned within 90 days of delivery."}
    page = world.client.post("/ask/check", data=said).text
    assert ">contradicted</span>" in page
    assert "returns.md" in page


def test_other_machines_only_with_a_key_that_was_chosen() -> None:
    with pytest.raises(TaskError, match="set STRATI_KEY or give --keys"):
        must_be_safe(Settings(host="0.0.0.0"), {}, None, 0)
    must_be_safe(Settings(host="0.0.0.0"), {"STRATI_KEY": "x" * 16}, None, 0)
    must_be_safe(Settings(), {}, None, 0)


def test_keys_from_a_file_and_from_the_environment(world: World, tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    file.write_text(
        f'[[keys]]\nname = "shop"\nsha256 = "{digest_of("shop-key-0123456789")}"\nmodels = ["tickets"]\nrate = 2\n'
    )
    (key,) = world.service.keys.from_file(file)
    assert (key.role, key.scopes, key.rate) == (Role.READER, ("tickets",), 2)
    assert world.get("/v1/models", "shop-key-0123456789").status_code == 200
    for text, part in (
        ("", "has no [[keys]]"),
        ("[[keys]]\nname = 'x'\n", "expected key = the key itself"),
        ("[[keys]]\nkey = 'short'\n", "has 5 characters"),
        ("[[keys]]\nkey = '0123456789012345'\nrole = 'king'\n", "'king' is not known"),
        ("[[keys]]\nkey = '0123456789012345'\nroll = 'x'\n", "'roll' is not known"),
        ("[[", "cannot be read"),
    ):
        file.write_text(text)
        with pytest.raises(TaskError) as error:
            world.service.keys.from_file(file)
        assert part in str(error.value)
    with pytest.raises(TaskError, match="expected at least 16"):
        world.service.keys.from_environment("short")


def test_the_log_holds_no_content(world: World, caplog: pytest.LogCaptureFixture) -> None:
    import logging

    with caplog.at_level(logging.INFO, "strati.serve.requests"):
        world.post("/api/answer", {"model": "tickets", "input": "refund my xylophone"})
        world.client.get("/source/work/secret-name")
    assert '"route": "/answer", "status": 200' in caplog.text
    assert "xylophone" not in caplog.text
    assert "secret-name" not in caplog.text
