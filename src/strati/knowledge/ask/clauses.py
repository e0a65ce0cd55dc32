"""What contracts speak of in many ways: how it is asked for, and the turns of phrase in which it is said.

"Can be ended for convenience" stands in contracts as "may terminate this Agreement at any time upon thirty days'
notice". A list of ours, English only, chosen by benchmarks/contract_clauses.py on half of its contracts; what is not in
it is looked for by the words of the question.
"""

from __future__ import annotations

import re
from typing import NamedTuple


class Clause(NamedTuple):
    """A matter: `asked` finds it in a question, `words` are looked up, `said` finds it in a sentence."""

    name: str
    asked: re.Pattern[str]
    words: str
    said: re.Pattern[str]


def _clause(name: str, asked: str, words: str, *said: str) -> Clause:
    return Clause(name, _pattern(asked), words, _pattern("|".join(f"(?:{one})" for one in said)))


def _pattern(text: str) -> re.Pattern[str]:
    """Blanks stand for any white space, `..` for a few words of the same sentence."""
    text = text.replace("....", r"[^.;]{0,160}?").replace("..", r"[^.;]{0,60}?")
    return re.compile(text.replace(" ", r"\s+"), re.IGNORECASE)


_NO_FAULT = r"(?!....(?:breach|default|fail|if\b|in the event))"  # nobody has to have done anything wrong
CLAUSES = (
    _clause(
        "ending for convenience",
        r"convenience|(?:end|terminat|cancel|le(?:ave|ft)|quit)\w*..(?:without (?:any )?(?:cause|reason)|at will|"
        r"at any time|for (?:any|no) reason)",
        "terminate termination cancel convenience without cause any time reason notice",
        r"(?:terminat|cancel)\w*....(?:for (?:\w+ )?convenience|without cause|for any(?: or no)? reason|for no reason|"
        r"without (?:any )?(?:reason|penalty)|with or without cause)",
        r"(?:without cause|for (?:\w+ )?convenience|for any(?: or no)? reason|with or without cause)....terminat",
        r"(?:may|right to|entitled to|can) (?:terminate|cancel)....at any time(?! (?:if|in the event|after a)).."
        r"(?:upon|by|on|with|after|following|prior)..(?:notice|days)",
        r"(?:may|right to) (?:terminate|cancel)....(?:upon|by|on|with)..(?:days|months|year)\w*['’]?"
        r" ?(?:\(?\w+\)? )?(?:prior |advance )?(?:written )?notice (?:to the other|at any time)",
        r"at any time....(?:may|right to|entitled to) (?:terminate|cancel)",
        r"(?:may|can|right to) (?:terminate|cancel) (?:this|the) \w+,?(?: at any time)?,?(?: in its sole discretion,?)?"
        rf" (?:with|on|upon|by|after)..(?:days|months|years?)['’]?..notice{_NO_FAULT}",
        r"terminated (?:at any time )?by (?:\(\w\) )?(?:either|any|\w+)..(?:upon|on|with|by)..(?:days|months)['’]?"
        rf"..notice{_NO_FAULT}",
        r"terminat\w*....(?:in|at) its (?:sole|own|absolute)(?: and absolute)? (?:discretion|option)",
        rf"by (?:either|any) party..(?:upon|on|with)..(?:days|months)['’]?..notice{_NO_FAULT}",
    ),
    _clause(
        "governing law",
        r"govern\w*..law|law..govern|(?:which|what) law|jurisdiction|applicable law",
        "governed construed laws state governing law interpreted accordance",
        r"govern(?:ed|ing)....laws?\b",
        r"(?:construed|interpreted|enforced)..(?:in accordance with|under|according to|pursuant to)..laws?\b",
        r"laws? of (?:the )?(?:state|commonwealth|province|country|people)..(?:shall |will )?(?:govern|control|apply)",
    ),
    _clause(
        "renewal",
        r"renew|roll over|extend\w*..automatic|automatic\w*..exten",
        "renew renewal automatically successive extend extended additional term periods",
        r"(?:automatically|successive|additional)....renew(?!able)",
        r"renew(?!able)\w*....(?:automatically|successive|additional|further)",
        r"(?:agreement|lease|contract|term)\b..(?:\w+ )?renew(?:s|ed|ing)?\b",
        r"(?:effect\w*|continu\w*|renew\w*|from) (?:on a )?(?:month|year)[ -]to[ -](?:month|year)",
        r"(?:extend|continue)s? automatically",
        r"automatically..(?:extend|continue)",
        r"(?:extend\w*|extension)..(?:term|agreement)....(?:additional|successive|further)..(?:year|term|period|month)",
    ),
    _clause(
        "notice against renewal",
        r"notice..(?:stop|prevent|end|against|avoid|not to)..renew|(?:stop|prevent|opt out|refus)\w*..renew|non-?renew",
        "notice renew renewal prior expiration term days intention not terminate elect",
        r"(?:notice|notif)\w*....(?:prior to|before)....(?:expir|end of|renew|then|terminat)",
        r"unless....(?:notice|notif)\w*....(?:days|months|year)",
        r"renew....unless....\w+[ -]day notice",
        r"(?:days|months|year)\w*..(?:prior|before|advance)....(?:notice)....renew",
        r"renew....unless....(?:days|months|year)",
    ),
    _clause(
        "assignment",
        r"assign(?!\w*..(?:ip|intellectual|invention|patent|copyright))|transfer\w*..(?:agreement|contract|rights)|"
        r"(?:agreement|contract)..transfer",
        "assign assignment assigned transfer delegate consent prior written successors",
        r"(?:may not|shall not|not be|neither party|no party|nor|cannot|without)....(?:assign|transfer|delegat)\w*",
        r"(?:assign|transfer|delegat)\w*....(?:without..(?:consent|approval|permission)|consent of|prior written|"
        r"is prohibited|void)",
        r"not assignable|non-?assignable",
    ),
    _clause(
        "change of control",
        r"change\w* (?:of|in) (?:\w+ )?(?:control|ownership)|merger|taken over|take-?over",
        "change control ownership merger acquisition consolidated sale substantially all assets stock voting",
        r"change (?:of|in) (?:\w+ )?(?:control|ownership)",
        r"(?:merger|merge[sd]?|consolidat\w+|sale of (?:all or )?substantially all|acquire[sd]? (?:by|control))...."
        r"(?:terminat|consent|assign)",
        r"(?:terminat|assign)\w*....(?:merger|consolidat\w+|substantially all|change of control|controlling interest)",
    ),
    _clause(
        "exclusivity",
        r"\bexclusiv|sole (?:supplier|distributor|provider|right)",
        "exclusive exclusivity exclusively solely sole not other third party competing",
        r"(?<!non-)(?<!non)(?<!non\s)(?<!non-\s)(?<!not\s)\bexclusive(?:ly)?..(?:right|licen[sc]e|distribut|provider|supplier|"
        r"agent|appoint|territory|basis|sponsor|partner|vendor|manufactur|source|purchas|marketing|reseller|dealer)",
        r"(?:appoint|grant|engage)\w*....(?<!non-)(?<!non)(?<!non-\s)(?<!non\s)\bexclusive",
        r"\bexclusivity\b(?! of)",
        r"(?:shall|will|agrees?)(?: \w+){0,3} not(?: \w+){0,4} (?:sell|purchase|buy|market|distribute|license|appoint|"
        r"provide|enter into)....(?:any other|another|any third|anyone|similar|compet)",
    ),
    _clause(
        "cap on liability",
        r"(?:cap|limit|ceiling|maximum|restrict)\w*..liab|liab\w*..(?:cap|limit|ceiling|maximum|restrict)",
        "liability liable exceed aggregate total amount limited damages consequential indirect event",
        r"liab\w*....(?:not|never|no event)..(?:exceed|be greater|be more)",
        r"(?:exceed|greater than|in excess of)....liab",
        r"(?:not|none|neither|nor|no)\b....liability....(?:indirect|consequential|special|punitive|incidental)",
        r"liab\w*....(?:is|be|are|shall be|strictly) limited to",
        r"(?:in no event|not|neither|under no circumstances|no party)....liable....(?:consequential|indirect|special|"
        r"incidental|punitive|lost profits|loss of profits)",
        r"(?:maximum|aggregate|total|entire) (?:\w+ )?(?:liab\w+|obligation)....(?:limited|exceed|amount)",
    ),
    _clause(
        "audit",
        r"\baudit|inspect\w*..(?:books|records)|(?:books|records)..inspect",
        "audit auditor books records inspect examine accountant right reasonable notice accounts",
        r"(?:right|may|entitled|permit|allow|able|access|conduct|request|cause)\w*....(?:audit|inspect|examin|review)\w*"
        r"....(?:books|records|accounts)",
        r"(?:audit|inspect|examin|review)\w*....(?:books|records|accounts)",
        r"(?:books|records|accounts)....(?:audit|inspect|examin|review)\w*",
        r"(?:right|may|entitled|permit\w*) (?:to )?(?:\w+ )?audit",
    ),
    _clause(
        "insurance",
        r"\binsur",
        "insurance insured policy coverage liability maintain carry certificate insurer",
        r"(?:maintain|carry|obtain|procure|keep|provide|purchase|secure|effect|take out|furnish|name)\w*...."
        r"(?:insurance|insured)",
        r"(?:insurance|policy|policies)....(?:maintain|carried|obtain|procure|kept|in force|not less than|minimum|"
        r"coverage)",
        r"certificates? of insurance",
    ),
    _clause(
        "competition",
        r"non-?compet|compete|competing|competit",
        "compete competing competitive competitor business engage directly indirectly during term",
        r"(?:not|neither|nor|refrain)....(?:compet(?:e|es|ing|itive|itor|itors|ition))\b",
        r"non-?compet\w+",
    ),
    _clause(
        "licence of rights",
        r"grant\w*..licen[cs]e|licen[cs]e\w*..grant",
        "grants license licence hereby right use royalty non-exclusive worldwide",
        r"grant\w*....licen[cs]e",
        r"licen[cs]ed? (?:to use|is granted|hereby)",
    ),
)  # fmt: skip


def asked_for(text: str) -> list[Clause]:
    """The matters of the list that a question names.

    >>> [one.name for one in asked_for("Which agreements can be ended for convenience?")]
    ['ending for convenience']
    """
    found = [one for one in CLAUSES if one.asked.search(text)]
    names = {one.name for one in found}
    return [one for one in found if one.name != "renewal" or "notice against renewal" not in names]
