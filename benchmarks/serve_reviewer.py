"""A reviewer at the page Review, with a keyboard and nothing else: decisions a minute, and what became of them.

    python benchmarks/serve_reviewer.py [--decisions 60] [--pause 1.5]

A service of one rule is started, cases wait in it, and a real Chromium (selenium, chromedriver) is logged in. Each case
is read (`--pause` seconds of it, as a person would take), then decided by keys as they stand on the buttons: by number,
by showing and accepting the proposal, with a comment, or as one that has no right answer; every tenth is undone
and made again. Then the service database must hold each decision once, as it was typed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.serve.browser import Browser, browsing
from tests.serve.process import Running

from serve_rate import KEY, start
from strati.kinds.classify.rules import Rules
from strati.serve.queue.reviews import Reviews
from strati.serve.store.database import Database
from strati.stack.folder import save_stack
from strati.stack.layers.person import Person
from strati.stack.stack import Stack, Stage

ESCAPE = "\ue00c"
HOME = "body"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--decisions", type=int, default=60)
    options.add_argument("--pause", type=float, default=1.5)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "rules.txt").write_text('when "money" then refund\nwhen "stop" then cancel\n')
        rules = Rules.from_file(folder / "rules.txt")
        stack = Stack((Stage(rules, threshold=2.0), Stage(Person())), "tickets")  # it proposes and never delivers
        save_stack(stack, folder / "tickets.stack")
        process, address = start(folder, "--audit", "0", "--grace", "4")
        try:
            for number in range(given.decisions):
                put(address, f"case {number}: {'I want my money' if number % 2 else 'please stop it'}")
            running = Running(process, {"address": address})
            with browsing(running, folder / "profile") as browser:
                made, waits, seconds = review(browser, given.decisions, given.pause)
            time.sleep(6)
        finally:
            process.terminate()
            process.wait(30)
        judge(folder, made)
        waits.sort()
        print(
            f"{len(made)} decisions by keyboard in {seconds:.0f} s: {60 * len(made) / seconds:.1f} a minute with "
            f"{given.pause:g} s of reading each; from the key to the next case {median(waits):.2f} s (half), "
            f"{waits[int(0.95 * len(waits))]:.2f} s (95 %)"
        )


def put(address: str, text: str) -> None:
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    body = json.dumps({"model": "tickets", "input": text}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{address}/api/answer", body, headers), timeout=10):
        pass


def review(browser: Browser, count: int, pause: float) -> tuple[dict[str, tuple[str | None, str]], list[float], float]:
    """What was decided for each ticket, how long each page took to come, and all seconds."""
    browser.size(1280)
    browser.log_in("review", KEY)
    made: dict[str, tuple[str | None, str]] = {}
    waits: list[float] = []
    began = time.monotonic()
    while len(made) < count:
        ticket = ticket_of(browser)
        time.sleep(pause)
        kind, comment = len(made) % 4, ""
        answer: str | None = None
        key = "r"
        if kind == 0:  # by its number
            answer, key = str(browser.js("document.querySelector('[data-key=\"1\"]').value")).partition(":")[2], "1"
        elif kind == 1:  # shown, then accepted
            browser.press("p", HOME)
            answer, key = str(browser.js("document.querySelector('.proposed').value")).partition(":")[2], "a"
        elif kind == 2:  # with a comment
            comment = f"comment {len(made)}, 1 2 a r"
            browser.press("c", HOME)
            browser.press_anywhere(comment + ESCAPE)
            answer, key = str(browser.js("document.querySelector('[data-key=\"2\"]').value")).partition(":")[2], "2"
        asked = time.monotonic()
        browser.leave(key, HOME)
        waits.append(time.monotonic() - asked)
        if len(made) % 10 == 9 and ticket not in made:
            browser.leave("u", HOME)
            assert ticket_of(browser) == ticket, "what was undone comes back"
            comment = ""  # the draft went with the first decision
            if key == "a":
                browser.press("p", HOME)
            browser.leave(key, HOME)
        made[ticket] = answer, comment
    return made, waits, time.monotonic() - began


def ticket_of(browser: Browser) -> str:
    return str(browser.js("document.querySelector('#item').dataset.ticket"))


def judge(folder: Path, made: dict[str, tuple[str | None, str]]) -> None:
    """Compare the service database with what was typed."""
    queue = Reviews(Database(folder / ".strati" / "service"))
    wrong = []
    for ticket, (answer, comment) in made.items():
        found = [one for one in queue.decisions(ticket) if one.released_at is not None]
        if len(found) != 1 or found[0].answer != answer or found[0].comment != comment or found[0].reviewer != "Anna":
            wrong.append(ticket)
    print(f"{len(made)} decisions in the database, {len(wrong)} lost, twice or not as they were typed")


if __name__ == "__main__":
    main()
