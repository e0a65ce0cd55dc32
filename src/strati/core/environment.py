"""The machine and the versions that matter for repeating a run."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from strati.core.records import JSON

PACKAGES = ("numpy", "scipy", "scikit-learn", "xllamacpp", "onnxruntime", "tokenizers", "httpx2", "genai-prices")

FLAGS = {"fma", "avx", "avx2", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8", "asimddp", "i8mm", "sve"}


def environment() -> dict[str, JSON]:
    """The machine and the versions that matter for repeating a run."""
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "packages": packages,
    }


def processor_flags() -> tuple[str, ...]:
    """The vector instructions that change sums in int8 and float32; empty where the system does not tell.

    Int8 products round otherwise without VNNI, so a quantised encoder may answer some rows otherwise elsewhere.
    """
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return ()
    line = next((line for line in text.splitlines() if line.startswith(("flags", "Features"))), "")
    return tuple(sorted(set(line.partition(":")[2].split()) & FLAGS))


def receipt(folder: Path) -> dict[str, JSON]:
    """What a stack's folder was made on, and how large it is: beside its fingerprint in a certificate."""
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return {"bytes": size, "processor": _cpu(), "flags": list(processor_flags())}


def otherwise_here(receipt: Mapping[str, JSON]) -> str:
    """Which instructions of a receipt this processor lacks, in words; empty where none or where nobody knows."""
    here, there = set(processor_flags()), set(receipt.get("flags") or ())
    missing = sorted(there - here) if here else []
    if not missing:
        return ""
    return (
        f"it was certified on {receipt.get('processor', 'a processor')} with {', '.join(missing)}, which this machine "
        "lacks: answers of quantised models may differ a little"
    )


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
