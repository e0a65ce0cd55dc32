"""EPUB and notebooks."""

from __future__ import annotations

import pytest

from strati.knowledge.reader import Reason, Refused
from strati.knowledge.readers.epub import EpubReader
from strati.knowledge.readers.notebook import NotebookReader

from .samples import epub, found, kinds, notebook, read

BOOK = EpubReader()
NOTEBOOK = NotebookReader()


def test_chapters_in_the_order_of_the_spine() -> None:
    document = read(BOOK, epub(["<h1>Source</h1><p>It&nbsp;springs.</p>", "<h1>Mouth</h1><p>It ends.</p>"]))
    assert kinds(document) == [
        ("heading", "Source"),
        ("paragraph", "It springs."),
        ("heading", "Mouth"),
        ("paragraph", "It ends."),
    ]
    assert found(document, "ends") == "Mouth, c1.xhtml, line 3"
    assert (document.metadata.title, document.metadata.author) == ("Rivers", "A. Stone")


def test_a_protected_book() -> None:
    rules = '<encryption><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></encryption>'
    with pytest.raises(Refused) as refusal:
        read(BOOK, epub(["<p>x</p>"], {"META-INF/encryption.xml": rules}))
    assert refusal.value.reason is Reason.ENCRYPTED


def test_hidden_fonts_are_no_protection() -> None:
    rules = (
        '<encryption><EncryptionMethod Algorithm="http://www.idpf.org/2008/embedding/font-obfuscation"/></encryption>'
    )
    rules = rules.replace("font-obfuscation", "obfuscation")
    assert read(BOOK, epub(["<p>x</p>"], {"META-INF/encryption.xml": rules})).text == "x"


def test_a_missing_chapter_is_told() -> None:
    data = epub(["<p>one</p>", "<p>two</p>"]).replace(b"text/c1.xhtml", b"text/c9.xhtml")
    document = read(BOOK, data)
    assert document.text == "one"
    assert document.warnings == ("the chapter OEBPS/text/c1.xhtml is missing in the file",)


def test_cells_and_outputs() -> None:
    outputs = [
        {"output_type": "stream", "text": ["4", "2\n"]},
        {"output_type": "execute_result", "data": {"text/plain": "'x'"}},
        {"output_type": "error", "traceback": ["\x1b[31mZeroDivisionError\x1b[0m"]},
        {"output_type": "display_data", "data": {"image/png": "AAAA"}},
    ]
    document = read(
        NOTEBOOK,
        notebook(
            [
                {"cell_type": "markdown", "source": ["# Rivers\n", "\n", "| a | b |\n", "|---|---|\n", "| 1 | 2 |"]},
                {"cell_type": "code", "source": "x = 1\nprint(42)", "outputs": outputs},
            ]
        ),
    )
    assert kinds(document) == [
        ("heading", "Rivers"),
        ("table_row", "a\tb"),
        ("table_row", "1\t2"),
        ("code", "x = 1\nprint(42)"),
        ("code", "42"),
        ("code", "'x'"),
        ("code", "ZeroDivisionError"),
    ]
    assert document.blocks[2].header == (document.blocks[1].start, document.blocks[1].end)
    assert found(document, "print(42)") == "Rivers, cell 2, line 2"
    assert found(document, "2\n\nx = 1") == "Rivers, cell 1, line 5"
    assert found(document, "ZeroDivision") == "Rivers, output of cell 2, line 1"


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"cells": 3}', b"[" * 100_000])
def test_json_that_is_no_notebook(data: bytes) -> None:
    with pytest.raises(Refused, match="malformed"):
        read(NOTEBOOK, data)
