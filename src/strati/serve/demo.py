"""`strati serve --demo`: a small stack, base and table of made-up data, so that everything can be tried at once.

The messages, orders and documents are written for this demonstration and are nobody's. The stack is measured and
certified like any other.
"""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from strati.core.errors import StratiError

_OPEN = ("Hi", "Hello", "Good morning", "Dear team", "Hey there", "", "", "Hi all", "To whom it may concern")
_CLOSE = (
    "Thanks",
    "Thank you",
    "Please help",
    "Best, Anna",
    "Regards, Tom",
    "",
    "",
    "Waiting for your answer",
    "Cheers",
)
_THING = (
    "lamp",
    "desk",
    "bookshelf",
    "chair",
    "order 4711",
    "order 20815",
    "parcel",
    "sofa",
    "mirror",
    "kitchen shelf",
)
_ABOUT = {
    "refund": (
        "I want my money back for the {thing}",
        "Please refund the {thing}, it arrived broken",
        "When will I get the refund for the {thing} I sent back",
        "The {thing} does not fit, how do I return it and get the money back",
        "You charged me twice for the {thing}, give me one payment back",
    ),
    "cancel": (
        "Please cancel the {thing}, I ordered it by mistake",
        "I would like to cancel my order of the {thing}",
        "Stop the {thing} before it is shipped, I no longer want it",
        "Can I still cancel the {thing} from yesterday",
        "I changed my mind about the {thing}, do not send it",
    ),
    "delivery": (
        "Where is the {thing}, it should have been here on Monday",
        "The tracking of the {thing} has not moved for a week",
        "When will the {thing} be delivered",
        "The driver left the {thing} at the wrong address",
        "Can you deliver the {thing} on Saturday instead",
    ),
    "account": (
        "I cannot log in to see the {thing}, the password is wrong",
        "How do I change the e-mail address of my account",
        "Please delete my account and my data",
        "The link to reset my password does not work",
        "My account shows an order of a {thing} that is not mine",
    ),
}
_HARD = (
    ("The {thing} is late and I no longer want it", ("cancel", "refund", "delivery")),
    ("It is about the {thing}, please call me", tuple(_ABOUT)),
    ("The {thing} came back to you, what now", ("refund", "delivery")),
    ("I am not happy with the {thing}", ("refund", "cancel")),
)
HANDBOOK = (
    (
        "Returns",
        "A customer may return any article within 60 days of delivery. The article has to be complete; the packaging "
        "may be opened. The refund is paid within 5 working days after the article has arrived at our warehouse.",
        "Large furniture is collected at the customer's home. The collection costs 29 euros, which are taken off the "
        "refund unless the article was damaged.",
    ),
    (
        "Cancelling",
        "An order can be cancelled free of charge until it is handed to the carrier, which usually happens within "
        "24 hours. After that it is a return.",
        "Made-to-measure shelves cannot be cancelled once production has begun, 48 hours after the order.",
    ),
    (
        "Delivery",
        "Parcels take 2 to 4 working days within Austria and Germany, and 5 to 8 within the rest of Europe. "
        "Furniture is delivered by appointment, from Tuesday to Saturday.",
        "A parcel that has not arrived after 10 working days counts as lost. We then send it again or refund it, "
        "as the customer prefers.",
    ),
)
PRICES = (
    ("article", "price in euros", "delivery in euros", "weeks in stock"),
    ("desk Alma", "349", "39", "2"),
    ("bookshelf Nord", "199", "29", "1"),
    ("lamp Lumo", "59", "5", "4"),
    ("sofa Berg", "1249", "89", "6"),
    ("mirror Klar", "89", "12", "3"),
)

_CUSTOMERS = (
    ("Anna Berger", "Vienna"),
    ("Tom Leitner", "Graz"),
    ("Mira Kos", "Munich"),
    ("Jonas Wolf", "Berlin"),
    ("Lea Brandt", "Vienna"),
    ("Paul Hofer", "Linz"),
)


class Demo(NamedTuple):
    """What is served in a demonstration; `tables` is empty where the extra for them is not installed."""

    stacks: list[Path]
    bases: list[Path]
    tables: list[Path]


def make_demo(folder: Path, rows: int = 1600) -> Demo:
    """Make the demonstration's stack, base and table in `folder`, unless they are there; returns them.

    No pulled model takes part, so that it is made in a minute and is the same everywhere.
    """
    stack, base, orders = folder / "tickets.stack", folder / "handbook.kb", folder / "orders.csv"
    folder.mkdir(parents=True, exist_ok=True)
    if not base.is_dir():
        _documents(folder)
        _strati("ingest", "documents", "--kb", "handbook", "--embedder", "none", folder=folder)
        _strati("graph", "build", "--kb", "handbook", folder=folder)
    if not stack.is_dir():
        write_messages(folder / "tickets.csv", rows)
        _strati("bench", "tickets.csv", "--input", "text", "--label", "intent", "--no-llm", folder=folder)
        _strati("certify", "--at-least", ".97", "--out", "tickets.stack", folder=folder, ok=(0, 1))
        if not stack.is_dir():
            raise StratiError(f"the demonstration could not be made: {rows} messages were too few for a certificate")
    if not orders.is_file():
        write_orders(orders)
    return Demo([stack], [base], [orders] if find_spec("sqlglot") and find_spec("rapidfuzz") else [])


def write_orders(path: Path, rows: int = 120, seed: int = 2) -> None:
    """Made-up orders of the furniture shop over a year."""
    draw = random.Random(seed)
    prices = {name: int(price) for name, price, *_ in PRICES[1:]}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("order", "date", "customer", "city", "article", "quantity", "price", "status"))
        for number in range(rows):
            article = draw.choice(tuple(prices))
            day = date(2025, 1, 6) + timedelta(days=3 * number)
            status = draw.choice(("delivered", "delivered", "delivered", "returned", "open", "cancelled"))
            who, city = draw.choice(_CUSTOMERS)
            writer.writerow(
                (
                    4700 + number,
                    day.isoformat(),
                    who,
                    city,
                    article,
                    draw.choice((1, 1, 1, 2, 3)),
                    prices[article],
                    status,
                )
            )


def write_messages(path: Path, rows: int, seed: int = 1) -> None:
    """Made-up messages to a furniture shop, each with what it is about; some could be about several things."""
    draw = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "intent"))
        seen: set[str] = set()
        while len(seen) < rows:
            intent = draw.choice(tuple(_ABOUT))
            sentence = draw.choice(_ABOUT[intent])
            if draw.random() < 0.12:
                sentence, about = draw.choice(_HARD)
                intent = draw.choice(about)
            parts = (draw.choice(_OPEN), sentence.format(thing=draw.choice(_THING)), _detail(draw), draw.choice(_CLOSE))
            text = _hasty(". ".join(part for part in parts if part), draw)
            if text not in seen:
                seen.add(text)
                writer.writerow((text, intent))


def _hasty(text: str, draw: random.Random) -> str:
    """The text as people type it: now and then a letter is missing or twice there."""
    letters = []
    for letter in text:
        slip = draw.random() if letter.isalpha() else 1.0
        letters.append("" if slip < 0.015 else letter * 2 if slip < 0.03 else letter)
    return "".join(letters)


def _detail(draw: random.Random) -> str:
    day = draw.choice(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"))
    return draw.choice(
        (
            "",
            f"I wrote to you on {day}",
            f"My number is {draw.randrange(1000, 99999)}",
            f"It was {draw.randrange(20, 1900)} euros",
            f"I live on floor {draw.randrange(1, 9)}",
        )
    )


def _documents(folder: Path) -> None:
    place = folder / "documents"
    place.mkdir(exist_ok=True)
    (place / "handbook.pdf").write_bytes(simple_pdf("Handbook of the service desk", HANDBOOK))
    with (place / "prices.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(PRICES)
    (place / "welcome.md").write_text(
        "# Welcome\n\nThe service desk answers within one working day.\n\n## Who decides\n\nRefunds above 500 euros "
        "are decided by the head of the desk. Everything else is decided by whoever has the ticket.\n",
        encoding="utf-8",
    )


def simple_pdf(title: str, chapters: tuple[tuple[str, ...], ...]) -> bytes:
    """A small PDF with a text layer, one chapter a page.

    >>> simple_pdf("T", (("A", "some words"),))[:8]
    b'%PDF-1.4'
    """
    contents = [_page_content(title if not at else "", chapter) for at, chapter in enumerate(chapters)]
    count = len(contents)
    kids = " ".join(f"{4 + 2 * at} 0 R" for at in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for at, content in enumerate(contents):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            + f"/Contents {5 + 2 * at} 0 R >>".encode()
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream")
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    start = len(out)
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    head = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    return out + f"{head}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def _page_content(title: str, chapter: tuple[str, ...]) -> bytes:
    lines: list[tuple[int, int, str]] = [(24, 40, title)] if title else []
    lines.append((16, 30, chapter[0]))
    for paragraph in chapter[1:]:
        lines += [(11, 16, line) for line in _wrapped(paragraph, 86)]
        lines.append((11, 12, ""))
    out, y = ["BT"], 780
    for size, step, text in lines:
        escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        out.append(f"/F1 {size} Tf 1 0 0 1 64 {y} Tm ({escaped}) Tj")
        y -= step
    return "\n".join([*out, "ET"]).encode("latin-1", "replace")


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width)


def _strati(*words: str, folder: Path, ok: tuple[int, ...] = (0,)) -> None:
    print(f"strati {' '.join(words)}", file=sys.stderr, flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "strati", *words],
        cwd=folder,
        env={**os.environ, "STRATI_MODELS": str(folder.resolve() / "no-models")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in ok:
        raise StratiError(f"the demonstration could not be made: {(done.stderr or done.stdout).strip()[-300:]}")
