"""Scripts that are written without blanks between words: there a character is what a word is elsewhere."""

from __future__ import annotations

import re

# Han, Hiragana, Katakana (full and half width), Bopomofo, Thai, Lao, Myanmar, Khmer; as the inside of a [...] class.
UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\U00020000-\U0003ffff"
)
TOKEN = rf"(?u)[{UNSPACED}]|[^\W{UNSPACED}]+"  # a word, or a character of such a script
_TOKEN = re.compile(TOKEN)


def tokens(text: str) -> list[str]:
    """The words of a text, and the single characters where its script has no blanks.

    >>> tokens("Order 7: \u8bf7\u9000\u6b3e")
    ['Order', '7', '\u8bf7', '\u9000', '\u6b3e']
    """
    return _TOKEN.findall(text)
