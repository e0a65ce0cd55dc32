"""Is the text read from PDF as good as what the best extractors give?

    python benchmarks/pdf_text.py --data DIR [--resamples N]

DIR holds contracts as PDF (`cuad/contracts_pdf`) and, under the same names, as text (`cuad/contracts_txt`). For each
pair: the share of characters that both have in the same order (twice the longest common subsequence over the sum of
the lengths), after every run of white space became one blank. Printed: median, worst and mean for each extractor that
is installed, and the difference of strati to it, paired over the contracts, with a 95 % BCa bootstrap interval. The
texts that the contracts are published with follow the order of the PDF's content, so an extractor that puts lines in
another order loses here, whether that order is the better one or not.

Needs `rapidfuzz`; measures `pypdf`, `pdfplumber` and `markitdown[pdf]` where they are installed.
"""

from __future__ import annotations

import argparse
import io
import logging
import re
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from strati.knowledge.reader import Limits
from strati.knowledge.readers.pdf import PdfReader
from strati.statistics.resampling import bca_interval, units_of

Extractor = Callable[[bytes], str]


def strati(data: bytes) -> str:
    return PdfReader().read(data, "it", Limits()).text


def pypdfium2(data: bytes) -> str:
    import pypdfium2

    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(data))


def pypdf(data: bytes) -> str:
    import pypdf

    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def pdfplumber(data: bytes) -> str:
    import pdfplumber

    with pdfplumber.open(io.BytesIO(data)) as document:
        return "\n".join(page.extract_text() or "" for page in document.pages)


def markitdown(data: bytes) -> str:
    import markitdown

    return str(markitdown.MarkItDown().convert_stream(io.BytesIO(data), file_extension=".pdf").text_content)


EXTRACTORS: Mapping[str, Extractor] = {
    "strati": strati,
    "pypdfium2": pypdfium2,
    "pypdf": pypdf,
    "pdfplumber": pdfplumber,
    "markitdown": markitdown,
}


def similarity(text: str, reference: str) -> float:
    """2 L / (a + b) for the longest common subsequence L of texts of a and b characters, white space made equal."""
    from rapidfuzz.distance import Indel

    return float(Indel.normalized_similarity(*(re.sub(r"\s+", " ", each).strip() for each in (text, reference))))


def pairs(data: Path) -> list[tuple[str, bytes, str]]:
    """Name, PDF and text of every contract that is given as both."""
    texts = data / "cuad" / "contracts_txt"
    found = []
    for file in sorted((data / "cuad" / "contracts_pdf").glob("*.pdf")):
        reference = texts / f"{file.stem}.txt"
        if reference.is_file():
            found.append((file.stem, file.read_bytes(), reference.read_text(encoding="utf-8", errors="replace")))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--resamples", type=int, default=10_000)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    contracts = pairs(options.data)
    print(f"{len(contracts)} contracts")
    scores: dict[str, list[float]] = {}
    for name, extract in EXTRACTORS.items():
        try:
            scores[name] = [similarity(extract(data), reference) for _, data, reference in contracts]
        except ImportError as error:
            print(f"{name}: not measured, {error.name} is not installed")
    ours = scores["strati"]
    print(f"{'':12}{'median':>9}{'worst':>9}{'mean':>9}   strati minus it, mean [95 %], median; better, worse, equal")
    for name, values in scores.items():
        line = f"{name:12}{statistics.median(values):9.5f}{min(values):9.5f}{statistics.mean(values):9.5f}"
        if name != "strati":
            differences = np.array([[a - b] for a, b in zip(ours, values, strict=True)])
            interval = bca_interval(units_of(differences), _mean(len(ours)), draws=options.resamples)
            shown = f"[{interval.low:+.5f}, {interval.high:+.5f}]" if interval else "[no variation]"
            signs = [int((differences > 1e-9).sum()), int((differences < -1e-9).sum())]
            line += f"   {differences.mean():+.5f} {shown}, {float(np.median(differences)):+.5f};"
            line += f" {signs[0]}, {signs[1]}, {len(ours) - sum(signs)}"
        print(line)
    lowest = sorted(zip(ours, (name for name, _, _ in contracts), strict=True))[:3]
    print("lowest of strati: " + "; ".join(f"{value:.5f} {name[:40]}" for value, name in lowest))


def _mean(count: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda sums: sums[..., 0] / count


if __name__ == "__main__":
    main()
