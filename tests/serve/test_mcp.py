"""`strati mcp`: typed, read-only tools, asked by the official client in memory and over stdio."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.server.mcpserver.exceptions import ToolError

from strati.serve.engine.bases import Base
from strati.serve.mcp import Tools, server
from tests.serve.conftest import served


@pytest.fixture
def tools(base_folder: Path) -> Tools:
    return Tools([served()], [Base(base_folder)])


def test_a_stack_answers_or_says_that_a_person_has_to(tools: Tools) -> None:
    sure = asyncio.run(tools.answer("tickets", "a refund"))
    assert (sure.state, sure.answer, sure.layer) == ("answered", "refund", "rule")
    unsure = asyncio.run(tools.answer("tickets", "cancel"))
    assert (unsure.state, unsure.answer) == ("pending", None)
    assert "only 60 % sure" in unsure.reason


def test_documents_are_asked_searched_and_checked(tools: Tools) -> None:
    found = asyncio.run(tools.ask("work", "Within how many days may an article be returned?"))
    assert found.state == "answered"
    assert "60 days" in (found.answer or "")
    assert found.sources[0].place.startswith("returns.md")
    assert asyncio.run(tools.search("work", "lamp", 1))[0].place.startswith("prices.csv")
    checked = asyncio.run(tools.check("work", "An article may be returned within 90 days of delivery."))
    assert not checked.ok
    assert checked.claims[0].state in ("contradicted", "not_found")


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda t: t.answer("none", "x"), "there is no stack 'none', expected one of: tickets"),
        (lambda t: t.ask("none", "x"), "there is no base 'none', expected one of: work"),
        (lambda t: t.search("work", "x", 0), "k is 0, expected 1 to 50"),
        (lambda t: t.search("work", " "), "the text is empty"),
        (lambda t: t.check("work", "x" * 20_001), "has 20,001 characters"),
    ],
)
def test_bad_calls_say_what_is_wrong(tools: Tools, call: Any, part: str) -> None:
    with pytest.raises(ToolError, match=part):
        asyncio.run(call(tools))


def test_the_tools_are_typed_and_read_only(base_folder: Path) -> None:
    listed = asyncio.run(server([served()], [Base(base_folder)]).list_tools())
    assert [tool.name for tool in listed] == ["stacks", "answer", "ask", "search", "check"]
    for tool in listed:
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is True
        assert tool.output_schema is not None
        assert tool.description
    assert [tool.name for tool in asyncio.run(server([], []).list_tools())] == ["stacks"]


def test_over_stdio_with_the_official_client(base_folder: Path) -> None:
    async def talk() -> dict[str, Any]:
        command = [sys.executable, "-m", "strati", "mcp", "--kb", str(base_folder)]
        parameters = StdioServerParameters(command=command[0], args=command[1:], env=dict(os.environ))
        async with stdio_client(parameters) as (read, write), ClientSession(read, write) as session:
            await session.initialize()
            names = [tool.name for tool in (await session.list_tools()).tools]
            assert names == ["stacks", "ask", "search", "check"]
            asked = {"base": "work", "question": "Within how many days may an article be returned?"}
            reply = await session.call_tool("ask", asked)
            wrong = await session.call_tool("search", {"base": "nothing", "query": "x"})
            assert wrong.is_error
            assert "there is no base 'nothing'" in str(wrong.content)
            assert reply.structured_content is not None
            return dict(reply.structured_content)

    found = asyncio.run(asyncio.wait_for(talk(), 60))
    assert found["state"] == "answered", json.dumps(found)
    assert "60 days" in found["answer"]
