"""Each reader on a small log of its tool, and on what is none."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from strati.core.errors import DataError, TaskError
from strati.measure.imports import READERS, load
from strati.measure.imports.inspect_log import read_inspect
from strati.measure.imports.lm_eval import read_lm_eval
from strati.measure.imports.openai_evals import read_openai_evals
from strati.measure.imports.promptfoo import read_promptfoo
from strati.measure.imports.sample import Mark, Run, Sample
from strati.measure.imports.table import read_table
from tests.measure.imports import logs

SAMPLE = Sample(
    "1",
    "sums",
    "What is 1 + 1?",
    "2",
    "answer 1",
    {"match": Mark(1.0, "answer 1")},
    None,
    1,
    dollars=0.001,
    seconds=1.5,
)


def test_inspect_in_all_its_forms(tmp_path: Path) -> None:
    rows = [logs.inspect_sample(1, True), logs.inspect_sample(2, None)]
    expected = logs.inspect_eval(tmp_path / "a.eval", rows)
    (run,) = read_inspect(expected)
    assert (run.system, run.key, run.samples[0]) == ("big", "big", SAMPLE)
    assert run.samples[1].failure == "error: out of memory"
    for path in (
        logs.inspect_json(tmp_path / "a.json", rows),
        logs.inspect_eval(tmp_path / "b.eval", rows, pieces=True, version=3),
    ):
        assert next(iter(read_inspect(path))).samples == run.samples


def test_inspect_members_compressed_by_zstandard(tmp_path: Path) -> None:
    zstandard = pytest.importorskip("zstandard")
    path = tmp_path / "z.eval"
    parts = {"header.json": logs.inspect_header(), "samples/1_epoch_1.json": logs.inspect_sample(1, True)}
    with zipfile.ZipFile(path, "w") as archive:
        for name, value in parts.items():
            archive.writestr(name, zstandard.ZstdCompressor().compress(json.dumps(value).encode()))
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
    # zipfile of older Pythons cannot write method 93: the two headers of each member are put right by hand
    changed = bytearray(data)
    central = data.index(b"PK\x01\x02")
    import zlib

    for info in infos:
        raw = json.dumps(parts[info.filename]).encode()
        for start, method, crc in ((info.header_offset, 8, 14), (central, 10, 16)):
            changed[start + method : start + method + 2] = (93).to_bytes(2, "little")
            changed[start + crc : start + crc + 4] = zlib.crc32(raw).to_bytes(4, "little")
            changed[start + crc + 8 : start + crc + 12] = len(raw).to_bytes(4, "little")
        central += 46 + len(info.filename)
    path.write_bytes(bytes(changed))
    (run,) = read_inspect(path)
    assert run.samples == (SAMPLE,)


def test_inspect_scores_of_many_kinds(tmp_path: Path) -> None:
    scores = {
        "letter": {"value": "P"},
        "number": {"value": 0.25},
        "truth": {"value": True},
        "two": {"value": {"a": 1, "b": "I"}},
        "words": {"value": "quite good"},
    }
    (run,) = read_inspect(logs.inspect_json(tmp_path / "a.json", [logs.inspect_sample(1, True, scores=scores)]))
    found = {name: mark.score for name, mark in run.samples[0].marks.items()}
    assert found == {"letter": 0.5, "number": 0.25, "truth": 1.0, "two/a": 1.0, "two/b": 0.0}


def test_lm_eval_takes_the_model_from_the_results_and_joins_filters(tmp_path: Path) -> None:
    folder = logs.lm_eval(tmp_path, "m", [True, False])
    file = next(folder.glob("samples_*"))
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    logs.lines(file, [*rows, *({**row, "filter": "flexible", "exact_match": 1.0} for row in rows)])
    (run,) = read_lm_eval(tmp_path)
    assert run.system == "org/m"
    assert [sample.task for sample in run.samples] == ["sums", "sums"]
    assert (run.samples[0].input, run.samples[0].content) == ("Q: 0 + 1?", "h")
    assert {n: mark.score for n, mark in run.samples[1].marks.items()} == {
        "exact_match": 0.0,
        "exact_match,flexible": 1.0,
    }


def test_lm_eval_answers_a_choice_by_its_likelihood(tmp_path: Path) -> None:
    row = {"doc_id": 0, "doc": {}, "target": "1", "metrics": ["acc"], "acc": 1.0, "filter": "none"}
    row["filtered_resps"] = [["-3.5", "False"], ["-1.5", "True"]]
    path = logs.lines(tmp_path / "samples_t_2026-11-01T10-00-00.1.jsonl", [row])
    assert next(iter(read_lm_eval(path))).samples[0].answer == "1"


def test_promptfoo_has_a_system_for_each_provider_and_prompt(tmp_path: Path) -> None:
    rows = [
        logs.promptfoo_row("a", 0, True),
        logs.promptfoo_row("a", 0, False, prompt=1),
        logs.promptfoo_row("b", 0, False, failureReason=2, error="429", response={}),
        logs.promptfoo_row("b", 1, True, response={"output": "b", "cached": True}),
    ]
    runs = {run.system: run for run in read_promptfoo(logs.promptfoo(tmp_path / "a.json", rows))}
    assert list(runs) == ["a, prompt 1", "a, prompt 2", "b"]
    first, second = runs["a, prompt 1"].samples[0], runs["b"].samples[0]
    assert (first.reference, first.answer, first.marks["pass"], first.dollars, first.seconds) == (
        *("a", "a", Mark(1.0)),
        *(0.002, 0.5),
    )
    assert (first.id, second.failure) == (second.id, "error: 429")
    cached = runs["b"].samples[1]
    assert (cached.dollars, cached.seconds) == (None, None)
    flat = logs.lines(tmp_path / "a.jsonl", rows)
    assert [run.samples for run in read_promptfoo(flat)] == [run.samples for run in runs.values()]


def test_promptfoo_never_gives_the_right_answer_away_in_the_input(tmp_path: Path) -> None:
    vars_ = {"text": "ticket", "expected": "a"}
    test = {"vars": vars_, "assert": [{"type": "equals", "value": "{{ expected }}"}]}
    row = logs.promptfoo_row("a", 0, True, vars=vars_, testCase=test)
    (run,) = read_promptfoo(logs.promptfoo(tmp_path / "a.json", [row]))
    assert (run.samples[0].reference, run.samples[0].input) == ("a", '{"text": "ticket"}')


def test_openai_evals(tmp_path: Path) -> None:
    (run,) = read_openai_evals(logs.openai_evals(tmp_path / "a.jsonl", "gpt", [True, False]))
    assert (run.system, [s.id for s in run.samples]) == ("gpt", ["sums.dev.0", "sums.dev.1"])
    assert run.samples[0].marks == {"match": Mark(1.0)}
    assert (run.samples[0].reference, run.samples[0].answer, run.samples[1].answer) == ("a", "a", "7")


def test_a_table_of_answers_and_one_of_scores(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,text,label,big,big_cost,small\n1,hi,a,a,0.5,b\n2,ho,b,,,b\n")
    big, small = read_table(path)
    assert (big.system, small.system) == ("big", "small")
    assert big.samples[0] == Sample("1", "", "hi", "a", "a", dollars=0.5)
    assert big.samples[1].failure == "the cell is empty"
    path.write_text("id,big,small\n1,right,0.25\n2,0,TRUE\n")
    scored: list[Run] = list(read_table(path))
    assert [[s.marks["score"].score for s in run.samples] for run in scored] == [[1.0, 0.0], [0.25, 1.0]]


def bad(folder: Path) -> None:
    rows = [logs.inspect_sample(1, True)]
    whole = logs.inspect_eval(folder / "whole.eval", rows).read_bytes()
    (folder / "cut.eval").write_bytes(whole[: len(whole) // 2])
    text = logs.inspect_json(folder / "whole.json", rows).read_text()
    (folder / "cut.json").write_text(text[:-40])
    logs.inspect_json(folder / "newer.json", rows, version=9)
    logs.inspect_eval(folder / "newer.eval", rows, version=9)
    logs.inspect_eval(folder / "header.eval", [])
    logs.inspect_json(folder / "header.json", [])
    with zipfile.ZipFile(folder / "other.eval", "w") as archive:
        archive.writestr("a.txt", "hello")
    (folder / "list.json").write_text("[1, 2]")
    (folder / "empty.json").touch()
    (folder / "words.jsonl").write_text("hello\n")
    (folder / "bytes.jsonl").write_bytes(bytes(range(256)))
    (folder / "nothing").mkdir()
    (folder / "only-results").mkdir()
    (folder / "only-results" / "results_1.json").write_text("{}")
    logs.promptfoo(folder / "foo.json", [])
    logs.promptfoo(folder / "foo9.json", [logs.promptfoo_row("a", 0, True)], version=9)
    (folder / "foo.yaml").write_text("results: []")
    logs.lines(folder / "spec.jsonl", [{"spec": {"completion_fns": ["a"]}}])
    (folder / "alone.csv").write_text("id,label\n1,a\n")
    (folder / "odd.csv").write_text("id,big\n1,maybe\n")


@pytest.mark.parametrize(
    ("tool", "name", "words"),
    [
        ("inspect", "cut.eval", "cut off"),
        ("inspect", "cut.json", "cut off or damaged"),
        ("inspect", "newer.json", "log format 9"),
        ("inspect", "newer.eval", "log format 9"),
        ("inspect", "header.eval", "holds no samples"),
        ("inspect", "header.json", "holds no samples"),
        ("inspect", "other.eval", "no header.json"),
        ("inspect", "list.json", "does not begin as a JSON object"),
        ("inspect", "foo.json", "expected an Inspect log"),
        ("inspect", "empty.json", "is empty"),
        ("inspect", "none.eval", "there is no file"),
        ("inspect", "nothing", "holds no log"),
        ("lm-eval", "only-results", "--log_samples"),
        ("lm-eval", "words.jsonl", "line 1 is not a JSON object"),
        ("lm-eval", "bytes.jsonl", "bytes.jsonl"),
        ("lm-eval", "spec.jsonl", "no doc_id"),
        ("promptfoo", "foo.json", "holds no results"),
        ("promptfoo", "whole.json", "holds no results"),
        ("promptfoo", "foo9.json", "output version 9"),
        ("promptfoo", "foo.yaml", "--output results.json"),
        ("openai-evals", "spec.jsonl", "holds no samples"),
        ("openai-evals", "words.jsonl", "line 1"),
        ("table", "alone.csv", "one more for each system"),
        ("table", "odd.csv", "'maybe'"),
    ],
)
def test_what_is_no_log_is_told_in_one_sentence(tool: str, name: str, words: str, tmp_path: Path) -> None:
    bad(tmp_path)
    with pytest.raises(DataError) as caught:
        list(READERS[tool](tmp_path / name))
    assert words in str(caught.value)
    assert name.split(".")[0] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_tool(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="'ragas' is not known, expected one of: inspect, lm-eval"):
        load("ragas", [tmp_path])
