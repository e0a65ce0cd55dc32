from __future__ import annotations

from importlib.metadata import EntryPoint, EntryPoints

import pytest

import strati.stack.registry
from strati.core.errors import StackError
from strati.kinds.classify.majority import Majority
from strati.stack.layers.person import Person
from strati.stack.registry import saved_class


def test_known_kinds_give_their_class() -> None:
    assert saved_class("majority.v1") is Majority


def test_an_unknown_kind_lists_the_known_ones() -> None:
    with pytest.raises(StackError, match=r"kind 'os:system'.*majority\.v1"):
        saved_class("os:system")


def test_other_packages_add_kinds_but_do_not_replace_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = EntryPoint("majority.v1", "os:system", "strati.layers")
    theirs = EntryPoint("asks.v1", "strati.stack.layers.person:Person", "strati.layers")
    monkeypatch.setattr(
        strati.stack.registry, "entry_points", lambda group: EntryPoints((ours, theirs)).select(group=group)
    )
    assert saved_class("asks.v1") is Person
    assert saved_class("majority.v1") is Majority
