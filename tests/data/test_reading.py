import io
import json
import os
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strati.core.errors import DataError
from strati.data import peek, read
from strati.task.task import Task

TASK = Task()


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def pairs(path: Path, task: Task = TASK) -> list[tuple[str, str]]:
    return [(example.text, example.reference) for example in read(path, task).examples]


def refused(source: Path | str, task: Task = TASK, **options: str) -> str:
    with pytest.raises(DataError) as caught:
        read(source, task, **options)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_a_plain_csv_gives_examples_with_their_rows(tmp_path: Path) -> None:
    data = read(written(tmp_path, "a.csv", "text,label\nhi, greet \nbye,leave\n"), TASK)
    assert [(each.id, each.text, each.reference, each.row) for each in data.examples] == [
        ("1", "hi", "greet", 1),
        ("2", "bye", "leave", 2),
    ]
    assert (data.format, data.encoding, data.columns) == ("csv", "utf-8", ("text", "label"))
    assert data.counts == {"greet": 1, "leave": 1}
    assert len(data.sha256) == 64


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    rows = [["text", "label"], ["where is it", "ask"], ["thank you", "thank"]]
    path = written(tmp_path, "a.csv", "\r\n".join(delimiter.join(row) for row in rows))
    assert pairs(path) == [("where is it", "ask"), ("thank you", "thank")]
    assert peek(path).delimiter == delimiter


def test_commas_in_text_do_not_win_over_the_real_delimiter(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "text;label\nwell, yes;a\nno, no, no;b\n")
    assert pairs(path) == [("well, yes", "a"), ("no, no, no", "b")]


def test_quoted_line_breaks_and_doubled_quotes_are_part_of_the_text(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", 'text,label\n"line one\nline ""two"", end",a\nplain,b\n')
    assert pairs(path) == [('line one\nline "two", end', "a"), ("plain", "b")]


def test_quotes_that_do_not_close_are_text(tmp_path: Path) -> None:
    path = written(tmp_path, "a.tsv", 'label\ttext\nham\t"hello he said\nspam\tfree\nham\t"ok\n')
    data = read(path, TASK)
    assert [each.text for each in data.examples] == ['"hello he said', "free", '"ok']
    assert any("quotation marks" in note for note in data.notes)


def test_ragged_rows_are_skipped_with_the_cause(tmp_path: Path) -> None:
    data = read(written(tmp_path, "a.csv", "text,label\na,x\nb,y,z\nc\n\nd,y,,\n"), TASK)
    assert [each.text for each in data.examples] == ["a", "d"]
    assert data.skipped == ((2, "3 fields, expected 2"), (3, "1 field, expected 2"))


def test_rows_without_label_or_input_are_skipped_with_the_cause(tmp_path: Path) -> None:
    data = read(written(tmp_path, "a.csv", "text,label\na,x\nb, \n  ,y\nc,y\n"), TASK)
    assert [each.row for each in data.examples] == [1, 4]
    assert data.skipped == ((2, "no label"), (3, "empty input"))


def test_a_file_without_header_gets_numbered_columns(tmp_path: Path) -> None:
    path = written(tmp_path, "a.tsv", "ham\thello there\nspam\twin now\nham\tsee you\n")
    data = read(path, Task(inputs=("column2",), label="column1"))
    assert [each.reference for each in data.examples] == ["ham", "spam", "ham"]
    assert "there is no header" in data.notes[0]


def test_several_input_columns_keep_their_names(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "subject,body,label\nHi,Where?,ask\nBye,,end\n")
    data = read(path, Task(inputs=("subject", "body")))
    assert data.examples[0].input == {"subject": "Hi", "body": "Where?"}
    assert data.examples[1].input == {"subject": "Bye", "body": ""}


def test_group_time_and_id_columns(tmp_path: Path) -> None:
    lines = ["text,label,who,when,key", "a,x,ann,2024-05-01,k1", "b,y,,2024-05-02T10:00:00+02:00,k2", "c,y,bo,soon,k3"]
    data = read(written(tmp_path, "a.csv", "\n".join(lines)), Task(group="who", time="when", id="key"))
    assert [(each.id, each.group, each.time) for each in data.examples] == [
        ("k1", "ann", "2024-05-01T00:00:00"),
        ("k2", None, "2024-05-02T08:00:00"),
    ]
    assert data.skipped[0].why == "the time 'soon' is no date (YYYY-MM-DD)"


def test_an_id_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "key,text,label\nk,a,x\nl,b,y\nk,c,x\n")
    assert refused(path, Task(id="key")) == "the id 'k' names row 1 and row 3, expected one row each"


def test_labels_of_any_plain_type_become_text(tmp_path: Path) -> None:
    values = [1, 2.0, 2.5, True, None, " a ", ["b"]]
    path = written(tmp_path, "a.jsonl", "\n".join(json.dumps({"text": "t", "label": value}) for value in values))
    data = read(path, TASK)
    assert [each.reference for each in data.examples] == ["1", "2", "2.5", "true", "a"]
    assert data.skipped == ((5, "no label"), (7, "the label is a list, expected one plain value"))


def test_json_lines_skip_what_is_no_object(tmp_path: Path) -> None:
    path = written(tmp_path, "a.jsonl", '{"text": "a", "label": "x"}\n{"text": \n[1]\n\n{"text": "b", "label": "y"}\n')
    data = read(path, TASK)
    assert data.format == "jsonl"
    assert data.skipped == ((2, "not valid JSON"), (3, "not a JSON object"))
    assert len(data) == 2


def test_a_json_list(tmp_path: Path) -> None:
    path = written(tmp_path, "a.json", json.dumps([{"text": "a", "label": "x"}, {"text": "b", "label": "y"}], indent=1))
    assert pairs(path) == [("a", "x"), ("b", "y")]


def test_a_single_json_object_is_refused(tmp_path: Path) -> None:
    assert "expected a list of objects" in refused(written(tmp_path, "a.json", '{\n "text": ["a"]\n}'))


def test_parquet_with_types(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "it's [1].parquet"
    target = str(path).replace("'", "''")
    duckdb.connect().execute(
        "COPY (SELECT * FROM (VALUES ('a', 1, DATE '2024-01-02'), ('b', NULL, DATE '2024-01-03')) t(text, label, day)) "
        f"TO '{target}' (FORMAT parquet)"
    )
    data = read(path, Task(time="day"))
    assert [(each.text, each.reference, each.time) for each in data.examples] == [("a", "1", "2024-01-02T00:00:00")]
    assert data.skipped == ((2, "no label"),)
    assert "its columns are: text, label, day" in refused(path, Task(label="kind"))


def test_a_text_file_named_parquet_is_refused(tmp_path: Path) -> None:
    assert "not a Parquet file" in refused(written(tmp_path, "a.parquet", "text,label\na,b\n"))


ORANGE_THREE = "kind\ttext\nd\tstring\nclass\tmeta include=True\n\nask\twhere\nend\tbye\n?\tlost\n"
ORANGE_PREFIX = "cD#kind\tmS#text\nask\twhere\nend\tbye\n?\tlost\n"


@pytest.mark.parametrize("content", [ORANGE_THREE, ORANGE_PREFIX])
def test_orange_headers(tmp_path: Path, content: str) -> None:
    path = written(tmp_path, "a.tab", content)
    data = read(path, Task(label="kind"))
    assert [(each.text, each.reference, each.row) for each in data.examples] == [("where", "ask", 1), ("bye", "end", 2)]
    assert data.skipped == ((3, "no label"),)
    assert data.format == "orange"
    assert peek(path).roles == {"kind": "class", "text": "meta"}


def test_a_tab_file_with_a_plain_header_is_a_tsv(tmp_path: Path) -> None:
    data = read(written(tmp_path, "a.tab", "text\tlabel\na\tx\nb\ty\n"), TASK)
    assert (data.format, len(data)) == ("tsv", 2)


GERMAN = "text,label\n" + "Wo bleibt die Überweisung für März? Ich möchte sie prüfen.,frage\nSchöne Grüße,gruß\n" * 5


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
        ("latin-1", "cp1252"),
    ],
)
def test_encodings_are_found_and_recorded(tmp_path: Path, encoding: str, found: str) -> None:
    data = read(written(tmp_path, "a.csv", GERMAN.encode(encoding)), TASK)
    assert data.encoding == found
    assert data.examples[1].text == "Schöne Grüße"


def test_a_stray_byte_does_not_turn_utf8_into_something_else(tmp_path: Path) -> None:
    content = GERMAN.replace("Grüße", "Grüße sehr").encode() + b"kaputt \xff,gru\xc3\x9f\n" + GERMAN.encode()[11:] * 2
    data = read(written(tmp_path, "a.csv", content), TASK)
    assert data.encoding == "utf-8"
    assert data.examples[10].text == "kaputt \ufffd"
    assert "replaced by U+FFFD" in data.notes[0]


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"text,label\na,x\nb,y\n")))
    assert peek("-").columns == ("text", "label")
    data = read("-", TASK)
    assert (data.source, len(data)) == ("stdin", 2)


def archive(member: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(member, "x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n \n", "only blank lines"),
        (b"text,label\n", "no rows"),
        (archive("xl/workbook.xml"), "an Excel workbook"),
        (archive("notes.txt"), "a zip archive"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"%PDF-1.7", "a PDF document"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"text,label\na\x00b,x\n" + b"plain,y\n" * 50, "a zero byte at position 12"),
        (bytes(range(1, 256)) * 20, "not text"),
        (b"other,label\na,b\n", "no column 'text'; its columns are: other, label"),
        (b"Text,label\na,b\n", "did you mean 'Text'?"),
        (b"text,text,label\na,b,c\n", "2 columns named 'text'"),
        (b"text,label\n,\n", "no usable row"),
        (b'text,label\n"open,a\n' + b"b,c,d\n" * 3000, "a quotation mark opens here"),
    ],
)
def test_bad_files_get_one_sentence(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refused(written(tmp_path, "a.csv", content))


def test_bad_places_get_one_sentence(tmp_path: Path) -> None:
    assert "there is no file" in refused(tmp_path / "none.csv")
    assert "is a folder" in refused(tmp_path)
    path = written(tmp_path, "a.csv", "text,label\na,b\n")
    assert "expected one of: csv, tsv" in refused(path, format="xls")


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_without_permission_gets_one_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, "a.csv", "text,label\na,b\n")
    path.chmod(0)
    assert "permission denied" in refused(path)


def test_labels_that_differ_by_outer_blanks_are_remembered(tmp_path: Path) -> None:
    data = read(written(tmp_path, "a.csv", "text,label\na,x\nb,x \nc,y\n"), TASK)
    assert data.blank_variants == (("x", "x "),)


@settings(deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1), st.sampled_from(["x", "y"])), min_size=1, max_size=8))
def test_json_lines_round_trip(rows: list[tuple[str, str]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        lines = "\n".join(json.dumps({"text": text, "label": label}) for text, label in rows)
        path = written(Path(folder), "a.jsonl", lines)
        expected = [(text, label) for text, label in rows if text.strip()]
        if expected:
            assert pairs(path) == expected


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "sep=; "])
def test_a_line_that_tells_excel_the_delimiter_is_no_header(tmp_path: Path, line: str) -> None:
    file = written(tmp_path, "a.csv", f"{line}\r\ntext;label\r\nhi, you;greet\r\nbye;leave\r\n")
    assert pairs(file) == [("hi, you", "greet"), ("bye", "leave")]
    assert peek(file).columns == ("text", "label")


def test_rows_wrapped_in_an_object_are_read_and_said(tmp_path: Path) -> None:
    rows = [{"text": "hi", "label": "a"}, {"text": "bye", "label": "b"}]
    for number, text in enumerate((json.dumps({"data": rows}), json.dumps({"version": 1, "rows": rows}, indent=1))):
        data = read(written(tmp_path, f"{number}.json", text), TASK)
        assert [example.text for example in data.examples] == ["hi", "bye"]
        assert f"the rows are under the key {('data', 'rows')[number]!r}" in data.notes
    assert "one JSON object" in refused(written(tmp_path, "two.json", json.dumps({"a": rows, "b": rows}, indent=1)))


def test_a_number_written_in_two_ways_is_remembered_in_json_too(tmp_path: Path) -> None:
    lines = "".join(json.dumps({"text": f"t{n}", "label": label}) + "\n" for n, label in enumerate([1, 1.0, 2, 2]))
    assert read(written(tmp_path, "a.jsonl", lines), TASK).blank_variants == (("1", "1.0"),)


@pytest.mark.parametrize(
    ("dates", "first", "order"),
    [
        (["22/05/2025", "01/06/2025"], "2025-05-22T00:00:00", "day"),
        (["05/22/2025", "06/01/2025"], "2025-05-22T00:00:00", "month"),
        (["3.4.2025", "04.05.2025"], "2025-04-03T00:00:00", "day"),
        (["22-05-2025 14:30", "01-06-2025 09:00"], "2025-05-22T14:30:00", "day"),
    ],
)
def test_dates_of_other_forms_are_read_and_said(tmp_path: Path, dates: list[str], first: str, order: str) -> None:
    rows = "".join(f"t{n},a,{date}\n" for n, date in enumerate(dates))
    data = read(written(tmp_path, "a.csv", f"text,label,when\n{rows}"), Task(time="when"))
    assert data.examples[0].time == first
    assert data.examples[0].time < str(data.examples[1].time)
    assert data.notes[-1] == f"dates such as {dates[0]} are read with the {order} first"


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        (["03/04/2025", "04/05/2025"], "not clear which number of dates such as '03/04/2025' is the day"),
        (["22/05/2025", "05/22/2025"], "have day and month in different order"),
        (["22/05/2025", "31/02/2025"], "the date '31/02/2025' does not exist"),
    ],
)
def test_dates_that_cannot_be_told_get_one_sentence(tmp_path: Path, dates: list[str], words: str) -> None:
    rows = "".join(f"t{n},a,{date}\n" for n, date in enumerate(dates))
    assert words in refused(written(tmp_path, "a.csv", f"text,label,when\n{rows}"), Task(time="when"))
