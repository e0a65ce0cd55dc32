"""What a language model does for a text: it chooses among words by their context, and rewrites a sentence.

What it writes is taken apart into edits, word by word, and each edit has to keep the facts like any other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from math import log

from strati.core.context import Context
from strati.core.records import Usage
from strati.knowledge.sentences import sentences
from strati.models.ask import choose, write
from strati.models.contract import ContextOverflow, LanguageModel, Prompt
from strati.write.harper import SPELLING, Flag
from strati.write.rerank import RuleRanker, score, words_for

_TOKEN = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*|[^\w\s]|_+")
_MOST_WORDS = 5  # that a model chooses among
_SURE = 2.5  # by how much the best word has to lead for the model not to be asked
_WEIGHT = 1.0  # of the model's log probability beside the rules' score
_LEAST_ALIKE = 0.5  # share of tokens that a rewritten sentence has to keep
_FEWEST_WORDS = 3  # of a sentence that a model is given
_LONGEST = 1200  # characters of a sentence that a model is given

CHOOSING = "A word in the sentence is misspelled. Reply with the word that was meant, and nothing else."
REWRITING = (
    "You correct English sentences. Put spelling, grammar and punctuation right. Change as little as possible and keep "
    "the meaning. Reply with the corrected sentence only."
)
SHOTS = (
    ("She go to school every days.", "She goes to school every day."),
    (
        "In my opinion, peoples should be more careful about there health.",
        "In my opinion, people should be more careful about their health.",
    ),
    ("The weather was nice, so we decided to go out.", "The weather was nice, so we decided to go out."),
    (
        "Although he have a lot of money but he dont want spend it.",
        "Although he has a lot of money, he doesn't want to spend it.",
    ),
    (
        "For example if you want buy a new car it cost to much.",
        "For example, if you want to buy a new car, it costs too much.",
    ),
)


@dataclass
class ModelRanker:
    """The words of the rules in the order of the rules' score and the model's probability of each in its sentence.

    Attributes:
        model: the language model; it is asked only where the rules are not sure.
        rules: scores the words by their letters.
        ctx: what the calls may take, and where replies are remembered.
        usage: what the calls took so far.
    """

    model: LanguageModel
    rules: RuleRanker
    ctx: Context = field(default_factory=Context)
    usage: Usage = field(default_factory=Usage)

    def rank(self, text: str, flag: Flag) -> tuple[str, ...]:
        ranked = self.rules.rank(text, flag)
        if flag.rule != SPELLING or len(ranked) < 2:
            return ranked
        before = text[flag.start : flag.end]
        ranks = dict(words_for(before, flag, self.rules.knows))
        scores = {word: score(before, word, ranks[word]) for word in ranked[:_MOST_WORDS]}
        if scores[ranked[0]] - scores[ranked[1]] >= _SURE:
            return ranked
        chosen = self._asked(text, flag, tuple(scores))
        if chosen is None:
            return ranked
        joined = {word: scores[word] + _WEIGHT * log(max(p, 1e-9)) for word, p in zip(scores, chosen, strict=True)}
        best = sorted(joined, key=lambda word: -joined[word])
        return (*best, *(word for word in ranked if word not in joined))

    def _asked(self, text: str, flag: Flag, words: Sequence[str]) -> tuple[float, ...] | None:
        start, end = _around(text, flag)
        sentence = f"{text[start : flag.start]}[{text[flag.start : flag.end]}]{text[flag.end : end]}"
        prompt = Prompt(user=f"{' '.join(sentence.split())}\nOne of: {', '.join(words)}", system=CHOOSING)
        try:
            choice = choose(self.model, prompt, words, self.ctx)
        except (ContextOverflow, UnicodeEncodeError):
            return None
        self.usage += choice.usage
        return choice.probabilities


@dataclass
class Rewriter:
    """Corrects sentence by sentence; what it changes becomes edits, each for itself.

    Attributes:
        model: the language model.
        ctx: what the calls may take, and where replies are remembered.
        usage: what the calls took so far.
        refused: sentences whose reply was something else than a correction.
    """

    model: LanguageModel
    ctx: Context = field(default_factory=Context)
    usage: Usage = field(default_factory=Usage)
    refused: int = 0

    @property
    def reason(self) -> str:
        return f"{self.model.card.name} writes it so"

    def rewrite(self, sentence: str) -> str | None:
        """The sentence corrected; None when it is too short or long, or the reply is no correction."""
        if len(sentence.split()) < _FEWEST_WORDS or len(sentence) > _LONGEST:
            return None
        prompt = Prompt(user=" ".join(sentence.split()), system=REWRITING, shots=SHOTS)
        try:
            made = write(self.model, prompt, 2 * self.model.count_tokens(sentence) + 16, self.ctx)
        except (ContextOverflow, UnicodeEncodeError):
            self.refused += 1
            return None
        self.usage += made.usage
        reply = made.text.strip() if sentence.startswith('"') else made.text.strip().strip('"')
        if made.finished and is_correction(sentence, reply):
            return reply
        self.refused += 1
        return None


def is_correction(sentence: str, reply: str) -> bool:
    """The reply is the sentence with changes, and not an answer, a comment or another text.

    >>> is_correction("I has it.", "I have it."), is_correction("I has it.", "Sure! Here is the sentence:")
    (True, False)
    """
    old, new = _TOKEN.findall(sentence.lower()), _TOKEN.findall(reply.lower())
    if not new or "\n" in reply.strip():
        return False
    return SequenceMatcher(None, old, new, autojunk=False).ratio() >= _LEAST_ALIKE


def _around(text: str, flag: Flag) -> tuple[int, int]:
    """The sentence that a flag stands in."""
    low, high = max(0, flag.start - _LONGEST // 2), min(len(text), flag.end + _LONGEST // 2)
    for start, end in sentences(text, low, high):
        if start <= flag.start < end:
            return start, max(end, flag.end)
    return flag.start, flag.end
