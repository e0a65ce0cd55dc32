"""What one sentence says of two names in it. To stand in one sentence is no relation.

A verb counts when its subject stands right before it, its object right after it, both in one clause, and nothing makes
it unsure: no "not", "may", "if", "plans to", "denied". What does not fit a rule gives no fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from strati.kinds.extract.lists import word_set
from strati.kinds.extract.lists.names import ROLE_NOUNS
from strati.kinds.extract.lists.verbs import (
    ADVERBS,
    AUXILIARIES,
    BE,
    CONJUNCTIONS,
    DETERMINERS,
    PREPOSITIONS,
    PRONOUNS,
    UNSURE,
    VERBS,
)
from strati.kinds.extract.words import Token, shouted
from strati.knowledge.graph.records import NAMED, VALUES

_DOUBTS_BEFORE = word_set(
    "if whether unless doubt doubts doubted no none nobody denied denies deny denying neither rumors rumours "
    "rumor rumour speculation speculated allegations alleged allegedly reportedly suppose imagine hypothetical "
    "false untrue hoax wrongly"
)
_DOUBTS_AFTER = word_set("allegedly reportedly supposedly untrue rumours rumors hoax")
_PARTICLES = word_set("up out off down over away back together")
_PLACED = word_set("based headquartered located incorporated domiciled registered born organized organised")
_HARMLESS = (
    PREPOSITIONS
    | CONJUNCTIONS
    | ADVERBS
    | DETERMINERS
    | PRONOUNS
    | word_set(
        "today yesterday tomorrow last next this earlier later ago worth respectively here there alone too more "
        "annually monthly weekly daily i.e e.g"
    )
)
_NOT_OBJECTS = word_set("said says told announce announced believes thinks thought noted argued added")
_MOST_MODIFIERS = 4
_MOST_BETWEEN = 16
_LONG = 320
_WORDS_AROUND = 90


class Named(NamedTuple):
    """A mention in a sentence: its atom, the type of it, its tokens and its span."""

    atom: int
    type: str
    first: int
    last: int
    start: int
    end: int


class Said(NamedTuple):
    """A relation between two atoms, and the mentions it was read from."""

    head: int
    label: str
    tail: int
    a: Named
    b: Named


def relations(found: Sequence[Token], names: Sequence[Named]) -> Iterator[Said]:
    """The facts of one sentence.

    Args:
        found: the tokens of the sentence.
        names: the mentions in it, in order, without overlaps.
    """
    if len(names) < 2 or found[-1].text == "?":
        return
    low = [token.low for token in found]
    loud = shouted(list(found))
    names = _without_asides(low, names)
    for at in range(len(names) - 1):
        a, b = names[at], names[at + 1]
        if a.atom == b.atom or b.first - a.last > _MOST_BETWEEN:
            continue
        between = low[a.last : b.first]
        yield from _by_place(low, a, b, between)
        if a.type in VALUES or (a.type == "document" and b.type == "date"):
            continue
        role = _role(low, a, b, between)
        if role is not None:
            yield role
            continue
        label = _verb(low, a, b, between)
        if label and (loud or not _titled(found[a.last : b.first])):
            yield from _spread(low, names, at, label)


def _titled(between: Sequence[Token]) -> bool:
    """Whether the verb has a capital: then it is part of a heading or a label ("Authorized Signature")."""
    return any(token.text[0].isupper() and token.low in VERBS for token in between)


def clause(text: str, sentence: tuple[int, int], a: int, b: int) -> tuple[int, int]:
    """What to quote: the sentence, or where it is long the words around both mentions (`a` to `b`)."""
    start, end = sentence
    if end - start <= _LONG:
        return sentence
    if a - start > _WORDS_AROUND:
        start = a - _WORDS_AROUND
        while start < a and not text[start - 1].isspace():
            start += 1
    if end - b > _WORDS_AROUND:
        end = b + _WORDS_AROUND
        while end > b and not text[end].isspace():
            end -= 1
    return start, len(text[:end].rstrip()) if text[end - 1].isspace() else end


def _without_asides(low: Sequence[str], names: Sequence[Named]) -> list[Named]:
    """`Acme Ltd (the "Company")` is one mention that ends after the parenthesis."""
    kept: list[Named] = []
    for name in names:
        if (
            kept
            and name.first > kept[-1].last
            and low[kept[-1].last] == "("
            and ")" not in low[kept[-1].last : name.first]
        ):
            close = next((at for at in range(name.last, min(name.last + 12, len(low))) if low[at] == ")"), None)
            if close is not None and name.atom == kept[-1].atom:
                kept[-1] = kept[-1]._replace(last=close + 1)
                continue
        kept.append(name)
    return kept


def _unsure(low: Sequence[str], a: Named, b: Named) -> bool:
    between = low[a.last : b.first]
    if any(word in UNSURE or word.endswith(("n't", "n’t")) for word in between):
        return True
    return bool(_DOUBTS_BEFORE & set(low[: a.first])) or bool(_DOUBTS_AFTER & set(low[b.last :]))


def _by_place(low: Sequence[str], a: Named, b: Named, between: Sequence[str]) -> Iterator[Said]:
    """Relations that small words give: places in places, addresses, where a company is at home."""
    if a.type == b.type == "place" and list(between) == [","]:
        yield Said(a.atom, "located in", b.atom, a, b)
    elif (
        b.type == "email"
        and a.type in ("person", "organisation", "term")
        and set(between) <= {"<", "(", ":", "-", ",", "at", "["}
    ):
        yield Said(a.atom, "e-mail", b.atom, a, b)
    elif b.type == "place" and a.type in ("organisation", "person", "term"):
        words = [word for word in between if word not in (",", "(", ")", '"', "”", "“")]
        after = low[b.last : b.last + 4]
        if (
            len(words) == 1
            and words[0] in ("a", "an")
            and {"corporation", "company", "partnership", "limited", "trust"} & set(after)
        ) or ("laws" in words and words[-1] in ("of", "the", "state") and "under" in words and len(words) <= 14):
            yield Said(a.atom, "organised in", b.atom, a, b)
        elif len(words) >= 2 and words[-2] in _PLACED and words[-1] in ("in", "at", "near") and len(words) <= 3:
            if {"is", "was", "are"} & set(words) or _unsure(low, a, b):
                return
            yield Said(a.atom, f"{words[-2]} {words[-1]}", b.atom, a, b)


def _role(low: Sequence[str], a: Named, b: Named, between: Sequence[str]) -> Said | None:
    """ "Jane Smith, chief executive of Acme", "Acme's subsidiary Beta", "Jane Smith of Acme"."""
    words = [word for word in between if word not in ("(", ")", '"', "“", "”")]
    if not words or b.type in VALUES or _unsure(low, a, b):
        return None
    if words == ["of"] and a.type == "person" and b.type in ("organisation", "place") and not _owned(low, b):
        return Said(a.atom, "of", b.atom, a, b)
    owned = words[0] in ("'s", "’s", "'")
    inner = words[1:] if owned else words
    if inner and inner[-1] == ",":
        inner = inner[:-1]
    titled = inner and len(inner) <= 5 and inner[-1] in ROLE_NOUNS and _plain(inner) and (owned or a.type != "person")
    if titled and b.type in ("person", "organisation", "term") and a.type in (*NAMED,):
        return Said(b.atom, f"{_phrase(inner)} of", a.atom, a, b)
    return _described(low, a, b, words)


def _described(low: Sequence[str], a: Named, b: Named, words: Sequence[str]) -> Said | None:
    lead = list(words)
    if lead[0] == "," or lead[0] == "-" or lead[0] == "–":
        lead = lead[1:]
    elif lead[0] in ("is", "was", "became", "are", "were", "remains", "serves", "served", "works"):
        lead = lead[1:]
        if lead[:1] == ["as"]:
            lead = lead[1:]
    else:
        return None
    while lead and lead[0] in DETERMINERS | ADVERBS:
        lead = lead[1:]
    preposition = next((at for at, word in enumerate(lead) if word in ("of", "at", "for", "in", "with", "to")), None)
    if preposition is None or preposition == 0 or preposition > 6:
        return None
    noun, rest = lead[:preposition], lead[preposition + 1 :]
    if not set(noun) & ROLE_NOUNS or not _plain(noun) or _owned(low, b):
        return None
    if any(word not in DETERMINERS and not word.isalpha() for word in rest) or len(rest) > 3 or not _plain(rest):
        return None
    return Said(a.atom, f"{_phrase(noun)} {lead[preposition]}", b.atom, a, b)


def _phrase(words: Sequence[str]) -> str:
    kept = [word for word in words if word not in DETERMINERS]
    return " ".join(kept)


def _plain(words: Sequence[str]) -> bool:
    """Nouns and adjectives only, as far as a list can tell."""
    for word in words:
        if word in PRONOUNS or word in PREPOSITIONS or (not word[0].isalpha() and word not in ("-", "&")):
            return False
        if word in AUXILIARIES or (word in VERBS and VERBS[word][1] & {"third", "base"} and word not in ROLE_NOUNS):
            return False
    return True


def _owned(low: Sequence[str], name: Named) -> bool:
    after = low[name.last] if name.last < len(low) else ""
    return after in ("'s", "’s", "'", "’")


def _verb(low: Sequence[str], a: Named, b: Named, between: Sequence[str]) -> str | None:
    """The verb that leads from `a` to `b` in one clause, as it is written, or None."""
    words = [word for word in between if word not in ('"', "“", "”", ")")]
    if not words or _unsure(low, a, b) or not _subject(low, a):
        return None
    words = _after_aside(words)
    if not words:
        return None
    at = 0
    helpers: list[str] = []
    while at < len(words) and (words[at] in ADVERBS or words[at] in AUXILIARIES or (words[at] == "to" and helpers)):
        if words[at] not in ADVERBS:
            helpers.append(words[at])
        at += 1
    if at >= len(words) or words[at] not in VERBS or words[at] in _NOT_OBJECTS:
        return None
    _, kinds = VERBS[words[at]]
    passive = bool(helpers) and helpers[-1] in BE
    if not _fits(helpers, kinds, passive, words[at]):
        return None
    label = [*helpers, words[at]]
    at += 1
    while at < len(words) and words[at] in ADVERBS:
        at += 1
    small = 0
    while at < len(words) and small < 2 and (words[at] in PREPOSITIONS or words[at] in _PARTICLES):
        label.append(words[at])
        at, small = at + 1, small + 1
    if passive and not small:
        return None
    rest = words[at:]
    if small and _gap(low, a):
        return None
    if not _modifiers(rest) or not _object(low, b, bool(small)):
        return None
    if b.type == "date" and not small:
        return None
    return " ".join(label)


def _after_aside(words: list[str]) -> list[str]:
    """Without ", which", or ", the maker of things," between subject and verb."""
    if words[0] not in (",", "("):
        return words[1:] if words[0] in ("which", "who", "that") else words
    if len(words) > 1 and words[1] in ("which", "who"):
        return words[2:]
    close = ")" if words[0] == "(" else ","
    second = next((at for at in range(1, min(len(words), 11)) if words[at] == close), None)
    if second is None or any(word in AUXILIARIES or word in PRONOUNS for word in words[1:second]):
        return []
    return words[second + 1 :]


def _fits(helpers: Sequence[str], kinds: frozenset[str], passive: bool, word: str) -> bool:
    if passive:
        return bool(kinds & {"participle", "ing"})
    if not helpers:
        return bool(kinds & {"past", "third"}) and not word.endswith("ing")
    if helpers[-1] in ("has", "have", "had", "'s", "'ve", "'d", "having"):
        return "participle" in kinds
    return "base" in kinds


def _subject(low: Sequence[str], name: Named) -> bool:
    """Whether a name can be the subject: nothing governs it ("the lawyers of Acme sued")."""
    at = name.first - 1
    while at >= 0 and (low[at] in DETERMINERS or low[at] in ('"', "“", "(", "mr.", "mrs.", "dr.", "ms.", "prof.")):
        at -= 1
    return at < 0 or low[at] not in PREPOSITIONS


def _gap(low: Sequence[str], name: Named) -> bool:
    """Whether the object stands before the subject: "the money that Acme put into Beta"."""
    before = low[name.first - 1] if name.first else ""
    if before in ("that", "which", "whom"):
        return True
    return before.isalpha() and before not in _HARMLESS and before not in VERBS and before not in ROLE_NOUNS


def _modifiers(words: Sequence[str]) -> bool:
    """Whether only an article and a few words before a noun are left: "acquired the software maker Beta"."""
    if len(words) > _MOST_MODIFIERS:
        return False
    for word in words:
        if not word[0].isalpha() and word not in ("'s", "-"):
            return False
        if word in PREPOSITIONS or word in CONJUNCTIONS or word in PRONOUNS or word in AUXILIARIES:
            return False
        if word in VERBS and VERBS[word][1] & {"third", "base", "past"} and word not in ROLE_NOUNS:
            return False
    return True


def _object(low: Sequence[str], name: Named, governed: bool) -> bool:
    """Whether a name can be the object: no other noun or verb follows that it belongs to."""
    if _owned(low, name):
        return False
    after = low[name.last] if name.last < len(low) else ""
    if not after or not after[0].isalpha():
        return True
    if after in AUXILIARIES:
        return governed
    if after in VERBS and VERBS[after][1] & {"third", "past"}:
        return False
    return after in _HARMLESS or name.type in ("date", "period") or (after in VERBS and "ing" in VERBS[after][1])


def _spread(low: Sequence[str], names: Sequence[Named], at: int, label: str) -> Iterator[Said]:
    """The relation, and the same for what "and" joins to subject or object; then what it was for and when."""
    a, b = names[at], names[at + 1]
    subjects = [a]
    if at and low[names[at - 1].last : a.first] in (["and"], ["&"], [",", "and"]) and names[at - 1].first <= 2:
        subjects += [one for one in [names[at - 1]] if _subject(low, one) and one.type not in VALUES]
    objects = [b]
    place = at + 2
    while place < len(names):
        joint = low[names[place - 1].last : names[place].first]
        if joint not in ([","], ["and"], [",", "and"], ["or"]) or names[place].type != b.type:
            break
        if not _object(low, names[place], False):
            break
        objects.append(names[place])
        place += 1
    for subject in subjects:
        for one in objects:
            if subject.atom != one.atom:
                yield Said(subject.atom, label, one.atom, subject, one)
    verb = label.split()[-1] if label.split()[-1] not in PREPOSITIONS else ""
    if verb and place < len(names) and len(objects) == 1 and names[place].type in ("amount", "date", "percentage"):
        small = [word for word in low[names[place - 1].last : names[place].first] if word not in DETERMINERS]
        if len(small) == 1 and small[0] in ("for", "on", "in", "at"):
            yield Said(a.atom, f"{label} {small[0]}", names[place].atom, a, names[place])
