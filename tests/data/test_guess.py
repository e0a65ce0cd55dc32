import pytest

from strati.core.errors import DataError
from strati.data import Peek, guess_columns


def look(columns: tuple[str, ...], rows: list[tuple[str, ...]], roles: dict[str, str] | None = None) -> Peek:
    return Peek(columns, tuple(rows), "csv", "utf-8", ",", (), roles or {})


def test_columns_are_found_by_their_names() -> None:
    guess = guess_columns(look(("id", "text", "Intent"), [("1", "a", "x"), ("2", "b", "x")]))
    assert (guess.inputs, guess.label) == (("text",), "Intent")
    assert "by its name" in guess.reason


def test_columns_are_found_by_their_content() -> None:
    rows: list[tuple[str, ...]] = [
        (f"a longer question number {number}", "yes" if number % 2 else "no") for number in range(8)
    ]
    guess = guess_columns(look(("column1", "column2"), rows))
    assert (guess.inputs, guess.label) == (("column1",), "column2")


def test_what_the_file_declares_comes_first() -> None:
    rows: list[tuple[str, ...]] = [("a", "x", "p"), ("b", "y", "q")]
    assert guess_columns(look(("text", "label", "kind"), rows, {"kind": "class"})).label == "kind"


def test_the_longest_text_is_the_input() -> None:
    rows: list[tuple[str, ...]] = [
        ("short", "a far longer piece of writing", "x"),
        ("tiny", "again quite some words here", "y"),
    ]
    assert guess_columns(look(("heading", "letter", "label"), rows)).inputs == ("letter",)


@pytest.mark.parametrize(
    ("columns", "rows", "words"),
    [
        (("only",), [("a",)], "one column"),
        (("p", "q"), [("a", "x"), ("b", "y")], "which column is the label: give --input and --label"),
        (("p", "q", "label"), [("same", "size", "x"), ("four", "each", "y")], "which column is the input"),
    ],
)
def test_what_is_not_clear_is_refused(columns: tuple[str, ...], rows: list[tuple[str, ...]], words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        guess_columns(look(columns, rows))
    assert columns[0] in str(caught.value)
