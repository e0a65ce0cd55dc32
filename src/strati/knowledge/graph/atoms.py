"""The names of one document while it is read: what is the same, what it is called, where it stands."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from strati.kinds.extract.words import Token, key_of
from strati.knowledge.graph.records import Atom, Mention

Trie = dict[str, list[tuple[tuple[str, ...], int, bool]]]


class Atoms:
    """Atoms by type, key and scope, with their mentions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.numbers: dict[tuple[str, str, str], int] = {}
        self.keys: list[tuple[str, str, str]] = []
        self.sure: list[int] = []
        self.shown: list[str] = []
        self.surfaces: list[Counter[str]] = []
        self.aliases: list[set[str]] = []
        self.nicknames: list[set[str]] = []
        self.mentions: list[Mention] = []

    def add(self, type_: str, key: str, scope: str = "", sure: int = 2, name: str = "") -> int:
        """The number of an atom, made where it is new."""
        full = (type_, key, scope)
        if full not in self.numbers:
            self.numbers[full] = len(self.keys)
            self.keys.append(full)
            self.sure.append(sure)
            self.shown.append(name)
            self.surfaces.append(Counter())
            self.aliases.append(set())
            self.nicknames.append(set())
        number = self.numbers[full]
        self.sure[number] = max(self.sure[number], sure)
        return number

    def mention(self, atom: int, start: int, end: int, sentence: int, nickname: bool = False) -> None:
        """Keep that `text[start:end]` names the atom."""
        self.mentions.append(Mention(atom, start, end, sentence))
        surface = " ".join(self.text[start:end].split())
        if nickname:
            self.nicknames[atom].add(surface)
        else:
            self.surfaces[atom][surface] += 1

    def merge(self, into: int, other: int) -> None:
        """All that is known of `other` goes to `into`; `other` stays empty and is dropped in the end."""
        self.mentions = [m._replace(atom=into) if m.atom == other else m for m in self.mentions]
        self.surfaces[into] += self.surfaces[other]
        self.surfaces[other].clear()
        self.aliases[into] |= self.aliases[other]
        self.nicknames[into] |= self.nicknames[other]
        self.aliases[other], self.nicknames[other] = set(), set()
        self.numbers[self.keys[other]] = into

    def type(self, atom: int) -> str:
        return self.keys[atom][0]

    def atom(self, number: int) -> Atom:
        """The finished atom, called what it is called most."""
        type_, key, scope = self.keys[number]
        names = self.surfaces[number]
        name = self.shown[number] or best(names) or (sorted(self.nicknames[number]) or [key])[0]
        aliases = {*self.aliases[number], *names} - {name}
        return Atom(
            type_, key, name, scope, self.sure[number], tuple(sorted(aliases)),
            tuple(sorted(self.nicknames[number] - {name})),
        )  # fmt: skip


def best(names: Counter[str]) -> str:
    """The most frequent name; of equals one that is not all in capitals, then the longer, then by letters.

    >>> best(Counter({"ACME LTD": 2, "Acme Ltd": 2}))
    'Acme Ltd'
    """
    return min(names, key=lambda name: (-names[name], name.isupper(), -len(name), name), default="")


class Aliases:
    """Other words for atoms, found word by word; what stands for two atoms stands for none."""

    def __init__(self) -> None:
        self.known: defaultdict[tuple[str, ...], set[tuple[int, bool]]] = defaultdict(set)

    def add(self, name: str, atom: int, *, exact: bool) -> None:
        """`exact`: only with this casing, or all in capitals ("the Company", not "the company")."""
        words = tuple(name.split()) if exact else tuple(key_of(name).split())
        if words:
            self.known[words].add((atom, exact))

    def trie(self) -> Trie:
        found: Trie = {}
        for words, targets in self.known.items():
            if len({atom for atom, _ in targets}) == 1:
                atom, exact = min(targets)
                found.setdefault(words[0].casefold().rstrip("."), []).append((words, atom, exact))
        for options in found.values():
            options.sort(key=lambda option: (-len(option[0]), option[0]))
        return found


def matched(trie: Trie, found: Sequence[Token], at: int) -> tuple[int, int] | None:
    """The atom an alias at token `at` stands for, and where the alias ends; the longest one."""
    for words, atom, exact in trie.get(found[at].low.rstrip("."), ()):
        end = at + len(words)
        if end > len(found):
            continue
        some = found[at:end]
        if exact:
            written = [token.text.rstrip(".") for token in some]
            plain = [word.rstrip(".") for word in words]
            if written == plain or written == [word.upper() for word in plain]:
                return atom, end
        elif [key_of(token.text) for token in some] == list(words) and some[0].text[0].isupper():
            return atom, end
    return None
