from __future__ import annotations

import pytest

from strati.models.hosted.token_bounds import about, at_least, at_most
from strati.models.local.gguf import GgufModel

TEXTS = [
    "",
    "my card was charged twice, please refund me",
    "user_id=4711; getUserName() -> None  # TODO",
    "Grüße aus München, schöne Straße!",
    "我的卡被扣了两次钱，请退款",
    "カードが二回請求されました",
    "मेरा कार्ड दो बार चार्ज किया गया",
    "😀👍🏽 👨‍👩‍👧",
    "=" * 200 + "\n" * 50,
    "words and more " * 50,
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_real_tokenizer_counts_between_the_bounds(text: str, smollm2: GgufModel) -> None:
    exact = smollm2.count_tokens(text)
    messages = [{"role": "user", "content": text}]
    assert at_least(messages) <= exact <= at_most(messages)


def test_an_estimate_grows_with_the_text() -> None:
    assert about("") == 0
    assert 0 < about("one") < about("one two three four five six")
