"""How fast are documents read?

    python benchmarks/reader_speed.py --data DIR [--rounds N]

The contracts given as PDF (DIR/cuad/contracts_pdf) are read in turns, on one core, by pypdfium2 alone (plain text),
pypdfium2 with line boxes, and strati's reader (lines with boxes, order, headings, blocks); the ratio to plain pypdfium2
is paired by round, with a 95 % bootstrap interval. Then documents made here of other formats, and, where the speech
model is there, one recording against its length. The target for PDF is 100 pages a second.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from strati.knowledge.reader import Limits, Refused, read
from strati.knowledge.readers.pdf import PdfReader

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.knowledge.readers import samples

WORDS = ["the", "tenant", "pays", "rent", "on", "first", "day", "of", "every", "month", "and", "keeps", "house"]


def plain(files: Sequence[bytes]) -> None:
    import pypdfium2

    for data in files:
        for page in pypdfium2.PdfDocument(data):
            page.get_textpage().get_text_range()


def boxes(files: Sequence[bytes]) -> None:
    """PDFium's own rectangles, without a mapping to lines."""
    import pypdfium2

    for data in files:
        for page in pypdfium2.PdfDocument(data):
            textpage = page.get_textpage()
            textpage.get_text_range()
            for number in range(textpage.count_rects()):
                textpage.get_rect(number)


def ours(files: Sequence[bytes]) -> None:
    for data in files:
        PdfReader().read(data, "it", Limits())


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """95 % bootstrap interval of the median."""
    dice = Random(seed)
    medians = sorted(statistics.median(dice.choices(values, k=len(values))) for _ in range(2000))
    return medians[50], medians[1949]


def pdfs(files: Sequence[bytes], rounds: int) -> None:
    import pypdfium2

    pages = sum(len(pypdfium2.PdfDocument(data)) for data in files)
    works = {"pypdfium2, plain text": plain, "pypdfium2, rectangles": boxes, "strati": ours}
    times: dict[str, list[float]] = {name: [] for name in works}
    ours(files[:1])  # imports
    for _ in range(rounds):
        for name, work in works.items():
            times[name].append(seconds(lambda work=work: work(files)))  # type: ignore[misc]
    print(f"{len(files)} PDF files, {pages} pages, {rounds} rounds")
    for name, values in times.items():
        rates = [pages / value for value in values]
        low, high = interval(rates)
        ratios = [base / value for base, value in zip(times["pypdfium2, plain text"], values, strict=True)]
        first, last = interval(ratios)
        shown = f"{statistics.median(ratios):.2f} [{first:.2f}, {last:.2f}] of plain"
        print(f"  {name:24}{statistics.median(rates):6.0f} pages/s [{low:.0f}, {high:.0f}]   {shown}")


def made(count: int) -> dict[str, tuple[str, bytes, int]]:
    """Documents of about `count` paragraphs or rows: file name, bytes, and how many."""
    dice = Random(0)
    texts = [" ".join(dice.choices(WORDS, k=40)) for _ in range(count)]
    clocks = [f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}" for n in range(count)]
    captions = "".join(f"{c}.000 --> {c}.900\n{text}\n\n" for c, text in zip(clocks, texts, strict=True))
    paragraphs = "".join(f"<p>{text}</p>" for text in texts)
    rows = "name,words,number\n" + "".join(f"n{n},{text},{n}\n" for n, text in enumerate(texts))
    return {
        "DOCX, paragraphs": ("a.docx", samples.docx("".join(map(samples.paragraph, texts))), count),
        "HTML, paragraphs": (
            "a.html",
            f"<html><body>{paragraphs}</body></html>".encode(),
            count,
        ),
        "CSV, rows": ("a.csv", rows.encode(), count),
        "WebVTT, captions": ("a.vtt", f"WEBVTT\n\n{captions}".encode(), count),
        "XLSX, rows": (
            "a.xlsx",
            samples.xlsx({"S": {f"{c}{n}": t for n, t in enumerate(texts, 1) for c in "AB"}}),
            count,
        ),
    }


def others(rounds: int, count: int) -> None:
    for name, (file, data, things) in made(count).items():
        read(data, file)
        rates = [things / seconds(lambda d=data, f=file: read(d, f)) for _ in range(rounds)]  # type: ignore[misc]
        low, high = interval(rates)
        size = len(data) / 1e6 * statistics.median(rates) / things
        print(f"  {name:24}{statistics.median(rates):10,.0f}/s [{low:,.0f}, {high:,.0f}]   {size:.1f} MB/s")


def speech(data: Path, rounds: int) -> None:
    recording = data / "speech" / "jfk.flac"
    try:
        length = max(mark.locator.until or 0 for mark in read(recording.read_bytes(), "jfk.flac").marks)
    except (Refused, OSError) as refusal:
        print(f"  speech: not measured ({refusal})")
        return
    factors = [seconds(lambda: read(recording.read_bytes(), "jfk.flac")) / length for _ in range(rounds)]
    low, high = interval(factors)
    print(f"  speech: {statistics.median(factors):.2f} of real time [{low:.2f}, {high:.2f}] on {length:.0f} seconds")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--count", type=int, default=2000, help="paragraphs, rows or captions of the made documents")
    options = parser.parse_args()
    files = [file.read_bytes() for file in sorted((options.data / "cuad" / "contracts_pdf").glob("*.pdf"))]
    pdfs(files, options.rounds)
    others(options.rounds, options.count)
    speech(options.data, options.rounds)


if __name__ == "__main__":
    main()
