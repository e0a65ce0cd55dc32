"""SQLite's part of searching: an FTS5 index over the passages, its ranking and its vocabulary.

The index keeps no text of its own (an external-content table over a view that folds the passages, see
`strati.knowledge.folding`), and stems with Porter's algorithm over `unicode61` words without diacritics. Titles and
headings are columns of their own, with weights.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from difflib import get_close_matches
from typing import NamedTuple

from strati.knowledge.folding import WORD, folded, folded_with_places, plainly
from strati.knowledge.search.query import Query, Term
from strati.knowledge.store.spelling import SHORTEST, spellings
from strati.knowledge.store.sqlite_match import Spellings, expression, one, words_of

TOKENIZE = "porter unicode61 remove_diacritics 2 categories ''L* N* Co Mn Mc''"  # marks are parts of words
TABLES = """
CREATE VIEW passages_folded AS
    SELECT id, strati_folded(title) AS title, strati_folded(heading) AS heading, strati_folded(text) AS text
    FROM passages;
CREATE VIRTUAL TABLE passages_fts USING fts5(
    title, heading, text, content='passages_folded', content_rowid='id', tokenize='TOKENIZE'
);
CREATE VIRTUAL TABLE terms USING fts5vocab(passages_fts, row);
""".replace("TOKENIZE", TOKENIZE)
# By the version that a base had: the first one indexed the passages as they are.
MIGRATIONS = {
    1: f"DROP TABLE terms; DROP TABLE passages_fts; {TABLES} INSERT INTO passages_fts (passages_fts) VALUES ('rebuild')"
}
WEIGHTS = (1.0, 1.0, 1.0)  # title, heading, text: chosen by benchmarks/retrieval.py
NEAR_AT_MOST, NEAR_ENOUGH = 3, 0.6  # words offered for one that is nowhere, and how alike they are at least
ENOUGH, AFFORDABLE = 500, 2_500  # passages that rare words must choose, and may choose
# Characters that are not in any text: they mark matches in FTS5's output.
OPEN, CLOSE = "\ufdd0", "\ufdd1"
_COLUMNS = "rowid, title, heading, text"
_FOLDED = "id, strati_folded(title), strati_folded(heading), strati_folded(text)"


def connect(db: sqlite3.Connection) -> None:
    """Make known what the index is made with."""
    db.create_function("strati_folded", 1, folded, deterministic=True)


def add(db: sqlite3.Connection, document: str) -> None:
    """Index the passages of a document, which are in the table already."""
    db.execute(
        f"INSERT INTO passages_fts ({_COLUMNS}) SELECT {_FOLDED} FROM passages WHERE document = ?",
        (document,),
    )


def drop(db: sqlite3.Connection, document: str) -> None:
    """Take the passages of a document out of the index, before they leave the table."""
    db.execute(
        f"INSERT INTO passages_fts (passages_fts, {_COLUMNS}) "
        f"SELECT 'delete', {_FOLDED} FROM passages WHERE document = ?",
        (document,),
    )


def erase(db: sqlite3.Connection) -> None:
    """Merge the index into one segment: deleted entries leave the file, not only the results."""
    db.execute("INSERT INTO passages_fts (passages_fts) VALUES ('optimize')")


def faults(db: sqlite3.Connection) -> list[str]:
    """Whether the index says what the table says; FTS5 checks it, in a copy where the base cannot be written."""
    try:
        db.execute("INSERT INTO passages_fts (passages_fts, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        if "readonly" in str(error):
            with closing(sqlite3.connect("", isolation_level=None)) as copy:
                connect(copy)
                db.backup(copy)
                return faults(copy)
        return [f"the search index does not fit the passages: {error}"]
    return []


class Plan(NamedTuple):
    """How a query is searched: what has to be there, what refines the scores, and other spellings."""

    words: list[Term]
    refining: list[Term]
    near: Spellings


def plan(db: sqlite3.Connection, query: Query) -> Plan:
    """Rare words choose the passages, frequent ones refine their scores.

    Scoring costs about a microsecond a passage, so words that many passages hold choose only where rarer ones leave
    too few. A word that no passage holds is searched by its likely spellings.
    """
    words = words_of(query)
    near: Spellings = {}
    counts: dict[Term, int] = {}
    for term in dict.fromkeys([*words, *query.required]):
        counts[term] = _count(db, one(term, {}))
        word = term.text.lower()
        if not counts[term] and " " not in word and len(word) >= SHORTEST and word[0].isalpha():
            near[term.text] = spellings(word, _vocabulary(db, word[0]))
            counts[term] = _count(db, one(term, near)) if near[term.text] else 0
    if query.required:
        return Plan([], words, near)
    order = sorted(words, key=lambda term: counts[term])
    taken = total = 0
    for term in order:
        if total >= ENOUGH and total + counts[term] > AFFORDABLE:
            break
        total += counts[term]
        taken += 1
    return Plan(order[:taken], order[taken:], near)


def ranked(
    db: sqlite3.Connection, query: Query, made: Plan, limit: int, where: str = "", values: Sequence[object] = ()
) -> list[tuple[int, float]]:
    """Passage ids with BM25 scores (higher is better), best first; equal scores by id."""
    scores = dict(_scored(db, expression(query, made.words, made.near), limit, where, values))
    if made.refining:  # BM25 adds up over words: passages that hold frequent ones too get the whole sum
        whole = _scored(db, expression(query, made.words, made.near, made.refining), limit, where, values)
        scores.update(whole)
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]


def _scored(
    db: sqlite3.Connection, match: str, limit: int, where: str, values: Sequence[object]
) -> list[tuple[int, float]]:
    if not match:
        return []
    weights = ", ".join(map(str, WEIGHTS))
    inner = f"SELECT rowid AS id, -bm25(passages_fts, {weights}) AS score FROM passages_fts WHERE passages_fts MATCH ?"
    if where:
        inner += f" AND rowid IN (SELECT p.id FROM passages p JOIN documents d ON d.id = p.document WHERE {where})"
    found = db.execute(f"{inner} ORDER BY score DESC, id LIMIT ?", (match, *values, limit))
    return [(number, score) for number, score in found]


def _count(db: sqlite3.Connection, match: str) -> int:
    """In how many passages something occurs."""
    found: int = db.execute("SELECT count(*) FROM passages_fts WHERE passages_fts MATCH ?", (match,)).fetchone()[0]
    return found


def holding(db: sqlite3.Connection, word: str) -> int:
    """In how many passages a word occurs in any of its forms, inside longer runs where a script has no blanks."""
    asked = " ".join(WORD.findall(plainly(word)))
    return _count(db, one(Term(asked, phrase=True), {})) if asked else 0


def _vocabulary(db: sqlite3.Connection, letter: str) -> list[tuple[str, int]]:
    """The terms that begin with a letter, and how many passages hold them."""
    after = chr(ord(letter) + 1)
    return db.execute("SELECT term, doc FROM terms WHERE term >= ? AND term < ?", (letter, after)).fetchall()


def near_words(db: sqlite3.Connection, query: Query) -> list[str]:
    """Words as passages have them that are spelt like words of the query which none holds, nearest first."""
    found: dict[str, None] = {}
    marker = Marker()
    for term in words_of(query):
        word = term.text.lower()
        if len(word) < SHORTEST - 1 or not word[0].isalpha() or _count(db, one(term, {})):
            continue
        stems = get_close_matches(word, [stem for stem, _ in _vocabulary(db, word[0])], NEAR_AT_MOST, NEAR_ENOUGH)
        for stem in stems:
            one_of = "SELECT rowid FROM passages_fts WHERE passages_fts MATCH ? LIMIT 1"
            text = db.execute(f"SELECT text FROM passages WHERE id = ({one_of})", (f'text : "{stem}"',)).fetchone()
            spans = marker.spans(f'"{stem}"', [text[0]])[0] if text else []
            found.update(dict.fromkeys(text[0][start:end].lower() for start, end in spans[:1]))
    return list(found)


class Marker:
    """Finds what a query matches inside texts, word by word as the index does: a tiny index of its own."""

    def __init__(self) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute(f"CREATE VIRTUAL TABLE shown USING fts5(text, tokenize='{TOKENIZE}')")

    def spans(self, match: str, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """For each text the spans that match, in order."""
        found: list[list[tuple[int, int]]] = [[] for _ in texts]
        places = [None if text.isascii() else folded_with_places(text) for text in texts]
        shown = [text if place is None else place.text for text, place in zip(texts, places, strict=True)]
        self._db.execute("DELETE FROM shown")
        self._db.executemany("INSERT INTO shown (rowid, text) VALUES (?, ?)", enumerate(shown))
        query = f"SELECT rowid, highlight(shown, 0, '{OPEN}', '{CLOSE}') FROM shown WHERE shown MATCH ?"
        for number, marked in self._db.execute(query, (match,)):
            place = places[number]
            spans = spans_of(marked)
            found[number] = spans if place is None else _together([place.span(*span) for span in spans])
        return found


def _together(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that overlap, made one: pairs of characters that follow each other."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def spans_of(marked: str) -> list[tuple[int, int]]:
    """Where the marks are, counted in the text without them.

    >>> spans_of(f"a {OPEN}b{CLOSE} c {OPEN}d{CLOSE}")
    [(2, 3), (6, 7)]
    """
    found: list[tuple[int, int]] = []
    before = at = 0
    while (opened := marked.find(OPEN, at)) >= 0:
        closed = marked.find(CLOSE, opened)
        found.append((opened - before, closed - before - 1))
        before += 2
        at = closed
    return found
