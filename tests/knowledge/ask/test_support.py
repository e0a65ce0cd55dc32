from __future__ import annotations

import pytest

from strati.knowledge.ask.claims import claims
from strati.knowledge.ask.support import Verdict, support
from strati.knowledge.ask.text import Text

SOURCE = Text.of(
    "The lease began on 12 May 2023 in Bern. Either party may end it with 30 days' notice. The deposit is not "
    "refundable. Sales rose by 20 percent to $1,500,000. Anna Meier signed it for the tenant."
)


@pytest.mark.parametrize(
    ("claim", "verdict", "reason"),
    [
        ("The lease began on 2023-05-12 in Bern.", Verdict.SUPPORTED, ""),
        ("Sales rose by 20% to USD 1.5m.", Verdict.SUPPORTED, ""),
        ("The lease began on 13 May 2023 in Bern.", Verdict.CONTRADICTED, "'13 May 2023', the source '12 May 2023'"),
        ("Either party may end it with 60 days' notice.", Verdict.CONTRADICTED, "'60 days', the source '30 days'"),
        ("The deposit is refundable.", Verdict.CONTRADICTED, "'not'"),
        ("Sales fell by 20 percent to $1,500,000.", Verdict.CONTRADICTED, "'fell', the source 'rose'"),
        ("The landlord is Zorro Ltd of Geneva.", Verdict.NOT_FOUND, "'Zorro'"),
        ("Sales rose by 20 euros to $1,500,000.", Verdict.CONTRADICTED, "20"),
    ],
)
def test_a_claim_and_a_source(claim: str, verdict: Verdict, reason: str) -> None:
    found = support(claim, SOURCE)
    assert (found.verdict, reason in found.reason) == (verdict, True), found


def test_the_nearest_sentence_is_shown() -> None:
    found = support("The lease began on 12 May 2023.", SOURCE)
    assert SOURCE.text[found.start : found.end] == "The lease began on 12 May 2023 in Bern."


def test_a_short_claim_denies_what_a_long_sentence_says() -> None:
    long = (
        "The mill of Ems, which the town bought from the heirs of its builder in the spring after the great flood, is "
        "a museum{} with rooms for guests, a library of old maps and a garden above the river."
    )
    assert support("The mill of Ems is not a museum.", Text.of(long.format(""))).verdict is Verdict.CONTRADICTED
    assert support("The mill of Ems is a museum.", Text.of(long.format(""))).verdict is Verdict.SUPPORTED
    denies = long.format(" and does not close in winter")
    assert support("The mill of Ems is a museum.", Text.of(denies)).verdict is Verdict.SUPPORTED


def test_nothing_to_hold_on_to() -> None:
    assert support("", SOURCE).verdict is Verdict.NOT_FOUND
    assert support("The lease began.", Text.of("")).verdict is Verdict.NOT_FOUND


def test_each_item_of_a_list_has_its_own_number() -> None:
    text = (
        "class: HttpResponseNotFound\n\nActs just like HttpResponse but uses a 404 status code.\n\n"
        "class: HttpResponseForbidden\n\nActs just like HttpResponse but uses a 403 status code."
    )
    claim = "HttpResponseForbidden acts just like HttpResponse but uses a {} status code."
    right = support(claim.format(403), Text.of(text))
    wrong = support(claim.format(404), Text.of(text))
    assert (right.verdict, wrong.verdict) == (Verdict.SUPPORTED, Verdict.CONTRADICTED)
    assert wrong.reason == "the claim says '404', the source '403'"
    assert text[wrong.start : wrong.end] == "Acts just like HttpResponse but uses a 403 status code."
    assert [one.text for one in claims(claim.format(404))] == [claim.format(404)]
    flowing = Text.of("The forbidden response uses a 403 status code. The missing response uses a 404 status code.")
    assert support("The forbidden response uses a 404 status code.", flowing).verdict is Verdict.CONTRADICTED


def test_claims_and_their_places() -> None:
    text = "# Note\n\nThe fee is 5 euros; the rent was paid in May.\n- It is due. Is it?\nI think so."
    found = claims(text)
    assert all(text[one.start : one.end] == one.text for one in found)
    assert [(one.text, bool(one.why_not)) for one in found] == [
        ("Note", True),
        ("The fee is 5 euros", False),
        ("the rent was paid in May.", False),
        ("It is due.", False),
        ("Is it?", True),
        ("I think so.", True),
    ]
    front = "---\ntitle: Brief\n---\n\nThe fee is due.\n\n```\nx = 5 is code.\n```\n\nIt is paid in May."
    assert [front[one.start : one.end] for one in claims(front)] == ["The fee is due.", "It is paid in May."]
    (alone,) = claims("It is due in May.")
    assert alone.why_not == "'It' stands for something that is not named before it"
