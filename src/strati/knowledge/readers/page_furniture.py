"""Running headers, footers and page numbers: what repeats in the margins of pages."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from strati.knowledge.locator import Box

MARGIN = 0.14  # of the page's height, above and below
OUTERMOST = 4  # lines looked at on either side
CLOSE = 8.0  # points that a repeated line may move
Line = tuple[str, Box]
_ROMAN = r"(?=[ivxlc])c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})"
_NUMBER = rf"(?:\d{{1,4}}|{_ROMAN}|[A-Z]-\d{{1,3}})"
PAGE_NUMBER = re.compile(rf"(?:page\s*)?[-–—\s]*{_NUMBER}(?:\s*(?:of|/)\s*\d{{1,4}})?[-–—\s]*", re.IGNORECASE)
_ROMANS = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_AHEAD = (-50, 2_000)  # a page number may be so far ahead of the page's place: of a volume, say
_PAGE_WORDS = {"page", "pages", "p", "pg", "pp", "seite", "pagina", "página", "sida", "side", "strona", "folio"}
# Words that stand before a number which is counted up from page to page, too, and is no page number.
_LABELS = (
    "number no nr num invoice account customer order total amount due id ref reference case claim policy ticket price "
    "date quantity qty item code serial receipt room seat client patient bill rechnung kunde kundennummer facture"
)
_COUNTED = frozenset(_LABELS.split())


def furniture(pages: Sequence[tuple[float, Sequence[Line]]]) -> list[dict[int, str]]:
    """For each page (its height, its lines with their boxes) the places of the lines that are `header` or `footer`.

    A line in the outer margin counts when it stands at about the same height on at least three pages and a third of all
    (both pages of two), and is the same there but for the number of the page; or when it is a page number and nothing
    else. Lines that differ in other numbers (amounts, customers) are no furniture.
    """
    seen: dict[tuple[str, str], list[tuple[int, int, float]]] = defaultdict(list)
    plain = _plain_numbers(pages)
    found: list[dict[int, str]] = [{} for _ in pages]
    for page, (height, lines) in enumerate(pages):
        for place, side in _outer(height, lines):
            text, box = lines[place]
            if PAGE_NUMBER.fullmatch(text.strip()) and (not text.strip().isdecimal() or int(text) - page in plain):
                found[page][place] = side
            distance = box.top if side == "header" else height - box.bottom
            seen[side, _without_digits(text)].append((page, place, distance))
    needed = 2 if len(pages) == 2 else max(3, len(pages) // 3)
    for (side, _), places in seen.items():
        for group in _close(places):
            texts = [(page, pages[page][1][place][0]) for page, place, _ in group]
            if len({page for page, _, _ in group}) >= needed and _same_but_for_the_page(texts):
                for page, place, _ in group:
                    found[page][place] = side
    return found


def _plain_numbers(pages: Sequence[tuple[float, Sequence[Line]]]) -> set[int]:
    """By how much numbers that stand alone in the margins are ahead of the page's place, where they count pages.

    That is where two pages agree; a single one counts when it is a likely page of its document.
    """
    ahead: Counter[int] = Counter()
    for page, (height, lines) in enumerate(pages):
        texts = {lines[place][0].strip() for place, _ in _outer(height, lines)}
        ahead.update(int(text) - page for text in texts if re.fullmatch(r"\d{1,4}", text))
    return {by for by, often in ahead.items() if _AHEAD[0] <= by <= _AHEAD[1] and (often > 1 or by <= 1)}


def _same_but_for_the_page(texts: Sequence[tuple[int, str]]) -> bool:
    """Whether lines of several pages are the same but for one word that counts the pages."""
    rows = [text.split() for _, text in texts]
    if len({len(row) for row in rows}) > 1:
        return False
    varying = [(at, column) for at, column in enumerate(zip(*rows, strict=True)) if len(set(column)) > 1]
    if not varying:
        return True
    at, column = varying[0]
    numbers = [_page_number(word) for word in column]
    ahead = {None if n is None else n - page for n, (page, _) in zip(numbers, texts, strict=True)}
    if len(varying) > 1 or len(ahead) > 1 or None in ahead:
        return False
    said = {word.lower().strip(".:|") for word in rows[0]}
    if said & _PAGE_WORDS:
        return True
    at_edge = at in (0, len(rows[0]) - 1)
    return at_edge and not said & _COUNTED and all(_AHEAD[0] <= by <= _AHEAD[1] for by in ahead if by is not None)


def _page_number(word: str) -> int | None:
    """The number of a word such as "12", "-12-" or "xii"; None for what is no page number."""
    word = word.strip("-–—|()[].")
    if re.fullmatch(r"\d{1,5}", word):
        return int(word)
    if not re.fullmatch(_ROMAN, word, re.IGNORECASE):
        return None
    values = [_ROMANS[letter] for letter in word.lower()]
    return sum(-one if one < max(values[at:]) else one for at, one in enumerate(values))


def _outer(height: float, lines: Sequence[Line]) -> Iterator[tuple[int, str]]:
    by_height = sorted(range(len(lines)), key=lambda place: lines[place][1].top)
    for place in by_height[:OUTERMOST]:
        if lines[place][1].bottom < MARGIN * height:
            yield place, "header"
    for place in by_height[-OUTERMOST:]:
        if lines[place][1].top > (1 - MARGIN) * height:
            yield place, "footer"


def _without_digits(text: str) -> str:
    return re.sub(r"\d+|\b[ivxlc]+\b", "#", " ".join(text.split()).lower())


def _close(places: list[tuple[int, int, float]]) -> Iterator[list[tuple[int, int, float]]]:
    """Groups of places whose heights follow each other within `CLOSE` points."""
    group: list[tuple[int, int, float]] = []
    for place in sorted(places, key=lambda place: place[2]):
        if group and place[2] - group[-1][2] > CLOSE:
            yield group
            group = []
        group.append(place)
    yield group
