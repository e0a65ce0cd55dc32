"""The one place that loads `usearch`."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import suppress
from typing import Any


def installed() -> bool:
    return importlib.util.find_spec("usearch") is not None


def empty_index(size: int, **settings: Any) -> Any:
    """An index of vectors with `size` numbers, compared by inner product in bfloat16, with row numbers as keys."""
    _share_cxx()
    from usearch.index import Index

    return Index(ndim=size, metric="ip", dtype="bf16", enable_key_lookups=False, **settings)


def _share_cxx() -> None:
    """usearch's wheel for Linux carries a C++ library of its own, whose symbols the dynamic linker gives to libraries
    that are loaded later: importing onnxruntime then ends the process. The system's library, loaded first, goes before.
    """
    if sys.platform == "linux" and "usearch" not in sys.modules:
        import ctypes

        with suppress(OSError):
            ctypes.CDLL("libstdc++.so.6", mode=ctypes.RTLD_GLOBAL)
