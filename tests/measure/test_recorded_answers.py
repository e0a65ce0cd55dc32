from __future__ import annotations

from pathlib import Path

import pytest

from strati.core.errors import DataError
from strati.measure.recorded_answers import read_answers
from strati.stack.layers.recorded import RecordedAnswer


def write(tmp_path: Path, text: str, name: str = "answers.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_all_columns(tmp_path: Path) -> None:
    path = write(tmp_path, "id,answer,confidence,cost,seconds,model\n1, yes ,0.9,0.002,1.5,big\n2,,,,,\n3,no,1,0,,\n")
    assert read_answers(path) == {
        "1": RecordedAnswer("yes", 0.9, 0.002, 1.5, "big"),
        "2": RecordedAnswer(None),
        "3": RecordedAnswer("no", 1.0, 0.0),
    }


def test_id_and_answer_are_enough_and_lines_of_json_will_do(tmp_path: Path) -> None:
    expected = {"1": RecordedAnswer("yes"), "2": RecordedAnswer(None)}
    assert read_answers(write(tmp_path, "id,answer\n1,yes\n2,\n")) == expected
    lines = '{"id": 1, "answer": "yes"}\n{"id": 2, "answer": null}\n'
    assert read_answers(write(tmp_path, lines, "answers.jsonl")) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,reply\n1,yes\n", "answer"),
        ("id,answer\n1,yes\n1,no\n", "row 2: the id '1' comes a second time"),
        ("id,answer\n1,yes\n ,no\n", "row 2: the id is empty"),
        ("id,answer,confidence\n1,yes,1.5\n", "row 1: confidence is 1.5, expected a number from 0 to 1"),
        ("id,answer,confidence\n1,yes,high\n", "row 1: confidence is 'high', expected a number"),
        ("id,answer,confidence\n1,yes,-0.1\n", "row 1: confidence is '-0.1', expected a number of at least 0"),
        ("id,answer,cost\n1,yes,$3\n", "row 1: cost is '$3'"),
        ("id,answer,seconds\n1,yes,nan\n", "row 1: seconds is 'nan'"),
        ("id,answer,seconds\n1,yes,inf\n", "row 1: seconds is 'inf'"),
    ],
)
def test_a_wrong_row_is_named(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_answers(write(tmp_path, text))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_rows_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        read_answers(write(tmp_path, "id,answer\n"))
    with pytest.raises(DataError):
        read_answers(tmp_path / "none.csv")
