from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from strati.models.catalog.catalog import Catalog
from strati.models.catalog.store import Store
from strati.models.local.gguf import GgufModel

# How long an example takes says nothing on a busy machine. The same examples every time: whether a change is good must
# not depend on luck. `make fuzz` looks for new ones.
settings.register_profile("strati", deadline=None, derandomize=True)
settings.register_profile("fuzz", deadline=None, max_examples=int(os.environ.get("STRATI_FUZZ_EXAMPLES", "1000")))
settings.load_profile(os.environ.get("STRATI_HYPOTHESIS", "strati"))


@pytest.fixture(scope="session")
def smollm2_path() -> Path:
    """The file of SmolLM2-135M, pulled through the product's own catalog the first time."""
    entry = Catalog.load(environment={})["smollm2-135m"]
    store = Store()
    store.pull(entry)
    assert entry.file is not None
    return store.path(entry.file, entry.name)


@pytest.fixture(scope="session")
def smollm2(smollm2_path: Path) -> Iterator[GgufModel]:
    """A real, small language model; its context is kept short to save memory."""
    with GgufModel(smollm2_path, name="smollm2-135m", licence="Apache-2.0", context=1024) as model:
        yield model


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`-m "not process and not model"` is a quick look; marks follow from what a test uses."""
    for item in items:
        module = getattr(item, "module", None)
        if "smollm2" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.model)
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.property)
        if module is not None and hasattr(module, "subprocess"):
            item.add_marker(pytest.mark.process)
    # What takes longest goes first, so that both workers end together (`--no-loadscope-reorder` keeps the order).
    slow = {item.path for item in items if any(map(item.get_closest_marker, ("model", "process")))}
    items.sort(key=lambda item: item.path not in slow)
