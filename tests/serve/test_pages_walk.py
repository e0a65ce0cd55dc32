"""Every page in a real browser, as people see and use it: structure, names, contrast, room, and the keyboard alone."""

from __future__ import annotations

import csv
import json
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from html import unescape
from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest

from strati.knowledge.base import KnowledgeBase
from strati.knowledge.graph.build import build
from strati.knowledge.graph.settings import GraphSettings
from strati.serve.demo import HANDBOOK, PRICES, simple_pdf, write_orders
from tests.serve.browser import Browser, browsing, needs_browser
from tests.serve.process import KEY, Running, small_stack, start, stop

pytest.importorskip("sqlglot", reason="needs the extra [tables]")
pytestmark = [needs_browser, pytest.mark.process]

CHECKS = (Path(__file__).parent / "walk.js").read_text(encoding="utf-8")
CSS = Path("src/strati/serve/pages/static/strati.css")
TAB = "\ue004"
FOCUS = """
window.met = []; window.unseen = [];
const usable = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
const shown = (one) => one.checkVisibility({ checkVisibilityCSS: true });
window.want = [...document.querySelectorAll(usable)].filter((one) => one.tabIndex >= 0 && !one.disabled && shown(one));
window.look = () => {
  const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle;
  if (!want.includes(one)) return;
  met.push(one);
  const lined = (at) => parseFloat(style(at).outlineWidth) > 0 && style(at).outlineStyle !== "none";
  const ring = lined(one) || one.matches(".chip input") && lined(one.nextElementSibling) || one.closest(".drop");
  const row = document.querySelector(".side")?.getBoundingClientRect();
  const low = row && !one.closest(".side") && row.top > 100 ? row.top : innerHeight;
  if (!ring || box.bottom <= 0 || box.top >= low) unseen.push(one.outerHTML.slice(0, 90));
};
document.activeElement.blur(); (document.querySelector(".skip") ?? want[0]).focus();
"""
ACTS = r"/(logout|decide|undo|forget|example|ask/check|tables/sql|approve|withdraw)$"  # where forms go
CTRL_ENTER = "\ue009\n"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service with something on every page: a stack, a base with its graph, a table, cases that wait."""
    folder = tmp_path_factory.mktemp("walk")
    small_stack(folder)
    files = folder / "files"
    files.mkdir()
    (files / "handbook.pdf").write_bytes(simple_pdf("Handbook of the service desk", HANDBOOK))
    (files / "deals.md").write_text("# Deals\n\nAcme Ltd acquired Gamma Inc. for 5 million on 3 March 2021.\n")
    with (files / "prices.csv").open("w", newline="") as file:
        csv.writer(file).writerows(PRICES)
    with KnowledgeBase.open(folder / "work.kb") as base:
        base.ingest([files])
        build(base, GraphSettings())
    write_orders(folder / "orders.csv")
    found = start(folder, "tickets.stack", "--kb", "work.kb", "--tables", "orders.csv", "--audit", "0.3")
    for text in ("I want my money", "Please stop it", "Hello, is anybody there?", "A long word: " + "x" * 300) * 3:
        _post(found, "/api/answer", {"model": "tickets", "input": text})
    yield found
    stop(found)


@pytest.fixture(scope="module")
def browser(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(running, tmp_path_factory.mktemp("profile")) as found:
        found.size(1280)
        found.log_in()
        yield found


def _post(running: Running, path: str, body: dict[str, str]) -> None:
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    request = urllib.request.Request(running.address + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30):
        pass


# What can be on a page


def _written(path: str, place: str, text: str) -> Callable[[Browser], None]:
    def show(browser: Browser) -> None:
        browser.open(path)
        browser.type(place, text)
        browser.leave(CTRL_ENTER, place)

    return show


def _asked(browser: Browser, question: str) -> None:
    browser.open("ask")
    browser.type("#question", question)
    browser.press(CTRL_ENTER, "#question")
    browser.until("!!document.querySelector('#answer article footer, #answer article.notthere')")
    browser.until("!document.querySelector('#answer button')")


def _source(name: str) -> Callable[[Browser], None]:
    def show(browser: Browser) -> None:
        browser.open("documents")
        links = "[...document.querySelectorAll('main a[href^=\"/source\"]')]"
        address = browser.js(f"{links}.find((a) => a.textContent.includes(arguments[0])).pathname", name)
        browser.open(f"{address}?start=40&end=90")

    return show


def _entity(browser: Browser) -> None:
    browser.open("graph?base=work&entity=Acme+Ltd&to=Gamma+Inc.")


def _uncovered(browser: Browser) -> None:
    browser.open("review")
    browser.press("p", "body")


def _help(browser: Browser) -> None:
    browser.open("review")
    browser.press("?", "body")


def _own_query(browser: Browser) -> None:
    browser.open("tables")
    browser.press(" ", ".own summary")
    browser.type("#sql", "SELECT secret FROM orders")
    browser.leave(CTRL_ENTER, "#sql")


def _plain(path: str) -> Callable[[Browser], None]:
    return lambda browser: browser.open(path)


STATES: dict[str, Callable[[Browser], None]] = {
    "login": _plain("login"),
    "try": _plain("try"),
    "try, an answer": _written("try", "#input", "I want my money back"),
    "ask": _plain("ask"),
    "ask, an answer": lambda browser: _asked(browser, "Within how many days may a customer return an article?"),
    "ask, not there": lambda browser: _asked(browser, "When did Django add Zorvania support?"),
    "check": _plain("ask?check"),
    "check, claims": _written("ask?check", "textarea", "A customer may return any article within 30 days."),
    "documents": _plain("documents"),
    "source, a page": _source("handbook"),
    "source, a table": _source("prices"),
    "source, a text": _source("deals"),
    "tables": _plain("tables"),
    "tables, a chart": _written("tables", "#question", "total quantity by city"),
    "tables, no answer": _written("tables", "#question", "How happy is Anna?"),
    "tables, a refused query": _own_query,
    "graph": _plain("graph"),
    "graph, a path": _entity,
    "graph, nobody": _plain("graph?base=work&entity=Nobody"),
    "write": _plain("write"),
    "write, edits": _written("write", "#text", "I has 3 apples. The the team are recieving it."),
    "review": _plain("review"),
    "review, uncovered": _uncovered,
    "review, keys": _help,
    "stacks": _plain("stacks"),
    "live": _plain("live"),
    "no page": _plain("nothing-here"),
}


@pytest.mark.parametrize("state", STATES)
def test_a_page_is_whole_on_a_desk_and_on_a_phone_by_day_and_by_night(browser: Browser, state: str) -> None:
    if state.startswith("write"):
        pytest.importorskip("harper", reason="needs the extra [write]")
    found = []
    for width, dark in product((1280, 390), (False, True)):
        browser.size(width, dark=dark)
        if not dark:  # the theme is a style alone; what a script does at load may depend on the width
            STATES[state](browser)
        wrong = browser.chrome.execute_script(CHECKS)
        found += [f"{width} pixels, {'dark' if dark else 'light'}: {sentence}" for sentence in wrong]
    assert found == []


def test_the_checks_find_what_is_wrong(browser: Browser) -> None:
    browser.size(390)
    browser.open("stacks")
    browser.js("void (document.querySelector('main').innerHTML = arguments[0])", (
        "<h1>a</h1><h1 id='x'>b</h1><h3 id='x'>c</h3><input><button></button><img src='/static/mark.svg' width='900'>"
        "<p class='soft'>faint</p><table><tr><th>wide</th></tr></table>"
    ))  # fmt: skip
    browser.js("void document.documentElement.style.setProperty('--soft', '#ccc')")
    browser.js("void document.documentElement.style.setProperty('--edge', '#eee')")
    wrong = "\n".join(browser.chrome.execute_script(CHECKS))
    for words in (
        "2 h1", "level 1", "twice", "has no label", "has no name", "no description", "heads a row", "sideways",
        "the edge of",
    ):  # fmt: skip
        assert words in wrong
    assert re.search(r"faint\" has a contrast of 1\.\d+, expected 4.5", wrong)


@pytest.mark.parametrize(
    "state", [one for one in STATES if one not in ("login", "review, keys") and not one.startswith("ask,")]
)
def test_everything_is_reached_by_tab_and_its_focus_is_seen(browser: Browser, state: str) -> None:
    """One round with Tab meets each thing that can be used, once, in the window, with an outline."""
    if state.startswith("write"):
        pytest.importorskip("harper", reason="needs the extra [write]")
    browser.size(390, 700)
    STATES[state](browser)
    browser.chrome.execute_script(FOCUS)
    for _ in range(int(browser.js("want.length")) + 2):
        browser.press_anywhere(TAB)
        browser.chrome.execute_script("look()")
    missing = browser.js("want.filter((one) => !met.includes(one)).map((one) => one.outerHTML.slice(0, 90))")
    assert missing == []
    assert browser.js("unseen") == []


def test_the_palette_of_the_dark_theme_is_the_same_in_both_places() -> None:
    """Chosen by the system or by the button, dark is one palette."""
    palettes = re.findall(r"--paper: #14191c;.*?--shadow: none;", CSS.read_text(), re.DOTALL)
    assert len(palettes) == 2
    assert len({" ".join(one.split()) for one in palettes}) == 1


def test_every_link_leads_to_a_page_of_ours(browser: Browser, running: Running) -> None:
    browser.open("stacks")
    cookie = "; ".join(f"{one['name']}={one['value']}" for one in browser.chrome.get_cookies())
    seen: set[str] = set()
    wrong, left = [], ["/", "/graph?base=work&entity=Acme+Ltd"]
    while left:
        path = left.pop()
        if path in seen:
            continue
        seen.add(path)
        request = urllib.request.Request(running.address + quote(path, safe="/?&=%#+"), headers={"cookie": cookie})
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                text = reply.read().decode() if "html" in reply.headers["content-type"] else ""
        except urllib.error.HTTPError as error:
            wrong.append(f"{path}: {error.code}")
            continue
        for found in re.findall(r'(?:href|src|action)="([^"#]+)', text):
            link = unescape(found)
            if link.startswith("/") and not re.search(ACTS, link):
                left.append(link)
            elif not link.startswith(("/", "data:")):
                wrong.append(f"{path} leads elsewhere: {link}")
    assert wrong == []
    assert len(seen) > 20


def test_a_choice_of_light_or_dark_is_kept(browser: Browser) -> None:
    browser.size(390)
    browser.open("stacks")
    before = browser.js("getComputedStyle(document.body).backgroundColor")
    browser.press("\n", "[data-theme-button]")
    after = browser.js("getComputedStyle(document.body).backgroundColor")
    assert after != before
    browser.open("live")
    assert browser.js("getComputedStyle(document.body).backgroundColor") == after
    browser.js("localStorage.clear()")


def test_a_case_is_decided_undone_and_decided_by_keyboard_alone(browser: Browser) -> None:
    browser.size(1280)
    browser.open("review")
    ticket = browser.js("document.querySelector('#item').dataset.ticket")
    browser.press("c", "body")
    browser.press("1r2")  # in a text field keys are letters
    assert browser.js("document.querySelector('#comment').value") == "1r2"
    assert browser.js("document.querySelector('#item').dataset.ticket") == ticket
    browser.press("\ue00c")
    browser.leave("1", "body")
    assert "Decided: " in browser.text(".undo")
    assert browser.js("document.querySelector('#item')?.dataset.ticket") != ticket
    browser.leave("u", "body")
    assert browser.js("!!document.querySelector('.undo')") is False
