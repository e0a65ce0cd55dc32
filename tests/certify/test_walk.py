"""The walk: by hand, its family-wise error under the null by simulation, and its JSON form."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from strati.certify.method import Path, Promise, Scored, Setting, Start, Walk, differences, make_plan, walk
from strati.certify.method.outcomes import outcome_rows, scored_from
from strati.core.errors import DataError

from .worlds import one, ranked, unrelated


def path(thresholds: list[float], starts: list[tuple[int, float]], promise: Promise) -> Path:
    settings = tuple(Setting((0,), (threshold,)) for threshold in thresholds)
    return Path(("r",), settings, tuple(Start(*start) for start in starts), promise)


# confidences .9 .8 ... .1; with bound .5, n right answers without an error have p = .5^n
PART = one([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2], [0, 0, 0, 0, 0, 0, 1, 1])
PROMISE = Promise(0.5, 0.1)


def test_one_start_by_hand() -> None:
    found = walk(path([0.6, 0.5, 0.35, 0.25, 0.1], [(0, 1.0)], PROMISE), PART)
    assert [(step.n, step.errors) for step in found.steps] == [(4, 0), (5, 0), (6, 0), (7, 1), (8, 2)]
    expected = [1 / 16, 1 / 32, 1 / 64, 8 / 128, 37 / 256]
    assert [step.p for step in found.steps] == pytest.approx(expected)
    assert [step.passed for step in found.steps] == [True, True, True, True, False]
    assert found.certified == 3
    assert found.setting == Setting((0,), (0.25,))
    assert found.step == found.steps[3]


def test_it_stops_at_the_first_failure() -> None:
    found = walk(path([0.75, 0.35], [(0, 1.0)], PROMISE), PART)
    assert [step.passed for step in found.steps] == [False]  # p = .25, though the next would have passed
    assert found.certified is None
    assert found.setting is None
    assert found.step is None


def test_each_start_has_its_share_and_a_walk_that_arrives_brings_its_own() -> None:
    thresholds = [0.75, 0.35, 0.25]
    fresh = walk(path(thresholds, [(0, 0.5), (1, 0.5)], PROMISE), PART)
    assert [step.level for step in fresh.steps] == pytest.approx([0.05, 0.05, 0.05])
    assert [step.passed for step in fresh.steps] == [False, True, False]  # p = 1/4, 1/64, 8/128
    assert fresh.certified == 1
    joined = walk(path([0.45, 0.35, 0.25], [(0, 0.5), (1, 0.5)], PROMISE), PART)
    assert [step.level for step in joined.steps] == pytest.approx([0.05, 0.1, 0.1])
    assert [step.passed for step in joined.steps] == [True, True, True]


def test_fifty_nine_without_an_error_certify_95_at_95_and_58_do_not() -> None:
    for n, certified in ((58, None), (59, 0)):
        part = one([0.9] * n, [0.0] * n)
        assert walk(path([0.5], [(0, 1.0)], Promise(0.95, 0.05)), part).certified == certified


def test_nothing_accepted_has_a_p_value_of_one() -> None:
    found = walk(path([1.0], [(0, 1.0)], PROMISE), PART)
    assert (found.steps[0].n, found.steps[0].p, found.certified) == (0, 1.0, None)


@pytest.mark.parametrize("starts", [[(0, 1.0)], [(0, 0.3), (4, 0.7)], [(2, 0.2), (5, 0.3), (9, 0.5)]])
def test_any_false_pass_is_no_likelier_than_d(starts: list[tuple[int, float]]) -> None:
    """Every setting breaks the promise by a hair: whatever passes, in any place, is false."""
    rng = np.random.default_rng(7)
    promise, runs = Promise(0.9, 0.1), 500
    line = path(list(np.linspace(0.8, 0.0, 12)), starts, promise)
    passed = sum(walk(line, unrelated(150, 0.1001, rng)).certified is not None for _ in range(runs))
    assert 0 < passed <= binom.ppf(0.999, runs, promise.risk)


@pytest.mark.parametrize("levels", [None, 4])
def test_the_plan_and_walk_together_keep_the_promise(levels: int | None) -> None:
    """Tune picks its lucky thresholds among confidences that mean nothing, with and without ties."""
    rng = np.random.default_rng(11)
    promise, runs, passed = Promise(0.9, 0.1), 80, 0
    for _ in range(runs):
        tune, calibrate = unrelated(150, 0.101, rng, levels), unrelated(150, 0.101, rng, levels)
        line = make_plan(tune, promise).path
        assert line is not None
        passed += walk(line, calibrate).certified is not None
    assert passed <= binom.ppf(0.999, runs, promise.risk)


def test_the_plan_and_walk_keep_the_promise_for_groups() -> None:
    """Groups of 4 that are right or wrong together."""
    rng = np.random.default_rng(13)
    promise, runs, passed = Promise(0.8, 0.1), 120, 0

    def part() -> Scored:
        wrong = np.repeat(rng.random(30) < 0.2, 4).astype(float)
        groups = tuple(f"g{i // 4}" for i in range(120))
        return Scored(("r",), np.full((120, 1), 0.9), wrong[:, None], np.array([0.0]), groups=groups)

    for _ in range(runs):
        line = make_plan(part(), promise).path
        assert line is not None
        assert line.promise.largest_group == 4
        passed += walk(line, part()).certified is not None
    assert passed <= binom.ppf(0.999, runs, promise.risk)


def test_a_walk_is_reproduced_from_its_json_and_outcomes() -> None:
    line = make_plan(ranked(400, 3, seed=1), Promise(0.9)).path
    assert line is not None
    calibrate = ranked(400, 3, seed=2)
    found = walk(line, calibrate)
    assert found.certified is not None
    ids = [f"e{i}" for i in range(400)]
    text = json.dumps([found.to_json(), outcome_rows(calibrate, ids)], allow_nan=False)
    stated, rows = json.loads(text)
    again = Walk.from_json(stated)
    assert again == found
    assert differences(again, scored_from(rows, line.names)) == []


def test_what_was_altered_is_found() -> None:
    found = walk(path([0.6, 0.5, 0.35, 0.25, 0.1], [(0, 1.0)], PROMISE), PART)
    rows = outcome_rows(PART, list("abcdefgh"))
    step = replace(found.steps[0], p=0.01)
    assert "p is stated as 0.01" in differences(replace(found, steps=(step, *found.steps[1:])), PART)[0]
    assert "certified" in differences(replace(found, certified=4), PART)[0]
    assert "the tests at" in differences(replace(found, steps=found.steps[:2]), PART)[0]
    looser = path([0.6, 0.5, 0.35, 0.1, 0.05], [(0, 1.0)], PROMISE)
    assert differences(replace(found, path=looser), PART) != []
    rows[0]["loss"] = [1.0]
    assert differences(found, scored_from(rows, ["r"])) != []


def test_damaged_files_are_said_to_be_damaged() -> None:
    with pytest.raises(DataError, match="damaged"):
        Walk.from_json({"steps": [{"x": 1}]})
    for rows in ([{"id": "a"}], [{"id": "a", "confidence": ["x"], "loss": [0]}]):
        with pytest.raises(DataError, match="damaged"):
            scored_from(rows, ["r"])
    with pytest.raises(DataError, match="twice"):
        scored_from([{"id": "a"}, {"id": "a"}], ["r"])


def test_a_path_knows_its_rungs() -> None:
    with pytest.raises(ValueError, match="not among"):
        Path(("r",), (Setting((1,), (0.5,)),), (Start(0, 1.0),), PROMISE)


@pytest.mark.parametrize("starts", [[(0, 0.6), (1, 0.6)], [(1, 0.5), (0, 0.5)], [(5, 1.0)], [(0, 0.0)]])
def test_starts_that_would_break_the_guarantee_are_refused(starts: list[tuple[int, float]]) -> None:
    with pytest.raises(ValueError, match="starts"):
        path([0.5, 0.4], starts, PROMISE)
