from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strati.core.errors import DataError, TaskError
from strati.core.records import Example
from strati.data import Dataset, Splits, plan
from strati.data.normal import normal_text
from strati.data.splits import SHARES
from strati.task.task import Task

TASK = Task()


def rows(labels: list[str], **more: Sequence[str | None]) -> Dataset:
    groups, times = more.get("groups", [None] * len(labels)), more.get("times", [None] * len(labels))
    texts = more.get("texts", [f"text {number}" for number in range(len(labels))])
    return Dataset(
        tuple(
            Example(str(number), text or "", label, group, time, number)
            for number, (text, label, group, time) in enumerate(zip(texts, labels, groups, times, strict=True), 1)
        )
    )


def ids(splits: Splits) -> list[str]:
    return [example.id for part in splits.parts().values() for example in part]


def test_a_normal_file_is_dealt_by_shares() -> None:
    splits = plan(rows(["a", "b"] * 200), None, TASK, seed=0)
    assert splits.sizes() == {"train": 200, "tune": 60, "calibrate": 60, "test": 80, "sealed": 0}
    assert splits.describe() == "train 200, tune 60, calibrate 60, test 80 (stratified by label)"
    assert Counter(example.reference for example in splits.calibrate) == {"a": 30, "b": 30}


def test_a_very_large_file_gives_train_what_the_caps_leave() -> None:
    splits = plan(rows(["a", "b"] * 30_000), None, TASK, seed=0)
    assert splits.sizes() == {"train": 45_000, "tune": 2_000, "calibrate": 3_000, "test": 10_000, "sealed": 0}


def test_few_labels_are_cross_fitted() -> None:
    splits = plan(rows(["a", "b", "b", "b"] * 25), None, TASK, seed=0)
    assert splits.method == "crossfit"
    assert (len(splits.sealed), len(splits.units)) == (20, 5)
    for unit in splits.units:
        assert (len(unit.train), len(unit.tune), len(unit.test)) == (51, 13, 16)
        assert not {each.id for each in unit.train + unit.tune} & {each.id for each in unit.test}
    assert "cross-fitted in 5 folds" in splits.notes[0]


def test_a_published_test_stays_as_given() -> None:
    test = rows(["a", "b"] * 50)
    splits = plan(rows(["a", "b"] * 400), test, TASK, seed=0)
    assert [each.id for each in splits.units[0].test] == [each.id for each in test.examples]
    assert splits.sizes() == {"train": 600, "tune": 80, "calibrate": 120, "test": 100, "sealed": 0}
    assert splits.units[0].train[0].id.startswith("train:")
    assert len(set(ids(splits))) == 900


def test_a_small_published_train_keeps_no_calibrate_part() -> None:
    splits = plan(rows(["a", "b"] * 50), rows(["a", "b"] * 50), TASK, seed=0)
    assert (splits.sizes()["train"], splits.sizes()["tune"], splits.calibrate) == (80, 20, ())
    assert any("too few for a calibrate part" in note for note in splits.notes)


def test_order_of_time() -> None:
    days = [f"2024-01-{day:02d}" for day in range(20, 0, -1)]
    splits = plan(rows(["a", "b"] * 10, times=days), None, Task(time="when"), seed=0)
    found = {name: sorted(str(each.time)[-2:] for each in part) for name, part in splits.parts().items()}
    assert found == {
        "train": [f"{day:02d}" for day in range(1, 11)],
        "tune": ["11", "12", "13"],
        "calibrate": ["14", "15", "16"],
        "test": ["17", "18", "19", "20"],
    }
    assert "no cross-fitting" in splits.notes[1]


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(DataError, match="1 labelled rows cannot be split"):
        plan(rows(["a"]), None, TASK, seed=0)
    with pytest.raises(DataError, match="too few to split"):
        plan(rows(["a"] * 4, groups=["one"] * 4), None, TASK, seed=0)


LABELS = st.lists(st.sampled_from("abcde"), min_size=30, max_size=150)


@settings(max_examples=40, deadline=None)
@given(LABELS, st.integers(0, 5), st.booleans())
def test_each_row_is_in_one_part_and_the_seed_decides(labels: list[str], seed: int, few: bool) -> None:
    data = rows(labels)
    splits = plan(data, None, TASK, seed, small=400 if few else 0)
    assert sorted(ids(splits), key=int) == [each.id for each in data.examples]
    assert plan(data, None, TASK, seed, small=400 if few else 0) == splits
    for unit in splits.units:
        parts = [{each.id for each in part} for part in (unit.train, unit.tune, unit.test, splits.sealed)]
        assert sum(map(len, parts)) == len(set.union(*parts))


@settings(max_examples=40, deadline=None)
@given(LABELS, st.integers(0, 5))
def test_each_label_has_its_share_within_one_row(labels: list[str], seed: int) -> None:
    parts = plan(rows(labels), None, TASK, seed, small=0).parts()
    for label, count in Counter(labels).items():
        for name, part in parts.items():
            found = sum(each.reference == label for each in part)
            assert abs(found - count * SHARES[name]) < 1
        if count > 1:
            assert any(each.reference == label for each in parts["train"])
    for name, part in parts.items():
        assert abs(len(part) - len(labels) * SHARES[name]) <= 3


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 25), st.integers(0, 60)), min_size=30, max_size=120))
def test_groups_and_equal_texts_are_never_split(drawn: list[tuple[str, int, int]]) -> None:
    data = rows(
        [label for label, _, _ in drawn],
        groups=[f"g{group}" if group else None for _, group, _ in drawn],
        texts=[f"Text {text}" if text % 2 else f"text  {text}" for _, _, text in drawn],
    )
    for small in (0, 400):
        try:
            splits = plan(data, None, TASK, 1, small=small)
        except DataError:
            continue  # all rows hang together
        homes = [splits.parts(), *({"train": u.train, "tune": u.tune, "test": u.test} for u in splits.units)]
        for parts in homes:
            for key in (lambda each: each.group, lambda each: normal_text(each.text)):
                seen: dict[str, str] = {}
                for name, part in parts.items():
                    for each in part:
                        if key(each) is not None:
                            assert seen.setdefault(key(each), name) == name


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 28), min_size=20, max_size=100))
def test_time_never_runs_backwards(days: list[int]) -> None:
    data = rows(["a", "b"] * (len(days) // 2) + ["a"] * (len(days) % 2), times=[f"2024-02-{day:02d}" for day in days])
    parts = list(plan(data, None, Task(time="when"), 0).parts().values())
    assert sum(map(len, parts)) == len(days)
    for earlier, later in pairwise(parts):
        if earlier and later:
            assert max(str(each.time) for each in earlier) <= min(str(each.time) for each in later)


@settings(max_examples=30, deadline=None)
@given(LABELS, st.integers(0, 3))
def test_cross_fitting_learns_each_label_that_it_can(labels: list[str], seed: int) -> None:
    for unit in plan(rows(labels), None, TASK, seed).units:
        learned = {each.reference for each in unit.train}
        assert {each.reference for each in unit.tune} <= learned


def repeated(distinct: int, times: int) -> Dataset:
    """Each text several times, written a little differently, with one label."""
    forms = ("text {}", " Text {}", "TEXT  {}", "text {} ", "tExt {}")
    texts = [forms[copy % 5].format(number) for copy in range(times) for number in range(distinct)]
    return rows(["ab"[number % 2] for _ in range(times) for number in range(distinct)], texts=texts)


def test_one_row_of_each_input_counts_in_tune_calibrate_and_test() -> None:
    splits = plan(repeated(500, 5), None, TASK, seed=0)
    assert splits.sizes() == {"train": 1250, "tune": 75, "calibrate": 75, "test": 100, "sealed": 0}
    assert splits.left_out == 2500 - 1500
    parts = {name: {normal_text(each.text) for each in part} for name, part in splits.parts().items()}
    assert sum(map(len, parts.values())) == len(set.union(*parts.values())) == 500
    assert all(len(part) == len(parts[name]) for name, part in splits.parts().items() if name != "train")
    assert splits.notes[-1] == (
        "1,000 rows repeat the input of another row and are left out: one row of each input counts"
    )


def test_a_large_file_of_few_inputs_is_cross_fitted_on_the_inputs() -> None:
    splits = plan(repeated(40, 50), None, TASK, seed=0)
    assert splits.method == "crossfit"
    assert (splits.sizes()["test"], splits.sizes()["sealed"]) == (32, 8)
    for unit in splits.units:
        learned = {normal_text(each.text) for each in unit.train + unit.tune}
        assert not learned & {normal_text(each.text) for each in unit.test}


def test_a_published_test_counts_each_input_once() -> None:
    splits = plan(repeated(500, 1), repeated(60, 3), TASK, seed=0)
    assert splits.sizes()["test"] == 60
    assert splits.left_out == 120


def test_in_order_of_time_an_input_counts_where_it_comes_first() -> None:
    texts = [f"text {number % 18}" for number in range(20)]
    days = [f"2024-01-{day:02d}" for day in range(1, 21)]
    splits = plan(rows(["a", "b"] * 10, texts=texts, times=days), None, Task(time="when"), seed=0)
    assert [[each.text for each in splits.units[0].test], splits.left_out] == [["text 16", "text 17"], 2]


def test_repeats_as_traffic_count_each_row_and_are_said() -> None:
    splits = plan(repeated(500, 2), None, Task(repeats="traffic"), seed=0)
    assert splits.sizes() == {"train": 500, "tune": 150, "calibrate": 150, "test": 200, "sealed": 0}
    assert splits.left_out == 0
    learned = {normal_text(each.text) for each in splits.units[0].train}
    assert learned & {normal_text(each.text) for each in splits.units[0].test}
    assert "traffic that repeats inputs as these rows do" in splits.notes[-1]
    with pytest.raises(TaskError, match="repeats is 'twice', expected one of: once, traffic"):
        Task(repeats="twice")


def test_one_group_leaves_nothing_to_measure_on() -> None:
    with pytest.raises(DataError, match=r"the 600 rows come in 1 group, .* no row is left for test"):
        plan(rows(["a", "b"] * 300, groups=["c1"] * 600), None, TASK, seed=0)
