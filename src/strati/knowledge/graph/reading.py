"""Reads one document: its names, and what it says of them. Nothing here depends on other documents."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

from strati.kinds.extract.lists import word_set
from strati.kinds.extract.lists.names import GIVEN, LEGAL_FORMS
from strati.kinds.extract.lists.places import PLACES
from strati.kinds.extract.patterns import values
from strati.kinds.extract.words import core_of, key_of, legal_form, technical
from strati.knowledge.document import Document, Kind
from strati.knowledge.graph.atoms import Aliases, Atoms, matched
from strati.knowledge.graph.boilerplate import furniture, no_term
from strati.knowledge.graph.boilerplate import named as named_so
from strati.knowledge.graph.definitions import PART_OF, Definition, definitions, is_paper, is_role
from strati.knowledge.graph.names import Chunk, chunks, ordinary
from strati.knowledge.graph.phrases import phrases
from strati.knowledge.graph.records import Fact, Mention, Reading, digest
from strati.knowledge.graph.segments import segments
from strati.knowledge.graph.settings import GraphSettings
from strati.knowledge.graph.structure import Structure

_NO_CAPITALS = frozenset(("de", "lb"))
_DAY_FIRST = frozenset(("de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "cs", "ro", "hu", "tr", "ru"))
_SUFFIX = frozenset(("jr", "sr", "ii", "iii", "iv", "phd", "md", "esq"))
_LONGEST_DEFINITION = 240
_LONGEST_ADDRESS = 500  # characters between a company's name and what it is called in short
_MOST_MENTIONS = 60_000


def read(
    document: Document,
    id: str,
    sha256: str,
    settings: GraphSettings,
    language: str | None = None,
    named: Iterable[tuple[str, int, int]] = (),
) -> Reading:
    """What a document speaks of.

    Args:
        document: as its reader gave it.
        id: the document's id in the base.
        sha256: of its bytes: names that mean something in this document only are known by it.
        settings: types and patterns.
        language: ISO 639-1, where known: in German a capital tells a noun, not a name.
        named: types and spans that an extractor found; they come before our own rules.
    """
    return _Reader(document, sha256[:16], settings, language).read(id, sha256, named)


class _Reader:
    def __init__(self, document: Document, scope: str, settings: GraphSettings, language: str | None) -> None:
        self.document = document
        self.text = document.text
        self.scope = scope
        self.settings = settings
        self.language = language
        self.atoms = Atoms(document.text)
        self.aliases = Aliases()
        self.sentences = list(segments(document))
        self.starts = [sentence.start for sentence in self.sentences]
        self.taken: list[list[tuple[int, int]]] = [[] for _ in self.sentences]
        self.facts: list[Fact] = []
        self.own = self.atoms.add("document", scope, name="")
        self.given: list[list[Definition]] = []
        self.lower = Counter(t.low for sentence in self.sentences for t in sentence.tokens if t.text.islower())

    def read(self, id: str, sha256: str, named: Iterable[tuple[str, int, int]]) -> Reading:
        for type_, start, end in named:
            key = self._key(type_, self.text[start:end])
            if key:
                scope = self.scope if type_ == "person" and " " not in key else ""
                self._place(self.atoms.add(type_, key, scope), start, end)
        self._values()
        self.given = self._given()
        found = self._chunks()
        self._typed(found)
        self._joined_people()
        self._defined()
        self._short_names()
        self._alias_mentions()
        self._terms(found)
        structure = Structure(self.document, self.atoms, self.sentences, self.own, self.scope)
        structure.topics()
        self.facts += structure.facts(self.facts)
        return self._finished(id, sha256)

    # --- values -----------------------------------------------------------------------------------------------------

    def _values(self) -> None:
        for type_, key, start, end in self._own_patterns():
            self._place(self.atoms.add(type_, key), start, end)
        for type_, key, start, end in values(self.text, day_first=self.language in _DAY_FIRST):
            scope = self.scope if type_ == "section" else ""
            name = key if type_ == "date" else ""
            at = self._sentence(start, end)
            if at is not None and self._free(at, start, end):
                self._place(self.atoms.add(type_, key, scope, name=name), start, end)

    def _own_patterns(self) -> Iterator[tuple[str, str, int, int]]:
        for type_, patterns in self.settings.patterns.items():
            for pattern in patterns:
                for match in re.finditer(pattern, self.text):
                    if match.end() > match.start():
                        yield type_, key_of(match[0]) or match[0], *match.span()
        for type_, names in self.settings.names.items():
            either = "|".join(
                r"\s+".join(map(re.escape, name.split())) for name in sorted(names, key=len, reverse=True)
            )
            for match in re.finditer(rf"(?<!\w)(?:{either})(?!\w)", self.text, re.I):
                yield type_, key_of(match[0]) or match[0], *match.span()

    def _sentence(self, start: int, end: int) -> int | None:
        """The sentence that holds a span, or None."""
        at = bisect_right(self.starts, start) - 1
        return at if at >= 0 and end <= self.sentences[at].end else None

    def _free(self, at: int, start: int, end: int) -> bool:
        return all(end <= a or start >= b for a, b in self.taken[at])

    def _place(self, atom: int, start: int, end: int, nickname: bool = False) -> bool:
        at = self._sentence(start, end)
        if at is None or not self._free(at, start, end) or len(self.atoms.mentions) >= _MOST_MENTIONS:
            return False
        self.taken[at].append((start, end))
        self.atoms.mention(atom, start, end, at, nickname)
        return True

    # --- names by their form ----------------------------------------------------------------------------------------

    def _given(self) -> list[list[Definition]]:
        """The names that each sentence gives."""
        seen: set[tuple[int, int]] = set()
        found: list[list[Definition]] = []
        for sentence in self.sentences:
            some = [one for one in definitions(self.text, sentence.start, sentence.end)
                    if (one.start, one.end) not in seen]  # fmt: skip
            seen.update((one.start, one.end) for one in some)
            found.append(some)
        return found

    def _chunks(self) -> list[tuple[int, Chunk]]:
        found: list[tuple[int, Chunk]] = []
        pages = furniture(self.text)
        begins = [start for start, _ in pages]
        for at, sentence in enumerate(self.sentences):
            if sentence.kind is Kind.CODE:
                continue
            spans = [*self.taken[at], *((one.start, one.end) for one in self.given[at] if not one.acronym)]
            page = bisect_right(begins, sentence.end)
            spans += [span for span in pages[max(0, page - 12) : page] if span[1] > sentence.start]
            blocked = (
                [any(a < token.end and token.start < b for a, b in spans) for token in sentence.tokens]
                if spans
                else ([False] * len(sentence.tokens))
            )
            telling = sentence.telling and self.language not in _NO_CAPITALS
            found += [(at, chunk) for chunk in chunks(sentence.tokens, blocked, self.text, telling)]
        return found

    def _span(self, at: int, chunk: Chunk) -> tuple[int, int]:
        tokens = self.sentences[at].tokens
        return tokens[chunk.first].start, tokens[chunk.last - 1].end

    def _typed(self, found: list[tuple[int, Chunk]]) -> None:
        """Names whose form tells the kind. A name that the document gives itself stands for something else, and what
        is a common word elsewhere in the document is none: both stay of unknown kind."""
        own = {one.name.casefold() for some in self.given for one in some if not one.acronym}
        for number, (at, chunk) in enumerate(found):
            if not chunk.type:
                continue
            start, end = self._span(at, chunk)
            tokens = self.sentences[at].tokens[chunk.first : chunk.last]
            form = any(legal_form(token) for token in tokens)
            words = [token.low for token in tokens]
            known = chunk.type == "place" and " ".join(words) in PLACES
            if " ".join(self.text[start:end].split()).casefold() in own or not (
                known or named_so(chunk.type, words, self.lower, form)
            ):
                found[number] = (at, chunk._replace(type=""))
                continue
            key = self._key(chunk.type, self.text[start:end])
            if key:
                scope = self.scope if chunk.type == "person" and " " not in key else ""  # a surname alone
                self._place(self.atoms.add(chunk.type, key, scope), start, end)

    def _key(self, type_: str, written: str) -> str:
        key = key_of(written)
        if type_ == "organisation":
            return " ".join(part for part in core_of(key) if part)
        if type_ == "place":
            low = " ".join(written.lower().split())
            for lead in ("state of ", "city of ", "commonwealth of ", "the "):
                low = low.removeprefix(lead)
            return PLACES.get(low, low).casefold()
        if type_ == "person":
            return " ".join(word for word in key.split() if word not in _SUFFIX or len(key.split()) < 3)
        return key

    def _joined_people(self) -> None:
        """In one document "J. Smith", "Mr. Smith" and "John Smith" are one person, where only one has the name."""
        people = [n for n, (type_, _, _) in enumerate(self.atoms.keys) if type_ == "person"]
        whole = [n for n in people if len(self.atoms.keys[n][1].split()) >= 2]
        for number in sorted(people, key=lambda n: self.atoms.keys[n][1]):
            words = self.atoms.keys[number][1].split()
            fits = [n for n in whole if n != number and _same_person(words, self.atoms.keys[n][1].split())]
            if len(fits) == 1 and self.atoms.surfaces[number]:
                self.atoms.merge(fits[0], number)

    # --- names the document gives -----------------------------------------------------------------------------------

    def _defined(self) -> None:
        for at, some in enumerate(self.given):
            for one in some:
                self._define(at, one)

    def _define(self, at: int, one: Definition) -> None:
        low = one.name.lower()
        if low in ("party", "parties"):
            return
        if one.acronym:
            self._acronym(one)
        elif is_paper(one.name) and self._speaks_of_itself(one):
            self.aliases.add(one.name, self.own, exact=True)
            self._place(self.own, one.start, one.end, nickname=True)
        elif one.before >= 0:
            named = self._anchor(at, one)
            if named is not None:
                self.aliases.add(one.name, named, exact=True)
                self._place(named, one.start, one.end, nickname=True)
            else:
                self._term(at, one)
        else:
            self._term(at, one)

    def _speaks_of_itself(self, one: Definition) -> bool:
        before = self.text[max(0, one.before - 160) : max(one.before, 0)].lower()
        return "this " in before or "this" in self.text[one.whole[0] : one.start].lower()

    def _acronym(self, one: Definition) -> None:
        """The long form keeps its atom, or becomes one; the short form is another name of it everywhere."""
        for mention in reversed(self.atoms.mentions):
            if (
                mention.start <= one.after + 4
                and mention.end == one.before
                and self.atoms.type(mention.atom) != "section"
            ):
                atom = mention.atom
                break
        else:
            long = self.text[one.after : one.before]
            atom = self.atoms.add(
                "term" if long[0].islower() or long.split()[-1].lower() not in _ORG_ENDS else "organisation",
                key_of(long),
            )
            self._place(atom, one.after, one.before)
        self.atoms.aliases[atom].add(one.name)
        self.aliases.add(one.name, atom, exact=True)
        self._place(atom, one.start, one.end)

    def _anchor(self, at: int, one: Definition) -> int | None:
        """The organisation, person or place that a name in parentheses stands for."""
        limit = self.sentences[at].start
        near = [m for m in self.atoms.mentions if limit <= m.start and m.end <= one.before + 1]
        near.sort(key=lambda m: -m.end)
        for mention in near:
            close = one.before - mention.end < _LONGEST_ADDRESS
            if (
                close
                and self.atoms.type(mention.atom) in ("organisation", "person")
                and _short_for(one.name, self.atoms.keys[mention.atom][1])
            ):
                return mention.atom
        for mention in near:
            between = self.text[mention.end : one.before].strip()
            type_ = self.atoms.type(mention.atom)
            if PART_OF.search(self.text[max(limit, mention.start - 40) : mention.start]):
                continue
            if type_ in ("organisation", "person") and (not between or self._describes(between)):
                return mention.atom
            if (
                type_ in ("organisation", "person")
                and is_role(one.name)
                and len(between) < 500
                and between[:1] in ",;(["
            ):
                return mention.atom
            if not between and type_ == "place" and not is_role(one.name):
                return mention.atom
        if not is_role(one.name) and not one.name.isupper():
            return None
        unknown = self._unknown_party(at, one)
        return self._named_above(one) if unknown is None and is_role(one.name) else unknown

    def _named_above(self, one: Definition) -> int | None:
        """A company whose address stands between its name and the parenthesis, over the end of a sentence."""
        some = [m for m in self.atoms.mentions if one.before - 260 <= m.start and m.end <= one.before]
        firms = [m for m in some if self.atoms.type(m.atom) == "organisation" and not self.atoms.nicknames[m.atom]]
        return max(firms, key=lambda m: m.start).atom if firms else None

    def _describes(self, between: str) -> bool:
        return between[:1] == "," and len(between) < 40 and "(" not in between

    def _unknown_party(self, at: int, one: Definition) -> int | None:
        """The words with capitals right before the parenthesis, when nothing else tells what they are."""
        found = [token for token in self.sentences[at].tokens if token.end <= one.before]
        first = len(found)
        while first and found[first - 1].text[0].isupper() and len(found) - first < 7:
            first -= 1
        words = found[first:]
        while words and ordinary(words[0].low):
            words = words[1:]
        if not words or words[-1].end != one.before or len(words) > 6:
            return None
        if not named_so("organisation", [word.low for word in words], self.lower, False):
            return None
        start, end = words[0].start, words[-1].end
        if self.text[start:end].lower() in PLACES or "." in self.text[max(0, start - 2) : start]:
            return None
        type_ = "person" if words[0].low in GIVEN and 2 <= len(words) <= 4 else "organisation"
        atom = self.atoms.add(type_, self._key(type_, self.text[start:end]))
        return atom if self._place(atom, start, end) else None

    def _term(self, at: int, one: Definition) -> None:
        """A defined term, with the words that define it as a node of their own."""
        atom = self.atoms.add("term", key_of(one.name), self.scope)
        self.aliases.add(one.name, atom, exact=True)
        self._place(atom, one.start, one.end)
        value = next(
            (
                m
                for m in self.atoms.mentions
                if m.end == one.before and self.atoms.type(m.atom) in ("date", "amount", "period")
            ),
            None,
        )
        if value is not None:
            self.facts.append(Fact(atom, "defined as", value.atom, value.start, one.whole[1]))
            return
        start, end = self._words_of(at, one)
        if end - start < 3 or not any(map(str.isalpha, self.text[start:end])):
            return
        meaning = self.atoms.add(
            "definition", digest(self.text[start:end]), self.scope, name=" ".join(self.text[start:end].split())[:120]
        )
        self.atoms.mention(meaning, start, end, at)
        a, b = (start, one.whole[1]) if one.before >= 0 else (one.whole[0], end)
        self.facts.append(Fact(atom, "defined as", meaning, a, b))

    def _words_of(self, at: int, one: Definition) -> tuple[int, int]:
        sentence = self.sentences[at]
        if one.after >= 0:
            return one.after, min(
                sentence.end, one.after + _LONGEST_DEFINITION
            ) if one.after < sentence.end else one.after
        floor = max(sentence.start, one.before - _LONGEST_DEFINITION)
        cut = max((self.text.rfind(sign, floor, one.before) for sign in (", ", "; ", ") ", ": ")), default=-1)
        start = cut + 1 if cut >= floor else floor
        while start < one.before and (self.text[start].isspace() or self.text[start] in ",;:)"):
            start += 1
        return start, one.before

    # --- other names ------------------------------------------------------------------------------------------------

    def _short_names(self) -> None:
        """Companies without their legal form, surnames, "the Company" where there is one only."""
        lower = self.lower
        firms = []
        for number, (type_, key, _) in enumerate(self.atoms.keys):
            if not self.atoms.surfaces[number]:
                continue
            if type_ == "organisation":
                core, form = core_of(key)
                firms += [number] if form else []
                self.aliases.add(core, number, exact=False)
                first = core.split()[0]
                if (
                    form
                    and len(core.split()) > 1
                    and len(first) > 2
                    and not ordinary(first)
                    and not lower[first]
                    and first not in PLACES
                ):
                    self.aliases.add(first, number, exact=False)
                initials = "".join(word[0] for word in core.split() if word not in ("of", "and", "the", "for", "&"))
                if len(initials) >= 3:
                    self.aliases.add(initials.upper(), number, exact=True)
            elif type_ == "person" and len(key.split()) > 1:
                last, given = key.split()[-1], key.split()[0]
                for word in (last, given):
                    if len(word) > 2 and not lower[word]:
                        self.aliases.add(word, number, exact=False)
        if len(set(firms)) == 1 and ("Company",) not in self.aliases.known:
            self.aliases.add("the Company", firms[0], exact=True)
            self.aliases.add("The Company", firms[0], exact=True)
            self.aliases.add("the company", firms[0], exact=True)

    def _alias_mentions(self) -> None:
        trie = self.aliases.trie()
        for number, sentence in enumerate(self.sentences):
            at = 0
            while at < len(sentence.tokens):
                hit = matched(trie, sentence.tokens, at)
                if hit is None:
                    at += 1
                    continue
                atom, end = hit
                start, stop = sentence.tokens[at].start, sentence.tokens[end - 1].end
                surface = " ".join(self.text[start:stop].split())
                if self._free(number, start, stop):
                    everywhere = surface in self.atoms.aliases[atom] or self.atoms.type(atom) == "term"
                    self._place(atom, start, stop, nickname=not everywhere)
                at = end

    # --- terms ------------------------------------------------------------------------------------------------------

    def _terms(self, found: Sequence[tuple[int, Chunk]]) -> None:
        """Capitalised and technical words of unknown kind, and phrases that come back."""
        lower = self.lower
        groups: defaultdict[str, list[tuple[int, int, int, bool]]] = defaultdict(list)
        for at, chunk in found:
            start, end = self._span(at, chunk)
            if chunk.type or not self._free(at, start, end):
                continue
            key = key_of(self.text[start:end])
            if key and any(map(str.isalpha, key)):
                groups[key].append((at, start, end, chunk.first == 0))
        for key, places in sorted(groups.items()):
            written = self.text[places[0][1] : places[0][2]]
            middle = sum(not first for _, _, _, first in places)
            special = technical(written) or any(map(str.isdigit, key))
            if " " not in key and not special and (ordinary(key) or lower[key] >= max(middle, 1) or len(key) < 3):
                continue
            if set(key.split()) <= LEGAL_FORMS.keys() or no_term(written):
                continue
            first_only = not middle and not special and (" " not in key or len(places) < 2)
            sure = 0 if first_only else 2 if middle >= 2 or len(places) >= 3 else 1
            atom = self.atoms.add("term", key, sure=sure)
            for _, start, end, _ in places:
                self._place(atom, start, end)
        for key, spans in phrases(self.sentences, self.language):
            atom = self.atoms.add("term", key)
            for start, end in spans:
                self._place(atom, start, end)

    # --- the end ----------------------------------------------------------------------------------------------------

    def _finished(self, id: str, sha256: str) -> Reading:
        """Without what the settings leave out and names that were joined to others; numbers in order of place."""
        used = {m.atom for m in self.atoms.mentions} | {self.own}
        kept = (n for n in used if n != self.own and self.settings.keeps(self.atoms.type(n)))
        order = [self.own, *sorted(kept, key=lambda n: self.atoms.keys[n])]
        new = {old: number for number, old in enumerate(order)}
        spans = [(sentence.start, sentence.end) for sentence in self.sentences]
        mentions = sorted(
            (Mention(new[m.atom], m.start, m.end, m.sentence) for m in self.atoms.mentions if m.atom in new),
            key=lambda m: (m.start, m.end, m.atom),
        )
        facts = {
            Fact(new[f.head], f.label, new[f.tail], f.start, f.end)
            for f in self.facts if f.head in new and f.tail in new and f.head != f.tail
        }  # fmt: skip
        return Reading(
            id, sha256, self.settings.version, tuple(self.atoms.atom(n) for n in order), tuple(dict.fromkeys(mentions)),
            tuple(sorted(facts, key=lambda f: (f.start, f.end, f.head, f.label, f.tail))), tuple(spans),
        )  # fmt: skip


_ORG_ENDS = word_set(
    "commission agency association organization organisation institute university bank authority department "
    "ministry council committee union foundation corporation company society"
)


def _short_for(short: str, key: str) -> bool:
    """Whether a name is short for a longer one: its first words, or letters that begin its words.

    >>> _short_for("PCQ", "pc quote inc"), _short_for("Ehave", "ehave inc"), _short_for("Goods", "acme ltd")
    (True, True, False)
    """
    words, whole = key_of(short).split(), core_of(key)[0].split()
    if not words or not whole:
        return False
    if words == whole[: len(words)] or (len(words[0]) > 3 and whole[0].startswith(words[0])):
        return True
    if len(words) > 1 or len(words[0]) < 2:
        return False
    rest = "".join(whole)
    letters = words[0]
    if letters[0] != rest[0] or not short.isupper():
        return False
    initials = "".join(word[0] for word in whole)
    return initials.startswith(letters) or letters.startswith(initials) or (len(letters) < 5 and letters in rest)


def _same_person(short: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether a shorter name fits a whole one.

    >>> _same_person(["smith"], ["john", "smith"]), _same_person(["j", "smith"], ["john", "smith"])
    (True, True)
    >>> _same_person(["john", "smith"], ["john", "f", "smith"]), _same_person(["jane", "smith"], ["john", "smith"])
    (True, False)
    """
    if len(short) > len(whole) or short == whole or short[-1] != whole[-1]:
        return False
    if len(short) == 1:
        return True
    first, other = short[0], whole[0]
    if first == other:
        return len(short) < len(whole)
    return len(first) == 1 and other.startswith(first)
