"""Is every sample read, is no word of it lost, and is a phrase found at the right place?

    python benchmarks/samples_read.py --data DIR [--slow] [--more FOLDER]

First, of the different words of each file that a second, crude extraction finds (`strati.testing.words`): by reader,
the share that stands in a passage, the share that is only listed as left out, and the share that is lost. `--more`
adds all files of another folder. It ends with 1 when a word is lost or a sample is not as it should be.

For each file of DIR/docs_markitdown and DIR/captions the phrase and the place (or the refusal) stand in the tables
below; they were looked up in the files by hand. Contracts (DIR/cuad) are checked against another source: twenty
stretches of eight words are drawn from the text that a contract is published with, each has to be found, and for a
contract in PDF PDFium's own search has to find its first words on the page and inside the box that the locator names
(it does not find words with an odd character, so 17 of 20 are enough). Recordings (DIR/speech) are checked against
what is known to be said, by the share of words heard; they need the speech model, pictures need OCR (`--slow`).
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from random import Random
from typing import NamedTuple

from strati.knowledge.document import Document, faults
from strati.knowledge.reader import Reason, Refused, read
from strati.testing import kept_words

SLOW = (".jpg", ".wav", ".mp3", ".m4a", ".flac", ".ogg", ".mp4")
HEARD = 0.6  # share of the words of a recording; a tiny model mishears some words of a sentence out of context
# The transcripts of the read sentences have these words wrong, and two of them belong to other recordings.
MISSPELT = {"TUE": "two", "WORE": "war"}
SAID = {
    "spk2_snt3.wav": "tear a thin sheet from the yellow pad",
    "spk2_snt5.wav": "jump the fence and hurry up the bank",
}

# A phrase and how its place begins or ends, or the reason of the refusal.
Expected = tuple[str, str] | Reason
DOCUMENTS: dict[str, Expected] = {
    "RECEIPT-2024-TXN-98765_retail_purchase.pdf": ("AUDIO-5521", "page 1"),
    "REPAIR-2022-INV-001_multipage.pdf": ("Minor rear bumper repair", "page 1"),
    "SPARSE-2024-INV-1234_borderless_table.pdf": ("Extended Inventory Review", "page 2"),
    "masterformat_partial_numbering.pdf": ("KEN SARGENT HOUSE", "page 1"),
    "movie-theater-booking-2024.pdf": ("Premier Entertainment Group", "Booking Agency, page 1"),
    "test.pdf": ("multi-agent conversations to", "page 1"),
    "equations.docx": ("From Eq. 36.1.3", "paragraph 4"),
    "rlink.docx": ("Testing Linked Images", "paragraph 1"),
    "test.docx": ("49e168b7-d2ae-407f-a055-2167576f39a1", "table 1, row 3, column 3"),
    "test_with_comment.docx": ("49e168b7-d2ae-407f-a055-2167576f39a1", "table 1, row 3, column 3"),
    "test.epub": ("second chapter", "Chapter 2: More Content, chap_2.xhtml, line 8"),
    "test.json": ("string_value", "line 2"),
    "test.pptx": ("1b92870d-e3b5-4e65-8153-919f4ff45592", "A table to test parsing:, slide 3"),
    "test.xls": ("Delta", "Sheet1, sheet Sheet1!D1"),
    "test.xlsx": ("Delta", "Sheet1, sheet Sheet1!D1"),
    "test_blog.html": ("is selected as a better model", "Experiment Results, line 48"),
    "test_mskanji.csv": ("大阪", "line 3"),
    "test_notebook.ipynb": ("print(42)", "Code Cell Below, cell 4, line 2"),
    "test_outlook_msg.msg": ("body of the test email", "body, line 1"),
    "test_rss.xml": ("Copilot", "line 1"),
    "test_serp.html": ("American multinational corporation", "Microsoft - Wikipedia, line 42"),
    "test_wikipedia.html": ("Altair 8800 computer", "History > 1972–1985: Founding, line 926"),
    "test.jpg": ("AutoGen", "page 1"),
    "test_llm.jpg": ("5bda1dd6", "page 1"),
    "test.m4a": ("three, four", "0:01"),
    "test.mp3": ("three, four", "0:01"),
    "test.wav": ("three, four", "0:01"),
}
CAPTIONS: dict[str, Expected] = {
    "captions_with_bom.vtt": ("text #2", "0:07"),
    "comments.vtt": ("Det är inte", "2:15"),
    "cue_tags.vtt": ("That's amore", "0:20"),
    "empty.vtt": Reason.EMPTY,
    "invalid.vtt": ("text #3", "0:11"),
    "invalid_format.sbv": Reason.MALFORMED,
    "invalid_format1.srt": Reason.EMPTY,
    "invalid_format2.srt": Reason.MALFORMED,
    "invalid_format3.srt": Reason.MALFORMED,
    "invalid_format4.srt": Reason.EMPTY,
    "invalid_timeframe.sbv": ("text #3", "line 7"),
    "invalid_timeframe.srt": ("text #2", "0:07"),
    "invalid_timeframe.vtt": ("text #2", "line 6"),
    "invalid_timeframe_in_cue_text.vtt": ("text #2", "0:07"),
    "metadata_headers.vtt": ("text #2", "0:07"),
    "metadata_headers_multiline.vtt": ("text #2", "0:07"),
    "missing_caption_text.sbv": ("text #3", "0:13"),
    "missing_caption_text.srt": ("text #3", "0:11"),
    "missing_caption_text.vtt": ("text #3", "0:11"),
    "missing_timeframe.sbv": ("text #2", "line 4"),
    "missing_timeframe.srt": ("text #2", "line 5"),
    "missing_timeframe.vtt": ("text #2", "line 6"),
    "no_captions.vtt": Reason.EMPTY,
    "one_caption.srt": ("text #1", "0:00"),
    "one_caption.vtt": ("text #1", "0:00"),
    "sample.sbv": ("#3 (line 2)", "0:13"),
    "sample.srt": ("text #5", "0:21"),
    "sample.vtt": ("text #9", "0:36"),
    "styles.vtt": ("Hello world", "0:00"),
    "two_captions.sbv": ("#2 (line 2)", "0:11"),
    "using_identifiers.vtt": ("text #2", "0:07"),
    "youtube_dl.vtt": ("will happen", "5:04"),
}


def words(folders: Sequence[Path], slow: bool) -> bool:
    """Print what becomes of the words of every file, by reader; whether none is lost."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    examples: list[str] = []
    for file in sorted(file for folder in folders for file in folder.rglob("*") if file.is_file()):
        if file.name == "SOURCE.txt" or (file.suffix in SLOW and not slow):
            continue
        data = file.read_bytes()
        try:
            document = read(data, file.name)
        except Refused:
            counts["refused"]["files"] += 1
            continue
        kept = kept_words(document, data)
        reader = document.reader.split(".v")[0]
        counts[reader].update(files=1, found=kept.found, listed=kept.listed, lost=len(kept.lost))
        examples += [f"lost in {file.name}: {', '.join(kept.lost[:8])}"] if kept.lost else []
    print(f"{'reader':18}{'files':>6}{'words':>9}{'in a passage':>14}{'listed':>9}{'lost':>9}")
    for reader, count in sorted(counts.items()):
        whole = count["found"] + count["listed"] + count["lost"]
        shares = [f"{count[what] / whole:.2%}" if whole else "-" for what in ("found", "listed", "lost")]
        print(f"{reader:18}{count['files']:6,}{whole:9,}{shares[0]:>14}{shares[1]:>9}{shares[2]:>9}")
    print("\n".join([*examples, ""]))
    return not examples


class Outcome(NamedTuple):
    right: bool
    file: str
    told: str


def check(file: Path, expected: Expected | None) -> Outcome:
    """Read a file and look for its phrase."""
    if expected is None:
        return Outcome(False, file.name, "not in the table")
    try:
        document = read(file.read_bytes(), file.name)
    except Refused as refusal:
        return Outcome(refusal.reason is expected, file.name, f"refused: {refusal}")
    broken = next(faults(document), None)
    if broken or isinstance(expected, Reason):
        return Outcome(False, file.name, broken or "read, expected a refusal")
    phrase, place = expected
    start = document.text.find(phrase)
    told = f"{document.reader}: {phrase!r} not found"
    if start >= 0:
        shown = str(document.locate(start, start + len(phrase)))
        told = f"{document.reader}: {phrase!r} at {shown[-60:]}"
        return Outcome(shown.endswith(place), file.name, told)
    return Outcome(False, file.name, told)


def documents(data: Path, slow: bool) -> Iterator[Outcome]:
    for folder, table in (("docs_markitdown", DOCUMENTS), ("captions", CAPTIONS)):
        for file in sorted((data / folder).iterdir()):
            if file.is_file() and file.name != "SOURCE.txt" and (slow or file.suffix not in SLOW):
                yield check(file, table.get(file.name))


def contracts(data: Path) -> Iterator[Outcome]:
    """Stretches of the published text, in the PDF and in the text file."""
    folder = data / "cuad"
    for file in sorted(folder.glob("contracts_*/*.*")):
        reference = folder / "contracts_txt" / f"{file.stem}.txt"
        if not reference.is_file():
            continue
        raw = file.read_bytes()
        try:
            document = read(raw, file.name)
        except Refused as refusal:
            yield Outcome(False, file.name, f"refused: {refusal}")
            continue
        words = plain(reference.read_text(encoding="utf-8", errors="replace")).split()
        dice = Random(0)
        drawn = [dice.randrange(max(1, len(words) - 8)) for _ in range(20)]
        found, placed = 0, 0
        for place in drawn:
            span = search(document, words[place : place + 8])
            found += span is not None
            placed += span is not None and on_its_page(document, raw, span)
        told = f"{document.reader}: {found} of 20 stretches found, {placed} at a place that checks out"
        yield Outcome(placed >= 17, file.name, told)


def plain(text: str) -> str:
    """Quotes and dashes as the published text has them."""
    return text.translate(str.maketrans("“”‘’–—", "\"\"''--"))


def search(document: Document, words: list[str]) -> tuple[int, int] | None:
    hit = re.search(r"\s+".join(map(re.escape, words)), plain(document.text))
    return hit.span() if hit else None


def on_its_page(document: Document, raw: bytes, span: tuple[int, int]) -> bool:
    """Whether PDFium's own search finds the first words inside the box of the locator; a text has them in the line."""
    first = document.text[slice(*span)].split("\n")[0].strip()
    place = document.locate(span[0], span[0] + len(first))
    if place.page is None or place.box is None:
        lines = raw.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
        return place.line is not None and first in lines[place.line - 1]
    import pypdfium2

    page = pypdfium2.PdfDocument(raw)[place.page - 1]
    textpage = page.get_textpage()
    hits = textpage.search(first.rstrip("-"), match_case=True)
    while hit := hits.get_next():
        left, bottom, _, top = textpage.get_charbox(hit[0])
        middle = page.get_height() - (bottom + top) / 2
        if place.box.left - 2 <= left <= place.box.right and place.box.top - 2 <= middle <= place.box.bottom + 2:
            return True
    return False


def recordings(data: Path) -> Iterator[Outcome]:
    folder = data / "speech"
    lines = (folder / "reference.tsv").read_text(encoding="utf-8").splitlines()
    said = dict(line.split("\t") for line in lines if "\t" in line)
    for line in (folder / "speechbrain" / "transcripts.tsv").read_text(encoding="utf-8").splitlines():
        name, _, words = line.partition("\t")
        said[f"speechbrain/{name}"] = SAID.get(name) or " ".join(MISSPELT.get(word, word) for word in words.split())
    for name, words in sorted(said.items()):
        if not (folder / name).is_file():
            continue
        try:
            document = read((folder / name).read_bytes(), name)
        except Refused as refusal:
            yield Outcome(not words and refusal.reason is Reason.EMPTY, name, f"refused: {refusal}")
            continue
        heard, known = (re.findall(r"[a-z']+", text.lower()) for text in (document.text, words))
        same = sum(block.size for block in SequenceMatcher(None, heard, known, autojunk=False).get_matching_blocks())
        timed = all(mark.locator.seconds is not None for mark in document.marks)
        share = same / max(len(known), 1)
        told = f"{document.reader}: {share:.2f} of the words heard: {document.text[:50]!r}"
        yield Outcome(share >= HEARD and timed, name, told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--slow", action="store_true", help="pictures and recordings too")
    parser.add_argument("--more", type=Path, nargs="*", default=[], help="other folders whose words are counted, too")
    options = parser.parse_args()
    folders = [options.data / name for name in ("docs_markitdown", "captions", "cuad", "talk", "speech")]
    whole = words([folder for folder in [*folders, *options.more] if folder.is_dir()], options.slow)
    outcomes = [*documents(options.data, options.slow), *contracts(options.data)]
    outcomes += recordings(options.data) if options.slow else []
    for outcome in outcomes:
        print(f"{'ok   ' if outcome.right else 'WRONG'} {outcome.file[:48]:50}{outcome.told}")
    print(f"{sum(outcome.right for outcome in outcomes)} of {len(outcomes)} samples read or refused as they should be")
    if not (whole and all(outcome.right for outcome in outcomes)):
        sys.exit(1)


if __name__ == "__main__":
    main()
