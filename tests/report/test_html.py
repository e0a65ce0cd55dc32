from __future__ import annotations

import re
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pytest

from strati.report import render_html

from .fixtures import ALL, HOSTILE, Verdict, candidate, gaps, hostile, many, none, sparse, undecided, use, verdict

LEAKS = re.compile(r"\b(None|nan|NaN|null|inf|undefined)\b")
VOID = {"meta", "br", "hr"}
STYLE = files("strati.report").joinpath("style.css").read_text("utf-8")


class Page(HTMLParser):
    """A page taken apart: its elements in order, its text; unbalanced tags are errors."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(params=ALL)
def found(request: pytest.FixtureRequest) -> Verdict:
    made: Verdict = ALL[request.param]()
    return made


def test_tags_are_balanced_and_nothing_leaks(found: Verdict) -> None:
    page = Page(render_html(found))
    assert page.text
    assert not LEAKS.search(page.text)
    assert not any(LEAKS.search(value or "") for _, attributes in page.elements for value in attributes.values())


def test_nothing_is_loaded_and_nothing_runs(found: Verdict) -> None:
    page = Page(render_html(found))
    names = {name for name, _ in page.elements}
    assert not names & {"script", "img", "link", "iframe", "object", "embed", "base", "form", "image", "use", "a:href"}
    for _, attributes in page.elements:
        assert not any(key.startswith("on") or key in {"src", "style", "srcset", "xlink:href"} for key in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_no_address_of_any_kind() -> None:
    assert "://" not in render_html(many())


def test_page_can_be_read_aloud(found: Verdict) -> None:
    page = Page(render_html(found))
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    assert all(cell.get("scope") in {"col", "row"} for cell in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(s.get("role") == "img" or s.get("aria-hidden") == "true" for s in page.all("svg"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {a["href"] for a in page.all("a")} <= {f"#{name}" for name in ids}


def test_hostile_texts_are_shown_as_text() -> None:
    text = render_html(hostile())
    page = Page(text)
    seen = " ".join(HOSTILE.replace("\x1b", "�").replace("\u202e", "�").replace("\u2069", "�").split())
    assert page.text.count(seen) > 100
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert {name for name, _ in page.elements} == {name for name, _ in Page(render_html(none())).elements}


def test_figures_of_the_verdict_are_there() -> None:
    text = Page(render_html(use())).text
    for part in [
        "Use n-grams. You do not need an LLM for this.",
        "It is the cheapest rung that meets the bar of 85.0 % and every limit.",
        "91.2 % (89.4 to 93.0)",
        "89.4 to 93.0 %",
        "79.2 % (77.4 to 81.0)",
        "macro-F1 76.2 % (73.7 to 78.7)",
        "99.8 %",
        "context overflow 2, unusable reply 1",
        "0.031 0.104",
        "$0.021 770 ms",
        "$0.27 $0.021 $0.021 $0 770 ms 1.8 s",
        "3.5 s",
        "212 164 3",
        "610 MB 531 MB",
        "48 kB",
        "C 4, max not set 80.3 % 750 170 ms chosen",
        "C 1 74.1 % 750 140 ms",
        "uncertified",
        "93.1 % (91.5 to 94.5) 4,010 1,003",
        "79.2 % is below the bar of 85.0 %",
        "0.004",
        "refund, money back -> refund_not_showing_up",
        "keyword rules +10.2 (+8.1 to +12.3) <0.001 >0.999 1,000 11.8 % Tango",
        "keyword rules n-grams −10.2 (−12.3 to −8.1) 0.970 0.030 1,000 11.8 % Tango",
        "label_00 13 55.0 % (43.0 to 63.0) 88.0 % 86.1 %",
        "label_00 label_01 19",
        "12 rows are almost the same as a row of another split.",
        "count 12",
        "rows 17, 93, 1204",
        "They were kept together in one split.",
        "train 2,507",
        "calibrate 751",
        "5b1f5b1f",
        "12,500 answers a month",
        "$0.10 per hour",
        "3.0 points",
        "$4.20",
        "$1.50",
        "4.3 %",
        "300 ms",
        "Slow rungs answered one common random subset of 200 test examples.",
        "3.11.7",
        "numpy 2.4.6",
        "AMD EPYC",
        "11.4 %",
        "The calibrate examples were not looked at.",
        "9f2c4e61aab03d17c4f5e2907b6a1d38",
        "stacks/n-grams.stack",
        "strati report a1b2c3d4e5f6",
        "22 November 2026, 20:41 UTC",
    ]:
        assert part in text, part


def test_a_race_is_shown_with_what_it_saved() -> None:
    race = {"rows": 24, "value": 0.5, "low": 0.2, "high": 0.7, "against": "n-grams", "difference": -0.4}
    race |= {"saved_answers": 200, "saved_seconds": 180.0}
    found = use()
    found["candidates"].append(candidate("hopeless", None, None, status="retired", qualifies=False, race=race))
    text = " ".join(Page(render_html(found)).texts)
    for words in ("The race on tune", "hopeless", "50.0 % (20.0 to 70.0)", "−40.0", "retired", "200", "3 min"):
        assert words in text
    assert "The race on tune" not in render_html(use())


def test_questions_answers_and_evidence() -> None:
    found = use()
    text = Page(render_html(found)).text
    for entry in found["questions"]:
        assert f"{entry['question']} {entry['answer']} {entry['evidence']}".strip() in text


def test_classes_come_worst_first_and_all_of_them() -> None:
    text = render_html(many())
    labels = re.findall(r"<bdi>(label_\d\d)</bdi></th><td class=\"number\">\d+</td><td class=\"number\">([\d.]+)", text)
    recalls = [float(recall) for _, recall in labels]
    assert len({label for label, _ in labels}) == 77
    assert recalls == sorted(recalls)


def test_every_ordered_pair_is_there() -> None:
    found = use()
    assert len(found["comparisons"]) == 6
    text = Page(render_html(found)).text.partition("All 6 ordered pairs")[2]
    for c in found["comparisons"]:
        assert f"{c['a']} {c['b']} " in text


def test_answers_of_the_rungs_are_grouped() -> None:
    text = Page(render_html(use())).text
    assert "reference: label_00 wrong no answer keyword rules wrong label_01 n-grams, Qwen2.5-Coder-0.5B" in text


def test_many_disagreements_are_cut_and_counted() -> None:
    found = use()
    found["disagreements"] *= 20
    text = Page(render_html(found)).text
    assert "34 more examples" in text
    assert "20 more are in answers.jsonl." in text


def test_what_could_not_be_drawn_is_named() -> None:
    assert (
        "Not drawn, for want of a quality or a cost: Qwen2.5-Coder-1.5B-Instruct-Q4_K_M, hosted."
        in Page(render_html(none())).text
    )


def test_no_choice_has_no_key_figures() -> None:
    assert "in figures" not in render_html(none())
    assert "n-grams in figures" in render_html(use())


def test_labels_that_would_decide() -> None:
    assert "about 430 more" in Page(render_html(undecided())).text


def test_sections_without_content_are_left_out() -> None:
    page = Page(render_html(sparse()))
    assert "Quality against cost" not in page.text
    assert {a["href"] for a in page.all("a")} == {"#ladder", "#cost", "#reproduce", "#methods"}


def test_missing_values_are_dashes() -> None:
    assert "keyword rules linear –" in Page(render_html(gaps())).text


def test_two_renderings_are_equal() -> None:
    assert render_html(many()) == render_html(many())


def test_the_input_is_left_alone() -> None:
    found, same = many(), many()
    render_html(found)
    assert found == same


@pytest.mark.parametrize("count", [2, 20])
def test_rungs_keep_the_order_of_the_ladder(count: int) -> None:
    names = [f"rung {i:02d}" for i in range(count)]
    found = verdict([candidate(name, 0.7, 0.01) for name in names], name=names[0], decision="use")
    ladder = Page(render_html(found)).text.partition("Candidates, simplest first")[2]
    assert [ladder.index(f"{i} {name}") for i, name in enumerate(names, 1)] == sorted(
        ladder.index(f"{i} {name}") for i, name in enumerate(names, 1)
    )


@pytest.mark.parametrize("scheme", [0, 1, 2], ids=["light", "dark", "print"])
@pytest.mark.parametrize("name", ["ink", "soft", "plain", "llm", "good", "warn", "bad"])
def test_contrast_is_enough(scheme: int, name: str) -> None:
    colours = _colours(scheme)
    for ground in ("paper", "faint"):
        assert _contrast(colours[name], colours[ground]) >= 4.5


def _colours(scheme: int) -> dict[str, str]:
    block = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[scheme]
    return dict(re.findall(r"--(\w+): #([0-9a-f]{3,6})\b", block))


def _contrast(a: str, b: str) -> float:
    high, low = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    whole = "".join(c * 2 for c in colour) if len(colour) == 3 else colour
    parts = [int(whole[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    weights: list[Any] = [0.2126, 0.7152, 0.0722]
    return float(sum(w * c for w, c in zip(weights, linear, strict=True)))


def test_readable_rungs_keep_their_layout() -> None:
    found = use()
    found["candidates"][0]["preview"] = ["if:", "    refund & back"]
    assert '<pre dir="auto">if:\n    refund &amp; back</pre>' in render_html(found)


def test_a_page_never_depends_on_the_goal_being_set() -> None:
    found = use()
    found["goal"] = {}
    assert "What was asked for" not in render_html(found)
