import random
from dataclasses import replace

import pytest

from strati.core.errors import DataError
from strati.core.records import Example
from strati.data import DataFinding, Dataset, Skipped, Splits, Unit, examine, head, plan, sample, stop
from strati.data.doctor.check_order import in_label_order
from strati.task.task import Task

TASK = Task()
WORDS = ("where", "when", "refund", "parcel", "invoice", "password", "reset", "late", "broken", "cancel", "upgrade")


def text(number: int) -> str:
    picked = [WORDS[number // 11**power % 11] for power in range(4)]
    return f"{number * 7919 % 100_003} {' '.join(picked)} {number * 104_729 % 1_000_003}"


def data(labels: list[str], source: str = "rows.csv", texts: list[str] | None = None, first: int = 0) -> Dataset:
    given = texts or [text(first + number) for number in range(len(labels))]
    rows = (
        Example(str(number), body, label, row=number)
        for number, (body, label) in enumerate(zip(given, labels, strict=True), 1)
    )
    return Dataset(tuple(rows), source)


def findings(train: Dataset, test: Dataset | None = None, task: Task = TASK) -> dict[str, DataFinding]:
    datasets = {"all": train} if test is None else {"train": train, "test": test}
    found = examine(datasets, task, seed=0)
    order = ["stop", "warning", "note"]
    assert [each.severity for each in found] == sorted((each.severity for each in found), key=order.index)
    assert all(len(each.rows) <= 20 for each in found)
    return {each.code: each for each in found}


def test_clean_data_have_no_finding_but_flags() -> None:
    assert set(findings(data(["a", "b"] * 50))) <= {"flagged_share"}


def test_ten_rows_stop() -> None:
    found = findings(data(["a", "b"] * 5))["too_few_rows"]
    assert found.severity == "stop"
    assert found.message == "rows.csv has 10 usable rows, expected at least 20"


def test_one_class_stops() -> None:
    found = findings(data(["a"] * 40))["one_class"]
    assert found.severity == "stop"
    assert "all 40 rows of rows.csv have the label 'a'" in found.message


@pytest.mark.parametrize(("one", "other"), [("Spam", "spam"), ("not spam", "notspam"), ("STRASSE", "straße")])
def test_labels_that_differ_by_case_or_blanks_stop(one: str, other: str) -> None:
    found = findings(data([one, other, "x"] * 20))["label_spelling"]
    assert found.severity == "stop"
    assert f"{one!r} and {other!r}" in found.message


def test_labels_that_differ_by_outer_blanks_stop() -> None:
    found = findings(replace(data(["a", "b"] * 20), blank_variants=(("a", "a "),)))["label_spelling"]
    assert found.severity == "stop"
    assert "'a' and 'a '" in found.message


def test_labels_that_differ_by_punctuation_warn() -> None:
    assert findings(data(["card_lost", "card lost", "x"] * 20))["label_punctuation"].severity == "warning"


def test_the_first_rows_of_a_sorted_file_stop() -> None:
    whole = data([label for label in "abcdefgh" for _ in range(50)])
    found = findings(head(whole, 120))["head_of_sorted_file"]
    assert found.severity == "stop"
    assert found.message == "the first 120 of 400 rows of rows.csv hold 3 of 8 labels: the file is in label order"
    drawn = findings(sample(whole, 200, seed=0))
    assert not {"head_of_sorted_file", "cut_from_sorted_file", "label_order"} & set(drawn)
    assert len(sample(whole, 200, seed=0)) == 200
    assert head(whole, 400) is whole


def test_the_first_rows_of_a_shuffled_file_do_not_stop() -> None:
    assert "head_of_sorted_file" not in findings(head(data(list("abcd") * 100), 100))


SORTED_1000 = [f"c{label}" for label, rows in enumerate((153, 139, 112, 167, 166, 143, 120)) for _ in range(rows)]


def test_a_file_that_looks_cut_from_a_sorted_one_stops() -> None:
    found = findings(data(SORTED_1000))["cut_from_sorted_file"]
    assert found.severity == "stop"
    assert "exactly 1,000 rows and 7 labels" in found.message
    declared = Task(labels=tuple(dict.fromkeys(SORTED_1000)))
    assert findings(data(SORTED_1000), task=declared)["label_order"].severity == "note"


def test_a_short_last_class_warns() -> None:
    labels = ["a"] * 61 + ["b"] * 63 + ["c"] * 9
    assert findings(data(labels))["cut_from_sorted_file"].severity == "warning"


def test_a_whole_sorted_file_is_a_note() -> None:
    assert findings(data(["a"] * 50 + ["b"] * 50))["label_order"].severity == "note"


def test_label_order_is_told_from_chance() -> None:
    assert in_label_order(list("aaaabbbbcccc"))
    assert not in_label_order(list("abcabcabcabc"))
    assert not in_label_order(list("aaaa"))
    assert not in_label_order(list("abcd"))


def test_test_labels_without_train_rows_stop_when_many() -> None:
    train, test = data(SORTED_1000[:400]), data([f"c{n % 7}" for n in range(70)], "test.csv", first=2000)
    found = findings(train, test)["unseen_labels"]
    assert found.severity == "stop"
    assert found.message.startswith("4 of 7 (57.1 %) labels of the test file, with 40 of 70 (57.1 %) rows")
    assert "cut short" in found.message
    assert found.rows[0] == "test:4"


def test_one_rare_unseen_label_warns() -> None:
    train = data([f"c{n % 20}" for n in range(400)])
    test = data([f"c{n % 20}" for n in range(99)] + ["new"], "test.csv", first=2000)
    assert findings(train, test)["unseen_labels"].severity == "warning"


def test_a_test_file_cut_short_stops() -> None:
    train = data([f"c{n % 8}" for n in range(400)])
    found = findings(train, data(["c0"] * 30 + ["c1"] * 20, "test.csv", first=2000))["unmeasured_labels"]
    assert found.severity == "stop"


def test_labels_with_one_row_warn_and_stop_when_many() -> None:
    assert findings(data(["a", "b"] * 50 + ["c"]))["single_row_labels"].severity == "warning"
    free_text = findings(data([f"answer {number}" for number in range(60)]))["single_row_labels"]
    assert free_text.severity == "stop"
    assert "check that this is the label column" in free_text.way_on


def test_rare_and_missing_like_labels_are_noted() -> None:
    found = findings(data(["a", "b"] * 30 + ["c"] * 3 + ["nan"] * 8))
    assert "1 of 4 (25.0 %) labels have fewer than 5 rows: 'c'" in found["rare_labels"].message
    assert "'nan'" in found["missing_words"].message


def test_labels_are_held_against_the_task() -> None:
    found = findings(data(["a", "b"] * 20), task=Task(labels=("a", "c")))
    assert found["undeclared_labels"].severity == "stop"
    assert found["absent_labels"].severity == "warning"


def test_skipped_rows_are_told_with_their_cause() -> None:
    base = data(["a", "b"] * 50)
    few = findings(replace(base, skipped=(Skipped(7, "no label"),)))["skipped_rows"]
    assert (few.severity, few.rows) == ("note", ("7",))
    many = findings(replace(base, skipped=tuple(Skipped(n, "3 fields, expected 2") for n in range(101))))
    assert many["skipped_rows"].severity == "stop"
    assert "3 fields, expected 2 (101)" in many["skipped_rows"].message


def test_damaged_and_huge_rows() -> None:
    texts = [text(number) for number in range(40)]
    texts[3], texts[8] = "schÃ¶ne GrÃ¼ÃŸe", "long " * 5000
    found = findings(data(["a", "b"] * 20, texts=texts))
    assert found["damaged_text"].rows == ("4",)
    assert found["huge_rows"].rows == ("9",)
    assert "the longest has 25,000" in found["huge_rows"].message


def test_encodings_and_notes_are_told() -> None:
    found = findings(replace(data(["a", "b"] * 20), encoding="cp1252", notes=("there is no header",)))
    assert found["encoding"].message == "rows.csv was read as cp1252"
    assert found["reading"].message == "rows.csv: there is no header"
    guessed = replace(data(["a", "b"] * 20), encoding="cp1252", notes=("the encoding was guessed as cp1252",))
    assert "encoding" not in findings(guessed)  # told once


def test_duplicates_and_contradictions() -> None:
    texts = [text(number) for number in range(60)]
    texts[2], texts[5] = texts[0].upper(), texts[0]
    found = findings(data(["a", "b"] * 30, texts=texts))
    assert found["exact_duplicates"].count == 2
    assert found["contradictory_labels"].rows == ("1", "3", "6")
    assert found["contradictory_labels"].severity == "warning"
    assert "'a', 'b'" in found["contradictory_labels"].message


def test_contradictions_everywhere_stop() -> None:
    texts = [text(number // 2) for number in range(60)]
    assert findings(data(["a", "b"] * 30, texts=texts))["contradictory_labels"].severity == "stop"


def test_duplicates_across_files() -> None:
    train = data(["a", "b"] * 50)
    some = [text(number) for number in (*range(2), *range(3000, 3038))]
    found = findings(train, data(["a", "b"] * 20, "test.csv", some))["duplicates_across"]
    assert (found.severity, found.rows, found.count) == ("warning", ("test:1", "test:2"), 2)
    same = findings(train, data(["a", "b"] * 20, "test.csv", [text(number) for number in range(40)]))
    assert same["duplicates_across"].severity == "stop"


def test_near_duplicates_across_files() -> None:
    train = data(["a", "b"] * 50)
    close = [text(number) + "!" for number in range(40)]
    found = findings(train, data(["a", "b"] * 20, "test.csv", close))
    assert found["near_duplicates_across"].severity == "warning"
    assert found["near_duplicates_across"].count == 40


def test_groups_and_times_across_files() -> None:
    def dated(dataset: Dataset, year: int, group: str) -> Dataset:
        rows = (replace(each, time=f"{year}-01-01T00:00:00", group=group) for each in dataset.examples)
        return replace(dataset, examples=tuple(rows))

    train, test = data(["a", "b"] * 20), data(["a", "b"] * 20, "test.csv", first=500)
    found = findings(dated(train, 2024, "ann"), dated(test, 2023, "ann"))
    assert found["group_leak"].severity == "stop"
    assert found["time_order"].severity == "stop"
    fine = findings(dated(train, 2023, "ann"), dated(test, 2024, "bo"))
    assert not {"group_leak", "time_order"} & set(fine)


def test_a_label_in_the_text_is_noted() -> None:
    texts = [f"{text(number)} ({'card lost' if number % 2 else 'top up'})" for number in range(60)]
    found = findings(data(["top_up", "card_lost"] * 30, texts=texts))["label_in_text"]
    assert found.count == 60


def test_flags_stay_out_of_sealed_parts() -> None:
    fruit = [Example(f"f{n}", f"apple pear plum {text(n)}", "fruit") for n in range(60)]
    tools = [Example(f"t{n}", f"hammer saw drill {text(n + 60)}", "tool") for n in range(60)]
    wrong = [Example("open", "apple pear plum", "tool"), Example("hidden", "plum pear apple", "tool")]
    dataset = Dataset((*fruit, *tools, *wrong), "rows.csv")
    unit = Unit(
        "holdout", (*fruit[:40], *tools[:40], wrong[0]), (*fruit[40:50], *tools[40:50]), (*fruit[50:], *tools[50:])
    )
    found = examine({"all": dataset}, TASK, 0, Splits((unit,), (wrong[1],), (), "holdout"))
    assert [each.rows for each in found if each.code == "flagged_share"] == [("open",)]


def test_a_plan_leaves_no_duplicates_across_its_parts() -> None:
    texts = [text(number // 3) for number in range(300)]
    dataset = data([label for label in "ab" * 50 for _ in range(3)], texts=texts)
    splits = plan(dataset, None, TASK, 0)
    codes = {each.code for each in examine({"all": dataset}, TASK, 0, splits)}
    assert "exact_duplicates" in codes
    assert "duplicates_across" not in codes


def test_stop_raises_one_sentence_with_the_way_on() -> None:
    with pytest.raises(DataError, match=r"has 10 usable rows.*label more rows"):
        stop(examine({"all": data(["a", "b"] * 5)}, TASK, 0))
    stop(examine({"all": data(["a", "b"] * 50)}, TASK, 0))
    with pytest.raises(DataError, match="no data set"):
        examine({}, TASK, 0)


def test_repeats_are_counted_over_all_rows_and_few_inputs_stop() -> None:
    texts = [text(number % 50) for number in range(200)]
    many = data(["ab"[number % 2] for number in range(200)], texts=texts)
    splits = plan(many, None, TASK, seed=0)
    found = {each.code: each for each in examine({"all": many}, TASK, 0, splits)}
    assert found["exact_duplicates"].count == 150
    assert found["exact_duplicates"].message.endswith("rows repeat the input of another row: 50 inputs differ")
    assert "too_few_inputs" not in found
    few = data(["ab"[number % 2] for number in range(200)], texts=[f"🎉 {number % 4}" for number in range(200)])
    stopped = findings(few)["too_few_inputs"]
    assert (stopped.severity, stopped.count) == ("stop", 4)
    assert stopped.message == "the 200 rows hold 4 different inputs, expected at least 20"


def test_repeats_across_parts_are_no_leak_where_they_are_traffic() -> None:
    texts = [text(number // 5) for number in range(500)]
    traffic = Task(repeats="traffic")
    given = data(["ab"[number // 5 % 2] for number in range(500)], texts=texts)
    found = {each.code: each for each in examine({"all": given}, traffic, 0, plan(given, None, traffic, seed=0))}
    assert found["duplicates_across"].severity == "note"
    assert "traffic that repeats like this" in found["exact_duplicates"].way_on


def test_numbers_written_in_two_ways_stop() -> None:
    found = findings(data(["1", "1.0", "2", "3"] * 20))["label_spelling"]
    assert found.severity == "stop"
    assert "'1' and '1.0'" in found.message
    assert "label_spelling" not in findings(data(["1", "2", "10"] * 20))
    assert "label_spelling" not in findings(data(["1_0", "10", "nan"] * 20))


def test_labels_that_look_like_lists_are_a_warning() -> None:
    found = findings(data(["billing", "tech", "billing,tech", "sales", "sales,tech"] * 20))["list_labels"]
    assert (found.severity, found.count) == ("warning", 2)
    assert "'billing,tech', 'sales,tech'" in found.message
    assert "40 rows have one" in found.message
    assert "list_labels" not in findings(data(["food, drink", "clothes", "toys"] * 20))


def test_imbalance_is_a_finding() -> None:
    assert "imbalance" not in findings(data(["a"] * 70 + ["b"] * 30))
    found = findings(data(["a"] * 88 + ["b"] * 12))["imbalance"]
    assert (found.severity, found.count) == ("note", 88)
    assert "always answering it is right that often" in found.message
    drowned = findings(data(["a"] * 198 + ["b"] * 2))["imbalance"]
    assert drowned.severity == "warning"
    assert "rarer together than the margin, so accuracy decides nothing" in drowned.message


def test_labels_of_a_script_without_blanks_are_not_flagged() -> None:
    words = {"退款": "账单发票付款", "快递": "包裹物流地址", "技术": "密码登录屏幕"}
    draw = random.Random(0)
    rows = [
        (label, "".join(draw.choices("的我你在了这那是", k=6) + draw.choices(words[label], k=3)))
        for label in words
        for _ in range(80)
    ]
    draw.shuffle(rows)
    found = findings(data([label for label, _ in rows], texts=[text for _, text in rows]))
    assert found["flagged_share"].count < 10 if "flagged_share" in found else True
