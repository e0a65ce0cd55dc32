"""How often the detector of instructions is wrong about ordinary text.

    python benchmarks/untrusted_text.py --data FOLDER

FOLDER holds XQuAD (squad_xquad/xquad.en.json), CUAD's contracts as text (cuad/**/*.txt) and covid_qa. Every paragraph
counts as harmless. Printed: flagged of all, with the exact 95 % interval.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from strati.knowledge.ask.untrusted import instruction_in
from strati.statistics import clopper_pearson


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    data = parser.parse_args().data
    for name, paragraphs in (("XQuAD", _squad(data / "squad_xquad" / "xquad.en.json")), ("CUAD", _contracts(data))):
        texts = list(paragraphs)
        flagged = sum(bool(instruction_in(text)) for text in texts)
        found = clopper_pearson(flagged, len(texts), 0.95)
        share = f"{found.value:.2%} ({found.low:.2%} to {found.high:.2%})"
        print(f"{name}: {flagged} of {len(texts):,} paragraphs flagged, {share}")


def _squad(path: Path) -> Iterator[str]:
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        yield from (paragraph["context"] for paragraph in article["paragraphs"])


def _contracts(data: Path) -> Iterator[str]:
    for path in sorted((data / "cuad").rglob("*.txt")):
        if path.name != "SOURCE.txt":
            yield from (
                part for part in path.read_text(encoding="utf-8", errors="replace").split("\n\n") if part.strip()
            )


if __name__ == "__main__":
    main()
