"""Where a quote stands in a text: as it is, else with white space, dashes and quotation marks made alike, else by the
characters it has in common with a piece of the text.

Works on characters, so it holds for scripts without blanks between words. What is returned is always a span of the
text itself; a model's own words never become a quote.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

N, N_UNSPACED = 4, 2  # characters a piece has; fewer where scripts put no blanks between words
LEAST = 0.8  # share of the quote's pieces that must stand, close together, at the place
SHORTEST = 8  # characters: a shorter quote is only looked for as it is
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), "-")
_QUOTES = dict.fromkeys(map(ord, "‘’‚‛′`´＇"), "'") | dict.fromkeys(map(ord, "“”„‟″«»「」『』＂"), '"')
_GONE = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\ufeff"), None)
_ALIKE = _DASHES | _QUOTES | _GONE
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_CLOSERS = "\"'”’)]»"


class Fit(StrEnum):
    """How a quote was found."""

    EXACT = "exact"
    FOLDED = "folded"
    ALIGNED = "aligned"


class Fault(StrEnum):
    """Why a quote cannot be placed where it was said to stand."""

    FABRICATED = "fabricated"
    STITCHED = "stitched"
    MISATTRIBUTED = "misattributed"


@dataclass(frozen=True, slots=True)
class Place:
    """The characters of a text that a quote was found to be; `share` of it, 1 for an exact one."""

    start: int
    end: int
    fit: Fit
    share: float


def locate(quote: str, text: str, least: float = LEAST) -> Place | None:
    """Where a quote stands in a text, or None.

    >>> locate("the  tenant’s deposit", "On the tenant's deposit.")
    Place(start=3, end=23, fit=<Fit.FOLDED: 'folded'>, share=1.0)
    """
    quote = quote.strip()
    if not quote:
        return None
    at = text.find(quote)
    if at >= 0:
        return Place(at, at + len(quote), Fit.EXACT, 1.0)
    flat, places = folded(text)
    wanted, _ = folded(quote)
    wanted = wanted.strip()
    if not wanted:
        return None
    at = flat.find(wanted)
    if at >= 0:
        return Place(places[at], places[at + len(wanted) - 1] + 1, Fit.FOLDED, 1.0)
    return _aligned(wanted, flat, places, least) if len(wanted) >= SHORTEST else None


def folded(text: str) -> tuple[str, list[int]]:
    """A text with everything alike that looks alike, and for each of its characters the place it came from.

    A hyphen at the end of a line, with the line end, is left out: the word goes on.
    """
    out: list[str] = []
    places: list[int] = []
    blank = True
    at = 0
    while at < len(text):
        char = text[at]
        if char.isspace():
            if not blank:
                out.append(" ")
                places.append(at)
            blank = True
            at += 1
            continue
        if char in "-\u2010\u00ad" and text[at + 1 : at + 2] == "\n" and text[at + 2 : at + 3].islower():
            at += 2
            continue
        for part in unicodedata.normalize("NFKC", char).translate(_ALIKE).casefold():
            out.append(part)
            places.append(at)
            blank = False
        at += 1
    return "".join(out), places


def _aligned(wanted: str, flat: str, places: Sequence[int], least: float) -> Place | None:
    """The window of the text, about as long as the quote, that shares most of its pieces of N characters."""
    window = _window(wanted, flat)
    if window is None:
        return None
    start, end, share = window
    if share < least:
        return None
    start, end = _to_edges(flat, start, end)
    return Place(places[start], places[end - 1] + 1, Fit.ALIGNED, share)


def _window(wanted: str, flat: str) -> tuple[int, int, float] | None:
    """Start and end of the best window and the share of the quote's pieces in it; two ends that move forward."""
    n = N_UNSPACED if _UNSPACED.search(wanted) else N
    grams = [wanted[i : i + n] for i in range(len(wanted) - n + 1)]
    need = Counter(grams)
    hits = [at for at in range(len(flat) - n + 1) if flat[at : at + n] in need]
    if not hits:
        return None
    best, left = (0.0, 0, 0), 0
    have: Counter[str] = Counter()
    matched = 0
    reach = len(wanted) + max(8, len(wanted) // 5)
    for right, at in enumerate(hits):
        gram = flat[at : at + n]
        have[gram] += 1
        matched += have[gram] <= need[gram]
        while at + n - hits[left] > reach:
            old = flat[hits[left] : hits[left] + n]
            matched -= have[old] <= need[old]
            have[old] -= 1
            left += 1
        length = at + n - hits[left]
        score = matched - 0.01 * max(0, length - len(wanted))
        if score > best[0]:
            best = (score, left, right)
    _, first, last = best
    start, end = hits[first], hits[last] + n
    kept = Counter(flat[at : at + n] for at in hits[first : last + 1])
    share = sum(min(count, need[gram]) for gram, count in kept.items()) / len(grams)
    return start, end, share


def _to_edges(flat: str, start: int, end: int) -> tuple[int, int]:
    """Out to the edges of the words it starts and ends in."""
    spaced = flat[start].isascii() and flat[start].isalnum()
    while spaced and start and flat[start - 1].isascii() and flat[start - 1].isalnum():
        start -= 1
    spaced = flat[end - 1].isascii() and flat[end - 1].isalnum()
    while spaced and end < len(flat) and flat[end].isascii() and flat[end].isalnum():
        end += 1
    while end < len(flat) and flat[end] in ".!?" + _CLOSERS:
        end += 1
    while start < end and flat[start] == " ":
        start += 1
    while end > start and flat[end - 1] == " ":
        end -= 1
    return start, end


def fault_of(quote: str, said: str, others: Iterable[str]) -> Fault | None:
    """What is wrong with a quote that is said to stand in the text `said`: None when it does.

    Misattributed: it stands in one of the other texts. Stitched: each of its parts stands somewhere, the whole
    nowhere. Fabricated: parts of it stand nowhere.
    """
    if locate(quote, said) is not None:
        return None
    texts = [said, *others]
    if any(locate(quote, text) is not None for text in texts[1:]):
        return Fault.MISATTRIBUTED
    parts = [part for part in _parts(quote) if len(part.strip()) >= SHORTEST]
    if len(parts) > 1 and all(any(locate(part, text) is not None for text in texts) for part in parts):
        return Fault.STITCHED
    return Fault.FABRICATED


def _parts(quote: str) -> list[str]:
    """Halves, or pieces between the signs of something left out."""
    for sign in ("[...]", "[…]", "(...)", "...", "…"):
        if sign in quote.strip(" .…"):
            return [part for part in quote.split(sign) if part.strip()]
    middle = len(quote) // 2
    cuts = [at for at, char in enumerate(quote) if char in " ,;，；、。"] or [middle]
    found: list[str] = []
    for at in sorted(cuts, key=lambda cut: abs(cut - middle))[:1]:
        found = [quote[:at], quote[at:]]
    return found
