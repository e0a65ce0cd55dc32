"""The facts of a text, and whether an edit kept them.

Rules over words, numbers and capitals; no model. The rules know English words; digits, dates, quotations and names are
found in other languages as well.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from strati.write.facts.fact import Change, Fact, FactKind, Taken
from strati.write.facts.names import DEMONYMS, addresses, first_words, names, said_in, value_of, words
from strati.write.facts.negations import (
    denies,
    doubled,
    loosened,
    misspelled,
    negations,
    neutral,
    only,
    otherwise,
    turned,
)
from strati.write.facts.numbers import dates, quantities

__all__ = ["Change", "Fact", "FactKind", "facts", "kept"]

_QUOTED = re.compile(r"“([^”]{1,1500})”|«([^»]{1,1500})»|„([^“”]{1,1500})[“”]|\"([^\"\n]{1,1500})\"|``(.{1,1500}?)''")
_TERM = 3  # words in quotation marks that name a thing rather than repeat what somebody said
_MOSTLY = 0.8  # share of newly quoted words that stood there before
_NUMERIC = (FactKind.NUMBER, FactKind.UNIT, FactKind.AMOUNT, FactKind.DATE)


def facts(text: str) -> list[Fact]:
    """The facts of a text in the order in which they stand.

    >>> [(f.kind.value, f.value) for f in facts("On 12 March 2024 Ann did not pay $1,000.")]
    [('date', '2024-3-12'), ('name', 'ann'), ('negation', 'not'), ('amount', '1000 usd')]
    """
    taken = Taken(len(text))
    found = list(addresses(text, taken))
    found += list(dates(text, taken))
    found += list(quantities(text, taken))
    found += list(negations(text))
    for fact in found:
        if fact.kind is FactKind.NEGATION:
            taken.add(fact.start, fact.end)
    found += list(names(text, taken))
    found += list(_quotations(text))
    return sorted(found, key=lambda fact: (fact.start, fact.end))


def _quotations(text: str) -> Iterator[Fact]:
    for found in _QUOTED.finditer(text):
        inner = next(part for part in found.groups() if part is not None)
        value = _bare(inner)
        if value:
            yield Fact(FactKind.QUOTATION, inner.strip(), value, found.start(), found.end())


def _bare(text: str) -> str:
    """The words of a quotation alone: capitals, commas and blanks may be put right."""
    return " ".join(re.findall(r"[\w'’%$€£+-]+", text)).casefold().replace("’", "'")


def kept(before: str, after: str) -> list[Change]:
    """The facts that are not the same after an edit; an empty list when all were kept.

    Args:
        before: the text, at best the whole sentence, before the edit.
        after: the same text after it.

    >>> kept("Sales rose 5 % in may.", "Sales rose five percent in May.")
    []
    >>> [str(change) for change in kept("It did not rise by 5 km.", "It did rise by 5 miles.")]
    ['unit: 5 km became 5 miles', 'negation lost: not']
    """
    if before == after:
        return []
    old, new = facts(before), facts(after)
    changes = [change for kind in _NUMERIC for change in _values(kind, old, new)]
    changes = [one for one in changes if not any(same(one, before, after) for same in _NO_CHANGE)]
    changes = _merged(changes) or _order(old, new)
    changes += _denials(before, after, old, new)
    changes += _quoted(before, after, old, new)
    changes += _named(before, after, old, new) or _first(before, after)
    return changes


def _values(kind: FactKind, old: Sequence[Fact], new: Sequence[Fact]) -> list[Change]:
    was = {fact.value: fact.text for fact in old if fact.kind is kind}
    now = {fact.value: fact.text for fact in new if fact.kind is kind}
    gone = [text for value, text in was.items() if value not in now]
    come = [text for value, text in now.items() if value not in was]
    return _paired(kind, gone, come)


def _mistyped(change: Change, before: str, after: str) -> bool:
    """A number word, month or day that the other text has with an error ("tow", "Febuary", "two" for "too")."""
    from rapidfuzz.distance import OSA

    found, here, there = _one_sided(change, before, after)
    word = found.lower()
    if not word.isalpha() or change.kind not in (FactKind.NUMBER, FactKind.DATE):
        return False
    if word in _CONFUSED and _CONFUSED[word] & (words(there) - words(here)):
        return True
    most = 2 if len(word) >= 7 else 1
    small = set(re.findall(r"(?<![\w'’-])[a-z]{3,}(?![\w'’-])", there)) - words(here)  # a capital may be a name's
    return any(OSA.distance(word, one) <= most for one in small)


def _one_unit(change: Change, before: str, after: str) -> bool:
    """ "One hour" that is "an hour", "per hour" or "every hour" in the other text."""
    found, _, there = _one_sided(change, before, after)
    if change.kind is not FactKind.UNIT or not re.match(r"(?:1|one)\W", found, re.IGNORECASE):
        return False
    unit = re.escape(re.split(r"\W+", found)[-1].removesuffix("s"))
    return re.search(rf"\b(?:an?|per|each|every|the)\s+{unit}", there, re.IGNORECASE) is not None


def _one_sided(change: Change, before: str, after: str) -> tuple[str, str, str]:
    """What came or went, the text that has it, and the other; nothing where one fact became another."""
    if change.before and change.after:
        return "", before, after
    return (change.before, before, after) if change.before else (change.after, after, before)


_CONFUSED = {"two": {"to", "too"}, "four": {"for"}, "second": {"secondly"}, "half": {"have"}}


def _counts_points(change: Change, before: str, after: str) -> bool:
    """A word such as "Secondly," that only says which point comes next came or went."""
    if change.kind is not FactKind.NUMBER or (change.before and change.after):
        return False
    number, text = (change.before, before) if change.before else (change.after, after)
    return number.isalpha() and re.match(rf"\W*{re.escape(number)}\s*,", text) is not None


def _glued(change: Change, before: str, after: str) -> bool:
    """A number word that stands in the other text in one word with the next ("thirdworld", "third world")."""
    number, text, other = (change.after, before, after) if not change.before else (change.before, after, before)
    if (change.before and change.after) or not number.isalpha():
        return False
    there = words(other)
    return any(word.startswith(number.lower()) and word[len(number) :] in there for word in words(text))


def _quoted(before: str, after: str, old: Sequence[Fact], new: Sequence[Fact]) -> list[Change]:
    """Quotations lost, altered or new.

    No change are marks put around words that stood there, and marks taken from a term of a few words that stays.
    """
    changes = _values(FactKind.QUOTATION, old, new)
    return [change for change in changes if not _only_marks(change, before, after)]


def _only_marks(change: Change, before: str, after: str) -> bool:
    if change.before and change.after:
        return False
    quoted, other = _bare(change.before or change.after), _bare(after if change.before else before)
    if change.before:
        return len(quoted.split()) <= _TERM and f" {quoted} " in f" {other} "
    there = {_stem(word) for word in other.split()} | _ARTICLES
    return sum(_stem(word) in there for word in quoted.split()) >= _MOSTLY * len(quoted.split())


def _stem(word: str) -> str:
    return word.removesuffix("s")


_ARTICLES = {"a", "an", "the"}


def _paired(kind: FactKind, gone: Sequence[str], come: Sequence[str]) -> list[Change]:
    length = max(len(gone), len(come))
    old = [*gone, *[""] * (length - len(gone))]
    new = [*come, *[""] * (length - len(come))]
    return [Change(kind, a, b) for a, b in zip(old, new, strict=True)]


def _only_capital(change: Change, before: str, after: str) -> bool:
    """A month that was there in small letters ("in may"), where it may be another word."""
    if change.kind is not FactKind.DATE or (change.before and change.after):
        return False
    return (change.before or change.after).lower() in words(before if change.after else after)


def _merged(changes: Sequence[Change]) -> list[Change]:
    """A lost fact of one numeric kind and a new one of another are one change ("5 km" that became "5")."""
    lost = [change for change in changes if not change.after]
    come = [change for change in changes if not change.before]
    both = [Change(a.kind, a.before, b.after) for a, b in zip(lost, come, strict=False)]
    rest = lost[len(both) :] + come[len(both) :]
    return [change for change in changes if change.before and change.after] + both + rest


_NO_CHANGE = (_only_capital, _glued, _counts_points, _mistyped, _one_unit)


def _order(old: Sequence[Fact], new: Sequence[Fact]) -> list[Change]:
    """The same numbers in another order: two of them changed places."""
    was = [(fact.value, fact.text) for fact in old if fact.kind in _NUMERIC]
    now = [(fact.value, fact.text) for fact in new if fact.kind in _NUMERIC]
    if Counter(value for value, _ in was) != Counter(value for value, _ in now):
        return []
    moved = [(a, b) for a, b in zip(was, now, strict=True) if a[0] != b[0]]
    return [Change(FactKind.NUMBER, moved[0][0][1], moved[0][1][1])] if moved else []


def _denials(before: str, after: str, old: Sequence[Fact], new: Sequence[Fact]) -> list[Change]:
    was = [fact for fact in old if fact.kind is FactKind.NEGATION]
    now = [fact for fact in new if fact.kind is FactKind.NEGATION]
    pairs = turned(before, after)
    more = len(now) - len(was) + sum(1 if denies(pair) else -1 for pair in pairs)
    if more == 0 or (not pairs and _same_denial(before, after, was, now)):
        return []
    if pairs:
        return [Change(FactKind.NEGATION, *pair) for pair in pairs]
    count = abs(more)
    return (
        [Change(FactKind.NEGATION, "", fact.text) for fact in now[-count:]]
        if more > 0
        else [Change(FactKind.NEGATION, fact.text, "") for fact in was[-count:]]
    )


def _same_denial(before: str, after: str, was: Sequence[Fact], now: Sequence[Fact]) -> bool:
    """More or fewer words deny, and the texts deny the same: a double denial put right, one said in other words.

    Words that only come or go, with all others as before, are never the same.
    """
    lost, come = len(was) - len(now), len(now) - len(was)
    if lost > 0:
        again = sum(map(doubled, was)) - sum(map(doubled, now))
        if now and again >= lost and loosened(before, after) > 0:
            return True  # "do not do nothing" to "do not do anything"
        if now and lost <= _repeated(was) - _repeated(now) and loosened(before, after) > 0:
            return True  # "who can't eat, who can't go" to "who can't eat or go"
        if otherwise(before, after) >= lost or only(before, after) >= lost:
            return True  # "do not know" to "are unaware", "not only A but B" to "A and B"
        return lost == 1 and "no" in {fact.text.lower() for fact in was} and bool(
            {"know", "knows"} & words(after) - words(before)
        )  # fmt: skip
    if was and sum(map(doubled, now)) - sum(map(doubled, was)) >= come and loosened(after, before) > 0:
        return True  # "never ... or" to "never ... nor"
    if come <= neutral(before) - neutral(after):
        return True  # "whether he likes it or not" to "even if he does not like it"
    if otherwise(after, before) >= come or only(after, before) >= come:
        return True
    return sum(misspelled(fact, before) for fact in now) >= come and sum(misspelled(fact, after) for fact in was) == 0


def _repeated(found: Sequence[Fact]) -> int:
    said = [fact.text.lower() for fact in found]
    return len(said) - len(set(said))


def _named(before: str, after: str, old: Sequence[Fact], new: Sequence[Fact]) -> list[Change]:
    was = {fact.value: fact.text for fact in old if fact.kind is FactKind.NAME}
    now = {fact.value: fact.text for fact in new if fact.kind is FactKind.NAME}
    said, says = words(before), words(after)
    small = {word for word in says - said if word not in now}
    gone = [
        text
        for value, text in was.items()
        if value not in now and not said_in(value, says, said) and not _misspelled(value, small)
    ]
    come = [text for value, text in now.items() if value not in was and not said_in(value, said, says)]
    gone, come = [one for one in gone if not _abroad(one, says)], [one for one in come if not _abroad(one, said)]
    if _initials(gone, come) or _initials(come, gone):
        return []
    return _paired(FactKind.NAME, gone, come) or _places(before, after, old, new)


def _abroad(name: str, spoken: set[str]) -> bool:
    """A country whose adjective stands in the other text, or the other way round ("China", "Chinese")."""
    return not spoken.isdisjoint(DEMONYMS.get(value_of(name), ()))


def _initials(short: Sequence[str], long: Sequence[str]) -> bool:
    """One name is the first letters of the others ("US", "United States")."""
    return len(short) == 1 and len(long) > 1 and value_of(short[0]) == "".join(word[0] for word in long).lower()


def _misspelled(value: str, small: set[str]) -> bool:
    """The word had a capital and an error; put right it is an ordinary word ("Goverments", "governments")."""
    return len(value) >= 6 and any(word[0] == value[0] and _near(value, word) for word in small)


def _places(before: str, after: str, old: Sequence[Fact], new: Sequence[Fact]) -> list[Change]:
    """The same names, each as often as before, in another order; one may have come to the start of a sentence."""
    known = {fact.value for fact in (*old, *new) if fact.kind is FactKind.NAME}
    if len(known) < 2:
        return []
    was = _with_first(before, old, known)
    now = _with_first(after, new, known)
    if Counter(fact.value for fact in was) != Counter(fact.value for fact in now):
        return []
    moved = [(a, b) for a, b in zip(was, now, strict=True) if a.value != b.value]
    return [Change(FactKind.NAME, moved[0][0].text, moved[0][1].text)] if moved else []


def _with_first(text: str, found: Sequence[Fact], known: set[str]) -> list[Fact]:
    names_ = {fact.start: fact for fact in first_words(text) if fact.value in known}
    names_ |= {fact.start: fact for fact in found if fact.kind is FactKind.NAME}
    return [names_[start] for start in sorted(names_)]


def _first(before: str, after: str) -> list[Change]:
    """A first word that may be a name and became another while what follows it stayed."""
    was, now = list(first_words(before)), list(first_words(after))
    if len(was) != len(now):
        return []
    said, says = words(before), words(after)
    return [
        Change(FactKind.NAME, a.text, b.text)
        for a, b in zip(was, now, strict=True)
        if a.value != b.value
        and not said_in(a.value, says, said)
        and not said_in(b.value, said, says)
        and not _near(a.value, b.value)
        and _next(before, a.end) == _next(after, b.end)
    ]


def _next(text: str, at: int) -> str:
    found = re.search(r"\w+", text[at:])
    return value_of(found[0]) if found else ""


def _near(a: str, b: str) -> bool:
    """One is a spelling or form of the other: at most two letters off, or with the same beginning."""
    if len(a) >= 5 and len(b) >= 5 and a[:4] == b[:4]:
        return True
    from rapidfuzz.distance import OSA

    return OSA.distance(a, b) <= (1 if min(len(a), len(b)) < 5 else 2)
