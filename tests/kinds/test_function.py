from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from strati.core.context import Context
from strati.core.errors import LayerDown, Stopped
from strati.core.records import Case, Failure, State
from strati.stack.layers.function import Function


def run(function: Any, *inputs: Any) -> list[Case]:
    return list(Function(function, "f").run([Case(str(n), text) for n, text in enumerate(inputs)], Context()))


def test_an_answer_a_pair_or_nothing() -> None:
    one, two, three = run({"a": "x", "b": ("y", 0.7), "c": None}.get, "a", "b", "c")
    assert one.answer is not None
    assert (one.answer.value, one.answer.confidence) == ("x", None)
    assert two.answer is not None
    assert (two.answer.value, two.answer.confidence) == ("y", 0.7)
    assert (three.state, three.steps[0].reason) == (State.OPEN, "the function had no answer")


def test_several_columns_come_as_a_mapping() -> None:
    (case,) = run(lambda row: row["subject"].lower(), {"subject": "HI", "body": "x"})
    assert case.answer is not None
    assert case.answer.value == "hi"


def test_an_exception_is_a_failure_of_that_case_only() -> None:
    bad, good = run(lambda text: str(1 / int(text)), "0", "1")
    assert (bad.failure, bad.steps[0].reason) == (Failure.LAYER_ERROR, "ZeroDivisionError: division by zero")
    assert good.state is State.ANSWERED


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("a", 1.2), "a confidence of 1.2, expected a number from 0 to 1"),
        (("a", -0.1), "a confidence of -0.1"),
        (("a", float("nan")), "a confidence of nan"),
        (("a", "high"), "a confidence of 'high'"),
        (("a", 0.5, "b"), "a tuple of 3, expected (answer, confidence)"),
        ((), "a tuple of 0"),
        ({1, 2}, "a set, expected text or another JSON value"),
        (np.int64(3), "a int64, expected text"),
    ],
)
def test_a_reply_that_can_not_be_used(given: Any, words: str) -> None:
    bad, good = run(lambda text: given if text == "bad" else "fine", "bad", "good")
    assert bad.failure is Failure.UNUSABLE_REPLY
    assert words in bad.steps[0].reason
    assert good.state is State.ANSWERED


def test_numpy_numbers_are_confidences() -> None:
    (case,) = run(lambda text: ("a", np.float32(0.5)), "x")
    assert case.answer is not None
    assert (case.answer.confidence, type(case.answer.confidence)) == (0.5, float)


@pytest.mark.parametrize("error", [Stopped("enough"), LayerDown("gone")])
def test_stopping_and_being_down_are_not_failures_of_a_case(error: Exception) -> None:
    def raises(text: str) -> str:  # noqa: ARG001
        raise error

    with pytest.raises(type(error)):
        run(raises, "x")


def always(value: str) -> Any:
    return lambda text: value


def made(source: str) -> Any:
    found: dict[str, Any] = {}
    exec(source, found)
    return found["f"]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (lambda text: "a", lambda text: "b"),
        (always("a"), always("b")),
        (made("f = lambda text: 'a'"), made("f = lambda text: 'b'")),
        (made("f = lambda text, k=1: k"), made("f = lambda text, k=2: k")),
        (made("f = lambda text: text.lower()"), made("f = lambda text: text.upper()")),
        (made("f = lambda text: text in {'a', 'b'}"), made("f = lambda text: text in {'a', 'c'}")),
        (made("f = lambda text: b'a'"), made("f = lambda text: b'b'")),
        (str.lower, str.upper),
        (partial(max, "a"), partial(max, "b")),
        (partial(max, "a"), partial(min, "a")),
    ],
)
def test_functions_that_differ_have_different_fingerprints(one: Any, two: Any) -> None:
    assert Function(one, "f").fingerprint() != Function(two, "f").fingerprint()


def test_the_same_function_made_again_has_the_same() -> None:
    assert Function(always("a"), "f").fingerprint() == Function(always("a"), "g").fingerprint()
    source = "def f(text):\n    return [word for word in text.split() if word]"
    assert Function(made(source)).fingerprint() == Function(made(source)).fingerprint()


def test_the_name_is_the_functions_own_unless_given() -> None:
    assert Function(always).name == "always"
    assert Function(always, "mine").name == "mine"
    assert Function(partial(always), "").name == "partial"
    with pytest.raises(TypeError, match="found 'text', expected a function"):
        Function("text")  # type: ignore[arg-type]


def test_a_function_that_ends_the_program_fails_its_case_only() -> None:
    def leave(text: str) -> str:  # noqa: ARG001
        raise SystemExit(5)

    case = Function(leave).run([Case("1", "x")], Context())[0]
    assert (case.failure, case.steps[-1].reason) == (Failure.LAYER_ERROR, "SystemExit: 5")


def test_the_file_a_function_comes_from_is_part_of_it() -> None:
    plain, sourced = Function(len, "same"), Function(len, "same", source="a")
    assert len({plain.fingerprint(), sourced.fingerprint(), Function(len, "same", source="b").fingerprint()}) == 3
