"""Bad input as a user meets it: one sentence that says what and where, exit 2, nothing run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from strati.tables import look
from strati.tables.asking import OverLimit, by_parser, by_sql
from strati.tables.database import Database
from strati.tables.engine import Limits
from strati.tables.schema import Type
from tests.command import strati

WIDE = ",".join(f"c{place}" for place in range(10_000))
BAD = [
    ("empty.csv", b"", "is empty"),
    ("no_table.csv", b"\x00\x01\x02binary\x00", "no table"),
    ("picture.png", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "no table"),
    ("ragged.csv", b"a,b\n1,2\n3,4,5\n", "line 3 has 3 fields, expected 2"),
    ("short.csv", b"a,b\n1,2\n3\n", "line 3 has 1 field, expected 2"),
    ("twice.csv", b"a,b,A\n1,2,3\n", "columns 1 and 3 are both named 'A'"),
    ("wide.csv", f"{WIDE}\n{','.join('1' * 10_000)}\n".encode(), "10,000 columns, the limit is 1,000"),
    ("no_header.csv", b",,\n1,2,3\n", "has no header"),
    ("not.xlsx", b"not a workbook", "its bytes are no table"),
    ("cut.parquet", b"PAR1 but no more", "cannot be read as Parquet"),
    ("broken.jsonl", b'{"a": 1}\n{"a": \n', "line 2 is no JSON"),
    ("mixed.jsonl", b'{"a": 1}\n[1, 2]\n', "record 2 is no object"),
    ("broken.sqlite", b"SQLite format 3\x00" + b"\xff" * 200, "cannot be read as SQLite"),
]


@pytest.mark.parametrize(("name", "content", "told"), BAD, ids=[name for name, _, _ in BAD])
@pytest.mark.parametrize("command", ["look", "ask"])
def test_what_is_no_table(tmp_path: Path, command: str, name: str, content: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(content)
    question = ("How many rows are there?",) if command == "ask" else ()
    done = strati(tmp_path, "tables", command, *question, name)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.split())
    assert name in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_one_word_among_numbers_is_named(tmp_path: Path) -> None:
    (tmp_path / "sales.csv").write_text("id,amount\n1,5\n2,six\n3,7\n", encoding="utf-8")
    told = "kept as text, for 'six' in row 2 is no number (1 of 3 values)"
    for question in ("total amount", "average amount", "which id has the highest amount", "amount over 5"):
        done = strati(tmp_path, "tables", "ask", question, "sales.csv")
        assert (done.returncode, " ".join(done.stdout.split())) == (
            1,
            f"no answer: amount is {told}: it has no total, no average and no order",
        )
    assert strati(tmp_path, "tables", "ask", "how many different amount", "sales.csv").stdout.startswith("3\n")
    assert look(tmp_path / "sales.csv").schema.tables[0].columns[1].note == told


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    done = strati(tmp_path, "tables", "look", "pipe.csv")
    assert done.returncode == 2
    assert "pipe.csv: is a pipe or a device, expected a file" in " ".join(done.stderr.split())


@pytest.mark.parametrize("name", ["*.csv", "[ab].csv", "a?.csv"])
def test_a_name_is_no_pattern(tmp_path: Path, name: str) -> None:
    for other in ("a.csv", "b.csv", "ab.csv"):
        (tmp_path / other).write_text("n\n1\n2\n", encoding="utf-8")
    (tmp_path / name).write_text("n\n7\n", encoding="utf-8")
    with Database(tmp_path / name) as opened:
        assert opened.query(f"SELECT n FROM {opened.schema.tables[0].name}").rows == ((7,),)


def test_lines_that_end_as_on_the_old_macintosh(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_bytes(b"a,b\r1,x\r2,y\r")
    assert look(tmp_path / "old.csv").schema.tables[0].rows == 2


def test_what_is_no_number_in_json_is_missing(tmp_path: Path) -> None:
    (tmp_path / "n.jsonl").write_text('{"a": NaN}\n{"a": Infinity}\n{"a": 1.5}\n', encoding="utf-8")
    column = look(tmp_path / "n.jsonl").schema.tables[0].columns[0]
    assert (column.type, column.missing) == (Type.NUMBER, 2)


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("how many " * 200, "the question has 1,800 characters, the limit is 1,000"),
        ("e\u0301" * 300, "the question has 300 words and signs, the limit is 120"),
    ],
)
def test_a_question_without_end(tmp_path: Path, question: str, told: str) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,x\n", encoding="utf-8")
    with Database(tmp_path / "t.csv") as opened:
        assert by_parser(question, opened).reason == told


LOCK = (
    "import sqlite3, sys; c = sqlite3.connect('busy.sqlite', isolation_level=None); c.execute('CREATE TABLE t (a)'); "
    "c.execute('BEGIN EXCLUSIVE'); print('locked', flush=True); sys.stdin.read()"
)


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A database that another process has locked."""
    command = [sys.executable, "-c", LOCK]
    with subprocess.Popen(command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        yield tmp_path
        other.communicate("")


def test_a_locked_database(locked: Path) -> None:
    done = strati(locked, "tables", "look", "busy.sqlite")
    assert done.returncode == 2
    assert "another program has locked the database" in " ".join(done.stderr.split())


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = strati(tmp_path, "tables", "ask", "How many rows are there?", "gone.csv")
    assert done.returncode == 2
    assert "gone.csv: there is no such file" in " ".join(done.stderr.split())


def test_a_query_over_its_limits(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a\n" + "".join(f"{number}\n" for number in range(2000)), encoding="utf-8")
    sql = "SELECT count(DISTINCT x.a * y.a + z.a) FROM t x, t y, t z"
    with Database(path, limits=Limits(seconds=0.5)) as tables, pytest.raises(OverLimit) as over:
        by_sql("too much", sql, tables)
    assert "the query took longer than 0.5 seconds" in str(over.value)


def test_odd_encodings_mixed_types_and_three_formats_of_dates_are_read(tmp_path: Path) -> None:
    rows = "Zoë;12;2024-01-31\nÅsa;many;1 Feb 2024\nLuc;7;March 5, 2024\n"
    for name, encoding in (("w.csv", "cp1252"), ("u.csv", "utf-16"), ("b.csv", "utf-8-sig")):
        (tmp_path / name).write_bytes(("who;size;day\n" + rows).encode(encoding))
        asked = strati(tmp_path, "tables", "ask", "When is the day of Åsa?", name)
        assert asked.returncode == 0, asked.stderr
        assert asked.stdout.splitlines()[0] == "2024-02-01"
        table = look(tmp_path / name).schema.tables[0]
        assert (table.column("day").type, table.column("day").note) == (Type.DATE, "dates in 3 formats")
        assert table.column("size").type is Type.TEXT


def test_what_is_printed_is_eighty_columns_wide(tmp_path: Path) -> None:
    names = [f"a column with quite a long name {place}" for place in range(12)]
    (tmp_path / "t.csv").write_text(",".join(names) + "\n" + ",".join("some words " * 3 for _ in names) + "\n", "utf-8")
    done = strati(tmp_path, "tables", "look", "t.csv")
    assert done.returncode == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
