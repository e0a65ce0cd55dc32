"""What a user can get wrong on the command line: one sentence, the exit code, and nothing else."""

from __future__ import annotations

import csv
import errno
import hashlib
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from strati.cli import main
from strati.core.errors import AnswerIsNo, DataError, NoSpace, Stopped, StratiError
from tests import corpus
from tests.command import strati

ROWS = [(str(example.input), str(example.reference)) for example in corpus.examples()]
OWN = """
from sys import exit
HERE = 5
def function(text): return "repair"
class Needs:
    def __init__(self, what): ...
"""


def write(path: Path, rows: Iterable[tuple[object, ...]], head: str = "text,label") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head.split(","), *rows])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good file and many bad ones; it is the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRATI_MODELS", str(tmp_path / "models"))
    monkeypatch.delenv("STRATI_CATALOG", raising=False)
    write(Path("good.csv"), ROWS)
    write(Path("ten.csv"), ROWS[:10])
    write(Path("one.csv"), [(text, "x") for text, _ in ROWS])
    write(Path("case.csv"), [(text, label.upper() if n % 3 else label) for n, (text, label) in enumerate(ROWS)])
    write(Path("blank.csv"), [(text, label + " " * (n % 3)) for n, (text, label) in enumerate(ROWS)])
    write(Path("sorted.csv"), sorted(ROWS, key=lambda row: str(row[1])))
    write(Path("ids.csv"), [(*row, "a") for row in ROWS], "text,label,id")
    write(Path("days.csv"), [(*row, "yesterday") for row in ROWS], "text,label,day")
    write(Path("unknown.csv"), [(1, "repair"), (999, "repair")], "id,answer")
    write(Path("no-answer.csv"), [(1, "repair")], "id,reply")
    write(Path("sure.csv"), [(1, "repair", 2)], "id,answer,confidence")
    write(Path("dear.csv"), [(1, "repair", "much")], "id,answer,cost")
    write(Path("n-grams.csv"), [(1, "repair")], "id,answer")
    Path("binary.csv").write_bytes(bytes(range(256)))
    Path("parquet.parquet").write_bytes(b"PAR1 and no more")
    Path("empty.csv").touch()
    Path("folder.csv").mkdir()
    Path("own.py").write_text(OWN)
    Path("broken.py").write_text("def (")
    Path("script.py").write_text("raise SystemExit(4)")
    Path("rules.txt").write_text("if lost then repair\n")
    Path("typo.toml").write_text('[data]\nfile = "good.csv"\nimput = "text"\n')
    Path("nothing.toml").touch()
    Path("words.db").write_text("words " * 50)
    for name, line in {"seed": "seed = 1.5", "llm": 'llm = "no"', "models": 'models = "smollm2-135m"'}.items():
        Path(f"{name}.toml").write_text(f'[data]\nfile = "good.csv"\n[bench]\n{line}\n')
    digest = hashlib.sha256(b"other bytes").hexdigest()
    Path("catalog.toml").write_text(
        f'[models.other]\nkind = "gguf"\nsources = ["file:{tmp_path}/good.csv"]\nsha256 = "{digest}"\nlicence = "MIT"\n'
    )
    return tmp_path


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("bench", "no data: give a FILE"),
        ("bench missing.csv", "there is no file missing.csv"),
        ("bench folder.csv", "folder.csv is a folder"),
        ("bench empty.csv", "empty.csv is empty"),
        ("bench binary.csv", "binary.csv is not text"),
        ("bench parquet.parquet", "not a readable Parquet file"),
        ("bench ten.csv", "10 usable rows, expected at least"),
        ("bench one.csv", "have the label 'x', expected two or more labels"),
        ("bench case.csv", "labels differ by case, blanks or the way a number is written only"),
        ("bench blank.csv", "labels differ by case, blanks or the way a number is written only"),
        ("bench sorted.csv --limit 60", "the file is in label order"),
        ("bench good.csv --limit 0", "expected at least 1"),
        ("bench good.csv --label topic", "no column 'topic'; its columns are: text, label"),
        ("bench good.csv --group customer", "no column 'customer'; its columns are: text, label"),
        ("bench good.csv --input label --label label", "the answer would be given away"),
        ("bench ids.csv --id id", "the id 'a' names row 1 and row 2"),
        ("bench days.csv --time day", "the time 'yesterday' is no date (YYYY-MM-DD)"),
        ("bench - --no-llm", "standard input needs --input and --label"),
        ("bench --train good.csv", "--train needs --test"),
        ("bench --train good.csv --test good.csv", "120 of 120 (100.0 %) test rows have a text that is also learned"),
        ("bench good.csv --at-least 2", "goal.at_least is 2.0, expected a share between 0 and 1"),
        ("bench good.csv --at-least nan", "goal.at_least is nan, expected a number"),
        ("bench good.csv --max-cost=-1", "goal.max_cost_per_1000 is -1.0"),
        ("bench good.csv --margin 0", "goal.margin is 0.0"),
        ("bench good.csv --metric f1", "expected one of: accuracy, macro_f1"),
        ("bench good.csv --sample 0", "the sample is 0, expected at least 1"),
        ("bench good.csv --twins=-1", "twins is -1, expected a whole number of at least 0"),
        ("bench good.csv --seed=-1", "--seed is -1, expected a whole number of at least 0"),
        ("doctor good.csv --seed=-1", "--seed is -1, expected a whole number of at least 0"),
        ("bench good.csv --max-minutes nan", "--max-minutes is nan, expected a number above 0"),
        ("bench good.csv --max-minutes=-1", "--max-minutes is -1, expected a number above 0"),
        ("bench good.csv --model other", "no catalog has a model 'other'"),
        ("bench good.csv --model smollm2-135m", "strati models pull smollm2-135m"),
        ("bench good.csv --answers unknown.csv", "ids that the data do not have, such as '999'"),
        ("bench good.csv --answers no-answer.csv", "no column 'answer'; its columns are: id, reply"),
        ("bench good.csv --answers sure.csv", "row 1: confidence is 2, expected a number from 0 to 1"),
        ("bench good.csv --answers dear.csv", "row 1: cost is 'much'"),
        ("bench good.csv --answers n-grams.csv", "two candidates are called 'n-grams', expected names that differ"),
        ("bench good.csv --layer own.py", "expected FILE.py:NAME"),
        ("bench good.csv --layer gone.py:f", "there is no file gone.py"),
        ("bench good.csv --layer own.py:gone", "own.py has no 'gone'; it has: exit, HERE, function, Needs"),
        ("bench good.csv --layer own.py:HERE", "found a int, expected a function, a layer or a stack"),
        ("bench good.csv --layer own.py:Needs", "missing 1 required positional argument: 'what'"),
        ("bench good.csv --layer broken.py:f", "the code raised SyntaxError"),
        ("bench good.csv --layer script.py:f", "the code raised SystemExit: 4"),
        (
            "bench good.csv --classifier .",
            "checks answers from a knowledge base, and the kind is classify",
        ),
        ("bench good.csv --rules rules.txt", "rules.txt, line 1: found 'if lost then repair'"),
        ("bench good.csv --rules empty.csv", "empty.csv holds no rules"),
        ("bench good.csv --rules gone.txt", "gone.txt cannot be read as a UTF-8 text file of rules: No such file"),
        ("bench --config gone.toml", "gone.toml does not exist"),
        ("bench --config typo.toml", "found the key in [data] 'imput'"),
        ("bench --config nothing.toml", "no data: expected a FILE"),
        ("bench --config seed.toml", "bench.seed is 1.5, expected a whole number of at least 0"),
        ("bench --config llm.toml", "bench.llm is 'no', expected true or false"),
        ("bench --config models.toml", "bench.models is 'smollm2-135m', expected a list of texts"),
        ("bench good.csv --no-llm --runs-dir good.csv", "cannot be written: File exists"),
        ("improve gone.stack --decisions good.csv", "gone.stack is not there, expected the folder of a stack"),
        ("improve good.csv", "no experiment was named for good.csv, expected one of: compress"),
        ("tables look words.db", "words.db: its bytes are no table, expected what its name says, sqlite"),
        ("write good.csv --style folder.csv", "the style file folder.csv cannot be read: Is a directory"),
        ("agent hello --kb gone", "there is no knowledge base gone.kb for the tools to use"),
        ("agent hello --tables gone.csv", "there is no file or folder gone.csv for the tools to use"),
        ("init missing.csv", "there is no file missing.csv"),
        ("init good.csv --out gone/strati.toml", "gone/strati.toml cannot be written: No such file or directory"),
        ("init good.csv --out typo.toml", "typo.toml is there already; --force replaces it"),
        ("report", "holds no runs"),
        ("report good.csv", "good.csv is not the journal of a run"),
        ("models pull other --catalog catalog.toml", "the bytes of other are not the expected ones"),
        ("models pull gone", "no model 'gone' in the catalog"),
    ],
)
def test_a_mistake_gets_one_sentence_and_exit_code_2(
    command: str, words: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(path.name for path in folder.glob("*.*") if path.name != ".strati")
    monkeypatch.setattr(sys, "argv", ["strati", *shlex.split(command)])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert ended.value.code == 2
    assert said.startswith("strati: ")
    assert words in said
    assert sorted(path.name for path in folder.glob("*.*") if path.name != ".strati") == before


def test_findings_that_stop_are_a_no_of_the_doctor(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert folder.is_dir()
    monkeypatch.setattr(sys, "argv", ["strati", "doctor", "one.csv"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert "STOP  all 120 rows of one.csv have the label 'x'" in " ".join(capsys.readouterr().out.split("\n"))


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (AnswerIsNo("it does not hold"), 1, "it does not hold"),
        (DataError("no such column"), 2, "no such column"),
        (NoSpace("no space left"), 2, "no space left"),
        (
            OSError(errno.ENOSPC, "No space left on device", "here.db"),
            2,
            "no space left on the disk that holds here.db",
        ),
        (OSError(errno.EFBIG, "File too large", "here.db"), 2, "here.db would be larger than files may be here"),
        (PermissionError(errno.EACCES, "Permission denied", "out"), 2, "out cannot be written: Permission denied"),
        (Stopped("its time is over"), 3, "its time is over"),
        (StratiError("a layer gave other cases back"), 70, "a layer gave other cases back"),
        (KeyError("place"), 70, "a fault of strati itself (KeyError): please report it"),
    ],
)
def test_each_kind_of_error_has_its_exit_code(
    error: Exception, code: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(**_: object) -> None:
        raise error

    monkeypatch.setattr("strati.cli.app.app", broken)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert words in capsys.readouterr().err.splitlines()[-1]


def test_ctrl_c_while_it_starts_is_no_traceback(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("strati.core.threads.share_out", interrupted)
    said = strati(folder, "init", "good.csv")
    assert (said.returncode, said.stdout, said.stderr) == (130, "", "")


def test_init_knows_spans(folder: Path) -> None:
    Path("a.conll").write_text("Ann B-PER\nleft O\nBonn B-LOC\n\n" * 30)
    Path("d.jsonl").write_text('{"text": "Ann left.", "label": [[0, 3, "PER"]]}\n' * 30)
    for name in ("a.conll", "d.jsonl"):
        assert strati(folder, "init", name, "--force").returncode == 0
        assert 'kind = "extract"\nmetric = "f1" ' in Path("strati.toml").read_text()
        said = strati(folder, "doctor")
        assert "30 rows of kind extract" in said.stdout
    assert strati(folder, "init", "good.csv", "--force").returncode == 0
    assert 'kind = "classify"\nmetric = "accuracy" ' in Path("strati.toml").read_text()
