from __future__ import annotations

import sys

import pytest

from strati.code.find import find_sandbox
from strati.code.sandbox import NoSandbox, Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """The sandbox that works here; tests that need one are skipped where none does."""
    try:
        return find_sandbox(sys.executable)
    except NoSandbox as reason:
        pytest.skip(str(reason))
