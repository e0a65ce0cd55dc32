from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from strati.core.errors import TaskError
from strati.task.config import check_seed, load_config, make_goal, make_task
from strati.task.task import Goal, Task


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "strati.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_whole_file(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [data]
        file = "tickets.csv"
        input = ["subject", "body"]
        label = "topic"
        group = "customer"
        [task]
        metric = "macro_f1"
        labels = ["a", "b"]
        [goal]
        at_least = 1
        licences = ["MIT"]
        private = false
        [bench]
        seed = 3
        """,
    )
    config = load_config(path)
    assert (config.folder, config.bench) == (tmp_path, {"seed": 3})
    task = make_task(config.data, config.task, config.goal)
    assert task == Task(
        inputs=("subject", "body"),
        label="topic",
        group="customer",
        metric="macro_f1",
        labels=("a", "b"),
        goal=Goal(at_least=1, licences=("MIT",), private=False),
    )


def test_nothing_said_is_nothing_set(tmp_path: Path) -> None:
    config = load_config(write(tmp_path, "\ufeff# only a comment\n"))
    assert (config.data, config.task, config.goal, config.bench) == ({}, {}, {}, {})
    assert make_task({"input": "text", "label": "label"}, {}, {}) == Task()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[gaol]\nmargin = .1", "cannot be read as TOML"),
        ("[gaol]\n", "the section 'gaol', expected one of: data, task, goal, bench, models, graph; did you mean"),
        ("[goal]\nmargn = 0.1", "found the key in [goal] 'margn'"),
        ("[goal]\nmargn = 0.1", "did you mean 'margin'?"),
        ("[data]\ninputs = 'a'", "did you mean 'input'?"),
        ("[bench]\nzzz = 1", "expected one of: models, llm, sample"),
        ("data = 3", "data is 3, expected a section [data]"),
        ("[goal", "cannot be read as TOML"),
    ],
)
def test_what_is_not_understood_is_named(text: str, words: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    with pytest.raises(TaskError) as caught:
        load_config(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_no_file_and_a_binary_file(tmp_path: Path) -> None:
    with pytest.raises(TaskError, match="does not exist; strati init FILE writes one"):
        load_config(tmp_path / "strati.toml")
    (tmp_path / "strati.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TaskError, match="is not UTF-8 text, expected TOML"):
        load_config(tmp_path / "strati.toml")
    with pytest.raises(TaskError, match="cannot be read: Is a directory"):
        load_config(tmp_path)


@pytest.mark.parametrize(
    ("data", "task", "words"),
    [
        ({"input": 3}, {}, "input is 3, expected a list of texts"),
        ({"input": ["a", 3]}, {}, "input is ['a', 3], expected a list of texts"),
        ({"input": []}, {}, "task.inputs is empty"),
        ({"label": 3}, {}, "label is 3, expected text"),
        ({"id": 3}, {}, "id is 3, expected text"),
        ({}, {"labels": "spam"}, "labels is 'spam', expected a list of texts"),
        ({}, {"labels": [1, 2]}, "labels is [1, 2], expected a list of texts"),
        ({}, {"labels": ["a", "a"]}, "expected no label twice"),
        ({}, {"metric": 1}, "metric is 1, expected text"),
        ({}, {"kind": "poem"}, "task.kind is 'poem'"),
        ({"input": "label"}, {}, "is also an input column"),
    ],
)
def test_a_task_with_a_value_of_a_wrong_type(data: dict[str, Any], task: dict[str, Any], words: str) -> None:
    with pytest.raises(TaskError) as caught:
        make_task({"input": "text", "label": "label", **data}, task, {})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("margin", "small", "goal.margin is 'small', expected a number"),
        ("margin", True, "expected a number"),
        ("margin", 0, "above 0 and below 0.5"),
        ("margin", 3, "above 0 and below 0.5"),
        ("at_least", 95, "goal.at_least is 95, expected a share between 0 and 1"),
        ("max_cost_per_1000", float("inf"), "expected a number"),
        ("max_p95_ms", float("nan"), "expected a number"),
        ("max_p95_ms", -1, "expected a number of at least 0"),
        ("label_costs", -0.1, "goal.label_costs is -0.1, expected a number of at least 0"),
        ("labels_per_retraining", -1, "expected a number of at least 0"),
        ("horizon_months", 0, "goal.horizon_months is 0, expected a number of months above 0"),
        ("retrain_every_months", 0, "goal.retrain_every_months is 0, expected a number of months above 0"),
        ("private", 1, "expected true or false"),
        ("licences", "MIT", "expected a list of licence names"),
    ],
)
def test_a_goal_with_a_value_of_a_wrong_type(key: str, value: Any, words: str) -> None:
    with pytest.raises(TaskError) as caught:
        make_goal({key: value})
    assert words in str(caught.value)


def test_every_goal_can_be_set_and_none_is_unset() -> None:
    values = {field.name: 0.25 for field in fields(Goal)} | {"private": True, "licences": ["MIT"]}
    assert make_goal(values).human_error_rate == 0.25
    assert make_goal(dict.fromkeys(values)) == Goal()


@pytest.mark.parametrize(
    ("section", "line", "words"),
    [
        ("data", "file = 5", "data.file is 5, expected text"),
        ("bench", "seed = -1", "bench.seed is -1, expected a whole number of at least 0"),
        ("bench", "seed = true", "bench.seed is True, expected a whole number"),
        ("bench", 'sample = "many"', "bench.sample is 'many', expected a whole number of at least 1"),
        ("bench", 'llm = "no"', "bench.llm is 'no', expected true or false"),
        ("bench", 'curve = "yes"', "bench.curve is 'yes', expected true or false"),
        ("bench", "twins = -1", "bench.twins is -1, expected a whole number of at least 0"),
        ("bench", 'models = "a"', "bench.models is 'a', expected a list of texts"),
        ("bench", "answers = [1]", "expected a list of texts"),
    ],
)
def test_a_value_of_a_wrong_type_is_named(section: str, line: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(TaskError) as error:
        load_config(write(tmp_path, f"[{section}]\n{line}\n"))
    assert words in str(error.value)


def test_licences_are_texts() -> None:
    with pytest.raises(TaskError, match=r"goal.licences is \[3\], expected a list of licence names"):
        make_goal({"licences": [3]})


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True, None])
def test_a_seed_is_a_whole_number(seed: Any) -> None:
    with pytest.raises(TaskError, match="expected a whole number of at least 0"):
        check_seed(seed)
    assert check_seed(0) == 0
