from __future__ import annotations

from pathlib import Path

import pytest

from strati.core.errors import DataError
from strati.knowledge.ask import check_text
from tests.knowledge.ask import world

NOTE = """# Note

The tower of Ems was built in 1931. It is 48 metres tall.
The rent is $1,500,000 a year; the deposit is refundable.
The mayor is Carla Stein. Who is the caretaker?
"""


def test_every_claim_of_a_note(tmp_path: Path) -> None:
    with world.base(tmp_path) as base:
        report = check_text(base, NOTE)
        for one in report.claims:
            assert NOTE[one.start : one.end] == one.text
            for cited in one.citations:
                assert base.document(cited.document).text[cited.start : cited.end] == cited.quote
    assert [(str(one.state), one.text) for one in report.claims] == [
        ("not_checkable", "Note"),
        ("supported", "The tower of Ems was built in 1931."),
        ("contradicted", "It is 48 metres tall."),
        ("supported", "The rent is $1,500,000 a year"),
        ("contradicted", "the deposit is refundable."),
        ("not_found", "The mayor is Carla Stein."),
        ("not_checkable", "Who is the caretaker?"),
    ]
    assert report.claims[2].reason == "the claim says '48 metres', the source '84 metres'"
    assert report.claims[2].citations[0].quote == "It is 84 metres tall."
    assert not report.ok
    told = report.to_json()
    assert list(told) == ["claims", "counts", "ok", "snapshot"]
    assert list(told["claims"][0]) == ["text", "start", "end", "state", "reason", "score", "citations"]
    assert told["counts"] == {"supported": 2, "contradicted": 2, "not_found": 1, "not_checkable": 2}


def test_against_a_file(tmp_path: Path) -> None:
    file = tmp_path / "source.md"
    file.write_text("# Ems\n\nThe tower of Ems was built in 1931.\n", encoding="utf-8")
    assert check_text(None, "The tower of Ems was built in 1931.", against=file).ok
    assert not check_text(None, "The tower of Ems was built in 1932.", against=file).ok
    with pytest.raises(DataError, match="cannot be read"):
        check_text(None, "A claim is here.", against=tmp_path / "none.md")
    with pytest.raises(DataError, match="nothing to check against"):
        check_text(None, "A claim is here.")
