"""A second look at a question that does not go through its reading: what is asked for, against what the answer is.

A question in two formulations that come to different results is one for a person. Rewording alone does not help: the
same grammar makes the same mistake twice. What the first words ask for (a number, a year, a name, one of two) and how a
value is compared (the same, or among other words) are read here by other means than the grammar's.
"""

from __future__ import annotations

import re

from strati.core.records import JSON
from strati.tables.parse.names import year_like
from strati.tables.parse.reading import Agg, Condition, Op, Reading
from strati.tables.parse.tokens import key, name_words, stem

_FIRST = re.compile(r"\b(first|last|latest|earliest|recent|newest|oldest|youngest|new|old|late|early|final|ago|when)\b")
_SOME = re.compile(r"\b(?:name|tell me|give|list|show)(?: me)? (a|an|one|the only|two|three)\b")
_NUMBER = re.compile(r"(?:how many|how much|(?:what is |what was )?the (?:total )?(?:number|amount|average))\b")
_EACH = re.compile(r"\b(?:by|per|each|every)\b")
_TIME = re.compile(r"(?:when|(?:in |on )?(?:what|which) (?:(?:is|was) the (?:\w+ )?)?(?:year|date|season))\b")
_NAME = re.compile(r"(?:who|whose|(?:what|which) (?:is|was) the name of) ")
_NOUN = re.compile(
    r"(?:(?:(?:in|at|on|for) )?(?:which|what) (?!is|was|were|are|did|does|do|has|had|have|of|in|other|one)"
    r"|(?:name|tell me|give me) (?:a|an|the only) )(\w+)"
)
_EITHER = re.compile(r"(?:does|did|do|is|was|who|which|what)\b.* or (?!more|less|fewer|above|below|over|under|not\b)")


def looks(question: str, reading: Reading, answer: JSON) -> dict[str, bool]:
    """What a second look finds, by name.

    Args:
        question: in lower case.
        reading: the one that was taken.
        answer: what its query gave.
    """
    return {
        "looks differ": bool(differing(question, reading, answer)),
        "in longer values": any(_in_longer_values(one) for one in reading.conditions if one.op is Op.IN),
        "same as": " same " in f" {question} ",
    }


def differing(question: str, reading: Reading, answer: JSON) -> str:
    """What is asked for and is not what the answer is; empty where they agree.

    >>> from strati.tables.parse.reading import Shape
    >>> differing("in which year did he win?", Reading("races", Shape.LOOK_UP), "Monza")
    'a time is asked for, the answer is none'
    """
    first = answer[0] if isinstance(answer, list) and answer else answer
    if isinstance(first, list) and first:  # of groups, a name and what was asked for of each
        first = first[-1 if _NUMBER.match(question) and _EACH.search(question) else 0]
    if first is None or isinstance(first, bool):
        return ""
    number, text = isinstance(first, int | float), str(first)
    year = bool(re.search(r"\b[12]\d{3}\b", text))
    if _NUMBER.match(question) and not number and not re.match(r"[\d.,$€£ ]+", text):
        return "a number is asked for, the answer is none"
    if _TIME.match(question) and not year and not re.match(r"[\d/.-]+|[A-Z][a-z]{2,8} \d", text):
        return "a time is asked for, the answer is none"
    if _NAME.match(question) and (number or re.fullmatch(r"[12]\d{3}(-\d\d-\d\d)?", text)):
        return "a name is asked for, the answer is a number"
    if answer == "both the same":
        return "one of two is asked for, they are the same"
    if _one_of_two(question, reading) and key(text) not in key(question) and text not in ("yes", "no"):
        return "one of two is asked for, the answer is neither"
    timed = reading.order is not None and (reading.order.column.temporal or year_like(reading.order.column))
    if timed and not _FIRST.search(question):
        return "what is most is asked for, the answer is what is last"
    if "\n" in text and not isinstance(answer, list):
        return "the answer is several in one cell"
    some = _SOME.search(question)
    most = {"two": 2, "three": 3}.get(some[1], 1) if some else 0
    if some and isinstance(answer, list) and len(answer) > most:
        return "some are asked for, the answer is all"
    if "average" in question and reading.agg not in (Agg.AVG, Agg.MEDIAN) and not _named(reading, "averag", "avg"):
        return "an average is asked for, the answer is none"
    if re.search(r"\b(combined|together)\b", question) and not _put_together(reading):
        return "a sum of several is asked for, the answer is none"
    if _of_another_column(question, reading):
        return "another column is asked for than the answer is from"
    return ""


def _one_of_two(question: str, reading: Reading) -> bool:
    two = any(one.op is Op.IN and len(one.values) == 2 and not one.negated for one in reading.conditions)
    return two and bool(_EITHER.match(question)) and reading.pair is None and reading.agg is None


def _named(reading: Reading, *stems: str) -> bool:
    return any(stem(word).startswith(stems) for one in reading.fields for word in name_words(one.name))


def _put_together(reading: Reading) -> bool:
    if reading.agg in (Agg.COUNT, Agg.DISTINCT, None):
        return True
    several = any(len(one.values) > 1 or one.op is not Op.IN for one in reading.conditions)
    return reading.agg is Agg.SUM and (several or not reading.conditions or reading.group is not None)


def _in_longer_values(condition: Condition) -> bool:
    """Whether other values hold the value that is asked for among other words: to be equal and to hold it differ."""
    words = [f" {key(str(value))} " for value in condition.values]
    others = (f" {key(other)} " for other in condition.field.column.values if other not in condition.values)
    return any(word in other for other in others for word in words if word.strip())


def _of_another_column(question: str, reading: Reading) -> bool:
    """Whether "which team" is answered from another column, although the reading uses one that is called so."""
    found = _NOUN.match(question)
    asked = reading.group or (reading.columns[0] if reading.columns else None)
    if found is None or asked is None:
        return False
    noun = stem(found[1])
    called = [one for one in reading.fields if noun in {stem(word) for word in name_words(one.name)}]
    return bool(called) and asked not in called
