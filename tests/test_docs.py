"""The documentation is true: links lead somewhere, the command page is fresh, examples run and print what they say."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import re
import runpy
from collections.abc import Iterator
from dataclasses import asdict, fields
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rich.text import Text
from typer.main import get_command

import strati
from strati.cli.app import app
from strati.core import records
from strati.core.context import Context
from strati.data import read
from strati.data.doctor.check_labels import LEAST_ROWS
from strati.data.doctor.check_leaks import MOST_NEAR
from strati.data.duplicates import LONGEST
from strati.data.splits import CAPS, FOLDS, PUBLISHED_SHARES, SHARES
from strati.kinds.classify.ladder import LETTERS, MANY_LABELS
from strati.kinds.classify.prompts import MOST_LISTED, SHOT_CHARACTERS
from strati.measure.effort import Effort
from strati.measure.forecast.forecast import REHEARSED
from strati.measure.forecast.pace import CALL_SECONDS, FEW, MANY
from strati.measure.race import racing, sizing
from strati.measure.race.halving import FEWEST_ROWS
from strati.measure.studies import repeats
from strati.measure.studies.learning_curve import LEAST_REPEATS, LEAST_WORK, MOST_REPEATS, SMALLEST, TUNE_ROWS
from strati.models.ask_in_batches import TOGETHER
from strati.models.hosted.batches.batching import FIRST_POLL
from strati.models.hosted.batches.part import MOST
from strati.models.hosted.prices import HALF
from strati.models.local.gguf import CONTEXT
from strati.models.local.prefix_tree import REMAINDER
from strati.prove.bench import bench
from strati.stack.stack import BATCH
from strati.statistics import sequential
from strati.statistics.paired import EXACT_UP_TO
from strati.statistics.resampling import DRAWS
from strati.task import config
from strati.task.task import Goal, Task
from strati.verdict.tests import FEWEST
from tests.report.fixtures import use

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
EXAMPLE = re.compile(
    r"^```python example\n(?P<code>.*?)^```\n(?:\n```text output\n(?P<output>.*?)^```\n)?", re.M | re.S
)
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def examples() -> Iterator[Any]:
    for page in PAGES:
        for number, match in enumerate(EXAMPLE.finditer(page.read_text(encoding="utf-8")), 1):
            yield pytest.param(match["code"], match["output"], id=f"{page.stem}-{number}")


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with made-up tickets.csv and answers.csv, and nothing else."""
    monkeypatch.chdir(tmp_path)
    load(ROOT / "examples" / "bench_in_python.py").write_tickets(tmp_path / "tickets.csv", tmp_path / "answers.csv")
    return tmp_path


@pytest.mark.parametrize(("code", "output"), list(examples()))
def test_example_prints_what_the_page_says(code: str, output: str | None, world: Path) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        path = world / "example.py"
        path.write_text(code, encoding="utf-8")
        runpy.run_path(str(path))
    assert output is not None, "an example states its output"
    assert printed.getvalue() == output


def test_command_page_is_up_to_date() -> None:
    generator = load(DOCS / "generate_cli.py")
    assert generator.PAGE.read_text(encoding="utf-8") == generator.page(), "run: python docs/generate_cli.py"


def test_help_loses_no_words_to_markup() -> None:
    """Help is read as markup: what stands in square brackets would not be shown."""
    left, lost = [get_command(app)], []
    while left:
        command = left.pop()
        left += getattr(command, "commands", {}).values()
        texts = [command.help, *(getattr(one, "help", None) for one in command.params)]
        lost += [text for text in texts if text and Text.from_markup(text).plain != text]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(_without_code(page)):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.is_file(), f"{target}: no such file"
        assert not anchor or anchor in _anchors(file), f"{target}: no such heading"


def test_the_index_links_every_page() -> None:
    linked = {(DOCS / target).resolve() for target in LINK.findall(_without_code(DOCS / "index.md"))}
    assert {page.resolve() for page in PAGES} - linked == {(DOCS / "index.md").resolve()}


def test_pages_are_not_wider_than_the_code() -> None:
    wide = [
        f"{page.name}: {line[:40]}"
        for page in PAGES
        for line in page.read_text(encoding="utf-8").splitlines()
        if len(line) > 120 and not line.startswith("|")
    ]
    assert wide == []


def test_every_field_of_a_verdict_is_documented(world: Path) -> None:
    page = (DOCS / "decision-and-verdict.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(\w+)`", page))
    task = Task(inputs=("text",), label="team", id="id", goal=Goal())
    outcome = bench(read(world / "tickets.csv", task), task, ctx=Context())
    verdict = outcome.verdict
    parts = [verdict, verdict["data"], *verdict["candidates"], *verdict["comparisons"], verdict["choice"]]
    parts += [verdict["ledger"], verdict["limits"], verdict["environment"], *verdict["candidates"][1]["forms"]]
    parts += [part[key] for part in verdict["candidates"] for key in ("quality", "latency_ms") if part[key]]
    parts += [*verdict["learning_curves"], *verdict["learning_curves"][0]["points"], verdict["label_price"]]
    parts += [verdict["ownership"], *verdict["ownership"]["rows"]]
    drawn = use()
    parts += [drawn[key] for key in ("label_price", "ownership", "contamination")]
    parts += [row for key in ("twins", "after_cutoff") for row in drawn["contamination"][key]]
    parts += [*drawn["label_price"]["rows"], drawn["ownership"]["break_even"]]
    parts += [candidate["repeats"] for candidate in drawn["candidates"] if candidate["repeats"]]
    assert {key for part in parts for key in part} - documented == set()


def test_every_setting_is_documented() -> None:
    page = (DOCS / "task-and-goal.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(\w+)`", page))
    keys = {*config.DATA_KEYS, *config.TASK_KEYS, *config.BENCH_KEYS, *(field.name for field in fields(Goal))}
    assert keys - documented == set()


def test_every_failure_and_state_is_documented() -> None:
    page = (DOCS / "layers-and-stages.md").read_text(encoding="utf-8")
    words = [*map(str, records.Failure), *(str(state) for state in records.State if state is not records.State.OPEN)]
    assert [word for word in words if word not in page] == []


def test_every_data_finding_is_documented() -> None:
    page = (DOCS / "data-check.md").read_text(encoding="utf-8")
    source = "".join(path.read_text(encoding="utf-8") for path in Path(strati.__file__).parent.glob("data/**/*.py"))
    codes = set(re.findall(r'DataFinding\(\s*"(\w+)"', source))
    assert len(codes) > 20
    assert codes - set(re.findall(r"`(\w+)`", page)) == set()


@pytest.mark.parametrize(
    ("page", "numbers"),
    [
        (
            "candidates-and-ladder",
            [*(n for name, n in asdict(Effort()).items() if type(n) is int and name != "probes"), MANY_LABELS],
        ),
        ("cost-and-latency", [Effort().probes]),
        ("plan-and-budget", [REHEARSED, FEW, MANY, CALL_SECONDS]),
        ("hosted-models", [TOGETHER, MOST, HALF, FIRST_POLL]),
        ("prompting", [SHOT_CHARACTERS, MOST_LISTED, LETTERS, REMAINDER, CONTEXT]),
        ("statistics", [FEWEST, EXACT_UP_TO, DRAWS]),
        (
            "racing",
            [racing.LOOK, racing.LET_THROUGH, racing.FEWEST, FEWEST_ROWS, sizing.FEWEST, len(sequential.SHARES)],
        ),
        ("benchmark-and-journal", [BATCH]),
        ("label-price", [SMALLEST, MOST_REPEATS, LEAST_REPEATS, TUNE_ROWS, LEAST_WORK, FEWEST, Effort().tune_rows]),
        ("contamination-and-repeats", [repeats.MOST, repeats.LEAST]),
        ("splits-and-ledger", [*SHARES.values(), *CAPS.values(), *PUBLISHED_SHARES.values(), FOLDS]),
        ("data-check", [LEAST_ROWS, MOST_NEAR, LONGEST]),
    ],
)
def test_numbers_on_a_page_are_those_of_the_code(page: str, numbers: list[float]) -> None:
    text = (DOCS / f"{page}.md").read_text(encoding="utf-8").replace(",", "")
    written = {float(number) for number in re.findall(r"\d*\.?\d+", text)}
    assert [number for number in numbers if number not in written] == []


def _without_code(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)


def _anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", _without_code(page), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
