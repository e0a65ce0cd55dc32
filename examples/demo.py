"""`make demo`: Reuters news, eight topics: is a language model needed to tell them apart?

Real data with its published split, a real (very small) language model in process, no network after the downloads.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from reuters import fetch

FOLDER = Path(".demo")
MODEL = "smollm2-135m"
NOTE = """\
strati demo: Reuters R8, 7,674 news stories, eight topics, split as published.

The language model here is SmolLM2 with 135 million parameters (98 MB, as a wheel). It shows the mechanics: prompts
tried on tune, probabilities of whole labels, cost and time per answer. It is not a fair opponent: with a larger one
pulled (strati models list) the same command compares that.
"""


def main() -> None:
    """Fetch the data and the model, run the bench."""
    print(NOTE, flush=True)
    train, test = fetch(FOLDER / "data")
    strati = [sys.executable, "-m", "strati"]
    subprocess.run([*strati, "models", "pull", MODEL], check=True)
    options = ["--train", str(train), "--test", str(test), "--model", MODEL, "--sample", "64", "--margin", "0.05"]
    options += ["--describe", "Which topic is this news story about?"]
    options += ["--runs-dir", str(FOLDER / "runs"), "--out", str(FOLDER / "report")]
    print("$ strati bench " + " ".join(f'"{part}"' if " " in part else part for part in options), flush=True)
    done = subprocess.run([*strati, "bench", *options])
    print(f"\nThe 135M model is here to show the mechanics. The report: {FOLDER / 'report' / 'report.html'}")
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
