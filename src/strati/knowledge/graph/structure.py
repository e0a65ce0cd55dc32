"""What a document's shape says: its title, topics, parties, date and law; then what its sentences say."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from strati.kinds.extract.lists.verbs import MONEY_NOUNS, PREPOSITIONS, VERBS
from strati.kinds.extract.words import COMMON, key_of
from strati.knowledge.document import Document, Kind
from strati.knowledge.graph.atoms import Atoms
from strati.knowledge.graph.definitions import PART_OF
from strati.knowledge.graph.records import VALUES, WEAK, Fact, Mention
from strati.knowledge.graph.relations import Named, clause, relations
from strati.knowledge.graph.segments import Sentence

_HEADINGS = (Kind.TITLE, Kind.HEADING)
_NUMBER = re.compile(
    r"^\s*(?:(?P<what>section|article|chapter|clause|part|appendix|annex|exhibit|schedule)\s+)?(?P<n>\d+(?:\.\d+)*|[IVXLC]+(?=[.:\s])|[A-Z](?=[.:]))?[.:)]?\s*[-–—:]?\s*",
    re.I,
)
_BETWEEN = re.compile(
    r"\b(?:B\s+E\s+T\s+W\s+E\s+E\s+N|by\s+and\s+(?:between|among)|between|among|amongst|zwischen|entre|"
    r"(?:made|entered\s+into|executed|given)\b[^.;]{0,120}?\bby(?!\s+and\s))\b",
    re.I,
)
_PAPER = re.compile(
    r"\b(?:agreement|contract|lease|amendment|deed|memorandum|addendum|license|vertrag|contrat)\b", re.I
)
_ENDS = re.compile(
    r"\b(?:WHEREAS|RECITALS?|WITNESSETH|BACKGROUND|NOW,?\s+THEREFORE|W\s?I\s?T\s?N\s?E\s?S\s?S\s?E\s?T\s?H|(?:hereby\s+)?agree\s+as\s+follows|Präambel)\b|\n\s*(?:1|I)\s*[.)]\s",
    re.I,
)
_DATED = re.compile(
    r"(?:\bdated\b|\b(?:made|entered|executed|effective|signed|concluded)\b[^.;]{0,60}?\b(?:as\s+of|on|of|this)\b|\bas\s+of\b|\beffective\s+date\b|"
    r"^\s*(?:date|datum|sent|issued|invoice date|rechnungsdatum)\s*:)[^.;\n]{0,40}$",
    re.I,
)
_LAW = re.compile(
    r"\b(?:governed|construed|interpreted|enforced)\b[^.;]{0,160}?\blaws?\b(?:\s+and\s+\w+)?[^.;]{0,40}?\b(?:of|in)\s+(?:the\s+)?(?:(?:state|commonwealth|republic|province|country)\s+of\s+)?(?:the\s+)?$",
    re.I | re.S,
)
_LAW_AFTER = re.compile(r"^\s+laws?\s+(?:shall\s+|will\s+)?(?:govern|appl|control)", re.I)
_LAW_OF = re.compile(
    r"\blaws?\s+of\s+(?:the\s+)?(?:(?:state|commonwealth|republic|province)\s+of\s+)?(?:the\s+)?$", re.I
)
_GOVERNS = re.compile(r"^[^.;]{0,80}?\b(?:shall|will)\s+(?:govern|control|apply)", re.I)
_SIGNED = re.compile(r"(?:\bBy|\bName|/s/)\s*:?\s*(?:/s/)?\s*$")
_MONEY = re.compile(
    r"(?P<np>(?:[^\W\d_][\w-]+\s+){0,3}[^\W\d_][\w-]+)\s*(?:\(\"?[^()]{0,40}\)\s*)?(?::|=|\s(?:of|is|was|are|were|totals?|equals?|equal\s+to|shall\s+be|will\s+be|"
    r"amounts?\s+to|amounting\s+to|in\s+the\s+amount\s+of|(?:of|is|was|shall\s+be)\s+(?:up\s+to|at\s+least|approximately|about|not\s+less\s+than)))\s*$",
    re.I,
)
_ACTS = frozenset(("pay", "owe", "receive", "get", "make", "charge", "cost"))
_LED = re.compile(
    r"(?:^|\band\b|&|\bwith\b|\bfavou?r\s+of\b|[:;)(,]|\n|\d\.|\band\s*[-–—]+)\s*(?:the\s+|professional\s+\w+,?\s+|\([a-z0-9]{1,3}\)\s*|\d+[.)]\s*|Mr\.?\s+|Ms\.?\s+)*$",
    re.I,
)
_ALSO = re.compile(r"\b(?:formerly|f/k/a|d/b/a|a/k/a|also\s+known\s+as)\b[\s\w]{0,16}$", re.I)
_JOINED = re.compile(r"\band\b|&|[;\n]|\bfavou?r\s+of\b", re.I)
_LETTERED = re.compile(r"\bParty\s+[A-D]\s*(?:\([^)]{1,40}\))?\s*:\s*$", re.I)
_SIGNS = re.compile(r"\s*(?:By|Per|Name|/s/)\s*:?\s", re.I)
_PREAMBLE = 6_000
_LONGEST_PREAMBLE = 2_500
_MOST_TOGETHER = 8
_WEAK_TYPES = frozenset(VALUES | {"section", "topic", "definition", "document", "url"})


class Structure:
    """Facts of one document; `own` is its atom."""

    def __init__(self, document: Document, atoms: Atoms, sentences: Sequence[Sentence], own: int, scope: str) -> None:
        self.document = document
        self.text = document.text
        self.atoms = atoms
        self.sentences = sentences
        self.own = own
        self.scope = scope
        self._topics: dict[tuple[str, ...], int] = {}
        self._parts: list[Fact] = []

    # --- headings ---------------------------------------------------------------------------------------------------

    def topics(self) -> None:
        """Headings as topics, each a part of the one above it or of the document; the title names the document."""
        name = (self.document.metadata.title or "").strip()
        first = next((n for n, s in enumerate(self.sentences) if s.kind in _HEADINGS), None)
        shown = first if first is not None and first < 4 else (0 if self.sentences else None)
        if shown is not None:
            sentence = self.sentences[shown]
            start, end = sentence.start, min(sentence.end, sentence.start + 120)
            end = start + len(self.text[start:end].rstrip())
            self.atoms.mention(self.own, start, end, shown)
            name = name or (" ".join(self.text[start:end].split()) if sentence.kind in _HEADINGS else "")
        stem = re.sub(r"\.\w{1,5}$", "", self.document.name.replace("\\", "/").split("/")[-1])
        self.atoms.shown[self.own] = name or self.document.name.replace("\\", "/").split("/")[-1]
        self.atoms.aliases[self.own] |= {stem, self.document.name.replace("\\", "/").split("/")[-1]}
        for number, sentence in enumerate(self.sentences):
            if sentence.kind in _HEADINGS:
                self._topic(number, sentence)

    def _topic(self, number: int, sentence: Sentence) -> None:
        written = " ".join(self.text[sentence.start : sentence.end].split())
        lead = _NUMBER.match(written)
        bare = written[lead.end() :] if lead else written
        parent = self._topics.get(sentence.path[-1:], self.own)
        if lead and lead["n"]:
            made = lead["n"].lower()
            what = (lead["what"] or "section").lower()
            section = self.atoms.add("section", f"{what} {made}", self.scope)
            self.atoms.mention(section, sentence.start, sentence.end, number)
            self._parts.append(Fact(section, "part of", self.own, sentence.start, sentence.end))
        key = key_of(bare)
        if not any(word.isalpha() and len(word) > 2 for word in key.split()) or len(key.split()) > 14:
            return
        topic = self.atoms.add("topic", key)
        start = sentence.start + max(0, self.text[sentence.start : sentence.end].find(bare[:20]))
        self.atoms.mention(topic, start, sentence.end, number)
        self._topics[(written,)] = topic
        if topic != parent:
            self._parts.append(Fact(topic, "part of", parent, sentence.start, sentence.end))

    # --- facts ------------------------------------------------------------------------------------------------------

    def facts(self, known: Sequence[Fact]) -> Iterator[Fact]:
        """All facts and weak relations of the document."""
        yield from self._parts
        names = self._named()
        preamble = self._preamble()
        parties = list(self._lettered()) or (list(self._parties(*preamble)) if preamble is not None else [])
        if not parties and _PAPER.search(self.text[:_PREAMBLE]):
            parties = list(self._undersigned())
        yield from parties
        yield from self._signers()
        yield from self._dates(preamble)
        yield from self._laws()
        said = {(min(f.head, f.tail), max(f.head, f.tail)) for f in known}
        for number, sentence in enumerate(self.sentences):
            some = names.get(number, [])
            yield from self._references(sentence, some)
            if sentence.kind in _HEADINGS or sentence.kind is Kind.CODE:
                continue
            yield from self._amounts(sentence, number, some)
            here: set[tuple[int, int]] = set(said)
            for one in relations(sentence.tokens, some):
                here.add((min(one.head, one.tail), max(one.head, one.tail)))
                span = clause(self.text, (sentence.start, sentence.end), one.a.start, one.b.end)
                yield Fact(one.head, one.label, one.tail, *span)
            yield from self._together(sentence, some, here)

    def _named(self) -> dict[int, list[Named]]:
        """The mentions of each sentence by their tokens, without those that lie in others."""
        found: defaultdict[int, list[Named]] = defaultdict(list)
        for m in sorted(self.atoms.mentions, key=lambda m: (m.start, -m.end)):
            type_ = self.atoms.type(m.atom)
            if type_ in ("topic", "definition") or (type_ == "document" and not self._nickname(m.start, m.end)):
                continue
            tokens = self.sentences[m.sentence].tokens
            first = bisect_right(tokens, m.start, key=lambda token: token.end)
            last = bisect_left(tokens, m.end, first, key=lambda token: token.start)
            kept = found[m.sentence]
            if last > first and (not kept or kept[-1].last <= first):
                kept.append(Named(m.atom, type_, first, last, m.start, m.end))
        return found

    def _nickname(self, start: int, end: int) -> bool:
        return " ".join(self.text[start:end].split()) in self.atoms.nicknames[self.own]

    def _together(self, sentence: Sentence, names: Sequence[Named], said: set[tuple[int, int]]) -> Iterator[Fact]:
        """Names in one sentence: weak, and only that."""
        some: dict[int, Named] = {}
        for name in names:
            if name.type not in _WEAK_TYPES and len(some) < _MOST_TOGETHER:
                some.setdefault(name.atom, name)
        for a, b in combinations(some.values(), 2):
            head, tail = sorted((a.atom, b.atom), key=lambda n: self.atoms.keys[n])
            if (min(a.atom, b.atom), max(a.atom, b.atom)) not in said:
                start, end = min(a.start, b.start), max(a.end, b.end)
                yield Fact(head, WEAK, tail, *clause(self.text, (sentence.start, sentence.end), start, end))

    def _references(self, sentence: Sentence, names: Sequence[Named]) -> Iterator[Fact]:
        """A sentence that names a section or an identifier refers to it, from the topic it stands under."""
        if sentence.kind in _HEADINGS:
            return
        head = self._topics.get(sentence.path[-1:], self.own)
        for name in names:
            leads = name.start == sentence.start
            if name.type in ("section", "identifier", "url") and not (leads and name.type == "section"):
                yield Fact(
                    head,
                    "refers to",
                    name.atom,
                    *clause(self.text, (sentence.start, sentence.end), name.start, name.end),
                )

    # --- the frame of a contract ------------------------------------------------------------------------------------

    def _preamble(self) -> tuple[int, int] | None:
        """From "between" to the recitals, where the beginning names an agreement."""
        head = self.text[:_PREAMBLE]
        paper = _PAPER.search(head)
        if paper is None:
            return None
        for match in _BETWEEN.finditer(head):
            stop = _ENDS.search(self.text, match.end(), match.end() + _LONGEST_PREAMBLE)
            end = stop.start() if stop else match.end() + 1_200
            inside = [
                m
                for m in self.atoms.mentions
                if match.end() <= m.start < end and self.atoms.type(m.atom) in ("organisation", "person")
            ]
            if len({m.atom for m in inside}) >= 1:
                return match.end(), end
        return None

    def _parties(self, start: int, end: int) -> Iterator[Fact]:
        """Who the agreement is between: who is given a name in parentheses, or who is named first."""
        inside = [m for m in self._people() if start <= m.start < end and not self._aside(m.start)]
        given = {m.atom for m in inside if self._in_parens(m.start, m.end)}
        seen: set[int] = set()
        before = start
        for m in inside:
            led = _LED.search(self.text[before : m.start]) is not None and m.start - before < 300
            joined = (
                not seen or re.search(r"\band\b|&|[;\n]|\bfavou?r of\b", self.text[before : m.start], re.I) is not None
            )
            before = m.end
            if m.atom not in seen and (m.atom in given if len(given) > 1 else m.atom in given or (led and joined)):
                seen.add(m.atom)
                stop = self.text.find(")", m.end, min(end, m.end + 200)) + 1
                yield Fact(m.atom, "party to", self.own, m.start, stop if stop else m.end)

    def _people(self) -> list[Mention]:
        """Mentions of organisations and persons by place."""
        some = [m for m in self.atoms.mentions if self.atoms.type(m.atom) in ("organisation", "person")]
        return sorted(some, key=lambda m: (m.start, m.end))

    def _aside(self, at: int) -> bool:
        """Named only to say what another is: "a division of Acme Ltd"; or in a line about the source of the text."""
        line = self.text[self.text.rfind("\n", 0, at) + 1 : at]
        before = self.text[max(0, at - 40) : at]
        return bool(PART_OF.search(before) or _ALSO.search(before)) or line.lstrip().lower().startswith("source:")

    def _lettered(self) -> Iterator[Fact]:
        """ "Party A (Carrier): Acme Ltd"."""
        seen: set[int] = set()
        for m in self._people():
            lead = _LETTERED.search(self.text, max(0, m.start - 60), m.start)
            if lead and m.atom not in seen and m.start < _PREAMBLE:
                seen.add(m.atom)
                yield Fact(m.atom, "party to", self.own, lead.start(), m.end)

    def _undersigned(self) -> Iterator[Fact]:
        """Where nothing tells the parties: who signs at the end."""
        seen: set[int] = set()
        for m in self._people():
            if m.start > len(self.text) * 0.6 and m.atom not in seen and _SIGNS.match(self.text[m.end : m.end + 60]):
                seen.add(m.atom)
                yield Fact(m.atom, "party to", self.own, m.start, m.end)

    def _in_parens(self, start: int, end: int) -> bool:
        opened = self.text.rfind("(", max(0, start - 80), start)
        return opened >= 0 and ")" not in self.text[opened:start] and ")" in self.text[end : end + 80]

    def _signers(self) -> Iterator[Fact]:
        for m in self.atoms.mentions:
            if self.atoms.type(m.atom) == "person":
                lead = _SIGNED.search(self.text, max(0, m.start - 24), m.start)
                if lead and "/s/" in lead[0] + self.text[m.start - 8 : m.start]:
                    yield Fact(m.atom, "signed", self.own, lead.start(), m.end)

    def _dates(self, preamble: tuple[int, int] | None) -> Iterator[Fact]:
        """The date of the document: after "dated", "as of", "made on", or "Date:" near its beginning."""
        limit = max(_PREAMBLE // 2, preamble[0] if preamble else 0)
        for m in sorted(self.atoms.mentions, key=lambda m: m.start):
            if m.start > limit:
                return
            if self.atoms.type(m.atom) != "date" or len(self.atoms.keys[m.atom][1]) < 7:
                continue
            first = max(0, m.start - 140)
            lead = _DATED.search(self.text[first : m.start])
            line = self.text[self.text.rfind("\n", 0, m.start) + 1 : m.start]
            row = re.match(
                r"^\s*(?:date|datum|sent|issued|invoice date|rechnungsdatum)\b\s*[:\t]?\s*(?:\w+,\s*)?$", line, re.I
            )
            if lead or row:
                start = first + lead.start() if lead else m.start - len(line.lstrip())
                yield Fact(
                    self.own,
                    "dated",
                    m.atom,
                    start + len(self.text[start : m.start]) - len(self.text[start : m.start].lstrip()),
                    m.end,
                )
                if lead:
                    return

    def _laws(self) -> Iterator[Fact]:
        for m in self.atoms.mentions:
            if self.atoms.type(m.atom) != "place":
                continue
            first = max(0, m.start - 320)
            before = self.text[first : m.start]
            found = _LAW.search(before)
            if found:
                yield Fact(self.own, "governed by", m.atom, first + found.start(), m.end)
            elif after := _LAW_AFTER.match(self.text[m.end : m.end + 40]):
                yield Fact(self.own, "governed by", m.atom, m.start, m.end + after.end())
            elif (of := _LAW_OF.search(before)) and (govern := _GOVERNS.match(self.text[m.end : m.end + 120])):
                yield Fact(self.own, "governed by", m.atom, first + of.start(), m.end + govern.end())

    # --- amounts ----------------------------------------------------------------------------------------------------

    def _amounts(self, sentence: Sentence, number: int, names: Sequence[Named]) -> Iterator[Fact]:
        """ "a purchase price of $5 million": the amount of what stands before it."""
        for at, name in enumerate(names):
            if name.type not in ("amount", "percentage"):
                continue
            floor = names[at - 1].end if at else sentence.start
            found = _MONEY.search(self.text, max(floor, name.start - 120), name.start)
            if found:
                made = self._noun(found.start("np"), found.end("np"), number)
                if made is not None:
                    yield Fact(name.atom, "amount of", made[0], made[1], name.end)
                    continue
            if (
                at
                and names[at - 1].type in ("term", "identifier")
                and re.fullmatch(
                    r"[\s\"”)]*(?:of|is|was|equals?|shall be|will be|:|=|in the amount of|equal to)\s*(the\s+)?",
                    self.text[floor : name.start],
                )
            ):
                yield Fact(name.atom, "amount of", names[at - 1].atom, names[at - 1].start, name.end)

    def _noun(self, start: int, end: int, number: int) -> tuple[int, int] | None:
        """The noun phrase at the end of `text[start:end]` when it is about money: its atom and where it starts."""
        words = list(re.finditer(r"[^\W\d_][\w-]*", self.text[start:end]))
        kept = 0
        for word in reversed(words):
            low = word[0].lower()
            if low in COMMON or low in PREPOSITIONS or (kept and _acts(low)):
                break
            kept += 1
        some = words[len(words) - kept :]
        if not some or some[-1][0].lower() not in MONEY_NOUNS:
            return None
        first, last = start + some[0].start(), start + some[-1].end()
        atom = self.atoms.add("term", key_of(self.text[first:last]), self.scope)
        self.atoms.mention(atom, first, last, number)
        return atom, first


def _acts(word: str) -> bool:
    """Whether a word before a noun is more likely a verb: "paid fees", not "purchase price"."""
    return word in _ACTS or (word in VERBS and bool(VERBS[word][1] & {"past", "third", "ing"}))
