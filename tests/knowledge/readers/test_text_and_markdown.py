from __future__ import annotations

import pytest

from strati.knowledge.document import Kind
from strati.knowledge.reader import Limits, Reason, Refused, read, reader_for
from strati.knowledge.readers.markdown import MarkdownReader
from strati.knowledge.readers.text import TextReader
from strati.testing import check_reader

MARKDOWN = """---
title: Terms
lang: en
---
# Lease

A paragraph
on two lines.

Under
-----

- one
  goes on
- two

| name | age |
|------|----:|
| Eva  | 7   |

```python
x = 1

y = 2
```
> quoted
"""


def test_plain_text_keeps_the_contract() -> None:
    (found,) = check_reader(
        TextReader(), [("a.txt", b"One\r\ntwo\r\n\r\n\r\nthree\x0c")], others=[b"%PDF-1.7", b"PK\3\4\0"]
    )
    assert found.text == "One\ntwo\n\nthree"
    assert str(found.locate(0, 7)) == "lines 1-2"


def test_markdown_keeps_the_contract() -> None:
    (found,) = check_reader(MarkdownReader(), [("a.md", MARKDOWN.encode())])
    kinds = [(block.kind, found.text[block.start : block.end]) for block in found.blocks]
    assert kinds == [
        (Kind.HEADING, "Lease"),
        (Kind.PARAGRAPH, "A paragraph\non two lines."),
        (Kind.HEADING, "Under"),
        (Kind.LIST_ITEM, "- one\ngoes on"),
        (Kind.LIST_ITEM, "- two"),
        (Kind.TABLE_ROW, "name\tage"),
        (Kind.TABLE_ROW, "Eva\t7"),
        (Kind.CODE, "x = 1\n\ny = 2"),
        (Kind.PARAGRAPH, "quoted"),
    ]
    assert found.metadata.title == "Terms"
    assert str(found.locate(found.text.index("Eva"), len(found.text))) == "Lease > Under, lines 19-26"


def test_the_content_decides() -> None:
    assert reader_for(b"# A\n\n- b\n- c\n\nText.", "x").name == "markdown"
    assert reader_for(b"just words", "x.pdf").name == "text"
    with pytest.raises(Refused) as caught:
        reader_for(bytes(range(256)), "x.txt")
    assert caught.value.reason is Reason.UNKNOWN_TYPE


@pytest.mark.parametrize("data", [b"", b" \n", b"\xef\xbb\xbf"])
def test_nothing_is_empty(data: bytes) -> None:
    with pytest.raises(Refused) as caught:
        read(data, "a.txt")
    assert caught.value.reason is Reason.EMPTY


def test_encodings() -> None:
    assert read("Grüße".encode("utf-16"), "a.txt").text == "Grüße"
    assert read("Straße über Flüsse und Bäche, schöne Grüße".encode("cp1252"), "a.txt").text.startswith("Straße")


def test_a_large_file_is_refused_before_it_is_read() -> None:
    with pytest.raises(Refused) as caught:
        read(b"x" * 11, "a.txt", Limits(size=10))
    assert caught.value.reason is Reason.TOO_LARGE
