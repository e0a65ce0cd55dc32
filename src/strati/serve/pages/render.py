"""Templates, and how figures look in them. Everything is escaped; nothing from a document or a model is ever markup."""

from __future__ import annotations

import json
import time
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from strati.core.figures import several
from strati.core.records import JSON
from strati.serve.api.who import Caller, service_of
from strati.serve.pages.graph import graph_is_here
from strati.serve.pages.write import writing_is_here
from strati.serve.records import Role
from strati.serve.service import Service

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
PAGES = (
    ("try", "Try"),
    ("ask", "Ask"),
    ("documents", "Documents"),
    ("tables", "Tables"),
    ("graph", "Graph"),
    ("write", "Write"),
    ("review", "Review"),
    ("stacks", "Stacks"),
    ("live", "Live"),
)


@cache
def environment() -> Environment:
    """The templates; a misspelt name is an error, not an empty place."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters.update(
        pct=percent,
        gap=gap,
        said=said,
        many=several,
        place=place,
        seconds=seconds,
        money=money,
        ago=ago,
        bytes=size,
        shorten=shorten,
        whole=whole,
        basename=basename,
        kind=kind,
    )
    found.globals["icon"] = found.get_template("icons.html").module
    return found


def page(request: Request, template: str, caller: Caller | None, status: int = 200, **values: Any) -> HTMLResponse:
    """A page for a person."""
    service = service_of(request)
    reviewer = caller is not None and caller.key.role.may(Role.REVIEWER)
    shown = {
        "pages": [one for one in PAGES if _shown(one[0], service, reviewer=reviewer)],
        "here": request.url.path.split("/")[1],
        "who": caller,
        "waiting": service.people_waiting if reviewer else 0,
        "token": service.sessions.form_token(caller.cookie) if caller is not None and caller.cookie else "",
        "told": "",
        "told_kind": "",
    }
    text = environment().get_template(template).render({**shown, **values})
    return HTMLResponse(text, status, {"cache-control": "no-store"})


def _shown(name: str, service: Service, *, reviewer: bool) -> bool:
    """Whether a page is for this person, and has something to show."""
    if name == "tables":
        return service.desk is not None
    if name == "graph":
        return bool(service.bases) and graph_is_here()
    if name == "write":
        return writing_is_here()
    return name != "review" or reviewer


def percent(value: float) -> str:
    """A share, with as many digits as tell something.

    >>> percent(0.5), percent(0.0123), percent(0.9998), percent(0.999999), percent(1), percent(0.00001)
    ('50 %', '1.2 %', '99.98 %', 'over 99.99 %', '100 %', 'under 0.01 %')
    """
    shown = 100 * value
    if 99.99 < shown < 100:
        return "over 99.99 %"
    if 0 < shown < 0.01:
        return "under 0.01 %"
    digits = 0 if shown == round(shown) else 2 if shown > 99.9 or 0 < shown < 0.1 else 1
    return f"{shown:.{digits}f} %"


def seconds(value: float) -> str:
    """A time for people.

    >>> seconds(0.00042), seconds(0.034), seconds(2.5)
    ('0.4 ms', '34 ms', '2.5 s')
    """
    if value < 1:
        return f"{1000 * value:.1f} ms" if value < 0.01 else f"{1000 * value:.0f} ms"
    return f"{value:.1f} s"


def money(value: float) -> str:
    """Dollars.

    >>> money(0), money(0.00003), money(1.5)
    ('$0', '<$0.0001', '$1.50')
    """
    if not value:
        return "$0"
    return "<$0.0001" if value < 0.0001 else f"${value:.4f}" if value < 0.1 else f"${value:,.2f}"


def size(value: int) -> str:
    """Bytes for people.

    >>> size(900), size(1_500_000)
    ('900 B', '1.5 MB')
    """
    for unit, least in (("MB", 1_000_000), ("kB", 1_000)):
        if value >= least:
            return f"{value / least:.1f} {unit}"
    return f"{value} B"


def ago(at: float) -> str:
    """How long ago a moment was."""
    minutes = int((time.time() - at) / 60)
    if minutes < 1:
        return "just now"
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} hours ago" if minutes < 48 * 60 else f"{minutes // 1440} days ago"


def shorten(text: object, most: int) -> str:
    """The beginning of a text, whole words."""
    plain = " ".join(str(text).split())
    return plain if len(plain) <= most else plain[:most].rsplit(" ", 1)[0] + " …"


def whole(text: str) -> str:
    """A sentence in which no line begins with the sign of a share.

    >>> whole("22 % answered")
    '22\\xa0% answered'
    """
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def gap(reason: str) -> str:
    """Why a base has no answer, below a heading that says so already.

    >>> gap("not in your sources: 'long'"), gap("the sources disagree")
    ("Nothing there is about 'long'.", 'The sources disagree.')
    >>> gap("not in your sources: no passage says enough")
    'No passage says enough.'
    """
    about = reason.removeprefix("not in your sources").lstrip(": ")
    if about != reason and (not about or about[0] in "'\""):
        return f"Nothing there is about {about}." if about else "Nothing there says it."
    return f"{about[:1].upper()}{about[1:]}."


def said(value: JSON) -> str:
    """A value as a person reads and writes it.

    >>> said("refund"), said({"name": "Anna"})
    ('refund', '{"name": "Anna"}')
    """
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def place(shown: str, name: str) -> str:
    """A place without the folders that its file lies in.

    >>> place("a/b.pdf, page 3", "a/b.pdf")
    'b.pdf, page 3'
    """
    return shown.replace(name, basename(name))


def basename(path: str) -> str:
    """The last part of a path.

    >>> basename("a/b.zip!/c.txt")
    'c.txt'
    """
    return PurePosixPath(path.replace("\\", "/")).name or path


def kind(media_type: str) -> str:
    """A media type in a word.

    >>> kind("application/pdf"), kind("text/html")
    ('pdf', 'html')
    """
    last = media_type.split("/")[-1]
    return {"vnd.openxmlformats-officedocument.wordprocessingml.document": "Word"}.get(last, last.split(".")[-1])
