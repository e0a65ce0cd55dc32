from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from strati.models.local.gguf import GgufModel


@pytest.fixture(scope="session")
def smollm2(smollm2_path: Path) -> Iterator[GgufModel]:
    """The real model on one thread: many short prompts, and other work on the machine, make more threads slower."""
    with GgufModel(smollm2_path, name="smollm2-135m", licence="Apache-2.0", context=1024, threads=1) as model:
        yield model
