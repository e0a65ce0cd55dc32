"""Files of every kind become tables whose columns are what they hold; what is no table says so in one sentence."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest

from strati.core.errors import DataError
from strati.tables.database import Database
from strati.tables.engine import Engine, Limits, QueryFailed
from strati.tables.schema import Type
from strati.tables.sources import found


def opened(folder: Path, *origins: object) -> Engine:
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    return Engine(found(origins, scratch), scratch)  # type: ignore[arg-type]


def written(folder: Path, text: str, name: str = "t.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


COLUMNS = [
    (["1", "2", "-3"], Type.INTEGER, [1, 2, -3]),
    (["1.5", "2", "n/a"], Type.NUMBER, [1.5, 2, None]),
    (["1,200", "35", ""], Type.INTEGER, [1200, 35, None]),
    (["$1,200.50", "$3.00", "-"], Type.NUMBER, [1200.5, 3, None]),
    (["12 kg", "7 kg", "9 kg"], Type.INTEGER, [12, 7, 9]),
    (["12%", "7%", "9.5%"], Type.NUMBER, [12, 7, 9.5]),
    (["yes", "no", "Yes"], Type.BOOLEAN, [True, False, True]),
    (["007", "012", "100"], Type.TEXT, ["007", "012", "100"]),
    (["1", "2", "many"], Type.TEXT, ["1", "2", "many"]),
    (["2024-01-31", "2024-02-01", "NA"], Type.DATE, ["2024-01-31", "2024-02-01", None]),
    (["2024-01-31", "1 Feb 2024", "March 5, 2024"], Type.DATE, ["2024-01-31", "2024-02-01", "2024-03-05"]),
    (["31/01/2024", "02/01/2024", "03/02/2024"], Type.DATE, ["2024-01-31", "2024-01-02", "2024-02-03"]),
    (["01/31/2024", "02/01/2024", "03/02/2024"], Type.DATE, ["2024-01-31", "2024-02-01", "2024-03-02"]),
    (["01/02/2024", "03/04/2024", "05/06/2024"], Type.TEXT, ["01/02/2024", "03/04/2024", "05/06/2024"]),
    (
        ["2024-01-31 10:30", "2024-02-01 00:00", ""],
        Type.TIMESTAMP,
        ["2024-01-31 10:30:00", "2024-02-01 00:00:00", None],
    ),
    (["1.234,50", "7,25", "12,00"], Type.NUMBER, [1234.5, 7.25, 12]),
]


@pytest.mark.parametrize(("cells", "type_", "values"), COLUMNS, ids=[str(cells) for cells, _, _ in COLUMNS])
def test_a_column_is_what_all_its_values_are(
    tmp_path: Path, cells: list[str], type_: Type, values: list[object]
) -> None:
    rows = "".join(f'{number},"{cell}"\n' for number, cell in enumerate(cells))
    engine = opened(tmp_path, written(tmp_path, "row,it\n" + rows))
    assert engine.schema.tables[0].column("it").type is type_
    assert [row[0] for row in engine.query("SELECT it FROM t ORDER BY row").rows] == values
    engine.close()


def test_text_with_a_number_inside_gets_a_second_column(tmp_path: Path) -> None:
    engine = opened(tmp_path, written(tmp_path, "name,height\nA,168 m (551 ft)\nB,92 m (302 ft)\nC,101 m (331 ft)\n"))
    assert engine.query('SELECT max("height [number]") FROM t').cell == 168
    engine.close()


@pytest.mark.parametrize(
    ("text", "name", "encoding"),
    [
        ("name;sum\nZoë;1\nÅsa;2\n", "t.csv", "utf-8"),
        ("name\tsum\nZoë\t1\nÅsa\t2\n", "t.tsv", "cp1252"),
        ("name|sum\nZoë|1\nÅsa|2\n", "t.txt", "utf-16"),
        ('\ufeffname,sum\n"Zoë",1\n"Åsa",2\n', "t.csv", "utf-8"),
        ('{"name": "Zoë", "sum": 1}\n{"name": "Åsa", "sum": 2}\n', "t.jsonl", "utf-8"),
        ('[{"name": "Zoë", "sum": 1}, {"name": "Åsa", "sum": 2}]', "t.json", "utf-8"),
    ],
)
def test_text_files(tmp_path: Path, text: str, name: str, encoding: str) -> None:
    engine = opened(tmp_path, written(tmp_path, text, name, encoding))
    assert engine.query("SELECT name, sum FROM t ORDER BY sum").rows == (("Zoë", 1), ("Åsa", 2))
    engine.close()


def test_databases_parquet_and_frames(tmp_path: Path) -> None:
    lite = sqlite3.connect(tmp_path / "a.sqlite")
    lite.execute("CREATE TABLE people (id INTEGER, name TEXT)")
    lite.execute("INSERT INTO people VALUES (1, 'Ada'), (2, NULL)")
    lite.execute("CREATE VIEW all_people AS SELECT * FROM people")
    lite.commit()
    lite.close()
    duck = duckdb.connect(str(tmp_path / "b.duckdb"))
    duck.execute("CREATE TABLE visits AS SELECT 1 AS people_id, DATE '2024-01-02' AS day, 9.5::DECIMAL(8,2) AS paid")
    duck.execute(f"CREATE VIEW secret AS SELECT * FROM read_text('{tmp_path / 'a.sqlite'}')")
    duck.close()
    pl.DataFrame({"k": [1, 2], "w": [1.5, None]}).write_parquet(tmp_path / "c.parquet")
    frame = pd.DataFrame({"g": pd.Categorical(["u", "v"]), "t": pd.to_datetime(["2024-01-01", None]), "n": [1.0, None]})
    engine = opened(
        tmp_path,
        tmp_path / "a.sqlite",
        tmp_path / "b.duckdb",
        tmp_path / "c.parquet",
        frame,
        pl.DataFrame({"z": ["x"]}),
    )
    assert [table.name for table in engine.schema.tables] == ["people", "visits", "c", "frame", "frame2"]
    assert [(link.column, link.to_table) for link in engine.schema.links] == [("people_id", "people")]
    assert engine.query("SELECT name FROM people WHERE name IS NOT NULL").cell == "Ada"
    assert engine.query("SELECT paid FROM visits").cell == 9.5
    assert engine.schema.table("frame").column("n").missing == 1
    engine.close()


BAD = [
    ("a,b\n1,2\n3,4,5\n", "t.csv", "line 3 has 3 fields, expected 2"),
    ("a,b\n1,2\n3\n", "t.csv", "line 3 has 1 field, expected 2"),
    ("a,b,a\n1,2,3\n", "t.csv", "columns 1 and 3 are both named 'a'"),
    (",".join(f"c{i}" for i in range(10_000)) + "\n" + ",".join("1" * 10_000) + "\n", "t.csv", "10,000 columns"),
    ("", "t.csv", "is empty"),
    ("\x00\x01\x02binary\x00", "t.csv", "no table"),
    ("not a workbook", "t.xlsx", "its bytes are no table"),
    ("PAR1 but no more", "t.parquet", "cannot be read as Parquet"),
    ('{"a": 1}\n[1, 2]\n', "t.jsonl", "record 2 is no object"),
    ('{"a": 1}\n{"a": \n', "t.jsonl", "line 2 is no JSON"),
]


@pytest.mark.parametrize(("text", "name", "told"), BAD, ids=[told for _, _, told in BAD])
def test_what_is_no_table_says_so_in_one_sentence(tmp_path: Path, text: str, name: str, told: str) -> None:
    path = written(tmp_path, text, name)
    with pytest.raises(DataError) as error:
        opened(tmp_path, path)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_locked_database(tmp_path: Path) -> None:
    path = tmp_path / "busy.sqlite"
    writer = sqlite3.connect(path)
    writer.execute("CREATE TABLE t (a)")
    writer.commit()
    writer.execute("PRAGMA locking_mode = EXCLUSIVE")
    writer.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DataError, match="another program has locked the database"):
        opened(tmp_path, path)
    writer.close()


def test_the_process_keeps_its_deadline_and_lives(tmp_path: Path) -> None:
    path = written(tmp_path, "a\n" + "".join(f"{n}\n" for n in range(2000)))
    with Database(path, limits=Limits(seconds=0.5)) as tables:
        with pytest.raises(QueryFailed) as failed:
            tables.query("SELECT count(DISTINCT a.a * b.a + c.a) FROM t a, t b, t c")
        assert failed.value.limit
        assert tables.query("SELECT count(*) FROM t").cell == 2000
        assert len(tables.query("SELECT a.a FROM t a, t b", rows=7).rows) == 7


def test_the_process_is_locked(tmp_path: Path) -> None:
    """Even what the allow-list would never let pass reaches neither disk nor settings."""
    path = written(tmp_path, "a\n1\n")
    target = tmp_path / "out.csv"
    with Database(path) as tables:
        for sql in (
            f"COPY t TO '{target}'", f"SELECT * FROM read_text('{path}')", f"ATTACH '{tmp_path / 'new.db'}'",
            "CREATE TABLE x (a INTEGER)", "DROP TABLE t", "INSTALL httpfs", "SET threads = 9",
            "SET enable_external_access = true", "EXPORT DATABASE '/tmp/never'",
        ):  # fmt: skip
            with pytest.raises(QueryFailed):
                tables.query(sql)
        assert tables.query("SELECT * FROM t").rows == ((1,),)
    assert not target.exists()
