"""What a certificate keeps of the machine, and what is said on another one."""

from __future__ import annotations

from pathlib import Path

import pytest

from strati.core import environment
from strati.core.environment import otherwise_here, processor_flags, receipt


def test_a_receipt_has_the_size_and_the_processor(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.bin").write_bytes(b"x" * 100)
    (tmp_path / "deep" / "b.bin").write_bytes(b"x" * 11)
    found = receipt(tmp_path)
    assert found["bytes"] == 111
    assert found["processor"]
    assert found["flags"] == list(processor_flags())
    assert otherwise_here(found) == ""


def test_a_machine_without_its_instructions_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {"processor": "Big", "flags": ["avx2", "avx512_vnni"]}
    monkeypatch.setattr(environment, "processor_flags", lambda: ("avx2",))
    assert "certified on Big with avx512_vnni, which this machine lacks" in otherwise_here(made)
    monkeypatch.setattr(environment, "processor_flags", lambda: ())
    assert otherwise_here(made) == ""
