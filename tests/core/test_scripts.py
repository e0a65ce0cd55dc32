"""Characters are what words are elsewhere, in scripts without blanks."""

from __future__ import annotations

import pytest

from strati.core.context import Context
from strati.core.records import Case, Example
from strati.core.scripts import tokens
from strati.kinds.classify.rule import parse_rules, words
from strati.kinds.classify.rules import InducedRules, Rules


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Order no. 7", ["Order", "no", "7"]),
        ("我要退款 now", ["我", "要", "退", "款", "now"]),
        ("カード決済", ["カ", "ー", "ド", "決", "済"]),
        ("ยกเลิก", ["ย", "ก", "เ", "ล", "ิ", "ก"]),
        ("환불 요청", ["환불", "요청"]),
        ("", []),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def answers(layer: Rules | InducedRules, *texts: str) -> list[object]:
    cases = layer.run([Case(text, text) for text in texts], Context())
    return [case.answer.value if case.answer else None for case in cases]


def test_rules_find_words_inside_a_run_of_characters() -> None:
    assert words("请退款!") == ["请", "退", "款"]
    layer = Rules(parse_rules('when "退款" then refund\notherwise other'))
    assert answers(layer, "我想要退款谢谢", "退还款项") == ["refund", "other"]


def test_rules_are_learned_from_texts_without_blanks() -> None:
    train = [Example(f"{n}", "第请退款吧" if n % 3 else "第包裹呢", "ba"[n % 3 == 0]) for n in range(60)]
    fitted = InducedRules(most=5).fit(train, train, Context())
    assert answers(fitted, "要退款", "包裹在哪") == ["b", "a"]
