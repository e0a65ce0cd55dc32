from strati.core.records import Example
from strati.data.doctor.flagged import flagged

FRUIT = ["apple", "pear", "plum", "cherry"]
TOOLS = ["hammer", "saw", "drill", "wrench"]


def world() -> list[Example]:
    rows = [(f"a {FRUIT[n % 4]} and {FRUIT[n // 4 % 4]} in basket {n}", "fruit") for n in range(40)]
    rows += [(f"a {TOOLS[n % 4]} and {TOOLS[n // 4 % 4]} in box {n}", "tool") for n in range(40)]
    return [Example(str(number), text, label) for number, (text, label) in enumerate(rows)]


def test_a_wrong_label_is_flagged_and_nothing_else() -> None:
    examples = world()
    examples[5] = Example("5", examples[5].text, "tool")
    found = flagged(examples, seed=0)
    assert [(flag.example.id, flag.proposed) for flag in found.flags] == [("5", "fruit")]
    assert found.flags[0].probability > found.flags[0].own
    assert found.looked_at == 80


def test_nothing_is_flagged_where_nothing_can_be_learned() -> None:
    assert flagged([Example("1", "a", "x"), Example("2", "b", "y")], seed=0) == ((), 0)
    assert flagged([Example(str(n), f"text {n}", "x") for n in range(20)], seed=0) == ((), 0)
    assert flagged([Example(str(n), "?!", "xy"[n % 2]) for n in range(20)], seed=0) == ((), 20)
